"""What a part of a benchmark has come to: a table, bars, and notes; as text and as plain data. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

Cell: TypeAlias = str | int | float | None
"""Of a table; none: nothing to say."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that should be so."""

    what: str
    """In words, with its unit."""
    value: float
    """As measured."""
    limit: str
    """What it should be, in words: at most 0.3."""
    met: bool
    """Whether it is."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a benchmark."""

    name: str
    title: str
    """What was measured, in a sentence."""
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    bars: Sequence[Bar] = ()
    notes: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether every bar is met."""
        return all(bar.met for bar in self.bars)

    @property
    def text(self) -> str:
        """For people."""
        lines = [f"{self.name}: {self.title}", "", *_aligned([self.headings, *self.rows])]
        lines += ["", *map(_bar, self.bars)] if self.bars else []
        lines += ["", *self.notes] if self.notes else []
        return "\n".join(lines) + "\n"

    @property
    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "part": self.name,
            "title": self.title,
            "rows": [dict(zip(self.headings, row, strict=True)) for row in self.rows],
            "bars": [asdict(bar) for bar in self.bars],
            "holds": self.holds,
            "notes": list(self.notes),
        }


def _bar(bar: Bar) -> str:
    return f"{'met   ' if bar.met else 'MISSED'}  {bar.what}: {_shown(bar.value)} ({bar.limit})"


def _aligned(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """The first column to the left, the others to the right."""
    shown = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
