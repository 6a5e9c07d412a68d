"""Simulated time: whole ticks, and an order within each. Knows nothing of components.

An instant is one integer, `tick << 16 | order`. Comparing instants is comparing integers, sums are exact, and
0.1 + 0.2 meets 0.3. Models see floats, in the unit of their contract; the conversion happens here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from heapq import heapify
from math import trunc
from operator import index
from typing import Any

ORDER_BITS = 16
LAST_ORDER = (1 << ORDER_BITS) - 1
DEFAULT_TICKS_PER_UNIT = 10**9

# Positions in an entry of the timeline. Only a timer has a handler; what enters from outside has a message.
INSTANT, RANK, NUMBER, PLACE, HANDLER, ARGUMENTS = range(6)
MESSAGE = ARGUMENTS

# Ranks that no component has. The entry that ends a run comes before everything else of its instant, what comes from
# outside before any component, and what waits its turn when nothing else is left there.
END = -2
OUTSIDE = -1
IN_TURN = 1 << 62

# Below this many ticks `x * ticks_per_unit` is off by less than half a tick.
EXACT_PRODUCT = 2 * 10**15

Sink = Callable[[int, str, str, dict[str, Any], str], None]
"""Takes a record: tick, entity, event, payload, path of the component that spoke."""


class Timeline:
    """Where simulated time stands and what is still due; one for all components that run together.

    `due` is a heap of entries `[instant, rank, number, place, …]`: lists, because they compare in C, can be struck out
    in place (place = None), and cost a third of an object. `rank` is the component's position in the model and
    `number` counts up, so that entries of one instant leave the heap in the order in which they have to happen and
    places are never compared. What a place is, and what follows it, is the kernel's business.
    """

    __slots__ = ("base", "dead", "due", "exact", "now", "number", "sink", "ticks_per_unit")

    def __init__(self, ticks_per_unit: int = DEFAULT_TICKS_PER_UNIT, sink: Sink | None = None) -> None:
        self.ticks_per_unit = ticks_per_unit
        self.exact = EXACT_PRODUCT / ticks_per_unit
        self.now = 0
        self.base = 0
        self.due: list[list[Any]] = []
        self.number = 0
        self.dead = 0
        self.sink = sink

    @property
    def time(self) -> float:
        return (self.now >> ORDER_BITS) / self.ticks_per_unit

    def instant(self, delay: float, order: int) -> int:
        """The instant that lies `delay` after now; never before now."""
        if 0.0 <= delay < self.exact:
            ticks = trunc(delay * self.ticks_per_unit + 0.5)
        else:
            ticks = _ticks_of_delay(delay, self.ticks_per_unit)
        return max(self.now, self.base + (ticks << ORDER_BITS) + _checked_order(order))

    def instant_at(self, time: float, order: int) -> int:
        """The instant of an absolute time; refuses the past."""
        tick = to_ticks(time, self.ticks_per_unit)
        if tick < self.now >> ORDER_BITS:
            raise ValueError(f"time {time!r} is in the past; it is {self.time!r} now")
        return max(self.now, (tick << ORDER_BITS) + _checked_order(order))

    def move(self, instant: int) -> None:
        """Let it be this instant now; `base` is the first instant of its tick."""
        self.now = instant
        self.base = instant >> ORDER_BITS << ORDER_BITS

    def claim(self) -> int:
        """The next number."""
        self.number += 1
        return self.number

    def strike(self, entry: list[Any]) -> None:
        """Take an entry back. It stays in the heap until it surfaces, or until half of the heap is such entries."""
        entry[PLACE] = None
        self.dead += 1
        if self.dead > 64 and self.dead * 2 > len(self.due):
            self.sweep()

    def sweep(self) -> None:
        self.due[:] = [entry for entry in self.due if entry[PLACE] is not None or entry[RANK] == END]
        heapify(self.due)
        self.dead = 0


def to_ticks(time: float, ticks_per_unit: int) -> int:
    """The tick nearest to a time ≥ 0; exact for every decimal that a float can show."""
    if not time >= 0:
        raise ValueError(f"time {time!r} is {'not a number' if time != time else 'negative'}")
    if time < EXACT_PRODUCT / ticks_per_unit:
        return trunc(time * ticks_per_unit + 0.5)
    if isinstance(time, int):
        return time * ticks_per_unit
    if math.isinf(time):
        raise ValueError("time is infinite")
    # A large float stands for the decimal that it prints as; a product would be off by many ticks.
    return int((Decimal(repr(float(time))) * ticks_per_unit).to_integral_value(ROUND_HALF_EVEN))


def ticks_per_unit_of(resolution: float) -> int:
    """How many ticks a unit has, for a resolution such as 1e-9."""
    return int((1 / Decimal(repr(float(resolution)))).to_integral_value())


def _ticks_of_delay(delay: float, ticks_per_unit: int) -> int:
    if delay != delay:
        raise ValueError("the delay is not a number")
    if delay < 0:
        # Rounding in a model's own arithmetic may end a hair below zero.
        if delay * ticks_per_unit > -0.5:
            return 0
        raise ValueError(f"the delay is negative: {delay!r}")
    return to_ticks(delay, ticks_per_unit)


def _checked_order(order: int) -> int:
    order = index(order)
    if not 0 <= order <= LAST_ORDER:
        raise ValueError(f"order {order!r} is outside 0 … {LAST_ORDER}")
    return order
