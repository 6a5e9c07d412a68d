"""The reception of the barbershop: a line of few places, and a check-in for the first in it."""

from __future__ import annotations

from messages import Customer, Done
from runtime import Atomic, Input, Output


class Reception(Atomic):
    """Admits, checks in, and hands over as soon as the inspection is free."""

    newcust = Input(Customer)
    inspection_done = Input(Done)
    cust = Output(Customer)

    def __init__(self, places: int, check_in_time: float) -> None:
        self.places = places
        self.check_in_time = check_in_time
        self.in_line = 0
        self.is_checked_in = False  # the first in line
        self.inspection_is_free = True

    def on_newcust(self, customer: Customer) -> None:
        if self.in_line == self.places:
            return
        self._set_in_line(self.in_line + 1)
        if self.in_line == 1:
            self._check_in()

    def on_checked_in(self) -> None:
        self.is_checked_in = True
        self._hand_over_if_possible()

    def on_inspection_done(self, done: Done) -> None:
        self.inspection_is_free = True
        self._hand_over_if_possible()

    def _hand_over_if_possible(self) -> None:
        if not (self.is_checked_in and self.inspection_is_free):
            return
        self.is_checked_in = False
        self.inspection_is_free = False
        self._set_in_line(self.in_line - 1)
        self.emit("message", port="cust", content="newcust")
        self.send(self.cust, Customer())
        if self.in_line:
            self._check_in()

    def _check_in(self) -> None:
        self.after(self.check_in_time, self.on_checked_in, order=2)

    def _set_in_line(self, number: int) -> None:
        self.in_line = number
        self.emit("state", field="total customers num", value=number)
