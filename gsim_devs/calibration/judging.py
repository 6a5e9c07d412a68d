"""How far an estimate can be relied on, in a word and a sentence that says what to try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from gsim_devs.contracts.parameters import IntegerParameter

from .arrays import Array
from .asking import Found
from .driving import Driver
from .finals import Verdict
from .space import Space

Status: TypeAlias = Literal["converged", "stopped", "undetermined", "failed"]

_AT_A_BOUND = 0.01
_SOME, _MANY = 0.03, 0.2
"""Shares of failed candidates: from which on it is said why, and from which on bounds are too wide."""
_OUTSIDE = 0.0025
"""Of the posterior, on either side."""


def judged(
    driver: Driver,
    space: Space,
    found: Found,
    verdict: Verdict | None,
    untold: Sequence[str],
    *,
    more_helps: bool,
) -> tuple[Status, str]:
    """The status of an estimate, and its sentence; `more_helps` is whether a larger budget would be spent."""
    if verdict is None:
        return "failed", _nothing(driver)
    remarks = [
        _failures(driver),
        _failing(verdict),
        _bounds(space, verdict.point),
        _open(untold),
        _disagreement(space, found, verdict.point),
    ]
    tail = "".join(f"; {remark}" for remark in remarks if remark)
    if verdict.nothing_found or len(untold) == len(space.parameters):
        return "undetermined", (
            "no values fit better than those that the search began with, within the noise; compare more data or other "
            f"observables, or take more draws{tail}"
        )
    if not found.converged and not more_helps:
        return "stopped", (
            "the search came to its end without settling, and a larger budget alone would not change that: try another "
            f"seed, or another method{tail}"
        )
    if not found.converged:
        return "stopped", f"the budget ended before the search did; give more to be sure, or resume{tail}"
    return "converged", f"more of the same search would not change it much{tail}"


def _nothing(driver: Driver) -> str:
    if driver.failures and driver.failures == driver.evaluations:
        return (
            f"every one of {driver.evaluations} candidates failed{_because(driver)}: run the simulator with values "
            f"inside the bounds to see why"
        )
    return "the budget ended before there was anything to compare; give more"


def _failures(driver: Driver) -> str:
    share = driver.failures / max(1, driver.evaluations)
    if share <= _SOME:
        return ""
    advice = ": narrow the bounds to what can run" if share > _MANY else ""
    return f"{100 * share:.0f} % of the candidates failed{_because(driver)}{advice}"


def _because(driver: Driver) -> str:
    why = driver.why()
    return f", most often with {why!r}" if why else ""


def _failing(verdict: Verdict) -> str:
    if not verdict.failed:
        return ""
    return (
        f"{100 * verdict.failed:.2g} % of its simulations failed and counted as far off: run the simulator with these "
        f"values to see why"
    )


def _bounds(space: Space, point: Array) -> str:
    """Integers may well be at an end; they have few values."""
    stuck = [
        name
        for name, columns in space.columns.items()
        if not isinstance(space.parameters[name], IntegerParameter)
        and (np.minimum(point[columns], 1 - point[columns]) < _AT_A_BOUND).any()
    ]
    if not stuck:
        return ""
    return f"{', '.join(stuck)} at a bound: widen it, or ask whether the model lacks something"


def _open(untold: Sequence[str]) -> str:
    if not untold:
        return ""
    names = ", ".join(untold)
    return f"the data do not tell {names}: fix it, observe what depends on it, or compare whole courses"


def _disagreement(space: Space, found: Found, point: Array) -> str:
    if found.posterior is None:
        return ""
    low, high = np.quantile(found.posterior, [_OUTSIDE, 1 - _OUTSIDE], axis=0)
    half = np.divide(0.5, space.levels, out=np.zeros(space.dimension), where=space.levels > 0)
    off = (point < low - half) | (point > high + half)
    names = [name for name, columns in space.columns.items() if off[columns].any()]
    if not names:
        return ""
    return f"the point lies outside the posterior in {', '.join(names)}: do not rely on either before you know why"
