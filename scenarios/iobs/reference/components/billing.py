"""The fourth stage of online banking: issues bills, and knows what they leave of the account."""

from __future__ import annotations

from messages import Bill, Login
from runtime import Atomic, Input, Output


class Billing(Atomic):
    """Serves one login at a time; never bills more than all earlier bills have left."""

    login_in = Input(Login)
    bill_out = Output(Bill)

    def __init__(self, service_time: float, highest_amount: int, account: int) -> None:
        self.service_time = service_time
        self.highest_amount = highest_amount
        self.rest = account  # the next stage has not booked all of it yet
        self.present = 0

    def on_login_in(self, login: Login) -> None:
        self.present += 1
        if self.present == 1:
            self.after(self.service_time, self.on_served)

    def on_served(self) -> None:
        amount = min(self.draw.integer(0, self.highest_amount), self.rest)
        self.rest -= amount
        self.emit("bill", amount=amount)
        self.send(self.bill_out, Bill(amount=amount))
        self.present -= 1
        if self.present:
            self.after(self.service_time, self.on_served)
