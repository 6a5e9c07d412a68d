"""The inspection of the barbershop: it stays closed until the cutter is done."""

from __future__ import annotations

from messages import Customer, Done
from runtime import Atomic, Input, Output


class CheckHair(Atomic):
    """Inspects, sends on to the cutter, waits, and reports back."""

    cust = Input(Customer)
    cut_done = Input(Done)
    to_cut = Output(Customer)
    to_reception = Output(Done)

    def __init__(self, inspection_time: float) -> None:
        self.inspection_time = inspection_time

    def on_cust(self, customer: Customer) -> None:
        self.emit("state", field="customer", value="newcust")
        self.after(self.inspection_time, self.on_inspected, customer, order=1)

    def on_inspected(self, customer: Customer) -> None:
        self.emit("message", port="to_cut", content="newcust")
        self.send(self.to_cut, customer)

    def on_cut_done(self, done: Done) -> None:
        self.emit("state", field="customer", value="done")
        self.emit("message", port="to_reception", content="done")
        self.send(self.to_reception, done)
