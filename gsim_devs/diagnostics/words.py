"""Say what was found, in sentences that a modeller can act on. The same numbers give the same words."""

from __future__ import annotations

from collections.abc import Sequence

from .exchanges import Exchange
from .findings import Finding, Inquiry
from .shapes import Course
from .slicing import TIME
from .stretches import Stretch

_MOST_STRETCHES = 4


def sentences(inquiry: Inquiry) -> list[str]:
    """What is wrong, most telling first, and what is not."""
    said = [_finding(one) for one in inquiry.findings]
    said += [_exchange(one) for one in inquiry.exchanges]
    said += [_course(one) for one in inquiry.courses]
    wrong = {one.name for one in inquiry.findings}
    right = [one.name for one in inquiry.dimensions if one.name not in wrong]
    if right:
        said.append(f"{listed(right)} {'is' if len(right) == 1 else 'are'} within noise.")
    if inquiry.exact:
        said.append(f"{listed(inquiry.exact)} {'is' if len(inquiry.exact) == 1 else 'are'} foretold exactly.")
    return said


def listed(names: Sequence[str]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def number(value: float) -> str:
    """Three digits are what noise leaves."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _finding(one: Finding) -> str:
    match one.kind:
        case "bias":
            shown = sorted(one.stretches, key=lambda part: -abs(part.z))[:_MOST_STRETCHES]
            return f"`{one.name}` is {' and '.join(_stretch(part) for part in shown)}."
        case "trajectories differ":
            return (
                f"Trajectories differ in `{one.name}` more than chance (variance ratio {number(one.value)}, "
                f"z = {one.z:+.1f}): a parameter may differ between trajectories; give it a distribution over them."
            )
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


def _stretch(part: Stretch) -> str:
    how = "over-predicted" if part.z > 0 else "under-predicted"
    size = f", {number(part.size)} of its noise" if part.size < float("inf") else ""
    where = _where(part.variable, part.low, part.high)
    return f"{how} {where} (z = {part.z:+.1f}, by {number(abs(part.mean))} a step{size})"


def _where(variable: str | None, low: float | None, high: float | None) -> str:
    if variable is None or (low is None and high is None):
        return "throughout"
    if variable == TIME:
        if low is None:
            return f"until time {number(high or 0.0)}"
        return f"from time {number(low)} on" if high is None else f"from time {number(low)} to {number(high)}"
    if low is None:
        return f"where `{variable}` is at most {number(high or 0.0)}"
    if high is None:
        return f"where `{variable}` is at least {number(low)}"
    return f"where `{variable}` is from {number(low)} to {number(high)}"


def _exchange(one: Exchange) -> str:
    return (
        f"The simulation moves too {'much' if one.too_much else 'little'} from `{one.source}` to `{one.target}` "
        f"{_where(one.variable, one.low, one.high)}: they are wrong by the same amount in opposite directions."
    )


def _course(one: Course) -> str:
    if not one.is_clear:
        return (
            "No pattern beyond a level or a rate that is off everywhere: fit again before changing the model."
        )
    at = number(one.at) if one.at is not None else ""
    match one.shape, one.variable == TIME:
        case "rate jumps", True:
            says = f"a rate changes abruptly at time {at}, as by an intervention; the model has it constant"
        case "rate drifts", True:
            says = "a rate changes gradually with time; the model has it constant"
        case "amount jumps", True:
            says = f"something is added or taken away from time {at} on"
        case "amount grows", True:
            says = "something is added or taken away that grows with time"
        case "amount grows", False:
            says = f"a flow that grows with `{one.variable}` is missing, or there is one that should not be"
        case "amount jumps", False:
            says = f"something is added or taken away where `{one.variable}` reaches {at}"
        case "rate jumps", False:
            says = f"a rate changes where `{one.variable}` reaches {at}"
        case _:
            says = f"a rate depends on `{one.variable}` in another way than in the model"
    return f"What explains these errors best (by {one.share:.0%} of their squares): {says}."
