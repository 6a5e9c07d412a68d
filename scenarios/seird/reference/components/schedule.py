"""The schedule of the epidemic: when updates take place."""

from __future__ import annotations

from math import ceil

from messages import Update
from runtime import Atomic, Output


class Schedule(Atomic):
    """Announces an update after each time step, strictly before the end."""

    update_out = Output(Update)

    def __init__(self, dt: float, simulation_time: float) -> None:
        self.dt = dt
        self.updates = max(0, ceil(simulation_time / dt - 1e-12) - 1)
        # The clock cannot tell an update from the end that is less than this later; their number decides.
        self.latest = max(0.0, simulation_time - 1e-9)
        self.announced = 0

    def start(self) -> None:
        self._await_next()

    def on_update(self) -> None:
        self.send(self.update_out, Update())
        self.announced += 1
        self._await_next()

    def _await_next(self) -> None:
        if self.announced < self.updates:
            self.at(min((self.announced + 1) * self.dt, self.latest), self.on_update)
