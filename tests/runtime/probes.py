"""Small components and systems for tests that say in one line what happens when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xdevs.models
from xdevs.models import Port

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, Output

Deed = Callable[[Any], object]


class Probe(Atomic):
    """Reports whatever happens to it, and then does what the test says."""

    a = Input(int)
    b = Input(int)
    x = Output(int)
    y = Output(int)

    def __init__(self, **deeds: Deed) -> None:
        self.deeds = deeds

    def start(self) -> None:
        self._act("start")

    def stop(self) -> None:
        self._act("stop")

    def on_tick(self, *arguments: Any) -> None:
        self._act("on_tick", *arguments)

    def on_tock(self, *arguments: Any) -> None:
        self._act("on_tock", *arguments)

    def on_a(self, number: int) -> None:
        self._act("on_a", number)

    def on_b(self, number: int) -> None:
        self._act("on_b", number)

    def _act(self, event: str, *seen: Any) -> None:
        if event not in {"start", "stop"}:
            self.emit(event, seen=seen)
        if event in self.deeds:
            self.deeds[event](self)


class Echo(Atomic):
    """Passes on what it gets, two rounds later; has timers of its own at time 1."""

    a = Input(int)
    b = Input(int)
    x = Output(int)

    def start(self) -> None:
        self.at(1, self.on_tick, 0)
        self.at(1, self.on_tick, 9, order=1)

    def on_a(self, number: int) -> None:
        self.after(0, self.on_tick, number)

    def on_b(self, number: int) -> None:
        self.after(0, self.on_tick, number)

    def on_tick(self, number: int) -> None:
        self.emit("tick", seen=(number,))
        self.send(self.x, number)


def echoes() -> Kernel:
    return Kernel(System("a > e.a", "b > e.b", "e.x > p.a", e=Echo(), p=Probe()))


class Classic(xdevs.models.Atomic):
    """A classic component: waits `delays` one after the other, sends 1, 2, …; `log` is what has happened to it."""

    def __init__(self, *delays: float) -> None:
        super().__init__()
        self.a: Port[int] = Port(int, "a")
        self.x: Port[int] = Port(int, "x")
        self.add_in_port(self.a)
        self.add_out_port(self.x)
        self.delays = list(delays)
        self.sent = 0
        self.log: list[Any] = []

    def initialize(self) -> None:
        self._wait()

    def exit(self) -> None:
        self.log.append("exit")

    def lambdaf(self) -> None:
        self.sent += 1
        self.x.add(self.sent)

    def deltint(self) -> None:
        self.log.append("int")
        self._wait()

    def deltext(self, e: float) -> None:
        self.log.append(("ext", e, list(self.a.values)))
        self.continuef(e)

    def deltcon(self) -> None:
        self.log.append(("con", list(self.a.values)))
        self._wait()

    def _wait(self) -> None:
        if self.delays:
            self.hold_in("waiting", self.delays.pop(0))
        else:
            self.passivate()


class System(Coupled):
    """Parts by name, and couplings such as "left.x > right.a"; a name without a dot is the system's own port."""

    a = Input(int)
    b = Input(int)
    x = Output(int)
    y = Output(int)

    def __init__(self, *couplings: str, **parts: xdevs.models.Component) -> None:
        for name, part in parts.items():
            self.add(name, part)
        for coupling in couplings:
            source, target = (self._port(end.strip()) for end in coupling.split(">"))
            self.connect(source, target)

    def _port(self, end: str) -> Any:
        part, _, port = end.rpartition(".")
        return getattr(next((p for p in self.components if p.name == part), self), port)


def records(kernel: Kernel) -> list[tuple[Any, ...]]:
    """The list in which a kernel's records are going to be: (time, path, event, *what was seen)."""
    found: list[tuple[Any, ...]] = []

    def record(tick: int, entity: str, event: str, payload: dict[str, Any], path: str) -> None:
        found.append((tick / kernel.line.ticks_per_unit, path, event, *payload.get("seen", payload.values())))

    kernel.line.sink = record
    return found


def simulate(model: xdevs.models.Component, until: float = 10) -> list[tuple[Any, ...]]:
    """The records of one run: (time, path, event, *what was seen)."""
    kernel = Kernel(model)
    found = records(kernel)
    kernel.run(until)
    return found
