"""A snapshot goes on exactly where it was taken, through JSON, in another process; and it can do no harm."""

from __future__ import annotations

import copy
import enum
import io
import json
import math
import random
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsim_devs.runtime import Atomic, Input, Kernel, Output, UsageError
from gsim_devs.runtime.records import Records, TraceWriter
from tests.runtime.models import HORIZON, UnderKernel, random_injections, random_model
from tests.runtime.probes import System
from tests.runtime.shop import Order, Shop, shop
from tests.runtime.test_copies import UNTIL, chain, logged, logs_of, nested

ROOT = Path(__file__).parents[2]


def through_json(state: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(state, allow_nan=False))


def taken_up(state: dict[str, Any], seed: int = 0) -> tuple[Kernel, Records]:
    """A new shop, with other keys for its random streams, brought into a state."""
    records = Records()
    kernel = Kernel(Shop(), seed=seed, sink=records.write)
    kernel.restore(state)
    return kernel, records


@pytest.mark.parametrize("steps", [0, 1, 2, 7, 20, 60])
def test_a_snapshot_goes_on_with_the_same_records(steps):
    origin, told = shop()
    for _ in range(steps):
        origin.step()
    state = through_json(origin.snapshot())
    before = len(told)

    heir, records = taken_up(state)
    heir.run(UNTIL)
    heir.finish()
    origin.run(UNTIL)
    origin.finish()

    assert len(records.all) > 5
    assert records.all == told[before:]


def test_a_snapshot_of_what_was_taken_up_is_the_same():
    origin, _ = shop()
    origin.run(4.0)
    state = origin.snapshot()

    assert taken_up(through_json(state))[0].snapshot() == state


def test_streams_that_are_drawn_from_later_are_those_of_the_origin():
    origin, told = shop(seed=11, replication=3)
    state = origin.snapshot()  # nobody but start has drawn
    before = len(told)
    assert state["components"]["office"]["rng"] is None

    heir, records = taken_up(state, seed=12)
    heir.run(UNTIL)
    origin.run(UNTIL)

    assert records.all == told[before:]


def test_two_that_took_up_one_snapshot_share_nothing():
    origin, _ = shop()
    origin.run(4.0)
    state = origin.snapshot()
    pristine = copy.deepcopy(state)
    (one, first), (other, second) = taken_up(state), taken_up(state)
    one.run(UNTIL)
    other.run(UNTIL)

    assert first.all == second.all
    assert state == pristine


_GO_ON = """
import json, sys
from gsim_devs.runtime.records import TraceWriter
from tests.runtime.shop import shop
from tests.runtime.test_snapshots import taken_up
kernel, _ = taken_up(json.load(sys.stdin))
kernel.line.sink = TraceWriter(sys.stdout.buffer).write
kernel.run(9.0)
kernel.line.sink.__self__.close()
"""


def test_another_process_takes_a_snapshot_up():
    origin, _ = shop()
    origin.run(4.0)
    state = json.dumps(origin.snapshot())
    ours = io.BytesIO()
    writer = TraceWriter(ours)
    origin.line.sink = writer.write
    origin.run(9.0)
    writer.close()

    theirs = subprocess.run(
        [sys.executable, "-c", _GO_ON], input=state.encode(), cwd=ROOT, capture_output=True, check=True
    )

    assert ours.getvalue()
    assert theirs.stdout == ours.getvalue()


@settings(max_examples=100)
@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_random_models_of_both_styles_can_be_taken_up(rnd: Random, steps: int) -> None:
    plan = random_model(rnd)
    origin, heir = UnderKernel(plan, random_injections(rnd, plan)), UnderKernel(plan, [])
    logged(origin)
    logged(heir)
    for _ in range(steps):
        origin.kernel.step()
    state = through_json(origin.kernel.snapshot())
    told, left = len(origin.trace.records), len(origin.trace.outputs)

    heir.kernel.restore(state)
    heir.kernel.run(HORIZON)
    origin.kernel.run(HORIZON)

    assert heir.trace.records == origin.trace.records[told:]
    assert heir.trace.outputs == origin.trace.outputs[left:]
    assert logs_of(heir.kernel) == logs_of(origin.kernel)


@pytest.mark.parametrize(
    ("model", "count"), [(lambda: nested(500), 1), (lambda: chain(5000), 4999)], ids=["deep", "long"]
)
def test_neither_depth_nor_length_matters(model, count):
    origin, records = Kernel(model()), Records()
    origin.run(0.5)

    heir = Kernel(model(), sink=records.write)
    heir.restore(through_json(origin.snapshot()))
    heir.run(2.0)

    assert len(records.all) == count


