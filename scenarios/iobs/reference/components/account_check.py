"""The second stage of online banking: whether an account holds is left to chance."""

from __future__ import annotations

from typing import Any

from messages import Login
from runtime import Atomic, Input, Output


class AccountCheck(Atomic):
    """Serves one login at a time; those that fail end here."""

    login_in = Input(Login)
    login_out = Output(Login)

    def __init__(self, service_time: float, pass_probability: float) -> None:
        self.service_time = service_time
        self.pass_probability = pass_probability
        self.present = 0

    def on_login_in(self, login: Login) -> None:
        self.present += 1
        if self.present == 1:
            self.after(self.service_time, self.on_served)

    def on_served(self) -> None:
        passes = self.draw.bernoulli(self.pass_probability)
        result: dict[str, Any] = {"pass": int(passes), "fail": int(not passes)}  # `pass` is a word of Python
        self.emit("verification", **result)
        if passes:
            self.send(self.login_out, Login())
        self.present -= 1
        if self.present:
            self.after(self.service_time, self.on_served)
