"""Whether a trace is one that a contract allows: counts, and the first of what is wrong. Knows no rules."""

from __future__ import annotations

from dataclasses import dataclass

from .form import Contract
from .reading import read
from .records import BadLine, Defect
from .sources import Source


@dataclass(frozen=True, slots=True)
class TraceCheck:
    """What a trace holds."""

    records: int
    """How many records there are, those with defects included."""
    defective_records: int
    bad_line_count: int
    bad_lines: tuple[BadLine, ...]
    """The first of them."""
    defects: tuple[Defect, ...]
    """The first of them."""
    first_time: float | None
    """Of the first record; None where there is none."""
    last_time: float | None

    @property
    def is_valid(self) -> bool:
        """Whether every line is a record that fits. An empty trace is valid: rules say what must happen."""
        return not self.defective_records and not self.bad_line_count

    @property
    def sentences(self) -> list[str]:
        """The bad lines and defects that were kept, in the order of the trace."""
        kept: list[BadLine | Defect] = [*self.bad_lines, *self.defects]
        return [str(one) for one in sorted(kept, key=lambda one: one.line)]


def validate(source: Source, contract: Contract, limit: int = 20) -> TraceCheck:
    """Read a trace to its end; keep at most `limit` bad lines and as many defects, and count the others."""
    records = defective = bad = 0
    bad_lines: list[BadLine] = []
    defects: list[Defect] = []
    first: float | None = None
    last: float | None = None
    for item in read(source, contract):
        if isinstance(item, BadLine):
            bad += 1
            if len(bad_lines) < limit:
                bad_lines.append(item)
            continue
        records += 1
        last = item.time
        if first is None:
            first = last
        if item.defects:
            defective += 1
            defects += item.defects[: max(0, limit - len(defects))]
    return TraceCheck(records, defective, bad, tuple(bad_lines), tuple(defects), first, last)
