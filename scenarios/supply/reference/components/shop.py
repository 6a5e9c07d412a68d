"""The shop: its shelves and its debts."""

from __future__ import annotations

from messages import Stock, Units
from runtime import Atomic, Input, Output


class Shop(Atomic):
    """Serves the backlog first and then the demand, from what lies on the shelves."""

    arrived_in = Input(Units)
    demand_in = Input(Units)
    stock_out = Output(Stock)

    def __init__(self, inventory: int, backlog: int) -> None:
        self.inventory = inventory
        self.backlog = backlog
        self.arrived: int | None = None
        self.demand: int | None = None

    def start(self) -> None:
        self._report()

    def on_arrived_in(self, arrival: Units) -> None:
        self.arrived = arrival.units
        self._update()

    def on_demand_in(self, demand: Units) -> None:
        self.demand = demand.units
        self._update()

    def _update(self) -> None:
        if self.arrived is None or self.demand is None:
            return
        self.inventory += self.arrived
        self.backlog -= self._served(self.backlog)
        self.backlog += self.demand - self._served(self.demand)
        self.arrived = self.demand = None
        self._report()
        self.send(self.stock_out, Stock(inventory=self.inventory, backlog=self.backlog))

    def _served(self, wanted: int) -> int:
        """As much of it as there is, taken from the shelves."""
        units = min(self.inventory, wanted)
        self.inventory -= units
        return units

    def _report(self) -> None:
        self.emit("state", inventory=self.inventory, backlog=self.backlog)
