"""Every printed line says what was reported, as the layout has it: compared with truth that json alone makes."""

from __future__ import annotations

import enum
import io
import json
import math
from collections import OrderedDict, deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.contracts import Contract, parse_yaml, trace_schema
from gsim_devs.errors import UsageError
from gsim_devs.runtime import Atomic, Kernel, SimulationError
from gsim_devs.runtime.records import _MOST_SHAPES, Records, TraceWriter

TICKS = 10**9
Told = tuple[float, str, str, dict[str, Any]]


def written(
    *records: Told, layout: dict[str, Any] | None = None, ticks_per_unit: int = TICKS, **how: Any
) -> str:
    """What a writer prints of some records."""
    stream = io.BytesIO()
    writer = TraceWriter(stream, layout, ticks_per_unit=ticks_per_unit, **how)
    for time, entity, event, payload in records:
        writer.write(round(time * ticks_per_unit), entity, event, payload, f"hall.{entity}")
    writer.close()
    return stream.getvalue().decode()


def once(text: str) -> Any:
    """Read JSON strictly: no key twice, no number that is none."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(found)) == len(found)
        return dict(found)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, object_pairs_hook=pairs, parse_constant=refuse)


# The layouts of the scenarios, as their page gives them: contract, records, lines.

HEAD = "id: x\ntitle: X\nhorizon: {argument: until}\narguments: {until: {type: number}}\n"
ENVELOPE = (
    HEAD
    + """
time: {unit: ms}
events:
  - entity: sender
    event: packet_sent
    payload: {seq_num: {type: integer}, bit: {enum: [0, 1]}, is_retry: {type: boolean}}
"""
)
IOBS = (
    HEAD
    + """
time: {unit: s}
layout: {keys: {time: time, model: entity, event: event, data: payload}}
events:
  - {entity: input_reader1, event: start}
  - {entity: ANV1, event: verification, payload: {pass: {type: integer}, fail: {type: integer}}}
"""
)
OTRAIN = (
    HEAD
    + """
time: {unit: s}
layout:
  keys:
    time: time
    event: event
    entity_type: entity
    station_id: {field: station_id}
    station: {field: station_name}
    payload: payload
events:
  - entity: train
    event: train_arrival
    payload:
      {station_id: {type: integer}, station_name: {type: string}, station: {type: integer}, direction: {enum: [0, 1]}}
"""
)
NUMBERS = ["susceptible", "exposed", "infective", "recovered", "deceased"]
SEIRD = (
    HEAD
    + f"""
time: {{unit: day}}
layout: {{keys: {{time: time}}, flat: true}}
events:
  - {{entity: system, event: state, payload: {{{", ".join(f"{name}: {{type: number}}" for name in NUMBERS)}}}}}
"""
)
OFT = (
    HEAD
    + """
time: {unit: ms}
layout: {keys: {timestamp_ms: time, model: entity, type: event, val: payload}}
events:
  - {entity: server_sender, event: download_valve_change, payload: {allowed: {type: boolean}}}
"""
)
BARBERSHOP = (
    HEAD
    + """
time: {unit: s}
layout: {keys: {time: time, type: event, model: entity}, flat: true}
events:
  - {entity: reception, event: state, payload: {field: {const: total customers num}, value: {type: integer}}}
  - {entity: [reception, checkhair], event: message, payload: {port: {type: string}, content: {type: string}}}
"""
)
DOCUMENT = (
    HEAD
    + """
time: {unit: s}
layout: {form: document, records_key: Protokoll}
events: [{entity: a, event: b, payload: {c: {}}, optional: [c]}]
"""
)
DRESSES = (
    HEAD
    + """
time: {unit: s, resolution: 1.0e-6}
layout:
  keys:
    clock: {time: "HH:MM:SS:mmm"}
    "100 %": {constant: "50 %s"}
    ms: {time: integer, unit: ms}
    min: {time: number, unit: min}
    t: time
    none: {constant: null}
    kind: event
    "zwölf": {field: "größe %d"}
    rest: payload
    who: entity
