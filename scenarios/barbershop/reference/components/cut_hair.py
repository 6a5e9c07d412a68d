"""The cutter of the barbershop."""

from __future__ import annotations

from messages import Customer, Done
from runtime import Atomic, Input, Output


class CutHair(Atomic):
    """Cuts one customer's hair at a time."""

    customer_in = Input(Customer)
    out = Output(Done)

    def __init__(self, cutting_time: float) -> None:
        self.cutting_time = cutting_time
        self.done = 0

    def on_customer_in(self, customer: Customer) -> None:
        self.after(self.cutting_time, self.on_cut)

    def on_cut(self) -> None:
        self.done += 1
        self.emit("message", port="out", content="done")
        self.emit("state", field="total customer done", value=self.done)
        self.send(self.out, Done())
