"""The market of the shop: what customers want."""

from __future__ import annotations

from messages import Units, Update
from runtime import Atomic, Input, Output


class Market(Atomic):
    """Draws a demand at each update."""

    update_in = Input(Update)
    demand_out = Output(Units)

    def __init__(self, demand_mean: float) -> None:
        self.demand_mean = demand_mean

    def on_update_in(self, update: Update) -> None:
        units = self.draw.poisson(self.demand_mean)
        self.emit("demand", mean=self.demand_mean, units=units)
        self.send(self.demand_out, Units(units=units))
