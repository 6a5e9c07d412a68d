"""Whether a printed record says everything that the logical record holds, each thing under a key of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gsim_devs.runtime.durations import FORMATS_IN_WORDS, SECONDS_PER_UNIT, is_format

from ..declaration import Defect
from ..layout import FieldSource, TimeSource
from ..sentences import all_of

if TYPE_CHECKING:
    from ..contract import Contract


def layout_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with the layout of records."""
    yield from _sources(contract)
    yield from _times(contract)
    yield from _lifted(contract)
    yield from _payload(contract)


def _sources(contract: Contract) -> Iterator[Defect]:
    place, sources = ("layout", "keys"), list(contract.layout.keys.values())
    if "time" not in sources and not any(isinstance(source, TimeSource) for source in sources):
        yield Defect(place, "no key for the time")
    entities = sorted({entity for kind in contract.events for entity in kind.entities})
    if "entity" not in sources and len(entities) > 1:
        yield Defect(place, f"no key for the entity, but there are several: {all_of(entities)}")
    events = sorted({kind.event for kind in contract.events})
    if "event" not in sources and len(events) > 1:
        yield Defect(place, f"no key for the event, but there are several: {all_of(events)}")


def _times(contract: Contract) -> Iterator[Defect]:
    for key, source in contract.layout.keys.items():
        if not isinstance(source, TimeSource):
            continue
        place = ("layout", "keys", key)
        numeric = source.time in ("integer", "number")
        if not numeric and (not is_format(source.time) or "[" in source.time):
            yield Defect(
                (*place, "time"),
                f"found {source.time!r}; a time is integer, number or {FORMATS_IN_WORDS.partition(', in')[0]}",
            )
        if not numeric and source.unit is not None:
            yield Defect((*place, "unit"), "a unit belongs to integer and number, not to a format")
        if source.unit == contract.time.unit or (numeric and source.unit is None):
            continue
        if source.unit is not None and source.unit not in SECONDS_PER_UNIT:
            yield Defect(
                (*place, "unit"), f"found {source.unit!r}; units are {all_of(list(SECONDS_PER_UNIT))}"
            )
        elif contract.time.unit not in SECONDS_PER_UNIT:
            yield Defect((*place, "time"), f"a {contract.time.unit} has no length in seconds")


def _lifted(contract: Contract) -> Iterator[Defect]:
    seen: set[str] = set()
    for key, source in contract.layout.keys.items():
        if not isinstance(source, FieldSource):
            continue
        place = ("layout", "keys", key)
        if source.field in seen:
            yield Defect(place, f"the payload field {source.field!r} has a key already")
        seen.add(source.field)
        for kind in contract.events:
            if source.field not in kind.required:
                what = "may be missing from" if source.field in kind.optional else "is not in"
                yield Defect(place, f"the payload field {source.field!r} {what} the event {kind.event!r}")


def _payload(contract: Contract) -> Iterator[Defect]:
    layout = contract.layout
    printed = "payload" in layout.keys.values()
    if layout.flat and printed:
        yield Defect(
            ("layout", "flat"), "a flat record has no key for the payload; its fields stand beside the keys"
        )
    for index, kind in enumerate(contract.events):
        for field in kind.payload:
            place = ("events", index, "payload", field)
            if field in layout.lifted:
                continue
            if layout.flat and field in layout.keys:
                yield Defect(place, f"the flat layout has a key {field!r} already")
            if not layout.flat and not printed:
                yield Defect(
                    place, "the layout has no key for the payload or for this field, so it would be lost"
                )
