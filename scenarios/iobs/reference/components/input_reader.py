"""The reader of online banking: where requests come in."""

from __future__ import annotations

from messages import Request
from runtime import Atomic, Input, Output


class InputReader(Atomic):
    """Reports each request and passes it on at once."""

    request = Input(Request)
    request_out = Output(Request)

    def start(self) -> None:
        self.emit("start")

    def on_request(self, request: Request) -> None:
        self.emit("input", valid=request.valid, invalid=request.invalid)
        self.send(self.request_out, request)
