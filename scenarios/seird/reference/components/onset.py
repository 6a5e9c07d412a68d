"""How exposed people become infective in the epidemic."""

from __future__ import annotations

from messages import Movement, Sizes
from runtime import Atomic, Input, Output


class Onset(Atomic):
    """Moves people from exposed to infective."""

    sizes_in = Input(Sizes)
    infective_out = Output(Movement)

    def __init__(self, incubation_period: float, dt: float) -> None:
        self.share = dt / incubation_period

    def on_sizes_in(self, sizes: Sizes) -> None:
        people = min(sizes.exposed, sizes.exposed * self.share)
        self.send(self.infective_out, Movement(people=people))
