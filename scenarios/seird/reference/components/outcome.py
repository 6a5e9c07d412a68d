"""How the disease ends in the epidemic: with recovery or with death."""

from __future__ import annotations

from messages import Outcomes, Sizes
from runtime import Atomic, Input, Output


class Outcome(Atomic):
    """Moves people from infective to recovered and to deceased."""

    sizes_in = Input(Sizes)
    outcomes_out = Output(Outcomes)

    def __init__(self, infectivity_period: float, mortality: float, dt: float) -> None:
        self.share_leaving = dt / infectivity_period
        self.share_dying = mortality / 100

    def on_sizes_in(self, sizes: Sizes) -> None:
        leaving = sizes.infective * self.share_leaving
        self.send(self.outcomes_out, Outcomes(people=leaving, deaths=leaving * self.share_dying))
