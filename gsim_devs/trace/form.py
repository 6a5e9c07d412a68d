"""What a contract says about its records as they are printed, taken apart once for all lines of a trace.

Takes the contract as plain data, as it stands in a simulator's contract.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .clocks import Clock, clock_of
from .values import Check, Schema, check_of

Contract = Mapping[str, Any]
"""A contract as JSON: `contract.model_dump(mode="json", by_alias=True)`, or a contract.json."""

DETAIL: dict[str, Schema] = {
    "seq": {"type": "integer", "minimum": 0},
    "replication": {"type": "integer", "minimum": 0},
    "component": {"type": "string"},
}
"""The keys that a detailed trace adds to each record."""


@dataclass(frozen=True)
class Kind:
    """All records of one entity and event."""

    entity: str
    event: str
    schemas: dict[str, Schema]
    """The payload fields."""
    checks: dict[str, Check]
    """The same, compiled."""
    fields: tuple[str, ...]
    """The payload fields that are not lifted."""
    required: tuple[str, ...]
    """Those of them that must be there."""
    detail: tuple[str, ...]
    """The keys of a detailed trace that are not fields of this kind."""


@dataclass(frozen=True)
class Form:
    """The keys of a printed record and what they hold."""

    keys: tuple[str, ...]
    clocks: tuple[Clock, ...]
    """The first one says what time it is."""
    entity_key: str | None
    event_key: str | None
    payload_key: str | None
    lifted: dict[str, str]
    """Payload fields by the keys under which they are printed."""
    constants: dict[str, Check]
    flat: bool
    records_key: str | None
    """Of a document; None: lines."""
    kinds: dict[tuple[str, str], Kind]

    @property
    def entities(self) -> list[str]:
        return list(dict.fromkeys(entity for entity, _ in self.kinds))

    @property
    def events(self) -> list[str]:
        return list(dict.fromkeys(event for _, event in self.kinds))


def form_of(contract: Contract) -> Form:
    """Take a contract apart."""
    layout = contract["layout"]
    sources: dict[str, Any] = layout["keys"]
    plain = {source: key for key, source in sources.items() if isinstance(source, str)}
    lifted = {key: source["field"] for key, source in sources.items() if "field" in _dict(source)}
    clocks = [
        clock_of(key, source, dict(contract))
        for key, source in sources.items()
        if source == "time" or "time" in _dict(source)
    ]
    return Form(
        keys=tuple(sources),
        clocks=tuple(sorted(clocks, key=lambda clock: -clock.precision)),
        entity_key=plain.get("entity"),
        event_key=plain.get("event"),
        payload_key=plain.get("payload"),
        lifted=lifted,
        constants={
            key: check_of({"const": source["constant"]})
            for key, source in sources.items()
            if "constant" in _dict(source)
        },
        flat=layout["flat"],
        records_key=layout["records_key"] if layout["form"] == "document" else None,
        kinds=_kinds(contract["events"], set(lifted.values()), set(sources), layout["flat"]),
    )


def _kinds(
    events: list[dict[str, Any]], lifted: set[str], keys: set[str], flat: bool
) -> dict[tuple[str, str], Kind]:
    kinds = {}
    for declared in events:
        schemas: dict[str, Schema] = declared["payload"]
        fields = tuple(field for field in schemas if field not in lifted)
        event = declared["event"]
        for entity in declared["entity"] if isinstance(declared["entity"], list) else [declared["entity"]]:
            kinds[entity, event] = Kind(
                entity,
                event,
                schemas,
                {field: check_of(schema) for field, schema in schemas.items()},
                fields,
                tuple(field for field in fields if field not in declared["optional"]),
                tuple(key for key in DETAIL if key not in keys and not (flat and key in schemas)),
            )
    return kinds


def _dict(source: Any) -> dict[str, Any]:
    return source if isinstance(source, dict) else {}
