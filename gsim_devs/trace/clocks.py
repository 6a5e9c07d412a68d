"""How a trace shows the time: as it is, as a number of another unit, or as text; and back to a float."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from gsim_devs.runtime.clock import ticks_per_unit_of, to_ticks
from gsim_devs.runtime.durations import SECONDS_PER_UNIT, pattern_of, seconds_of, text_of

from .values import Check, Fault, check_of
from .wording import shown

_AT_LEAST_ZERO = msgspec.Meta(ge=0)
# Two times closer than this are equal.
_EQUAL = 1e-9


@dataclass(frozen=True)
class Clock:
    """One key that shows the time."""

    key: str
    hint: Any
    """The type of what is printed, for msgspec."""
    check: Check
    """What is wrong with what is printed."""
    time_of: Callable[[Any], float] | None
    """What `read` does, where there is something to do: the time, in the contract's unit."""
    step: float
    """How far apart two times are that it shows differently."""
    precision: int
    """Where several keys show the time, the one with the highest says what it is."""
    colons: int = 0
    """How many stand in each of its texts."""

    def read(self, printed: Any) -> float:
        """The time of something printed; a ValueError or an OverflowError where it is none that can be counted."""
        return self.time_of(printed) if self.time_of else float(printed)

    def disagreement(self, printed: Any, time: float) -> Fault | None:
        """What is wrong where another key says that it is `time`: rounding is not."""
        own = self.read(printed)
        if abs(own - time) <= self.step + _EQUAL * max(1.0, abs(time)):
            return None
        return Fault("", f"is {shown(printed)}, but the time is {time!r}")


def clock_of(key: str, source: Any, contract: dict[str, Any]) -> Clock:
    """The clock of a key whose source is `time` or `{time: …}`."""
    unit = contract["time"]["unit"]
    if source == "time":
        return Clock(key, Annotated[float, _AT_LEAST_ZERO], _number("number"), None, 0.0, 3)
    form, shown_unit = source["time"], source.get("unit") or unit
    if form not in ("integer", "number"):
        return _text_clock(key, form, unit)
    ratio = Fraction(1) if shown_unit == unit else SECONDS_PER_UNIT[shown_unit] / SECONDS_PER_UNIT[unit]
    up, down = ratio.as_integer_ratio()
    if form == "integer":
        exact = Annotated[int, _AT_LEAST_ZERO]
        return Clock(key, exact, _number("integer"), lambda count: count * up / down, up / down, 1)
    resolution = contract["time"]["resolution"]
    return Clock(
        key, Annotated[float, _AT_LEAST_ZERO], _number("number"), _converted(up, down, resolution), 0.0, 2
    )


def _number(kind: str) -> Check:
    return check_of({"type": kind, "minimum": 0})


def _converted(up: int, down: int, resolution: float) -> Callable[[Any], float]:
    """From another unit. What two roundings may have moved goes back to the tick that it was."""
    ticks_per_unit = ticks_per_unit_of(resolution)

    def time_of(printed: float) -> float:
        time = float(printed) * up / down
        if not 0 <= time < 1e300:
            return time
        tick = to_ticks(time, ticks_per_unit) / ticks_per_unit
        return tick if abs(tick - time) <= 1e-15 * time else time

    return time_of


def _text_clock(key: str, form: str, unit: str) -> Clock:
    fits = re.compile(pattern_of(form)).fullmatch
    per_unit = SECONDS_PER_UNIT[unit]

    @lru_cache(maxsize=256)  # at one instant there are often several records
    def time_of(printed: str) -> float:
        seconds = seconds_of(printed, form)
        if seconds is None:
            raise ValueError(printed)
        return float(seconds / per_unit)

    def check(value: Any) -> Fault | None:
        if isinstance(value, str) and fits(value):
            return None
        return Fault("", f"is {shown(value)}; it must be a time written {form}")

    step = next(
        length
        for ending, length in (("mmm", Fraction(1, 1000)), ("cc", Fraction(1, 100)), ("SS", 1), ("MM", 60))
        if form.endswith(ending)
    )
    colons = text_of(Fraction(0), form).count(":")
    return Clock(key, str, check, time_of, float(step / per_unit), 0, colons)
