"""JSON Schemas: of the files, and of the records that a contract allows. Draft 2020-12 throughout."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError
from gsim_devs.runtime.durations import pattern_of

from .cases import CaseFile
from .contract import Contract
from .data_file import DataFile
from .layout import ConstantSource, FieldSource, TimeSource
from .mutants import MutantFile
from .plan import PlanTree
from .sentences import nearest, one_of

if TYPE_CHECKING:
    from .declaration import Declaration
    from .events import EventKind
    from .layout import Source

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES: dict[str, type[Declaration]] = {
    "contract": Contract,
    "plan": PlanTree,
    "cases": CaseFile,
    "mutants": MutantFile,
    "data": DataFile,
}
"""The files that have a schema, by name."""

_TIME: dict[str, Any] = {"type": "number", "minimum": 0}


def json_schema(name: str, others: Sequence[str] = ()) -> dict[str, Any]:
    """The schema of one of `FILES`; a message about a name that is none of them tells of the others too."""
    if name not in FILES:
        known = [*FILES, *others]
        raise UsageError(f"no schema {name!r}{nearest(name, known)}; there are {one_of(known)}")
    return {"$schema": DRAFT, **FILES[name].model_json_schema(by_alias=True)}


def trace_schema(contract: Contract) -> dict[str, Any]:
    """The schema of one record as the contract's layout prints it."""
    kinds = [printed_schema(contract, kind) for kind in contract.events]
    return {"$schema": DRAFT, "title": f"A printed record of {contract.id}", "oneOf": kinds}


def record_schema(contract: Contract) -> dict[str, Any]:
    """The schema of one logical record, whatever the layout."""
    kinds = [
        _object(
            {
                "time": _TIME,
                "entity": _among(kind.entities),
                "event": _among((kind.event,)),
                "payload": payload_schema(kind),
            }
        )
        for kind in contract.events
    ]
    return {"$schema": DRAFT, "title": f"A record of {contract.id}", "oneOf": kinds}


def payload_schema(kind: EventKind) -> dict[str, Any]:
    """The schema of the whole payload of one kind of record."""
    return _object(copy.deepcopy(dict(kind.payload)), without=kind.optional)


def printed_schema(contract: Contract, kind: EventKind) -> dict[str, Any]:
    """The schema of one kind of record as the contract's layout prints it."""
    layout = contract.layout
    printed = {key: _printed(source, contract, kind) for key, source in layout.keys.items()}
    if layout.flat:
        printed |= _unlifted(contract, kind)
    return _object(printed, without=kind.optional if layout.flat else ())


def _printed(source: Source, contract: Contract, kind: EventKind) -> Any:
    if isinstance(source, FieldSource):
        return copy.deepcopy(kind.payload[source.field])
    if isinstance(source, ConstantSource):
        return {"const": source.constant}
    if isinstance(source, TimeSource):
        if source.time in ("integer", "number"):
            return {"type": source.time, "minimum": 0}
        return {"type": "string", "pattern": f"^{pattern_of(source.time)}$"}
    if source == "payload":
        return _object(_unlifted(contract, kind), without=kind.optional)
    return {"time": _TIME, "entity": _among(kind.entities), "event": _among((kind.event,))}[source]


def _unlifted(contract: Contract, kind: EventKind) -> dict[str, Any]:
    lifted = contract.layout.lifted
    return {field: copy.deepcopy(schema) for field, schema in kind.payload.items() if field not in lifted}


def _among(texts: tuple[str, ...]) -> dict[str, Any]:
    return {"const": texts[0]} if len(texts) == 1 else {"enum": list(texts)}


def _object(properties: dict[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with exactly these keys; those of `without` may be missing."""
    return {
        "type": "object",
        "properties": properties,
        "required": [key for key in properties if key not in without],
        "additionalProperties": False,
    }
