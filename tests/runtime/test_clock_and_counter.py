"""A model of two handler-style components against the formula of its timetable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, Output


@dataclass(frozen=True, slots=True)
class Tick:
    number: int


class Clock(Atomic):
    tick = Output(Tick)

    def __init__(self, period: float) -> None:
        self.period = period
        self.number = 0

    def start(self) -> None:
        self.after(self.period, self.on_period)

    def on_period(self) -> None:
        self.number += 1
        self.send(self.tick, Tick(self.number))
        self.after(self.period, self.on_period)


class Counter(Atomic):
    tick = Input(Tick)

    def on_tick(self, tick: Tick) -> None:
        self.emit("counted", number=tick.number)


class Pair(Coupled):
    def __init__(self) -> None:
        clock = self.add("clock", Clock(0.1))
        counter = self.add("counter", Counter())
        self.connect(clock.tick, counter.tick)


def test_a_million_steps_of_a_tenth_end_at_exactly_a_hundred_thousand() -> None:
    last: list[Any] = []
    kernel = Kernel(Pair(), sink=lambda tick, *rest: last.__setitem__(slice(None), [tick, *rest]))

    kernel.run(until=100_000)

    assert last == [100_000 * 10**9, "counter", "counted", {"number": 1_000_000}, "counter"]
