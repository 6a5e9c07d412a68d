"""An aircraft of strategic airlift: out, unloading, back, maintenance, idle."""

from __future__ import annotations

from messages import Assignment, Delivery, Idle
from runtime import Atomic, Input, Output


class Aircraft(Atomic):
    """Carries one pallet on each trip."""

    assignment_in = Input(Assignment)
    idle_out = Output(Idle)
    delivery_out = Output(Delivery)

    def __init__(
        self,
        aircraft_id: int,
        flight_time: float,
        unload_time: float,
        return_time: float,
        maintenance_time: float,
    ) -> None:
        self.aircraft_id = aircraft_id
        self.flight_time = flight_time
        self.unload_time = unload_time
        self.return_time = return_time
        self.maintenance_time = maintenance_time

    def start(self) -> None:
        self._be_idle()

    def on_assignment_in(self, assignment: Assignment) -> None:
        if assignment.aircraft_id != self.aircraft_id:
            return
        self.emit("depart", aircraft_id=self.aircraft_id, pallet_id=assignment.pallet_id)
        cargo = Delivery(
            pallet_id=assignment.pallet_id,
            aircraft_id=self.aircraft_id,
            generated_at=assignment.generated_at,
        )
        self.after(self.flight_time, self.on_landed, cargo)

    def on_landed(self, cargo: Delivery) -> None:
        self.after(self.unload_time, self.on_unloaded, cargo)

    def on_unloaded(self, cargo: Delivery) -> None:
        self.send(self.delivery_out, cargo)
        self.after(self.return_time, self.on_returned)

    def on_returned(self) -> None:
        self.emit("return", aircraft_id=self.aircraft_id)
        self.emit("maintenance_start", aircraft_id=self.aircraft_id)
        self.after(self.maintenance_time, self.on_maintained)

    def on_maintained(self) -> None:
        self.emit("maintenance_end", aircraft_id=self.aircraft_id)
        self._be_idle()

    def _be_idle(self) -> None:
        self.send(self.idle_out, Idle(aircraft_id=self.aircraft_id))
