"""A service on this machine that does what a script says: answers, refuses, waits, breaks off, drips."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Step:
    """How one request is treated."""

    status: int = 200
    body: str | bytes | dict[str, Any] = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before anything is sent."""
    cut: int | None = None
    """Break off after so many bytes of the body."""
    drip: float = 0.0
    """Seconds between any two bytes."""
    hang_up: bool = False
    """Close the connection without a word."""


def completion(text: str | None, finish: str = "stop", usage: Any = True, **message: Any) -> dict[str, Any]:
    """What a service sends when all is well."""
    told: dict[str, Any] = {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1,
        "model": "served-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
    }
    if usage is True:
        told["usage"] = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    elif usage is not None:
        told["usage"] = usage
    return told


def answer(text: str | None = "42", delay: float = 0.0, **more: Any) -> Step:
    return Step(body=completion(text, **more), delay=delay)


def refusal(status: int, message: str = "no", code: str | None = None, **more: Any) -> Step:
    return Step(status=status, body={"error": {"message": message, "type": "t", "code": code}}, **more)


class FaultServer:
    """Treats its requests by the steps, in order; the last is for all that follow; or by a function."""

    def __init__(self, steps: Iterable[Step] | Callable[[dict[str, Any]], Step]) -> None:
        self._steps = steps if callable(steps) else list(steps)
        self._lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.most_at_once = 0
        self.at_once = 0
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def calls(self) -> int:
        return len(self.requests)

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def begin(self, request: dict[str, Any]) -> Step:
        with self._lock:
            self.requests.append(request)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            if callable(self._steps):
                return self._steps(request)
            return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]

    def end(self) -> None:
        with self._lock:
            self.at_once -= 1


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024  # with the usual 5, many clients at once are refused
    daemon_threads = True
    block_on_close = False


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            request = json.loads(self.rfile.read(length))
            request["_authorization"] = self.headers.get("Authorization")
            step = server.begin(request)
            try:
                with suppress(ConnectionError):
                    self._treat(step)
            finally:
                server.end()

        def _treat(self, step: Step) -> None:
            time.sleep(step.delay)
            if step.hang_up:
                self.close_connection = True
                return
            body = step.body
            if isinstance(body, dict):
                body = json.dumps(body)
            data = body.encode() if isinstance(body, str) else body
            self.send_response(step.status)
            for name, value in {"Content-Type": "application/json", **step.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if step.cut is not None:
                data = data[: step.cut]
                self.close_connection = True
            for piece in [data[i : i + 1] for i in range(len(data))] if step.drip else [data]:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(step.drip)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
