"""The rows of a benchmark as a table for people, and as plain data. Builds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_NUMBERS = (
    "operational",
    "behavioural",
    "repair_turns",
    "most_repair_turns",
    "calls",
    "tokens",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "seconds",
    "critical_path_seconds",
)
_RATES = ("parsed", "policy_clean", "interface_clean", "trial_clean", "smoke_clean")
_HEADINGS = (
    "scenario", "way", "built", "operational", "behavioural",
    "parsed", "policy", "interface", "trial", "smoke",
    "repairs", "most", "calls", "tokens in", "out", "cached", "seconds", "path",
)  # fmt: skip
_LONGEST_REASON = 200
_LEGEND = """\
parsed to trial: the share of components whose first version passed; smoke: the same of the first simulator
repairs: turns in all, and the most for one component
seconds: of the build, in which replayed replies take no time; path: of the longest chain of replies, as recorded\
"""


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each scenario and way, the means, and why what failed has failed."""
    told: list[tuple[str, ...]] = [_HEADINGS]
    for ways in _by_scenario(rows):
        told += [_line(_mean(one)) for one in ways]
    told += [_line({**mean_of(rows, way), "scenario": "mean"}) for way in _ways(rows)]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    lines = [_aligned(cells, widths) for cells in told]
    notes = [_LEGEND]
    if any(row["tokens_estimated"] for row in rows):
        notes.append("~: tokens are estimated, one for four characters, because nobody counted them")
    return "\n".join([*lines, "", *notes, *_failures(rows)]) + "\n"


def report(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same, with every single build; what it is compared with stands apart."""
    others = [{"way": way, **_of_way(rows, way)} for way in _ways(rows) if way != "plan"]
    return {**_of_way(rows, "plan"), **({"baseline": others[0]} if others else {}), "builds": list(rows)}


def mean_of(rows: Sequence[dict[str, Any]], way: str) -> dict[str, Any]:
    """Over the scenarios, whatever the number of builds of each."""
    return _mean([_mean(one) for ways in _by_scenario(rows) for one in ways if one[0]["way"] == way])


def _of_way(rows: Sequence[dict[str, Any]], way: str) -> dict[str, Any]:
    scenarios = [_mean(one) for ways in _by_scenario(rows) for one in ways if one[0]["way"] == way]
    means = {key: value for key, value in mean_of(rows, way).items() if key != "scenario"}
    return {"scenarios": scenarios, "means": means}


def _ways(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["way"] for row in rows))


def _by_scenario(rows: Sequence[dict[str, Any]]) -> Iterator[list[list[dict[str, Any]]]]:
    """The builds of each scenario, those of each way together."""
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        own = [row for row in rows if row["scenario"] == scenario]
        yield [[row for row in own if row["way"] == way] for way in _ways(own)]


def _mean(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several builds, or several means, as one; what one of them has not is left out of it."""
    return {
        "scenario": rows[0]["scenario"],
        "way": rows[0]["way"],
        "builds": sum(row.get("builds", 1) for row in rows),
        "built": sum(row["built"] for row in rows),
        **{name: _average([row[name] for row in rows]) for name in _NUMBERS},
        "first_attempt": {name: _average([row["first_attempt"][name] for row in rows]) for name in _RATES},
        "tokens_estimated": any(row["tokens_estimated"] for row in rows),
    }


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    about = "~" if row["tokens_estimated"] else ""
    tokens = [row[f"{name}_tokens"] for name in ("input", "output", "cached")]
    return (
        row["scenario"],
        row["way"],
        f"{row['built']}/{row['builds']}",
        _number(row["operational"], 3),
        _number(row["behavioural"], 3),
        *(_number(row["first_attempt"][name], 2) for name in _RATES),
        _number(row["repair_turns"], 1),
        _number(row["most_repair_turns"], 1),
        _number(row["calls"], 1),
        *(about + _number(amount, 0) for amount in tokens),
        _number(row["seconds"], 1),
        _number(row["critical_path_seconds"], 1),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Words to the left, numbers to the right."""
    words = [cell.ljust(width) for cell, width in zip(cells[:2], widths, strict=False)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join([*words, *numbers])


def _failures(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    from gsim_devs.runs import printable

    for row in rows:
        if not row["built"]:
            reason = printable(" ".join(row["reason"].split()))
            short = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} …"
            yield f"{row['scenario']} ({row['way']}, {row['repetition']}) was not built: {short}"
