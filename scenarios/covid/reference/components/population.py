"""The population of the epidemic in its three groups."""

from __future__ import annotations

from messages import Movement, Sizes, Update
from runtime import Atomic, Input, Output


class Population(Atomic):
    """Makes its sizes known at each update, moves people as it is told, and reports afterwards."""

    update_in = Input(Update)
    infected_in = Input(Movement)
    recovered_in = Input(Movement)
    sizes_out = Output(Sizes)

    def __init__(self, susceptible: int, infective: int, recovered: int) -> None:
        self.susceptible = susceptible
        self.infective = infective
        self.recovered = recovered
        self.awaited = 0

    def start(self) -> None:
        self._report()

    def on_update_in(self, update: Update) -> None:
        self.awaited = 2
        sizes = Sizes(susceptible=self.susceptible, infective=self.infective, recovered=self.recovered)
        self.send(self.sizes_out, sizes)

    def on_infected_in(self, infections: Movement) -> None:
        self.susceptible -= infections.people
        self.infective += infections.people
        self._made()

    def on_recovered_in(self, recoveries: Movement) -> None:
        self.infective -= recoveries.people
        self.recovered += recoveries.people
        self._made()

    def _made(self) -> None:
        self.awaited -= 1
        if not self.awaited:
            self._report()

    def _report(self) -> None:
        self.emit("state", susceptible=self.susceptible, infective=self.infective, recovered=self.recovered)
