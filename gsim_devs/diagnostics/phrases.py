"""How names and numbers are written in sentences."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_NAMES = 6


def listed(names: Sequence[str]) -> str:
    """`a`, `b` and `c`; of many the first few."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > _MOST_NAMES:
        return f"{', '.join(quoted[: _MOST_NAMES - 1])} and {len(quoted) - _MOST_NAMES + 1} others"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def number(value: float) -> str:
    """Three digits are what noise leaves."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def are(names: Sequence[str]) -> str:
    """The verb that fits."""
    return "is" if len(names) == 1 else "are"


def it(names: Sequence[str]) -> str:
    """The pronoun that fits."""
    return "it" if len(names) == 1 else "them"


def counted(count: int, name: str) -> str:
    """A number of things, in one or many."""
    if count == 1:
        return f"1 {name}"
    return f"{count} {name[:-1]}ies" if name.endswith("y") else f"{count} {name}s"
