"""The inside of a warm worker: imports one simulator, then runs jobs until its input ends.

A script of its own, started as `python -I worker.py FOLDER` by `pool`; it uses the standard library and the runtime
that the simulator brought along, nothing of gsim_devs. Requests come and replies go over what were stdin and stdout;
both are put out of the simulated code's way first: what that prints goes to stderr.

A message is two lengths, a JSON header, and a body of bytes.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import struct
import sys
import time
import traceback
from typing import Any, BinaryIO

_LENGTHS = struct.Struct(">II")
_LONGEST_ERROR = 1 << 16


class _Flooded(BaseException):
    """More output than a run may make. No Exception, so that no component catches it by accident."""


def _main() -> None:
    requests, replies = _take_channel()
    folder = sys.argv[1]
    sys.path.insert(0, folder)
    try:
        from runtime.commandline import load

        program = load(folder)
        importlib.import_module("system")
    except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
        _send(replies, {"status": "failed", "error": _told(error)})
        return
    _send(replies, {"status": "ok"})
    while lengths := requests.read(_LENGTHS.size):
        request = json.loads(requests.read(_LENGTHS.unpack(lengths)[0]))
        _send(replies, *_served(program, request))


def _take_channel() -> tuple[BinaryIO, BinaryIO]:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _send(replies: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    text = json.dumps(header).encode()
    replies.write(_LENGTHS.pack(len(text), len(body)))
    replies.write(text)
    replies.write(body)
    replies.flush()


def _served(program: Any, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    stream = _Bounded(request["limit"])
    started = time.perf_counter()
    header: dict[str, Any] = {"status": "ok"}
    try:
        writer = _writer(program, stream, request)
        try:
            program.run(
                request["arguments"],
                request["stdin"],
                request["seed"],
                request["replication"],
                writer.write,
                request["parameters"],
            )
        finally:
            writer.close()
    except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
        header = {"status": _status(error), "error": _told(error), "memory": _lacked_memory(error)}
    return header | {"seconds": time.perf_counter() - started}, stream.getvalue()


def _writer(program: Any, stream: BinaryIO, request: dict[str, Any]) -> Any:
    from runtime.records import TraceWriter

    if request["records"]:
        writer = TraceWriter(stream, ticks_per_unit=program.ticks_per_unit, detail=request["detail"])
    else:
        writer = program.writer(stream, request["detail"])
    writer.replication = request["replication"]
    return writer


class _Bounded(io.BytesIO):
    """Takes a trace, up to its limit and up to the end of a line."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._left = limit

    def write(self, text: Any) -> int:
        """Take whole lines, or as many of them as there is room for."""
        if len(text) > self._left:
            super().write(text[: text.rfind(b"\n", 0, self._left) + 1])
            self._left = 0
            raise _Flooded("more output than a run may make")
        self._left -= len(text)
        return super().write(text)


def _status(error: BaseException) -> str:
    from runtime.errors import UsageError

    if isinstance(error, _Flooded):
        return "flooded"
    return "refused" if isinstance(error, UsageError) else "failed"


def _told(error: BaseException) -> str:
    from runtime.errors import GsimError

    if isinstance(error, GsimError | _Flooded):
        return str(error)
    return "".join(traceback.format_exception(error))[-_LONGEST_ERROR:]


def _lacked_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__
    return False


if __name__ == "__main__":
    _main()
