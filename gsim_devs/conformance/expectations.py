"""A trace against what is known beforehand of it. Whether its records are sound is for `trace` to say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gsim_devs.contracts import Expectation, MatchingRecords
from gsim_devs.trace import BadLine, Record


def unmet(expectation: Expectation, records: Iterable[Record | BadLine]) -> list[str]:
    """Compare a logical trace with what is expected of it; one sentence for each thing that differs.

    The trace is read once and not kept. Lines that are no records do not count.
    """
    counts: Counter[str] = Counter()
    matched = [0] * len(expectation.matching)
    first: Record | None = None
    last: Record | None = None
    tolerance = expectation.tolerance
    for record in records:
        if isinstance(record, BadLine):
            continue
        first = first or record
        last = record
        kind = _kind(record)
        counts[kind] += 1
        for index, wanted in enumerate(expectation.matching):
            matched[index] += kind == wanted.kind and _holds(record.payload, wanted.where, tolerance)
    return [
        *_amount("", counts.total(), expectation.records),
        *_end("first", first, expectation.first_time, None, tolerance),
        *_end("last", last, expectation.last_time, expectation.last, tolerance),
        *_fields(last, expectation),
        *(
            text
            for kind, wanted in expectation.counts.items()
            for text in _amount(kind, counts[kind], wanted)
        ),
        *(
            text
            for wanted, found in zip(expectation.matching, matched, strict=True)
            for text in _amount(_described(wanted), found, wanted.count)
        ),
    ]


def _amount(what: str, found: int, wanted: int | None) -> Iterator[str]:
    if wanted is not None and found != wanted:
        yield f"There are {found} records{what and f' {what}'}; {wanted} expected."


def _end(
    which: str, record: Record | None, time: float | None, kind: str | None, tolerance: float
) -> Iterator[str]:
    """What differs in the first or the last record."""
    if record is None:
        if time is not None or kind is not None:
            wanted = (f" {kind}" if kind else "") + (f" at {time!r}" if time is not None else "")
            yield f"There is no {which} record;{wanted} expected."
        return
    if time is not None and not _equal(record.time, time, tolerance):
        yield f"The {which} record, {_kind(record)}, is at {record.time!r}; {time!r} expected."
    if kind is not None and _kind(record) != kind:
        yield f"The {which} record, at {record.time!r}, is {_kind(record)}; {kind} expected."


def _fields(last: Record | None, expectation: Expectation) -> Iterator[str]:
    """What differs in the payload of the last record, where it is of the kind that is expected."""
    if last is None or _kind(last) != expectation.last:
        return
    for name, value in expectation.last_where.items():
        if not _holds(last.payload, {name: value}, expectation.tolerance):
            found = repr(last.payload[name]) if name in last.payload else "missing"
            yield f"The last record, at {last.time!r}, has {name} {found}; {value!r} expected."


def _described(wanted: MatchingRecords) -> str:
    fields = ", ".join(f"{name} {value!r}" for name, value in wanted.where.items())
    return f"{wanted.kind} with {fields}" if fields else wanted.kind


def _kind(record: Record) -> str:
    return f"{record.entity}.{record.event}"


def _holds(payload: Mapping[str, Any], where: Mapping[str, Any], tolerance: float) -> bool:
    return all(name in payload and _equal(payload[name], value, tolerance) for name, value in where.items())


def _equal(found: Any, wanted: Any, tolerance: float) -> bool:
    """Whether two values are equal, numbers within the tolerance; true is not 1."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        # Relative: as far as doubles beyond 1e6 can be told apart at all.
        return math.isclose(found, wanted, rel_tol=1e-15, abs_tol=tolerance)
    return bool(found == wanted)
