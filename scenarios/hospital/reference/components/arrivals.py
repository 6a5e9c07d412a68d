"""Patients of one disease who come to the hospital."""

from __future__ import annotations

from math import floor

from messages import Newcomers, Update
from runtime import Atomic, Input, Output


class Arrivals(Atomic):
    """Draws how many come, and how long each will stay."""

    update_in = Input(Update)
    newcomers_out = Output(Newcomers)

    def __init__(self, disease: int, arrival_rate: float, los_mean: float) -> None:
        self.disease = disease
        self.arrival_rate = arrival_rate
        self.los_mean = los_mean

    def on_update_in(self, update: Update) -> None:
        count = self.draw.poisson(self.arrival_rate)
        self.emit("counted", disease=self.disease, mean=self.arrival_rate, patients=count)
        stays = tuple([self._stay() for _ in range(count)])
        self.send(self.newcomers_out, Newcomers(disease=self.disease, stays=stays))

    def _stay(self) -> int:
        stay = max(1, floor(self.draw.normal(self.los_mean, 1.0)))
        self.emit("came", disease=self.disease, mean=self.los_mean, stay=stay)
        return stay
