"""The first stage of online banking: proper logins pass, improper ones do not."""

from __future__ import annotations

from collections import deque

from messages import Login, Request
from runtime import Atomic, Input, Output


class Access(Atomic):
    """Serves one request at a time, improper logins too; the others wait."""

    request_in = Input(Request)
    login_out = Output(Login)

    def __init__(self, service_time: float) -> None:
        self.service_time = service_time
        self.present: deque[Request] = deque()  # the first one is being served

    def on_request_in(self, request: Request) -> None:
        self.present.append(request)
        if len(self.present) == 1:
            self.after(self.service_time, self.on_served)

    def on_served(self) -> None:
        request = self.present.popleft()
        if request.invalid:
            self.emit("logout")
        else:
            self.emit("account_generated")
            self.send(self.login_out, Login())
        if self.present:
            self.after(self.service_time, self.on_served)
