"""The third stage of online banking: the password is tried until it is right."""

from __future__ import annotations

from messages import Login
from runtime import Atomic, Input, Output


class PasswordCheck(Atomic):
    """Serves one login at a time, as long as any other whatever the number of tries."""

    login_in = Input(Login)
    login_out = Output(Login)

    def __init__(self, service_time: float, success_probability: float) -> None:
        self.service_time = service_time
        self.success_probability = success_probability
        self.present = 0

    def on_login_in(self, login: Login) -> None:
        self.present += 1
        if self.present == 1:
            self.after(self.service_time, self.on_served)

    def on_served(self) -> None:
        attempts = self.draw.geometric(self.success_probability)
        self.emit("verification", success=1, attempts=attempts)
        self.send(self.login_out, Login())
        self.present -= 1
        if self.present:
            self.after(self.service_time, self.on_served)