# Every kind of value


class Colour(enum.Enum):
    RED = ("r", 1)


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass
class Crate:
    content: Any
    label: str = field(default="", init=False)


@dataclass(frozen=True, slots=True)
class Note:
    text: str


class Keeper(Atomic):
    """Keeps something; its class has things that a field must not hide."""

    note_in = Input(Note)
    note_out = Output(Note)
    limit = 3

    def __init__(self, kept: Any = None) -> None:
        self.kept = kept

    def on_note_in(self, note: Note) -> None: ...

    def on_tick(self, *told: Any) -> None:
        self.emit("tick", told=told)

    @property
    def twice(self) -> Any:
        return 2 * self.kept

    @twice.setter
    def twice(self, value: Any) -> None:
        raise AssertionError("a property ran")


def kept(value: Any) -> Any:
    """What comes back of a value, through JSON."""
    heir = Kernel(System(keeper=Keeper()))
    heir.restore(through_json(Kernel(System(keeper=Keeper(value))).snapshot()))
    return heir.nodes[0].model.kept


texts = st.text(max_size=5)
hashable = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3) | st.builds(Note, texts),
    max_leaves=4,
)
anything = st.recursive(
    hashable | st.sampled_from([Colour.RED, Right.READ, math.inf, -0.0]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts, inner, max_size=3)
        | st.dictionaries(hashable, inner, max_size=3)
        | st.sets(hashable, max_size=3)
        | st.builds(deque, st.lists(inner, max_size=3), st.just(3))
        | st.builds(Crate, inner)
    ),
    max_leaves=8,
)


@given(anything)
def test_values_come_back_as_they_were(value):
    found = kept(value)

    assert found == value
    assert exactly(found) == exactly(value)


