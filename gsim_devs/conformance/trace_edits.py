"""Edits of a trace's records: what a simulator with a certain fault would have reported. Reads and writes no files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gsim_devs.contracts import Computed, Contract, Mutant, RecordPattern, TraceEdit
from gsim_devs.errors import UsageError
from gsim_devs.rules import Selection
from gsim_devs.trace import Record


def edited(
    records: Sequence[Record],
    edits: Sequence[TraceEdit],
    contract: Contract,
    arguments: Mapping[str, Any],
) -> list[Record] | None:
    """The records after all edits, their lines counted anew; None where one of the edits finds no record.

    Which records are meant is decided on the trace as it was; the edits are then made one after the other.
    """
    places = [_Place(record) for record in records]
    selections = [Selection(_written(edit), contract, arguments) for edit in edits]
    meant = [_meant(places, edit, selection) for edit, selection in zip(edits, selections, strict=True)]
    if not all(meant):
        return None
    for edit, selection, chosen in zip(edits, selections, meant, strict=True):
        _make(places, edit, selection, chosen)
    return [msgspec.structs.replace(place.record, line=line) for line, place in enumerate(places, 1)]


def trace_edit_defects(mutant: Mutant, contract: Contract) -> list[str]:
    """What of a mutant's trace edits does not agree with the contract, one sentence for each thing."""
    found = []
    for number, edit in enumerate(mutant.trace):
        selection = Selection(_written(edit), contract)
        for name, value in edit.values.items():
            if not selection.has_field(name):
                found.append(f"trace[{number}]: set: the records have no field {name!r}")
            if isinstance(value, Computed):
                selection.value_of(value.expression, f"set.{name}")
        found += [f"trace[{number}]: {defect}" for defect in selection.defects]
    return [f"Mutant {mutant.id}: {sentence}." for sentence in found]


class _Place:
    """A place in the trace; other records can come to stand there."""

    __slots__ = ("record",)

    def __init__(self, record: Record) -> None:
        self.record = record


def _written(edit: TraceEdit) -> str | dict[str, Any]:
    return edit.on.model_dump() if isinstance(edit.on, RecordPattern) else edit.on


def _meant(places: Sequence[_Place], edit: TraceEdit, selection: Selection) -> list[_Place]:
    """The places that an edit is about; of a swap both."""
    if selection.defects:
        raise UsageError("\n".join(selection.defects))
    matching = [place for place in places if selection.matches(place.record)]
    if edit.nth == "all":
        return matching
    if edit.swap:
        pair = matching[edit.nth - 1 : edit.nth + 1]
        return pair if len(pair) == 2 else []
    return matching[edit.nth - 1 : edit.nth]


def _make(places: list[_Place], edit: TraceEdit, selection: Selection, meant: Sequence[_Place]) -> None:
    if edit.swap:
        one, other = meant
        early, late = one.record.time, other.record.time
        one.record, other.record = _at(other.record, early), _at(one.record, late)
        return
    values = {
        name: selection.value_of(value.expression, name) if isinstance(value, Computed) else value
        for name, value in edit.values.items()
    }
    for place in meant:
        if edit.drop:
            places.remove(place)
        elif edit.repeat:
            places.insert(places.index(place) + 1, _Place(place.record))
        elif edit.shift is not None:
            _move(places, place, place.record.time + edit.shift)
        else:
            place.record = _with(place.record, values)


def _with(record: Record, values: Mapping[str, Any]) -> Record:
    """The record with new values of payload fields; those that are functions are asked."""
    new = {name: value(record) if callable(value) else value for name, value in values.items()}
    return msgspec.structs.replace(record, payload=record.payload | new)


def _move(places: list[_Place], place: _Place, time: float) -> None:
    """To behind everything that is reported at that time."""
    if time < 0:
        raise UsageError(f"a record at {place.record.time!r} cannot be moved to {time!r}, before the start")
    places.remove(place)
    place.record = _at(place.record, time)
    later = [number for number, other in enumerate(places) if other.record.time > time]
    places.insert(min(later, default=len(places)), place)


def _at(record: Record, time: float) -> Record:
    return msgspec.structs.replace(record, time=time)
