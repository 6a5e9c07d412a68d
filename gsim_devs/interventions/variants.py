"""What is done differently in a run: parameters, for all of it or from some time on; arguments; commands.

Says nothing of how a variant is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gsim_devs.errors import UsageError
from gsim_devs.runtime.program import Program


class Change(NamedTuple):
    """A parameter has a value from a time on; that comes before everything else that happens then."""

    time: float
    """When, in the unit of the contract."""
    name: str
    """The parameter."""
    value: Any
    """Its value from then on."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What is done differently; with nothing in it, the simulator as it is."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Values for the whole run, or until a change."""

    changes: tuple[Change, ...] = ()
    """What changes during the run."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Of the command line."""

    stdin: str = ""
    """Commands."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter has a value during [begin, end)."""

    name: str
    value: Any
    begin: float = 0.0
    end: float = math.inf

    def applied(self, value: Any) -> Any:
        """The value in force where it would be `value` otherwise."""
        return self.value


@dataclass(frozen=True, slots=True)
class Scaling:
    """A parameter is multiplied by a factor during [begin, end)."""

    name: str
    factor: float
    begin: float = 0.0
    end: float = math.inf

    def applied(self, value: Any) -> Any:
        """The value in force where it would be `value` otherwise; a whole number stays one."""
        if isinstance(value, tuple | list):
            raise UsageError(
                f"parameter {self.name} holds shares that add up to 1; set them, they cannot be scaled"
            )
        scaled = self.factor * value
        if not math.isfinite(scaled):
            raise UsageError(
                f"parameter {self.name} cannot be scaled by {self.factor:g}: that is no finite number"
            )
        return round(scaled) if isinstance(value, int) else scaled


Intervention = Setting | Scaling


def variant_of(
    program: Program,
    interventions: Sequence[Intervention],
    *,
    parameters: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    stdin: str = "",
) -> Variant:
    """What these interventions come to; where some overlap, the later one acts on what the earlier ones have made.

    Args:
        program: the simulator, as `gsim_devs.runtime.program.load` gives it; nothing of its own code is loaded.
        interventions: what is done to its parameters. Values are checked as `--set` checks them.
        parameters: values for the whole run, on which the interventions act; others are the simulator's own.
        arguments: of the command line.
        stdin: commands.
    """
    given = dict(parameters or {})
    own = program.settle_parameters(given)
    for one in interventions:
        _check(one, own)
    changes: list[Change] = []
    for name in dict.fromkeys(one.name for one in interventions):
        given_there, later = _course(program, name, own, [one for one in interventions if one.name == name])
        given |= given_there
        changes += later
    changes.sort(key=lambda change: change.time)
    return Variant(given, tuple(changes), dict(arguments or {}), stdin)


def _check(intervention: Intervention, own: Mapping[str, Any]) -> None:
    name, begin, end = intervention.name, intervention.begin, intervention.end
    if name not in own:
        raise UsageError(f"unknown parameter {name}; there are {', '.join(own) or 'none'}")
    if not 0 <= begin < math.inf:
        raise UsageError(f"parameter {name} cannot change at time {begin:g}; times are at least 0 and finite")
    if not end > begin:
        raise UsageError(
            f"parameter {name} changes from {begin:g} to {end:g}: the end must come after the beginning"
        )


def _course(
    program: Program, name: str, own: Mapping[str, Any], interventions: Sequence[Intervention]
) -> tuple[dict[str, Any], list[Change]]:
    """The value of one parameter at time 0, if it is another than its own, and its changes."""
    times = {0.0, *(one.begin for one in interventions), *(one.end for one in interventions)}
    course: list[Change] = []
    before = own[name]
    for time in sorted(times - {math.inf}):
        value = own[name]
        for one in interventions:
            if one.begin <= time < one.end:
                value = one.applied(value)
        value = program.settle_parameters({name: value})[name]
        if value != before:
            course.append(Change(time, name, value))
        before = value
    if course and course[0].time == 0:
        return {name: course[0].value}, course[1:]
    return {}, course


def told(interventions: Iterable[Intervention]) -> str:
    """What is done, in words."""
    return "; ".join(map(_told, interventions))


def _told(one: Intervention) -> str:
    what = f"{one.name} = {one.value}" if isinstance(one, Setting) else f"{one.name} x {one.factor:g}"
    begin = f" from {one.begin:g}" if one.begin else ""
    end = f" to {one.end:g}" if one.end != math.inf else ""
    return f"{what}{begin}{end}"