def exactly(value: Any) -> Any:
    """A value with its types; sets have no order."""
    if isinstance(value, set | frozenset):
        return type(value), sorted(repr(exactly(item)) for item in value)
    if isinstance(value, dict):
        return [(exactly(key), exactly(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | deque):
        return type(value), [exactly(item) for item in value]
    return exactly(vars(value)) if isinstance(value, Crate) else (type(value), repr(value))


def test_dicts_with_odd_keys_come_back():
    odd = {"$float": "1", "$same": 0, 1: 2, "1": 3, (1, "a"): None, Colour.RED: {}}

    assert kept(odd) == odd


def test_a_deque_keeps_its_room():
    assert kept(deque([1, 2], maxlen=2)).maxlen == 2


def test_what_is_no_number_comes_back():
    assert math.isnan(kept(math.nan))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.zeros((0, 3)),
        np.array([math.nan, -0.0, math.inf]),
        np.array(5, dtype=np.uint8),
        np.array([True, False]),
        np.arange(4, dtype=">i2")[::2],
        np.float32(0.1),
        np.int64(-1),
        np.bool_(True),
    ],
    ids=repr,
)
def test_arrays_and_numbers_of_numpy_come_back(array):
    found = kept(array)

    assert type(found) is type(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert repr(found) == repr(array)


def test_generators_go_on():
    plain, keyed = random.Random(5), np.random.default_rng(5)
    plain.gauss(0, 1)
    keyed.integers(5, dtype=np.int32)

    plain_twin, keyed_twin = kept([plain, keyed])

    assert [plain_twin.gauss(0, 1) for _ in range(9)] == [plain.gauss(0, 1) for _ in range(9)]
    assert keyed_twin.integers(99, size=9).tolist() == keyed.integers(99, size=9).tolist()


def test_what_is_held_twice_is_one_thing_again():
    row: list[Any] = [1]
    crate = Crate({"row": row})

    found = kept([crate, (row, crate), {"row": row}])

    assert found[1][0] is found[0].content["row"] is found[2]["row"]
    assert found[1][1] is found[0]


def test_a_generator_under_two_names_is_one():
    class Aliased(Keeper):
        def start(self) -> None:
            self.mine, self.drawn = self.rng, self.draw
            self.after(1, self.on_draw)

        def on_draw(self) -> None:
            told = self.mine.random(), self.rng.random(), self.drawn.uniform(), self.draw.uniform()
            self.emit("drawn", told=told)

    expected, records = Records(), Records()
    origin = Kernel(System(keeper=Aliased()), sink=expected.write)
    state = through_json(origin.snapshot())
    origin.run(2)
    heir = Kernel(System(keeper=Aliased()), sink=records.write)
    heir.restore(state)
    heir.run(2)

    assert records.all == expected.all != []


def test_fields_that_come_and_go_are_those_of_the_origin():
    origin, heir = (Kernel(System(keeper=Keeper(1))) for _ in range(2))
    model = origin.nodes[0].model
    del model.kept
    model.new = model.limit = 7

    heir.restore(origin.snapshot())

    found = heir.nodes[0].model
    assert not hasattr(found, "kept")
    assert (found.new, found.limit) == (7, 7)


# What cannot be written


def local() -> Any:
    @dataclass
    class Local:
        number: int = 1

    return Local()


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
    ("value", "word"),
    [
        ((number for number in ()), "a generator"),
        (lambda: 0, "a function"),
        (io.StringIO(), "a StringIO"),
        (partial(print), "a partial"),
        (Note, "a type"),
        (local(), "a Local"),
        (Counter("a"), "a Counter"),
        (Right.READ | Right.WRITE, "a Right"),
        (1j, "a complex"),
        (np.datetime64("2020-01-01"), "a datetime64"),
        (np.array([Note("x")]), "a ndarray"),
        (np.random.Generator(np.random.MT19937(1)), "only a PCG64"),
        (Keeper(), "a Keeper"),
        (selfish(), "a list that holds itself"),
        (deep(100_000), "nested too deeply"),
        ([{"a": (object(),)}], "a object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_written_is_named(value, word):
    kernel = Kernel(System(hall=System(keeper=Keeper(value))))

    with pytest.raises(UsageError, match=rf"^hall\.keeper\.kept.*{word}") as caught:
        kernel.snapshot()

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("depth", range(200, 400, 7))
def test_a_deep_value_is_written_and_read_or_refused(depth):
    try:
        found = kept(deep(depth))
    except UsageError as error:
        assert "deeply" in str(error)  # noqa: PT017 (either will do)
    else:
        assert found == deep(depth)


def test_a_timer_that_is_not_under_its_own_name_is_refused():
    def renamed(method: Callable[..., None]) -> Callable[..., None]:
        def wrapper(*told: Any) -> None:
            method(*told)

        return wrapper

    class Renamed(Keeper):
        on_late = renamed(Keeper.on_tick)

        def start(self) -> None:
            self.after(1, self.on_late)

    with pytest.raises(UsageError, match="keeper: the timer wrapper is not the method of that name"):
        Kernel(System(keeper=Renamed())).snapshot()


def test_what_waits_with_a_timer_or_a_message_is_named_too():
    class Waiting(Keeper):
        def start(self) -> None:
            self.after(1, self.on_tick, print)

    with pytest.raises(UsageError, match="the timer on_tick of keeper holds a builtin"):
        Kernel(System(keeper=Waiting())).snapshot()


# What is refused when it is read


def test_only_a_new_kernel_takes_up_a_snapshot():
    state = Kernel(Shop()).snapshot()
    kernel = Kernel(Shop())
    kernel.run(1)

    with pytest.raises(UsageError, match="only a kernel that has not run yet"):
        kernel.restore(state)


@pytest.mark.parametrize(
    ("here", "there", "what"),
    [
        (lambda: System(a=Keeper()), lambda: System(a=Keeper(), b=Keeper()), "b is a Keeper there"),
        (
            lambda: System(a=Keeper(), b=Keeper()),
            lambda: System(a=Keeper()),
            "b is a component that it lacks there",
        ),
        (lambda: System(a=Keeper()), Shop, "a is a component that it lacks there"),
        (lambda: System(office=Keeper()), Shop, "office is a Office there, and a Keeper here"),
    ],
)
def test_a_snapshot_of_another_model_is_refused(here, there, what):
    with pytest.raises(UsageError, match=f"the snapshot is of another model: {what}"):
        Kernel(here()).restore(Kernel(there()).snapshot())


def test_a_snapshot_in_other_ticks_is_refused():
    with pytest.raises(UsageError, match="counts 1000 ticks in a unit of time, this kernel 10"):
        Kernel(Shop(), ticks_per_unit=10).restore(Kernel(Shop(), ticks_per_unit=1000).snapshot())


@dataclass
class Spring:
    """Code would run if it were made, read, or compared."""

    value: int = 0

    def __post_init__(self) -> None:
        raise AssertionError("code of the snapshot ran")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AssertionError("code of the snapshot ran")

    @property
    def danger(self) -> int:
        raise AssertionError("code of the snapshot ran")

    @danger.setter
    def danger(self, value: Any) -> None:
        raise AssertionError("code of the snapshot ran")


SPRING = f"{__name__}:Spring"


def state() -> dict[str, Any]:
    """A good snapshot with something of everything."""

    class Busy(Keeper):
        def start(self) -> None:
            self.rng.random()
            self.draw.uniform()
            self.send(self.note_out, Note("sent"))
            self.after(1, self.on_tick, "told")

    Busy.__name__ = "Keeper"
    kernel = Kernel(System(keeper=Busy()))
    kernel.inject("a", 5, 2.0)
    return through_json(kernel.snapshot())


def put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    """Put a value into a snapshot."""

    def change(found: dict[str, Any]) -> None:
        held: Any = found
        for key in path[:-1]:
            held = held[key]
        held[path[-1]] = value

    return change


KEEPER = ("components", "keeper")
FIELDS = (*KEEPER, "fields")


def field_(name: str, value: Any = 1) -> Callable[[dict[str, Any]], None]:
    return put(*FIELDS, name, value=value)


def holding(value: Any) -> Callable[[dict[str, Any]], None]:
    return put(*FIELDS, "kept", value=value)


def made(address: Any, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return holding({"$object": address, "fields": fields})


HOSTILE: dict[str, Callable[[dict[str, Any]], None]] = {
    "format": put("format", value=2),
    "format that is none": put("format", value=[]),
    "time before the beginning": put("now", value=-1),
    "time that is a text": put("now", value="0"),
    "time that is true": put("now", value=True),
    "time that is a fraction": put("now", value=0.5),
    "due in the past": put("now", value=10**30),
    "rounds": put("rounds", value=[1]),
    "number": put("number", value=0),
    "numbers twice": put("due", 0, "number", value=1),
    "seed": put("key", value=["a", 0]),
    "key": put("key", value=3),
    "components": put("components", value=None),
    "a component": put(*KEEPER, value=3),
    "a class": put(*KEEPER, "class", value="Shop"),
    "fields": put(*FIELDS, value=[]),
    "soon": put("soon", value=["nobody"]),
    "soon that is no list": put("soon", value=3),
    "due": put("due", value={}),
    "due entry": put("due", 0, value=[]),
    "due component": put("due", 0, "component", value="nobody"),
    "due port": put("due", 1, "port", value="nowhere"),
    "message of another type": put("due", 1, "message", value="text"),
    "shared": put("shared", value=None),
    "handler": put("due", 0, "handler", value="__setattr__"),
    "handler of the object": put("due", 0, "handler", value="__reduce_ex__"),
    "handler that is a property": put("due", 0, "handler", value="twice"),
    "handler that is a field": put("due", 0, "handler", value="kept"),
    "handler that is not": put("due", 0, "handler", value="nothing"),
    "handler that is no text": put("due", 0, "handler", value=3),
    "arguments": put("due", 0, "arguments", value=3),
    "arguments that cannot be keys": put("due", 0, "arguments", value=[[1]]),
    "outbox": put(*KEEPER, "outbox", value=[["nowhere", 1]]),
    "outbox message": put(*KEEPER, "outbox", value=[["note_out", 1]]),
    "rng": put(*KEEPER, "rng", value=5),
    "rng state": put(*KEEPER, "rng", value={"$generator": {"bit_generator": "MT19937"}}),
    "rng too large": put(
        *KEEPER,
        "rng",
        value={
            "$generator": {"bit_generator": "PCG64", "state": "f" * 99, "increment": "1", "waiting": None}
        },
    ),
    "draw": put(*KEEPER, "draw", value=[]),
    "draw key": put(*KEEPER, "draw", value={"$draw": {"key": "xyz", "position": 0}}),
    "draw position": put(*KEEPER, "draw", value={"$draw": {"key": "0" * 64, "position": -1}}),
    "draw of text": put(*KEEPER, "draw", value={"$draw": {"key": "0" * 64, "position": "0"}}),
    **{
        f"field {name}": field_(name)
        for name in ("__class__", "__dict__", "__init__", "_seat", "name", "parent")
    },
    **{
        f"field {name}": field_(name)
        for name in ("input", "out_ports", "note_in", "emit", "on_tick", "twice", "now")
    },
    "unknown kind": holding({"$code": "print()"}),
    "no such module": made("nowhere:Nothing"),
    "no such class": made(f"{__name__}:Nothing"),
    "a module that is not loaded": made("antigravity:x"),
    "a function": made("os:system"),
    "a class that is no dataclass": made("subprocess:Popen", args="true"),
    "a class in a class": made("builtins:type.__class__"),
    "by way of an object": made("sys:modules.os"),
    "the type of types": made("builtins:type"),
    "an address that is none": made(5),
    "an address without a name": made("sys"),
    "an enum as a dataclass": made(f"{__name__}:Colour"),
    "a dataclass as an enum": holding({"$enum": SPRING, "name": "value"}),
    "a class of an object": made(SPRING, __class__=1),
    "the dict of an object": made(SPRING, __dict__={}),
    "a property of an object": made(SPRING, danger=1),
    "a method of an object": made(SPRING, __post_init__=1),
    "fields of an object": holding({"$object": SPRING, "fields": 5}),
    "no member": holding({"$enum": f"{__name__}:Colour", "name": "mro"}),
    "float": holding({"$float": []}),
    "tuple": holding({"$tuple": 5}),
    "set of lists": holding({"$set": [[1]]}),
    "dict of lists": holding({"$dict": [[[1], 1]]}),
    "dict of singles": holding({"$dict": [[1]]}),
    "deque": holding({"$deque": [], "size": -1}),
    "huge deque": holding({"$deque": [], "size": 10**30}),
    "random": holding({"$random": [1, 2, 3]}),
    "array of texts": holding({"$array": ["x"], "dtype": "<f8", "shape": None}),
    "array of objects": holding({"$array": [1], "dtype": "O", "shape": [1]}),
    "array of huge texts": holding({"$array": ["x"], "dtype": "<U999999999", "shape": [1]}),
    "array of another shape": holding({"$array": [1], "dtype": "<f8", "shape": [10**9, 10**9]}),
    "number of none": holding({"$array": [], "dtype": "<f8", "shape": None}),
    "array too large": holding({"$array": [300], "dtype": "|u1", "shape": [1]}),
    "shared that is not": holding({"$same": 99}),
    "shared by text": holding({"$same": "0"}),
    "shared before the first": holding({"$same": -1}),
    "shared that holds itself": lambda found: (
        found.update(shared=[[{"$same": 0}]]) or holding({"$same": 0})(found)
    ),
    "too deep": holding(deep(5000)),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_snapshot_is_refused_and_runs_nothing(change):
    damaged = state()
    change(damaged)
    kernel = Kernel(System(keeper=Keeper()))

    with pytest.raises(UsageError) as caught:
        kernel.restore(damaged)

    assert "\n" not in str(caught.value)
    assert type(kernel.nodes[0].model) is Keeper


@pytest.mark.parametrize(
    "garbage", [None, 5, "text", [], {}, {"format": 1}, {"format": 1, "components": {}}], ids=repr
)
def test_what_is_no_snapshot_is_refused(garbage):
    with pytest.raises(UsageError, match="snapshot"):
        Kernel(System(keeper=Keeper())).restore(garbage)


def test_the_good_one_is_taken_up():
    records = Records()
    kernel = Kernel(System(keeper=Keeper()), sink=records.write)
    kernel.restore(state())
    kernel.run(3)

    assert [record.payload for record in records.all] == [{"told": ("told",)}]


def test_making_an_object_runs_none_of_its_code():
    kernel = Kernel(System(keeper=Keeper()))
    good = state()
    made(SPRING, value=3)(good)
    kernel.restore(good)

    assert kernel.nodes[0].model.kept.value == 3


def paths_of(found: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = (
        list(found.items())
        if isinstance(found, dict)
        else list(enumerate(found))
        if isinstance(found, list)
        else []
    )
    return [above, *(path for key, item in items for path in paths_of(item, (*above, key)))]


junk = st.one_of(
    st.none(),
    st.integers(-2, 2),
    st.just(10**40),
    st.floats(),
    st.sampled_from(
        ["", "keeper", "a", "on_tick", "__class__", SPRING, [], {}, [[]], {"$same": 0}, {"$float": "1"}]
    ),
)


@settings(max_examples=300)
@given(st.data())
def test_damage_anywhere_is_a_usage_error_or_no_damage(data):
    damaged = state()
    path = data.draw(st.sampled_from(paths_of(damaged)[1:]))
    put(*path, value=data.draw(junk))(damaged)
    kernel = Kernel(System(keeper=Keeper()))

    try:
        kernel.restore(damaged)
    except UsageError:
        return
    assert json.dumps(kernel.snapshot())


def test_orders_keep_their_types():
    assert kept(Order(1, 2.5)) == Order(1, 2.5)
