"""A fork goes on exactly as its origin does, and neither notices the other."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import xdevs.models
from hypothesis import given, settings
from hypothesis import strategies as st

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, Output, UsageError
from gsim_devs.runtime.records import Records
from tests.runtime.models import HORIZON, Machine, UnderKernel, atoms, random_injections, random_model
from tests.runtime.probes import Classic, System
from tests.runtime.shop import Shop, shop

UNTIL = 9.0


@pytest.mark.parametrize("steps", [0, 1, 2, 7, 20, 60])
def test_a_fork_goes_on_with_the_same_records(steps):
    origin, told = shop()
    for _ in range(steps):
        origin.step()
    before, records = len(told), Records()

    twin = origin.fork(sink=records.write)
    twin.run(UNTIL)
    twin.finish()
    origin.run(UNTIL)
    origin.finish()

    assert len(records.all) > 5
    assert records.all == told[before:]


def test_neither_notices_the_other():
    alone, expected = shop()
    alone.run(UNTIL)
    origin, told = shop()
    origin.run(4.0)
    before, records = len(told), Records()
    twin = origin.fork(sink=records.write)

    # Turn by turn, the twin ahead of its origin, which is disturbed more and more.
    twin.run(5.0)
    origin.inject("order", origin.model.order.p_type(99, 1.0))
    origin.run(6.0)
    twin.run(UNTIL)

    assert records.all == expected[before:]
    assert any(record.payload.get("number") == 99 for record in told[before:])


def test_forks_of_forks_are_as_independent():
    origin, told = shop()
    origin.run(2.0)
    before, found = len(told), []
    twin = origin
    for _ in range(4):
        records = Records()
        twin = twin.fork(sink=records.write)
        found.append((twin, records))
    for kernel, _ in reversed(found):
        kernel.run(UNTIL)
    origin.run(UNTIL)

    assert all(records.all == told[before:] for _, records in found)


def test_a_fork_has_other_components_and_other_messages():
    origin, _ = shop()
    origin.run(4.0)

    twin = origin.fork()

    ours, theirs = ({node.path: node.model for node in kernel.nodes} for kernel in (origin, twin))
    assert not {*map(id, ours.values())} & {*map(id, theirs.values())}
    assert theirs["bench"].hand is theirs["bench"].row[0]
    assert theirs["bench"].hand is not ours["bench"].hand
    assert theirs["bench"].sums is not ours["bench"].sums


def test_a_fork_without_a_sink_is_silent():
    origin, told = shop()
    origin.run(2.0)
    before = len(told)

    origin.fork().run(UNTIL)

    assert len(told) == before


def test_a_fork_reports_where_its_origin_did_not():
    origin = Kernel(Shop())
    origin.run(2.0)
    records = Records()

    origin.fork(sink=records.write).run(UNTIL)

    assert records.all


def test_what_leaves_goes_to_the_fork_s_own_listener():
    def model() -> System:
        return System("probe.x > x", probe=Classic(1, 1, 1))

    ours: list[Any] = []
    theirs: list[Any] = []
    origin = Kernel(model(), on_output=lambda *told: ours.append(told))
    origin.run(1)
    origin.fork(on_output=lambda *told: theirs.append(told)).run(10)
    origin.fork().run(10)

    assert (ours, theirs) == ([(1, "x", 1)], [(2, "x", 2), (3, "x", 3)])
    with pytest.raises(UsageError, match="only a kernel that was built with on_output"):
        Kernel(model()).fork(on_output=print)


@dataclass
class Log:
    """What a classic component has seen; it is copied with it."""

    events: list[Any] = field(default_factory=list)

    def __call__(self, event: str, payload: Any) -> None:
        self.events.append((event, payload))


def logged(run: UnderKernel) -> list[Log]:
    """Let the classic components of a random model write logs that belong to them."""
    found = []
    for _, component in atoms(run.kernel.model):
        if isinstance(component, Machine):
            component.log = Log()
            found.append(component.log)
    return found


def logs_of(kernel: Kernel) -> list[Any]:
    machines = [component for _, component in atoms(kernel.model) if isinstance(component, Machine)]
    return [machine.log.events for machine in machines]  # type: ignore[attr-defined]


@settings(max_examples=100)
@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_random_models_of_both_styles_can_be_forked(rnd: Random, steps: int) -> None:
    plan = random_model(rnd)
    origin = UnderKernel(plan, random_injections(rnd, plan))
    logged(origin)
    for _ in range(steps):
        origin.kernel.step()
    told, left = len(origin.trace.records), len(origin.trace.outputs)
    records: list[Any] = []
    outputs: list[Any] = []

    twin: Kernel = origin.kernel.fork(
        sink=lambda tick, entity, event, payload, path: records.append(
            (twin.line.now, event, payload, entity, path)
        ),
        on_output=lambda time, port, message: outputs.append((twin.line.now, port, message)),
    )
    twin.run(HORIZON)
    origin.kernel.run(HORIZON)

    assert records == origin.trace.records[told:]
    assert outputs == origin.trace.outputs[left:]
    assert logs_of(twin) == logs_of(origin.kernel)


# Depth and length


class Relay(Atomic):
    token_in = Input(int)
    token_out = Output(int)

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay

    def start(self) -> None:
        if self.delay:
            self.after(self.delay, self.on_tick)

    def on_tick(self) -> None:
        self.send(self.token_out, 0)

    def on_token_in(self, token: int) -> None:
        self.emit("passed", token=token)
        self.send(self.token_out, token + 1)


class Shell(Coupled):
    token_in = Input(int)
    token_out = Output(int)

    def __init__(self, inner: xdevs.models.Component) -> None:
        self.add("inner", inner)
        self.connect(self.token_in, inner.token_in)  # type: ignore[attr-defined]
        self.connect(inner.token_out, self.token_out)  # type: ignore[attr-defined]


def nested(depth: int) -> Coupled:
    inner: Any = Relay()
    for _ in range(depth):
        inner = Shell(inner)
    outer = Coupled("outer")
    outer.add("source", Relay(1.0))
    outer.add("shells", inner)
    outer.connect(outer.components[0].token_out, inner.token_in)  # type: ignore[attr-defined]
    return outer


def chain(length: int) -> Coupled:
    system = Coupled("chain")
    relays = [system.add(f"relay_{i}", Relay(1.0 if i == 0 else 0.0)) for i in range(length)]
    for one, other in pairwise(relays):
        system.connect(one.token_out, other.token_in)
    return system


@pytest.mark.parametrize(
    ("model", "count"), [(lambda: nested(500), 1), (lambda: chain(5000), 4999)], ids=["deep", "long"]
)
def test_neither_depth_nor_length_matters(model, count):
    origin, records = Kernel(model()), Records()
    origin.run(0.5)

    origin.fork(sink=records.write).run(2.0)

    assert len(records.all) == count


# What cannot be copied


class Holder(Atomic):
    """Holds something; one of a class waits in a timer."""

    def __init__(self, held: Any = None) -> None:
        self.held = held

    def start(self) -> None:
        if isinstance(self.held, type):
            self.after(1, self.on_tick, self.held())

    def on_tick(self, held: Any) -> None: ...


def remembering() -> Callable[[], int]:
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return count

    return step


def linked(length: int) -> Any:
    @dataclass(eq=False)
    class Link:
        next: Any

    end = None
    for _ in range(length):
        end = Link(end)
    return end


@pytest.mark.parametrize(
    "held",
    [
        (number for number in ()),
        io.TextIOWrapper(io.BytesIO()),
        threading.Lock(),
        remembering(),
        {"deep": [({"er": remembering()},)]},
        linked(5000),
    ],
    ids=["generator", "stream", "lock", "closure", "closure within", "linked"],
)
def test_what_cannot_be_copied_is_named(held):
    kernel = Kernel(System(hall=System(holder=Holder(held))))
    kernel.run(1)

    with pytest.raises(UsageError, match=r"hall\.holder\.held cannot be copied: "):
        kernel.fork()


def test_an_open_file_cannot_be_copied(tmp_path):
    with (
        (tmp_path / "file").open("w") as file,
        pytest.raises(UsageError, match=r"^holder\.held cannot be copied"),
    ):
        Kernel(System(holder=Holder(file))).fork()


def test_what_a_timer_waits_with_can_keep_it_from_being_copied():
    kernel = Kernel(System(holder=Holder(threading.Event)))
    kernel.run(0.5)

    with pytest.raises(UsageError, match=r"^holder\.pending cannot be copied"):
        kernel.fork()


def test_a_function_that_remembers_nothing_is_shared():
    twin = Kernel(
        System(holder=Holder([len, max, test_an_open_file_cannot_be_copied, lambda x: x + 1]))
    ).fork()

    assert twin.nodes[0].model.held[3](1) == 2


class Slotted(xdevs.models.Atomic):
    """A classic component with fields in slots, one of them private."""

    __slots__ = ("__beats", "beats_left")

    def __init__(self) -> None:
        super().__init__("slotted")
        self.__beats = 0
        self.beats_left = 3

    @property
    def beats(self) -> int:
        return self.__beats

    def initialize(self) -> None:
        self.hold_in("beat", 1)

    def exit(self) -> None: ...
    def lambdaf(self) -> None: ...
    def deltext(self, e: float) -> None: ...

    def deltint(self) -> None:
        self.__beats += 1
        self.beats_left -= 1
        self.hold_in("beat", 1 if self.beats_left else float("inf"))


def test_fields_in_slots_are_copied():
    origin = Kernel(Slotted())
    origin.run(1)

    twin = origin.fork()
    twin.run(10)

    assert (origin.model.beats, twin.model.beats) == (1, 3)  # type: ignore[attr-defined]
