"""How people are infected in the epidemic."""

from __future__ import annotations

from math import exp

from messages import Lockdown, Movement, Sizes
from runtime import Atomic, Input, Output


class Infection(Atomic):
    """Moves people from susceptible to infective."""

    sizes_in = Input(Sizes)
    lockdown_in = Input(Lockdown)
    infected_out = Output(Movement)

    def __init__(self, infection_rate: float) -> None:
        self.infection_rate = infection_rate
        self.strength = 0.0

    def on_lockdown_in(self, lockdown: Lockdown) -> None:
        self.strength = lockdown.strength

    def on_sizes_in(self, sizes: Sizes) -> None:
        probability = self._probability(sizes)
        people = self.draw.binomial(sizes.susceptible, probability)
        self.emit("infected", susceptible=sizes.susceptible, probability=probability, people=people)
        self.send(self.infected_out, Movement(people=people))

    def _probability(self, sizes: Sizes) -> float:
        everybody = sizes.susceptible + sizes.infective + sizes.recovered
        if not everybody:
            return 0.0
        force = self.infection_rate * (1 - self.strength) * sizes.infective / everybody
        return 1 - exp(-force)
