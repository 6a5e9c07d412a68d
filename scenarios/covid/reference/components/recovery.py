"""How people recover in the epidemic."""

from __future__ import annotations

from messages import Movement, Sizes
from runtime import Atomic, Input, Output


class Recovery(Atomic):
    """Moves people from infective to recovered."""

    sizes_in = Input(Sizes)
    recovered_out = Output(Movement)

    def __init__(self, recovery_probability: float) -> None:
        self.probability = recovery_probability

    def on_sizes_in(self, sizes: Sizes) -> None:
        people = self.draw.binomial(sizes.infective, self.probability)
        self.emit("recovered", infective=sizes.infective, probability=self.probability, people=people)
        self.send(self.recovered_out, Movement(people=people))
