"""What may be behind what was found, the most likely first. Leaves out where it shows: see `words`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .findings import Finding, Inquiry
from .phrases import it, listed, number
from .shapes import Course, Flow
from .slicing import TIME

FIT_AGAIN = "fit again"
"""The label where errors follow nothing but a level or a rate that is off throughout."""
UNCLEAR = "unclear"
"""The label where errors follow neither time nor a state."""
DIFFER = "trajectories differ"
"""The label where parameters differ between trajectories."""

STILL = "never changes"
"""The label where the simulation moves what never moves in the data."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One of the reasons why a simulation may be wrong."""

    label: str
    """For programs: `trajectories differ`, `rate jumps with time`, `amount grows with R`, `fit again`, `memory`, ..."""
    sentence: str


def causes_of(inquiry: Inquiry) -> tuple[Cause, ...]:
    """All of them, the most likely first."""
    found = (
        *_still(inquiry),
        *_differences(inquiry),
        *_recurring(inquiry),
        *_courses(inquiry),
        *_others(inquiry),
    )
    if not found and inquiry.courses:
        return (Cause(UNCLEAR, "Errors follow neither time nor any state alone: look at where they are."),)
    return found


def _still(inquiry: Inquiry) -> Iterator[Cause]:
    if still := _never_moved(inquiry):
        never, do = ("never changes", "does") if len(still) == 1 else ("never change", "do")
        yield Cause(
            STILL,
            f"{listed(still)} {never} in the data, and {do} in the simulation: what moves {it(still)} there is not in "
            "the system.",
        )


def _never_moved(inquiry: Inquiry) -> list[str]:
    return [one.name for one in inquiry.findings if one.kind == "still"]


def _differences(inquiry: Inquiry) -> Iterator[Cause]:
    found = [one for one in inquiry.findings if one.kind == "trajectories differ"]
    if found:
        most = max(found, key=lambda one: one.z)
        yield Cause(
            DIFFER,
            f"Trajectories differ in {listed([one.name for one in found])} more than chance (variance ratio up to "
            f"{number(most.value)}, z = {most.z:+.1f}): a parameter may differ between trajectories; give it a "
            "distribution over them.",
        )


def _recurring(inquiry: Inquiry) -> Iterator[Cause]:
    """Where errors follow something else, that may look like a period too."""
    found = [one for one in inquiry.findings if one.kind == "recurs"]
    if found and not any(one.is_clear for one in inquiry.courses):
        most = max(found, key=lambda one: one.z)
        yield Cause(
            f"recurs every {most.value:g}",
            f"Errors of {listed([one.name for one in found])} recur every {most.value:g} steps (z = {most.z:+.1f}): "
            "something happens in turns, as by the day of the week, and the model has it the same at all times.",
        )


def _courses(inquiry: Inquiry) -> Iterator[Cause]:
    clear = sorted((one for one in inquiry.courses if one.is_clear), key=lambda one: -one.gain)
    for one in clear:
        seen = "" if one.flow else f", as seen in {listed(one.names)}"
        yield Cause(
            f"{one.shape} with {one.variable}",
            f"{_course(one)}{seen}. That accounts for {one.share:.0%} of the squared errors beyond noise.",
        )
    off = {name for one in inquiry.courses for name in one.names}
    told = {one.name for one in inquiry.findings if one.kind in ("still", "recurs")}
    if off - told and not any(one.is_more for one in inquiry.courses):
        yield Cause(
            FIT_AGAIN,
            "Errors follow nothing but a level or a rate that is off everywhere: fit again before changing the model.",
        )


def _others(inquiry: Inquiry) -> Iterator[Cause]:
    for one in inquiry.findings:
        sentence = _other(one)
        if sentence:
            yield Cause(one.kind, sentence)


def _course(one: Course) -> str:
    at = number(one.at) if one.at is not None else ""
    match one.shape, one.variable == TIME:
        case "rate jumps", True:
            return (
                f"{_rate(one.flow)} {_turn(one.flow)} abruptly at time {at}, as by an intervention; "
                "the model has it constant"
            )
        case "rate drifts", True:
            return f"{_rate(one.flow)} {_turn(one.flow)} gradually with time; the model has it constant"
        case "amount jumps", True:
            return f"Something is added or taken away{_between(one.flow)} from time {at} on"
        case "amount grows", True:
            return f"Something is added or taken away{_between(one.flow)} that grows with time"
        case "amount grows", False:
            return _missing(one)
        case "amount jumps", False:
            return f"Something is added or taken away{_between(one.flow)} where `{one.variable}` reaches {at}"
        case "rate jumps", False:
            return f"{_rate(one.flow)} {_turn(one.flow)} where `{one.variable}` reaches {at}"
        case _:
            return f"{_rate(one.flow)} depends on `{one.variable}` in another way than in the model"


def _rate(flow: Flow | None) -> str:
    return f"The rate of the flow from `{flow.source}` to `{flow.target}`" if flow else "A rate"


def _turn(flow: Flow | None) -> str:
    if flow is None:
        return "changes"
    return "rises" if flow.grows else "falls"


def _between(flow: Flow | None) -> str:
    return f" between `{flow.source}` and `{flow.target}`" if flow else ""


def _missing(one: Course) -> str:
    if one.flow is None:
        return f"A flow that grows with `{one.variable}` is missing, or there is one that should not be"
    way = f"from `{one.flow.source}` to `{one.flow.target}` that grows with `{one.variable}`"
    if one.flow.source != one.variable:
        return f"A flow {way} is missing, or there is one that should not be"
    return f"A flow {way} is missing" if one.flow.grows else f"The simulation has too much of a flow {way}"


def _other(one: Finding) -> str:
    match one.kind:
        case "dispersion":
            how, other = ("under", "too little") if one.value < 1 else ("over", "too much")
            return (
                f"`{one.name}` is {how}-dispersed (variance ratio {number(one.value)}, z = {-one.z:+.1f}): "
                f"the simulation scatters {other} from step to step."
            )
        case "memory":
            how = "persist" if one.value > 0 else "alternate"
            return (
                f"Errors of `{one.name}` {how} from one step to the next (correlation {one.value:+.2f}, "
                f"z = {one.z:+.1f}): the state may lack something that the system remembers, such as a delay."
            )
        case "impossible":
            return (
                f"In {one.value:.0%} of the steps in which the simulation leaves no doubt about `{one.name}`, the data "
                "say something else: what happens there cannot happen in the model."
            )
        case "shape":
            how = {
                (3.0, True): "are skewed further to large values",
                (3.0, False): "are skewed further to small values",
                (4.0, True): "have heavier tails",
                (4.0, False): "have lighter tails",
            }[one.value, one.z > 0]
            return (
                f"Steps of `{one.name}` in the data {how} than in the simulation (z = {one.z:+.1f}), "
                "though mean and variance fit."
            )
        case _:
            return ""
