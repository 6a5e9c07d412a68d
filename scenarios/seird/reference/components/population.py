"""The population of the epidemic in its five groups."""

from __future__ import annotations

from messages import Movement, Outcomes, Sizes, Update
from runtime import Atomic, Input, Output


class Population(Atomic):
    """Makes its sizes known at each update, moves people as it is told, and reports once at the end."""

    update_in = Input(Update)
    infective_in = Input(Movement)
    exposed_in = Input(Movement)
    outcomes_in = Input(Outcomes)
    sizes_out = Output(Sizes)

    def __init__(self, total_population: int, initial_infective: int) -> None:
        self.susceptible = float(total_population - initial_infective)
        self.exposed = 0.0
        self.infective = float(initial_infective)
        self.recovered = 0.0
        self.deceased = 0.0

    def on_update_in(self, update: Update) -> None:
        sizes = Sizes(susceptible=self.susceptible, exposed=self.exposed, infective=self.infective)
        self.send(self.sizes_out, sizes)

    def on_infective_in(self, onset: Movement) -> None:
        self.exposed -= onset.people
        self.infective += onset.people

    def on_exposed_in(self, exposure: Movement) -> None:
        self.susceptible -= exposure.people
        self.exposed += exposure.people

    def on_outcomes_in(self, outcomes: Outcomes) -> None:
        self.infective -= outcomes.people
        self.recovered += outcomes.people - outcomes.deaths
        self.deceased += outcomes.deaths

    def stop(self) -> None:
        self.emit(
            "state",
            susceptible=self.susceptible,
            exposed=self.exposed,
            infective=self.infective,
            recovered=self.recovered,
            deceased=self.deceased,
        )
