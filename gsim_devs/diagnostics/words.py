"""Say where the simulation is off, and where it is not, in sentences. The same numbers give the same words.

What may be behind it is said in `causes`.
"""

from __future__ import annotations

from .exchanges import Exchange
from .findings import Finding, Inquiry
from .phrases import are, listed, number
from .slicing import TIME
from .stretches import Stretch

_MOST_STRETCHES = 2
_MOST_BIASES = 4


def sentences(inquiry: Inquiry) -> list[str]:
    """What is off, most telling first, and what is not."""
    biases = sorted((one for one in inquiry.findings if one.kind == "bias"), key=lambda one: one.p)
    said = [_exchange(one) for one in inquiry.exchanges[:_MOST_BIASES]]
    said += [_bias(one) for one in biases[:_MOST_BIASES]]
    if more := [one.name for one in biases[_MOST_BIASES:]]:
        said.append(f"{listed(more)} {are(more)} off too.")
    wrong = {one.name for one in inquiry.findings}
    right = [one.name for one in inquiry.dimensions if one.name not in wrong]
    if right:
        said.append(f"{listed(right)} {are(right)} within noise.")
    if inquiry.exact:
        said.append(f"{listed(inquiry.exact)} {are(inquiry.exact)} foretold exactly.")
    return said


def _bias(one: Finding) -> str:
    shown = sorted(one.stretches, key=lambda part: -abs(part.z))[:_MOST_STRETCHES]
    return f"`{one.name}` is {' and '.join(_stretch(part) for part in shown)}."


def _stretch(part: Stretch) -> str:
    how = "over-predicted" if part.z > 0 else "under-predicted"
    where = _where(part.variable, part.low, part.high)
    return f"{how} {where} (z = {part.z:+.1f}, by {number(abs(part.mean))} a step)"


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
