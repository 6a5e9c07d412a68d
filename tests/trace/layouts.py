"""A contract for each way in which traces are printed: those of the scenarios, and one with everything odd."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from gsim_devs.contracts import Contract, from_data, load_contract
from gsim_devs.trace import Record, write

INTEGER, NUMBER, TEXT, BIT = {"type": "integer"}, {"type": "number"}, {"type": "string"}, {"enum": [0, 1]}
FLAG = {"type": "boolean"}
Json = dict[str, Any]


def contract_of(layout: Json, *events: Json, unit: str = "s") -> Contract:
    data = {
        "id": "sample",
        "title": "Sample",
        "time": {"unit": unit},
        "horizon": {"argument": "until"},
        "arguments": {"until": {"type": "number", "default": 10}},
        "layout": layout,
        "events": list(events),
    }
    return from_data(Contract, data, "sample.yaml")


def event(entity: str | list[str], name: str, optional: tuple[str, ...] = (), /, **payload: Any) -> Json:
    return {"entity": entity, "event": name, "payload": payload, "optional": list(optional)}


def plain(contract: Contract) -> Json:
    return contract.model_dump(mode="json", by_alias=True)


COUNT = {"type": "integer", "minimum": 0}
PASSENGER = dict.fromkeys(("passenger_id", "passenger_num", "origin", "destination", "station_id"), COUNT)
STATIONS = {"enum": ["Bayview", "Carling", "Carleton", "Confed", "Greenboro"]}
CONTRACTS: dict[str, Contract] = {
    "abp": load_contract(Path(__file__).parents[2] / "contracts/abp.yaml"),
    "iobs": contract_of(
        {"keys": {"time": "time", "model": "entity", "event": "event", "data": "payload"}},
        event("input_reader1", "start"),
        event("input_reader1", "input", valid={"const": 1}, invalid=BIT),
        event("AAM1", "logout"),
        event("ANV1", "verification", **{"pass": BIT, "fail": BIT}),
        event("BPM1", "bill", amount={"type": "integer", "minimum": 0, "maximum": 40}),
    ),
    "otrain": contract_of(
        {
            "keys": {
                "time": "time",
                "event": "event",
                "entity_type": "entity",
                "station_id": {"field": "station_id"},
                "station": {"field": "station_name"},
                "payload": "payload",
            }
        },
        event(
            "train",
            "train_arrival",
            station=INTEGER,
            direction=BIT,
            station_id={"type": "integer", "minimum": 0},
            station_name=STATIONS,
        ),
        event(["station_queue", "train_queue"], "passenger_boarding", **PASSENGER, station_name=STATIONS),
    ),
    "seird": contract_of(
        {"flat": True, "keys": {"time": "time"}},
        event("system", "state", **dict.fromkeys(("susceptible", "exposed", "deceased"), NUMBER)),
        unit="day",
    ),
    "oft": contract_of(
        {"keys": {"timestamp_ms": "time", "model": "entity", "type": "event", "val": "payload"}},
        event("sender", "preparation_started", duration={"const": 10000, "type": "number"}),
        event("sender", "packet_sent", seq=INTEGER, bit=BIT, is_retry=FLAG),
        event("server_sender", "download_valve_change", allowed=FLAG),
        unit="ms",
    ),
    "barbershop": contract_of(
        {"flat": True, "keys": {"time": "time", "type": "event", "model": "entity"}},
        event(
            "reception",
            "state",
            field={"const": "total customers num"},
            value={"type": "integer", "minimum": 0},
        ),
        event("checkhair", "state", field={"const": "customer"}, value={"enum": ["newcust", "done"]}),
        event(["reception", "cuthair"], "message", port=TEXT, content=TEXT),
    ),
    "clocks": contract_of(
        {
            "keys": {
                "kind": {"constant": "a: b"},
                "clock": {"time": "HH:MM:SS:mmm"},
                "version": {"constant": 2},
                "milliseconds": {"time": "integer", "unit": "ms"},
                "hours": {"time": "number", "unit": "h"},
                "who": "entity",
                "what": "event",
                "more": "payload",
            }
        },
        event("a", "x", ("note",), note=TEXT, bit=BIT),
        event("b", "x"),
    ),
    "text time": contract_of(
        {"flat": True, "keys": {"clock": {"time": "MM:SS.mmm"}, "event": "event"}},
        event("only", "x", size=INTEGER),
        event("only", "y", ("size",), size=INTEGER, seq=INTEGER),
    ),
    "document": contract_of(
        {"form": "document", "records_key": "événements"},
        event("a", "x", bit=BIT, note=TEXT),
        event("b", "y"),
    ),
    "schemas": contract_of(
        {},
        event(
            "a",
            "nested",
            ("maybe",),
            anything={},
            maybe={"type": ["integer", "null"]},
            point={
                "type": "object",
                "properties": {"x": NUMBER, "y": NUMBER},
                "required": ["x"],
                "additionalProperties": False,
            },
            path={"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": 3},
        ),
        event(
            "a",
            "exotic",
            even={"type": "integer", "multipleOf": 2},
            either={"oneOf": [INTEGER, {"type": "string", "minLength": 2}]},
            name={"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
            share={"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
        ),
        event("a", "quoted", **{'a "b"': INTEGER, "né": INTEGER}),
    ),
}

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_ODD = {
    "type,multipleOf": st.integers().map(lambda number: number * 2),
    "oneOf": st.integers() | st.text(min_size=2, max_size=5),
    "type,pattern,maxLength": st.from_regex("[a-z]{1,5}", fullmatch=True),
    "type,exclusiveMinimum,maximum": st.floats(0, 0.5, exclude_min=True),
    "type,properties,required,additionalProperties": st.fixed_dictionaries(
        {"x": st.integers() | st.floats(-9, 9)}, optional={"y": st.floats(-9, 9)}
    ),
    "type,items,maxItems": st.lists(st.integers(0), max_size=3),
    "": _JSON,
}
_OF_TYPE = {"boolean": st.booleans(), "string": st.text(max_size=8)}


def values(schema: Json) -> st.SearchStrategy[Any]:
    """Values that fit a schema of this file."""
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    odd = _ODD.get(",".join(schema))
    if odd is not None:
        return odd
    if isinstance(schema["type"], list):
        return st.none() | st.integers()
    numbers = st.integers(schema.get("minimum"), schema.get("maximum"))
    if schema["type"] == "number":
        return numbers | st.floats(
            schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False
        )
    return _OF_TYPE.get(schema["type"], numbers)


@st.composite
def traces(draw: st.DrawFn, contract: Contract, detail: bool = False) -> list[Record]:
    """Sound records in the order of their times: any ticks for ABP, whole milliseconds where texts may show them."""
    kinds = [(entity, kind) for kind in contract.events for entity in kind.entities]
    records: list[Record] = []
    tick = 0
    for seq, (entity, kind) in enumerate(draw(st.lists(st.sampled_from(kinds), max_size=6))):
        tick += draw(st.integers(0, 10**7)) * draw(st.sampled_from([0, 1000, 10**6]))
        payload = {
            field: draw(values(dict(schema) if isinstance(schema, dict) else {}))
            for field, schema in kind.payload.items()
            if field not in kind.optional or draw(st.booleans())
        }
        details = ("hall.part", 0, seq) if detail else ()
        time = tick / 10**9 if contract is CONTRACTS["abp"] else tick // 10**6 / 10**3
        records.append(Record(time, entity, kind.event, payload, 0, *details))
    return records


def printed(contract: Contract, *records: Record, detail: bool = False) -> bytes:
    stream = BytesIO()
    write(records, stream, plain(contract), detail=detail)
    return stream.getvalue()


class Pipe:
    """Gives what an iterator gives, piece by piece."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = iter(pieces)

    def read1(self, _: int) -> bytes:
        return next(self.pieces, b"")
