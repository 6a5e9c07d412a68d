"""The purchasing of the shop."""

from __future__ import annotations

from messages import Units
from runtime import Atomic, Input, Output


class Purchasing(Atomic):
    """Places each order at once."""

    order_in = Input(Units)
    order_out = Output(Units)

    def __init__(self) -> None:
        pass

    def on_order_in(self, order: Units) -> None:
        self.emit("ordered", units=order.units)
        self.send(self.order_out, order)
