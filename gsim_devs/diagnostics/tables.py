"""Squared errors and distances as lines of a table."""

from __future__ import annotations

from collections.abc import Sequence

from .measuring import Comparison, Forecast


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
        "persistence",
        "conditional mean",
    )
    lines = [
        (
            one.name,
            str(one.n),
            *map(_number, (one.value, one.floor, one.excess)),
            f"{_number(one.low)} to {_number(one.high)}",
            *map(_number, (one.ratio, one.persistence, one.conditional_mean)),
        )
        for one in rows
    ]
    return [*_table(head, lines), f"Compared: {rows[0].states}; scaled by: {rows[0].scaling}."]


def _number(value: float) -> str:
    return f"{value:.3g}"


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
