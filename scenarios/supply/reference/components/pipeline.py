"""The pipeline of the shop: units that are on their way."""

from __future__ import annotations

from messages import Units, Update
from runtime import Atomic, Input, Output


class Pipeline(Atomic):
    """Moves units by one place at each update."""

    update_in = Input(Update)
    order_in = Input(Units)
    arrived_out = Output(Units)

    def __init__(
        self,
        lead_time: int,
        pipeline_1: int,
        pipeline_2: int,
        pipeline_3: int,
        pipeline_4: int,
        pipeline_5: int,
        pipeline_6: int,
        pipeline_7: int,
    ) -> None:
        self.lead_time = lead_time
        self.places = [pipeline_1, pipeline_2, pipeline_3, pipeline_4, pipeline_5, pipeline_6, pipeline_7]
        self.ordered = 0

    def start(self) -> None:
        self._report()

    def on_order_in(self, order: Units) -> None:
        self.ordered += order.units

    def on_update_in(self, update: Update) -> None:
        units, *others = self.places
        self.places = [*others, 0]
        self.places[self.lead_time - 1] += self.ordered
        self.ordered = 0
        self.emit("arrived", units=units)
        self.send(self.arrived_out, Units(units=units))
        self._report()

    def _report(self) -> None:
        places = {f"place_{number}": units for number, units in enumerate(self.places, 1)}
        self.emit("in_transit", **places, total=sum(self.places))
