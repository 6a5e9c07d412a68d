"""The last stage of online banking: books bills on the one account."""

from __future__ import annotations

from collections import deque

from messages import Bill
from runtime import Atomic, Input


class Booking(Atomic):
    """Serves one bill at a time; the others wait."""

    bill_in = Input(Bill)

    def __init__(self, service_time: float, account: int) -> None:
        self.service_time = service_time
        self.balance = account
        self.count = 0
        self.present: deque[Bill] = deque()  # the first one is being served

    def on_bill_in(self, bill: Bill) -> None:
        self.present.append(bill)
        if len(self.present) == 1:
            self.after(self.service_time, self.on_served)

    def on_served(self) -> None:
        self.balance -= self.present.popleft().amount
        self.count += 1
        self.emit("transaction", remaining=self.balance, count=self.count)
        if self.present:
            self.after(self.service_time, self.on_served)
