"""How people are exposed in the epidemic."""

from __future__ import annotations

from messages import Movement, Sizes
from runtime import Atomic, Input, Output


class Exposure(Atomic):
    """Moves people from susceptible to exposed."""

    sizes_in = Input(Sizes)
    exposed_out = Output(Movement)

    def __init__(self, transmission_rate: float, dt: float, total_population: int) -> None:
        self.transmission_rate = transmission_rate
        self.dt = dt
        self.total_population = total_population

    def on_sizes_in(self, sizes: Sizes) -> None:
        self.send(self.exposed_out, Movement(people=self._people(sizes)))

    def _people(self, sizes: Sizes) -> float:
        if not self.total_population:
            return 0.0
        contacts = sizes.susceptible * sizes.infective / self.total_population
        return min(sizes.susceptible, self.transmission_rate * contacts * self.dt)
