"""Random models, and two engines to run them: ours, and xdevs' Coordinator on integer instants.

A component's behaviour is a table, what it sees goes into the trace, and a budget of actions ends every model. The
Coordinator is corrected where it is known to be wrong: whole numbers take away its rounding, and parts are visited in
the order in which they were declared, not coupled ones first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import xdevs.models
from xdevs.models import Port
from xdevs.sim import Coordinator, Simulator

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, Output
from gsim_devs.runtime.clock import LAST_ORDER, ORDER_BITS, to_ticks

TICKS = 10**9
DELAYS = (0, 0, 0.1, 0.2, 0.3, 0.1 + 0.2, 0.7, 1.0, math.inf)
TIMERS = ("on_red", "on_green", "on_blue")
TRIGGERS = ("start", *TIMERS, "on_in_0", "on_in_1")
HORIZON = 8.0

Log = Callable[[str, str, Any], None]
"""Takes path, event and payload of what a classic component sees."""


@dataclass(frozen=True, slots=True)
class Note:
    """A message: who wrote it, and which of theirs it is."""

    label: int
    serial: int


# What a model is.


@dataclass
class ActorPlan:
    """A component with handlers and timers: for each trigger, what it does the first, the second, … time."""

    name: str
    label: int
    table: dict[str, list[list[tuple[Any, ...]]]]
    ports: int = 2


@dataclass
class MachinePlan:
    """A classic component: how long it waits after each transition, and what it puts out."""

    name: str
    label: int
    style: int
    typed: bool
    first: float
    internal: list[float]
    external: list[float | None]
    outputs: list[tuple[int, ...]]
    ports: int = 2


@dataclass
class CoupledPlan:
    """Parts and couplings; an end of one is (number of the part, None for its own; number of the port)."""

    name: str
    plain: bool
    inputs: list[bool]
    outputs: list[bool]
    parts: list[Any]
    couplings: list[tuple[tuple[int | None, int], tuple[int | None, int]]]


def random_model(rnd: Random, depth: int = 3, classic: bool = True, selfish: bool = False) -> CoupledPlan:
    """A model of at least two parts.

    Args:
        rnd: makes all choices.
        depth: how deep it may be nested.
        classic: whether there are classic components among the parts.
        selfish: whether those may be coupled to themselves.
    """
    making = _Making(iter(range(10_000)), classic, selfish)
    return _random_coupled(rnd, "root", depth, making, rnd.randint(2, 4))


def random_injections(rnd: Random, plan: CoupledPlan) -> list[tuple[int, Note, float, int]]:
    """Messages from outside: number of the port, message, time, order."""
    if not plan.inputs:
        return []
    return [
        (
            rnd.randrange(len(plan.inputs)),
            Note(-1, serial),
            rnd.choice((0, 0.1, 0.3, 0.5, 0.7, 1.0)),
            rnd.choice((0, 0, 2)),
        )
        for serial in range(rnd.randrange(4))
    ]


@dataclass
class _Making:
    """What the making of one model has in common."""

    labels: Iterator[int]
    classic: bool
    selfish: bool


def _random_coupled(rnd: Random, name: str, depth: int, making: _Making, size: int) -> CoupledPlan:
    parts: list[Any] = []
    for number in range(size):
        kind = rnd.randrange(6)
        if kind < 2 and depth > 0:
            parts.append(_random_coupled(rnd, f"c{number}", depth - 1, making, rnd.randint(1, 3)))
        elif kind < 4 or not making.classic:
            parts.append(_random_actor(rnd, f"a{number}", next(making.labels)))
        else:
            parts.append(_random_machine(rnd, f"m{number}", next(making.labels)))
    inputs, outputs = ([rnd.choice((True, False)) for _ in range(rnd.randrange(3))] for _ in range(2))
    return CoupledPlan(
        name,
        rnd.choice((True, False)),
        inputs,
        outputs,
        parts,
        _random_couplings(rnd, inputs, outputs, parts, making.selfish),
    )


def _random_couplings(
    rnd: Random, inputs: list[bool], outputs: list[bool], parts: list[Any], selfish: bool
) -> list[Any]:
    """Couplings in the order in which xdevs visits them: sources by part and port, inner before outer ones."""
    inner = [(number, port) for number, part in enumerate(parts) for port in range(_outputs_of(part))]
    outer = [(None, port) for port in range(len(inputs))]
    targets = [(number, port) for number, part in enumerate(parts) for port in range(_inputs_of(part))]

    def may_meet(source: Any, target: Any) -> bool:
        return source[0] != target[0] or (selfish and isinstance(parts[target[0]], MachinePlan))

    found: list[Any] = []
    for source in [*inner, *outer]:
        found += [
            (source, target) for target in targets if may_meet(source, target) and rnd.randrange(3) == 0
        ]
    for source in inner:
        found += [(source, (None, port)) for port in range(len(outputs)) if rnd.randrange(3) == 0]
    return found


def _inputs_of(part: Any) -> int:
    return len(part.inputs) if isinstance(part, CoupledPlan) else part.ports


def _outputs_of(part: Any) -> int:
    return len(part.outputs) if isinstance(part, CoupledPlan) else part.ports


def _random_actor(rnd: Random, name: str, label: int) -> ActorPlan:
    table = {
        trigger: [[_random_deed(rnd) for _ in range(rnd.randrange(4))] for _ in range(rnd.randint(1, 2))]
        for trigger in TRIGGERS
    }
    if not any(table["start"]):
        table["start"] = [[("after", "on_red", 0.1, (), 0)]]
    return ActorPlan(name, label, table)


def _random_deed(rnd: Random) -> tuple[Any, ...]:
    kind = rnd.choice(("after", "after", "after", "at", "send", "send", "cancel"))
    if kind == "send":
        return kind, rnd.randrange(2)
    timer = rnd.choice(TIMERS)
    arguments = rnd.choice(((), (), (1,), (2,)))
    if kind == "cancel":
        return kind, timer, arguments
    return kind, timer, rnd.choice(DELAYS), arguments, rnd.choice((0, 0, 1, 2, 3))


def _random_machine(rnd: Random, name: str, label: int) -> MachinePlan:
    return MachinePlan(
        name,
        label,
        style=rnd.randrange(4),
        typed=rnd.choice((True, False)),
        first=rnd.choice(DELAYS),
        internal=[rnd.choice(DELAYS) for _ in range(rnd.randint(1, 3))],
        external=[rnd.choice((*DELAYS, None, None)) for _ in range(rnd.randint(1, 3))],
        outputs=[tuple(rnd.randrange(2) for _ in range(rnd.randrange(4))) for _ in range(rnd.randint(1, 3))],
    )


def flat(plan: CoupledPlan) -> CoupledPlan | None:
    """The same model without its hierarchy and without inputs; None where a source reaches a port by two ways."""
    couplings: list[Any] = []
    paths = list(_paths(plan))
    for number, path in enumerate(paths):
        for port in range(2):
            sources = _sources(plan, path[:-1], (path[-1], port))
            couplings += [((paths.index(source), out), (number, port)) for source, out in sources]
    for port in range(len(plan.outputs)):
        sources = _sources(plan, (), (None, port))
        couplings += [((paths.index(source), out), (None, port)) for source, out in sources]
    if len(set(couplings)) < len(couplings):
        return None
    parts = [
        replace(_at(plan, path), name="_".join(_at(plan, path[: end + 1]).name for end in range(len(path))))
        for path in paths
    ]
    return CoupledPlan("root", False, [], [False] * len(plan.outputs), parts, couplings)


def _paths(plan: Any, above: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    if not isinstance(plan, CoupledPlan):
        yield above
        return
    for number, part in enumerate(plan.parts):
        yield from _paths(part, (*above, number))


def _at(plan: Any, path: tuple[int, ...]) -> Any:
    for number in path:
        plan = plan.parts[number]
    return plan


def _sources(plan: CoupledPlan, path: tuple[int, ...], end: tuple[int | None, int]) -> list[tuple[Any, int]]:
    """The atomic ports that feed one end within the coupled component at `path`, in the order of couplings."""
    found: list[tuple[Any, int]] = []
    for (part, port), target in _at(plan, path).couplings:
        if target != end:
            continue
        if part is None:
            found += _sources(plan, path[:-1], (path[-1], port)) if path else []
        elif isinstance(_at(plan, (*path, part)), CoupledPlan):
            found += _sources(plan, (*path, part), (None, port))
        else:
            found.append(((*path, part), port))
    return found


# What a model does.


class Actor(Atomic):
    """Does what its table says."""

    in_0 = Input(Note)
    in_1 = Input(Note)
    out_0 = Output(Note)
    out_1 = Output(Note)

    def __init__(self, plan: ActorPlan, budget: int = 25) -> None:
        self.plan = plan
        self.budget = budget
        self.serial = 0
        self.times = dict.fromkeys(TRIGGERS, 0)

    def start(self) -> None:
        self._act("start")

    def stop(self) -> None:
        self.emit("stop", now=self.now)

    def on_red(self, *arguments: int) -> None:
        self._act("on_red", *arguments)

    def on_green(self, *arguments: int) -> None:
        self._act("on_green", *arguments)

    def on_blue(self, *arguments: int) -> None:
        self._act("on_blue", *arguments)

    def on_in_0(self, note: Note) -> None:
        self._act("on_in_0", note)

    def on_in_1(self, note: Note) -> None:
        self._act("on_in_1", note)

    def _act(self, trigger: str, *seen: Any) -> None:
        left = [self.remaining(getattr(self, timer)) for timer in TIMERS]
        self.emit(trigger, label=self.plan.label, seen=seen, now=self.now, left=left)
        deeds = self.plan.table[trigger]
        self.times[trigger] += 1
        for deed, *how in deeds[self.times[trigger] % len(deeds)]:
            if deed == "cancel":
                timer, arguments = how
                self.cancel(getattr(self, timer), *arguments)
            elif self.budget:
                self.budget -= 1
                self._do(deed, *how)

    def _do(self, deed: str, *how: Any) -> None:
        if deed == "send":
            self.serial += 1
            self.send((self.out_0, self.out_1)[how[0]], Note(self.plan.label, self.serial))
            return
        timer, delay, arguments, order = how
        handler = getattr(self, timer)
        if deed == "after":
            self.after(delay, handler, *arguments, order=order)
        else:
            self.at(self.now + delay, handler, *arguments, order=order)


class Machine(xdevs.models.Atomic):
    """A classic component that does what its plan says."""

    def __init__(self, plan: MachinePlan, budget: int = 25) -> None:
        super().__init__(plan.name)
        self.plan = plan
        self.budget = budget
        self.serial = 0
        self.steps = 0
        self.log: Callable[[str, Any], None] = _unheard
        p_type = Note if plan.typed else None
        for number in range(2):
            self.add_in_port(Port(p_type, f"in_{number}"))
            self.add_out_port(Port(p_type, f"out_{number}"))

    def initialize(self) -> None:
        self.log("initialize", None)
        self.sigma = self.plan.first

    def exit(self) -> None:
        self.log("exit", None)

    def lambdaf(self) -> None:
        self.log("out", None)
        for port in self.plan.outputs[self.steps % len(self.plan.outputs)]:
            self.serial += 1
            self.out_ports[port].add(Note(self.plan.label, self.serial))

    def deltint(self) -> None:
        self.log("int", None)
        self._wait(self.plan.internal, None)

    def deltext(self, e: float) -> None:
        self.log("ext", (e, [list(port.values) for port in self.in_ports]))
        self._wait(self.plan.external, e)

    def _wait(self, delays: list[Any], e: float | None) -> None:
        self.steps += 1
        delay = delays[self.steps % len(delays)]
        if delay is None:
            self.sigma -= e or 0
        elif self.budget:
            self.budget -= 1
            self.sigma = delay
        else:
            self.sigma = math.inf


class OwnAdvance(Machine):
    """Writes its time advance itself."""

    def ta(self) -> float:
        return self.sigma


class OwnConfluence(Machine):
    """Looks at its inputs first."""

    def deltcon(self) -> None:
        self.log("con", None)
        self.deltext(0)
        self.deltint()


class OwnBoth(OwnConfluence, OwnAdvance):
    """Writes both itself."""


MACHINES = (Machine, OwnAdvance, OwnConfluence, OwnBoth)


class OnInstants(xdevs.models.Atomic):
    """Mixed in before a classic component: lets it run where times are instants."""

    instant = 0
    last = 0
    waiting = 0

    def ta(self) -> Any:
        sigma = super().ta()
        if sigma == math.inf:
            return math.inf
        ticks = to_ticks(max(sigma, 0), TICKS)
        self.waiting = ((self.instant >> ORDER_BITS) + ticks << ORDER_BITS) - self.instant if ticks else 0
        return self.waiting

    def _move(self, instants: int) -> float:
        self.instant += instants
        self.waiting = 0
        ticks = (self.instant >> ORDER_BITS) - (self.last >> ORDER_BITS)
        self.last = self.instant
        return ticks / TICKS if ticks else 0

    def deltint(self) -> None:
        self._move(self.waiting)
        super().deltint()  # type: ignore[safe-super]

    def deltext(self, e: Any) -> None:
        super().deltext(self._move(e))  # type: ignore[safe-super]

    def deltcon(self) -> None:
        self._move(self.waiting)
        super().deltcon()


def _unheard(event: str, payload: Any) -> None:
    """Nobody listens."""


def build(plan: Any, on_instants: bool = False) -> Any:
    """The component of a plan."""
    if isinstance(plan, ActorPlan):
        return Actor(plan)
    if isinstance(plan, MachinePlan):
        style = MACHINES[plan.style]
        return (type(f"{style.__name__}OnInstants", (OnInstants, style), {}) if on_instants else style)(plan)
    model: Any = (_Plain if plan.plain else Coupled)(plan.name)
    for kind, add, promised in (
        ("in", model.add_in_port, plan.inputs),
        ("out", model.add_out_port, plan.outputs),
    ):
        for number, typed in enumerate(promised):
            add(Port(Note if typed else None, f"{kind}_{number}"))
    for part in plan.parts:
        component = build(part, on_instants)
        component.name = part.name
        model.add_component(component)
    for (source, source_port), (target, target_port) in plan.couplings:
        start = (
            model.in_ports[source_port] if source is None else model.components[source].out_ports[source_port]
        )
        end = (
            model.out_ports[target_port] if target is None else model.components[target].in_ports[target_port]
        )
        model.add_coupling(start, end)
    return model


class _Plain(xdevs.models.Coupled):
    """xdevs' own coupled model."""