events: [{entity: "tür %(x)s", event: "ä\\"%", payload: {"größe %d": {}, "%%": {}, "a b": {}}, optional: ["a b"]}]
"""
)
DRESSED = {"größe %d": "%s", "%%": ["%d", {"%": "☃"}]}

LAYOUTS: dict[str, tuple[str, list[Told], list[dict[str, Any]]]] = {
    "the envelope": (
        ENVELOPE,
        [(10.0, "sender", "packet_sent", {"seq_num": 1, "bit": 0, "is_retry": False})],
        [
            {
                "time": 10.0,
                "entity": "sender",
                "event": "packet_sent",
                "payload": {"seq_num": 1, "bit": 0, "is_retry": False},
            }
        ],
    ),
    "other keys": (
        IOBS,
        [
            (0, "input_reader1", "start", {}),
            (22.345, "ANV1", "verification", {"pass": 1, "fail": 0}),
        ],
        [
            {"time": 0.0, "model": "input_reader1", "event": "start", "data": {}},
            {"time": 22.345, "model": "ANV1", "event": "verification", "data": {"pass": 1, "fail": 0}},
        ],
    ),
    "lifted fields": (
        OTRAIN,
        [
            (
                225,
                "train",
                "train_arrival",
                {"station_id": 2, "station_name": "Carling", "station": 2, "direction": 0},
            )
        ],
        [
            {
                "time": 225.0,
                "event": "train_arrival",
                "entity_type": "train",
                "station_id": 2,
                "station": "Carling",
                "payload": {"station": 2, "direction": 0},
            }
        ],
    ),
    "flat, of one entity and event": (
        SEIRD,
        [(6.5, "system", "state", dict(zip(NUMBERS, (392.0, 1e-300, 8, 0.1 + 0.2, 0.0), strict=True)))],
        [{"time": 6.5, **dict(zip(NUMBERS, (392.0, 1e-300, 8, 0.1 + 0.2, 0.0), strict=True))}],
    ),
    "milliseconds": (
        OFT,
        [(31500, "server_sender", "download_valve_change", {"allowed": True})],
        [
            {
                "timestamp_ms": 31500.0,
                "model": "server_sender",
                "type": "download_valve_change",
                "val": {"allowed": True},
            }
        ],
    ),
    "flat, of several": (
        BARBERSHOP,
        [
            (3.25, "reception", "state", {"field": "total customers num", "value": 1}),
            (3.25, "checkhair", "message", {"port": "to_cut", "content": "newcust"}),
        ],
        [
            {"time": 3.25, "type": "state", "model": "reception", "field": "total customers num", "value": 1},
            {"time": 3.25, "type": "message", "model": "checkhair", "port": "to_cut", "content": "newcust"},
        ],
    ),
    "every dress": (
        DRESSES,
        [(90061.0005, "tür %(x)s", 'ä"%', DRESSED | {"a b": None}), (0.001, "tür %(x)s", 'ä"%', DRESSED)],
        [
            {
                "clock": "25:01:01:000",
                "100 %": "50 %s",
                "ms": 90061000,
                "min": 1501.016675,
                "t": 90061.0005,
                "none": None,
                "kind": 'ä"%',
                "zwölf": "%s",
                "rest": {"%%": ["%d", {"%": "☃"}], "a b": None},
                "who": "tür %(x)s",
            },
            {
                "clock": "00:00:00:001",
                "100 %": "50 %s",
                "ms": 1,
                "min": 1 / 60000,
                "t": 0.001,
                "none": None,
                "kind": 'ä"%',
                "zwölf": "%s",
                "rest": {"%%": ["%d", {"%": "☃"}]},
                "who": "tür %(x)s",
            },
        ],
    ),
}


@pytest.mark.parametrize(("text", "records", "lines"), LAYOUTS.values(), ids=LAYOUTS)
def test_records_look_as_their_layout_says(text, records, lines):
    contract = parse_yaml(Contract, text, "contract.yaml")
    schema = jsonschema.Draft202012Validator(trace_schema(contract))

    ticks_per_unit = round(1 / contract.time.resolution)
    layout = contract.layout.model_dump(mode="json")
    printed = written(*records, layout=layout, unit=contract.time.unit, ticks_per_unit=ticks_per_unit)

    found = [once(line) for line in printed.splitlines()]
    assert printed.endswith("}\n")
    assert [list(line.items()) for line in found] == [list(line.items()) for line in lines]
    assert not [error.message for line in found for error in schema.iter_errors(line)]


@pytest.mark.parametrize("layout", [ENVELOPE, BARBERSHOP, SEIRD, OTRAIN])
def test_the_schema_refuses_what_the_layout_does_not_print(layout):
    contract = parse_yaml(Contract, layout, "contract.yaml")

    assert not jsonschema.Draft202012Validator(trace_schema(contract)).is_valid({"time": 0.0, "x": 1})


def test_a_document_holds_all_records():
    contract = parse_yaml(Contract, DOCUMENT, "contract.yaml")
    layout = contract.layout.model_dump(mode="json")
    schema = jsonschema.Draft202012Validator(trace_schema(contract))

    found = once(written((0, "a", "b", {"c": 1}), (1, "a", "b", {}), layout=layout))

    envelope = {"entity": "a", "event": "b"}
    assert found == {
        "Protokoll": [
            {"time": 0.0, **envelope, "payload": {"c": 1}},
            {"time": 1.0, **envelope, "payload": {}},
        ]
    }
    assert all(schema.is_valid(record) for record in found["Protokoll"])
    assert once(written(layout=layout)) == {"Protokoll": []}


def test_a_document_is_whole_after_a_failure_too():
    class Failing(Atomic):
        def start(self) -> None:
            for number in range(2000):
                self.emit("told", number=number)
            self.emit("told", number=math.nan)

    stream = io.BytesIO()
    writer = TraceWriter(
        stream, {"form": "document", "records_key": "all", "keys": {"t": "time"}, "flat": True}
    )
    with pytest.raises(SimulationError):
        Kernel(Failing(), sink=writer.write).run(1)
    writer.close()
    writer.close()

    assert once(stream.getvalue().decode()) == {
        "all": [{"t": 0.0, "number": number} for number in range(2000)]
    }


def test_details_stand_at_the_end():
    stream = io.BytesIO()
    writer = TraceWriter(stream, detail=True)
    for replication in range(2):
        writer.replication = replication
        writer.write(0, "door", "opened", {"by": "%"}, "hall.door")
    writer.write(0, "door", "opened", {"by": "%"}, "hall.other %")
    writer.close()

    lines = [once(line) for line in stream.getvalue().splitlines()]
    assert list(lines[0]) == ["time", "entity", "event", "payload", "seq", "replication", "component"]
    assert [(line["seq"], line["replication"], line["component"]) for line in lines] == [
        (0, 0, "hall.door"),
        (1, 1, "hall.door"),
        (2, 1, "hall.other %"),
    ]


def test_details_stand_beside_flat_fields_and_in_documents():
    layout = {
        "form": "document",
        "records_key": "all",
        "keys": {"t": "time", "b": {"field": "b"}},
        "flat": True,
    }

    found = once(written((1, "x", "y", {"a": 1, "b": 2}), layout=layout, detail=True))

    assert found == {"all": [{"t": 1.0, "b": 2, "a": 1, "seq": 0, "replication": 0, "component": "hall.x"}]}


@pytest.mark.parametrize("key", ["seq", "replication", "component"])
def test_a_key_cannot_stand_twice(key):
    keyed = {"form": "lines", "keys": {"t": "time", key: "entity"}, "flat": True}

    assert set(once(written((0, "x", "y", {}), layout=keyed))) == {"t", key}
    with pytest.raises(UsageError, match=f"--detail adds {key} "):
        written(layout=keyed, detail=True)
    with pytest.raises(TypeError, match=f"field '{key}' of y has the name of a key of every record"):
        written((0, "x", "y", {key: 1}), layout=keyed)


def test_a_contract_gives_no_field_the_name_of_a_printed_key():
    text = BARBERSHOP.replace("field: {const", "model: {const")

    with pytest.raises(UsageError, match="'model'"):
        parse_yaml(Contract, text, "contract.yaml")


# Values


class Colour(enum.Enum):
    RED = "r"
    BOTH = ("r", 1)


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Packet:
    number: int
    content: Any = None


class Point(NamedTuple):
    x: float
    y: float


VALUES: dict[str, tuple[Any, Any]] = {
    "bool": (True, True),
    "none": (None, None),
    "big": (10**400, 10**400),
    "small": (-(2**70), -(2**70)),
    "large float": (1e300, 1e300),
    "tiny": (5e-324, 5e-324),
    "fraction of binary": (0.1 + 0.2, 0.30000000000000004),
    "text": ('"\\\n\t\0ä☃🐍%s', '"\\\n\t\0ä☃🐍%s'),
    "nested": ({"a": [1, {"b": (2, [])}], "": {}}, {"a": [1, {"b": [2, []]}], "": {}}),
    "numbers as keys": ({1: 2, None: 3, False: 4}, {"1": 2, "null": 3, "false": 4}),
    "dataclass": (
        Packet(1, Packet(2, (Colour.RED,))),
        {"number": 1, "content": {"number": 2, "content": ["r"]}},
    ),
    "enum": ([Colour.RED, Colour.BOTH, Level.HIGH, Word.YES], ["r", ["r", 1], 3, "yes"]),
    "deque": (deque([1, deque()], maxlen=3), [1, []]),
    "named tuple": (Point(1, 2.5), [1, 2.5]),
    "ordered": (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    "numpy numbers": (
        [np.int64(-5), np.uint8(255), np.float64(0.1), np.float32(0.5), np.bool_(True)],
        [-5, 255, 0.1, 0.5, True],
    ),
    "numpy number": (np.float64(1e300), 1e300),
    "numpy text": (np.str_("x"), "x"),
    "arrays": ([np.arange(4).reshape(2, 2), np.array(1.5), np.array([])], [[[0, 1], [2, 3]], 1.5, []]),
    "array of objects": (np.array([Packet(1), None], dtype=object), [{"number": 1, "content": None}, None]),
}


@pytest.mark.parametrize(("value", "truth"), VALUES.values(), ids=VALUES)
def test_values_are_printed_as_people_expect(value, truth):
    found = once(written((0, "a", "b", {"v": value, "w": 1})))["payload"]

    assert repr(found) == repr({"v": truth, "w": 1})


def test_the_sign_of_zero_and_every_digit_are_kept():
    found = once(written((0, "a", "b", {"v": [-0.0, 0.1, 1e22, 123456789.123456789]})))["payload"]["v"]

    assert [*map(repr, found)] == ["-0.0", "0.1", "1e+22", "123456789.12345679"]


@pytest.mark.parametrize(
    "number", [math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("inf")], ids=repr
)
@pytest.mark.parametrize(
    "around",
    [
        lambda x: x,
        lambda x: [x],
        lambda x: {"deep": [(1, {"er": x})]},
        lambda x: {x: 1},
        lambda x: Packet(1, x),
        lambda x: deque([x]),
        lambda x: np.array([1.0, x]),
    ],
    ids=["plain", "list", "deep", "key", "dataclass", "deque", "array"],
)
def test_what_is_not_finite_is_refused_with_its_field(number, around):
    with pytest.raises(TypeError, match=r"field 'bad' of happened cannot be reported: "):
        written((0, "a", "happened", {"good": 1.0, "bad": around(number)}))


def selfish() -> list[Any]:
    held: list[Any] = []
    held.append(held)
    return held


def deep(depth: int) -> Any:
    held: Any = 0
    for _ in range(depth):
        held = [held]
    return held


@pytest.mark.parametrize(
    "value",
    [
        *[{1, 2}, frozenset(), b"x", 1j, object(), Packet, Fraction(1, 2), {(1, 2): 3}, [print], selfish()],
        *[deep(100_000), np.complex128(1), np.datetime64("2020-01-01"), np.longdouble(1), {Packet(1): 1}],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_hold_is_refused_with_its_field(value):
    with pytest.raises(TypeError, match=r"field 'bad' of happened cannot be reported: "):
        written((0, "a", "happened", {"good": 1.0, "bad": value}))


def test_a_refused_record_leaves_the_trace_as_it_was():
    stream = io.BytesIO()
    writer = TraceWriter(stream, detail=True)
    writer.write(0, "a", "b", {"v": 1}, "a")
    with pytest.raises(TypeError):
        writer.write(0, "a", "b", {"v": math.nan}, "a")
    writer.write(0, "a", "b", {"v": 2}, "a")
    writer.close()

    assert [once(line)["seq"] for line in stream.getvalue().splitlines()] == [0, 1]


def test_later_changes_of_what_was_reported_do_not_show():
    row: list[Any] = [1, {"a": []}]
    stream = io.BytesIO()
    writer, records = TraceWriter(stream), Records()
    for sink in (writer, records):
        sink.write(0, "a", "b", {"row": row, "first": row[1]}, "a")
    row[1]["a"].append("changed")
    row.append("changed")
    writer.close()

    truth = {"row": [1, {"a": []}], "first": {"a": []}}
    assert once(stream.getvalue().decode())["payload"] == truth
    assert records.all[0].payload == truth


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tolds = st.tuples(st.integers(0, 10**15), texts, texts, st.dictionaries(texts, plain, max_size=4))


@given(st.lists(tolds, max_size=8), st.booleans())
def test_lines_say_what_json_says(records, detail):
    stream = io.BytesIO()
    writer = TraceWriter(stream, detail=detail)
    for tick, entity, event, payload in records:
        writer.write(tick, entity, event, payload, entity)
    writer.close()

    truth = []
    for seq, (tick, entity, event, payload) in enumerate(records):
        more = {"seq": seq, "replication": 0, "component": entity} if detail else {}
        told = {"time": tick / TICKS, "entity": entity, "event": event, "payload": payload, **more}
        truth.append(json.dumps(told) + "\n")
    assert stream.getvalue().decode() == "".join(truth)


@given(tolds, st.sampled_from(["ns", "us", "ms", "s", "min", "h", "day", "week"]), st.data())
def test_every_layout_prints_each_part_once(record, unit, data):
    tick, entity, event, payload = record
    seconds = {"ns": 10**9, "us": 10**6, "ms": 1000, "s": 1, "min": Fraction(1, 60), "h": Fraction(1, 3600)}
    per_second = seconds | {"day": Fraction(1, 86400), "week": Fraction(1, 604800)}
    shown = data.draw(st.sampled_from([*per_second]))
    lifted = data.draw(st.lists(st.sampled_from([*payload]), unique=True) if payload else st.just([]))
    sources: list[Any] = ["time", "entity", "event", "payload", {"constant": data.draw(texts)}]
    sources += [{"time": "number", "unit": shown}, {"time": "integer", "unit": shown}, {"time": "number"}]
    sources += [{"field": field} for field in lifted]
    order = data.draw(st.permutations(sources))
    keys = {f"{number} %": source for number, source in enumerate(order)}
    exact = Fraction(tick, TICKS) / per_second[unit] * per_second[shown]

    stream = io.BytesIO()
    writer = TraceWriter(stream, {"form": "lines", "keys": keys, "flat": False}, unit=unit)
    writer.write(tick, entity, event, payload, "path")
    writer.close()

    def truth(source: Any) -> Any:
        if isinstance(source, str):
            rest = {field: value for field, value in payload.items() if field not in lifted}
            return {"time": tick / TICKS, "entity": entity, "event": event, "payload": rest}[source]
        if "time" in source:
            whole = source["time"] == "integer"
            return round(exact) if whole else float(exact) if "unit" in source else tick / TICKS
        return source["constant"] if "constant" in source else payload[source["field"]]

    assert once(stream.getvalue().decode()) == {key: truth(source) for key, source in keys.items()}


def test_ever_new_entities_do_not_fill_the_memory():
    writer = TraceWriter(io.BytesIO())

    for number in range(2 * _MOST_SHAPES):
        writer.write(0, f"customer {number}", "arrived", {}, "door")

    assert len(writer._shapes) <= _MOST_SHAPES + 1
