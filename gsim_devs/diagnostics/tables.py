"""Squared errors and distances as lines of a table."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from .coverage import BANDS
from .findings import Dimension
from .measuring import Comparison, Forecast
from .paths import PathCheck
from .sensitivity import Effect


def dimension_table(rows: Sequence[Dimension]) -> list[str]:
    """A line for each dimension that is not foretold exactly."""
    if not rows:
        return []
    head = (
        "errors of a step",
        "n",
        "mean",
        "z",
        "noise",
        "variance ratio",
        "correlation",
        "between trajectories",
    )
    lines = [
        (
            one.name,
            str(one.rows),
            _number(one.mean_error),
            f"{one.z:+.1f}",
            _number(one.noise),
            *map(_number, (one.variance_ratio, one.autocorrelation, one.spread_ratio)),
        )
        for one in rows
    ]
    return _table(head, lines)


def coverage_table(source: str, steps: Sequence[Dimension], paths: Sequence[PathCheck]) -> list[str]:
    """A line for each dimension: the shares of observed values inside bands of single steps and of whole courses."""
    by_step = {one.name: one.coverage for one in steps}
    by_course = {one.name: one.coverage for one in paths}
    names = dict.fromkeys((*by_step, *by_course))
    if not names:
        return []
    bands = [f"{band:.0%}" for band in BANDS]
    head = (f"{source} bands hold", *(f"step {one}" for one in bands), *(f"course {one}" for one in bands))
    missing = (None,) * len(BANDS)
    lines = [
        (name, *map(_share, (*by_step.get(name, missing), *by_course.get(name, missing)))) for name in names
    ]
    return _table(head, lines)


def forecast_table(rows: Sequence[Forecast]) -> list[str]:
    """A line for each dimension."""
    if not rows:
        return []
    head = ("squared error of a step", "model", "irreducible", "persistence", "conditional mean")
    return _table(
        head,
        [
            (one.name, *map(_number, (one.error, one.irreducible, one.persistence, one.conditional_mean)))
            for one in rows
        ],
    )


def comparison_table(rows: Sequence[Comparison]) -> list[str]:
    """A line for each distance, and what was compared."""
    if not rows:
        return []
    head = (
        "distance",
        "n",
        "value",
        "floor",
        "excess",
        "95 % interval",
        "ratio",
        "95 % interval",
        "persistence",
        "conditional mean",
    )
    lines = [
        (
            one.name,
            str(one.n),
            *map(_number, (one.value, one.floor, one.excess)),
            f"{_number(one.low)} to {_number(one.high)}",
            _number(one.ratio),
            f"{_number(one.ratio_low)} to {_number(one.ratio_high)}",
            *map(_number, (one.persistence, one.conditional_mean)),
        )
        for one in rows
        # What is foretold exactly is said so.
        if one.value > 0.0 or one.floor > 0.0
    ]
    if not lines:
        return []
    return [*_table(head, lines), f"Compared: {rows[0].states}; scaled by: {rows[0].scaling}."]


def effect_table(rows: Sequence[Effect]) -> list[str]:
    """A line for each parameter that was moved."""
    if not rows:
        return []
    head = ("parameter moved far", "change is", "mean step changes by (of its noise)", "most in")
    return _table(
        head,
        [(one.name, one.kind, _number(one.size), one.dimension or "-") for one in rows],
    )


def _number(value: float | None) -> str:
    """A dash where there is none, or none that is finite."""
    return f"{value:.3g}" if value is not None and isfinite(value) else "-"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in (head, *rows)
    ]