def atoms(model: xdevs.models.Component, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every atomic component with its path, in the order of declaration."""
    if isinstance(model, xdevs.models.Coupled):
        for part in model.components:
            yield from atoms(part, f"{path}.{part.name}" if path else part.name)
    else:
        yield path, model


# Who runs it.


@dataclass
class Trace:
    """What a run has shown.

    The order in which classic components of one round take their transitions is nobody's to see, so each has a
    list of its own. A record is (instant, event, payload, entity, path), a classic one (instant, event, payload), an
    output (instant, port, message).
    """

    records: list[tuple[Any, ...]]
    classic: dict[str, list[tuple[Any, ...]]]
    outputs: list[tuple[Any, ...]]

    def without_paths(self) -> tuple[Any, ...]:
        """The same for people who do not know where components stand; labels still tell who spoke."""
        classic = {path.replace(".", "_"): log for path, log in self.classic.items()}
        return [record[:3] for record in self.records], classic, self.outputs


class UnderKernel:
    """A model in our kernel; `trace` grows as it runs."""

    def __init__(self, plan: CoupledPlan, injections: list[tuple[int, Note, float, int]]) -> None:
        self.trace = trace = Trace([], {}, [])
        model = build(plan)

        def record(tick: int, entity: str, event: str, payload: dict[str, Any], path: str) -> None:
            assert tick == kernel.line.now >> ORDER_BITS
            trace.records.append((kernel.line.now, event, payload, entity, path))

        def leave(time: float, port: str, message: Any) -> None:
            assert time == kernel.time
            trace.outputs.append((kernel.line.now, port, message))

        for path, component in atoms(model):
            if isinstance(component, Machine):
                component.log = _logger(trace, path, lambda: kernel.line.now)
        self.kernel = kernel = Kernel(model, sink=record, on_output=leave)
        for port, note, time, order in injections:
            kernel.inject(f"in_{port}", note, time, order)


def _logger(trace: Trace, path: str, now: Callable[[], float]) -> Callable[[str, Any], None]:
    log = trace.classic.setdefault(path, [])
    return lambda event, payload: log.append((now(), event, payload))


class DeclaredOrder(Coordinator):
    """xdevs' Coordinator, parts in the order in which they were declared, up to and including an instant."""

    ordered: list[Any]

    def _build_hierarchy(self) -> None:
        parts: list[Any] = self.model.components
        self.ordered = [
            (DeclaredOrder if isinstance(part, xdevs.models.Coupled) else Simulator)(part, self.clock)
            for part in parts
        ]

    @property
    def processors(self) -> Generator[Any, None, None]:
        yield from self.ordered

    def run(self, last: int) -> None:
        self.initialize()
        self.clock.time = self.time_next
        while self.clock.time <= last:
            self.lambdaf()
            self.deltfcn()
            self.clear()
            self.clock.time = self.time_next


class Feeder(Atomic):
    """Stands outside and sends what the kernel would have injected."""

    out_0 = Output(Note)
    out_1 = Output(Note)

    def __init__(self, injections: list[tuple[int, Note, float, int]]) -> None:
        self.injections = injections

    def start(self) -> None:
        for port, note, time, order in self.injections:
            self.at(time, self.on_due, port, note, order=order)

    def on_due(self, port: int, note: Note) -> None:
        self.send((self.out_0, self.out_1)[port], note)


class Watcher(Atomic):
    """Stands outside and reports what leaves."""

    in_0 = Input(Note)
    in_1 = Input(Note)

    def on_in_0(self, note: Note) -> None:
        self.emit("out_0", note=note)

    def on_in_1(self, note: Note) -> None:
        self.emit("out_1", note=note)


def under_coordinator(
    plan: CoupledPlan, injections: list[tuple[int, Note, float, int]], until: float = HORIZON
) -> Trace:
    """Run a model under xdevs' Coordinator, between a component that feeds it and one that watches it."""
    trace = Trace([], {}, [])
    model: Any = build(plan, on_instants=True)
    feeder, watcher = Feeder(injections), Watcher()
    world = _Plain("world")
    for part in (feeder, model, watcher):
        world.add_component(part)
    for number, port in enumerate(model.in_ports):
        world.add_coupling(feeder.out_ports[number], port)
    for number, port in enumerate(model.out_ports):
        world.add_coupling(port, watcher.in_ports[number])
    coordinator = DeclaredOrder(world)
    for path, component in atoms(model):
        if isinstance(component, Machine):
            component.log = _logger(trace, path, lambda: coordinator.clock.time)
        else:
            component._seat.path, component._seat.entity = path, path.rpartition(".")[2]
            component._seat.timeline.sink = _recorder(trace, component, coordinator)
    watcher._seat.timeline.sink = lambda tick, entity, event, payload, path: trace.outputs.append(
        (coordinator.clock.time, event, payload["note"])
    )
    coordinator.run((to_ticks(until, TICKS) << ORDER_BITS) + LAST_ORDER)
    return trace


def _recorder(trace: Trace, component: Any, coordinator: Any) -> Callable[..., None]:
    def record(tick: int, entity: str, event: str, payload: dict[str, Any], path: str) -> None:
        now = coordinator.clock.time
        assert component._seat.timeline.now == now
        assert tick == now >> ORDER_BITS
        trace.records.append((now, event, payload, entity, path))

    return record
