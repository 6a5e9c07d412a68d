"""What a search over a grid has found, as text for people and as plain data. Decides nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from .grids import Variable
from .intervals import Interval
from .optimising import Optimum, Regret, Scored

_FEW = 10
"""Points in a table of the cheapest, and rivals that are named."""
_TWO = 2
_MOST_COLUMNS, _MOST_ROWS = 25, 60
"""Of a table that is still read."""


def optimum_text(optimum: Optimum, variables: Sequence[Variable]) -> str:
    """The best point, those that may be as good, and a table of all."""
    lines = [
        f"best: {optimum.point.text}",
        f"cost: {in_digits(optimum.fresh)} on {optimum.fresh.count} replications with which nothing was chosen",
        *_rivals(optimum),
        *_edges(optimum, variables),
        "",
        *(_heat(optimum, variables) if _fit(variables) else _list(optimum, variables)),
    ]
    return "\n".join(lines) + "\n"


def regret_text(regret: Regret, there: Optimum, name: str) -> str:
    """How good the choice is elsewhere."""
    share = regret.share
    lines = [
        f"in {name} the best is {there.point.text}",
        f"cost there: {in_digits(regret.best)}; of the choice: {in_digits(regret.chosen)}",
        f"regret: {_percent(share.mean)} (95 % within {_percent(share.low)} and {_percent(share.high)})",
    ]
    return "\n".join(lines) + "\n"


def optimum_data(optimum: Optimum) -> dict[str, Any]:
    """All of it."""
    return {
        "best": dict(optimum.point.values),
        "cost": interval_data(optimum.fresh),
        "rivals": [dict(optimum.scored[place].point.values) for place in optimum.rivals],
        "simulations": optimum.simulations,
        "points": [{**one.point.values, **interval_data(one.cost)} for one in optimum.scored],
    }


def interval_data(held: Interval) -> dict[str, Any]:
    """An interval; null where nothing is known."""
    low, high = (bound if math.isfinite(bound) else None for bound in (held.low, held.high))
    mean = held.mean if math.isfinite(held.mean) else None
    return {"mean": mean, "low": low, "high": high, "replications": held.count}


def in_digits(held: Interval) -> str:
    """A mean and what it may be off by."""
    return f"{held.mean:.6g} ± {_half(held)}"


def _half(held: Interval) -> str:
    """Two digits are enough, and no powers of ten."""
    return f"{held.half:.0f}" if 100 <= held.half < math.inf else f"{held.half:.2g}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _rivals(optimum: Optimum) -> Iterator[str]:
    if not optimum.rivals:
        yield "no other point may be as good (95 %, all comparisons together)"
        return
    count = len(optimum.rivals)
    yield f"{count} other point{'s' * (count > 1)} may be as good (95 %, all comparisons together):"
    for place in optimum.rivals[:_FEW]:
        one = optimum.scored[place]
        yield f"  {one.point.text}: {in_digits(one.cost)}"
    if count > _FEW:
        yield f"  and {count - _FEW} more"


def _edges(optimum: Optimum, variables: Sequence[Variable]) -> Iterator[str]:
    """Where the best may lie beyond what was tried."""
    for variable in variables:
        best, tried = optimum.point.values[variable.name], variable.values
        # Of two values each is the last one.
        if len(tried) > _TWO and best in (min(tried), max(tried)):
            which = "least" if best == min(tried) else "greatest"
            yield f"{variable.name} = {best:g} is the {which} value tried; beyond it may be better ones"


def _fit(variables: Sequence[Variable]) -> bool:
    """Whether two variables fit into a table."""
    if len(variables) != 2:
        return False
    rows, columns = variables
    return len(rows.values) <= _MOST_ROWS and len(columns.values) <= _MOST_COLUMNS


def _heat(optimum: Optimum, variables: Sequence[Variable]) -> list[str]:
    """A line for each value of the first variable, a column for each of the second."""
    rows, columns = variables
    width = len(columns.values)
    cells = [_cell(optimum, place) for place in range(len(optimum.scored))]
    table = [[f"{rows.name} \\ {columns.name}", *(f"{value:g}" for value in columns.values)]]
    for at, value in enumerate(rows.values):
        table.append([f"{value:g}", *cells[at * width : (at + 1) * width]])
    return [*_aligned(table), "", "* the best, ~ may be as good; others got fewer replications"]


def _list(optimum: Optimum, variables: Sequence[Variable]) -> list[str]:
    """A line for each point, or for the cheapest."""
    places = list(range(len(optimum.scored)))
    if len(variables) > 1 or len(places) > _MOST_ROWS:
        places = sorted(places, key=lambda place: _rank(optimum.scored[place]))[:_FEW]
    table = [[*(variable.name for variable in variables), "cost", "", "replications"]]
    for place in places:
        held = optimum.scored[place].cost
        values = [f"{value:g}" for value in optimum.scored[place].point.values.values()]
        table.append([*values, _cell(optimum, place), f"± {_half(held)}", str(held.count)])
    return [*_aligned(table), "", "* the best, ~ may be as good"]


def _rank(one: Scored) -> float:
    return one.cost.mean if math.isfinite(one.cost.mean) else math.inf


def _cell(optimum: Optimum, place: int) -> str:
    mean = optimum.scored[place].cost.mean
    mark = "*" if place == optimum.best else "~" if place in optimum.rivals else " "
    if not math.isfinite(mean):
        return "failed" + mark
    return (f"{mean:.0f}" if abs(mean) >= 1000 else f"{mean:.4g}") + mark


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
