"""Atomic components written as handlers and timers.

A component is its fields, its pending timers, and one method for each input port and each timer. It is a genuine
Parallel DEVS atomic: time advance, output function and transition functions are derived here and cannot be got
wrong. `Kernel` drives it directly; under xdevs' `Coordinator` the methods at the end of the class do, with time
counted in instants (see `clock`). When things coincide: SEMANTICS.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappop, heappush
from math import trunc
from typing import TYPE_CHECKING, Any, ClassVar, Self

import xdevs.models

from .clock import ARGUMENTS, EXACT_PRODUCT, HANDLER, INSTANT, NUMBER, ORDER_BITS, PLACE, Timeline
from .ports import Port, carries, declare_ports, give_ports, type_name

if TYPE_CHECKING:
    from numpy.random import Generator

    from .draws import Draw


class Seat:
    """A component's place in a simulation: who it is, what it has pending, which mail it has in hand."""

    __slots__ = (
        "draw",
        "entity",
        "has_spoken",
        "inbox",
        "keyed",
        "model",
        "outbox",
        "path",
        "pending",
        "rank",
        "replication",
        "rng",
        "seed",
        "timeline",
    )

    def __init__(self, model: Atomic) -> None:
        self.model = model
        self.path = model.name
        self.entity: str | None = None
        # Of no interest but before the simulation: then it speaks to nobody.
        self.has_spoken = False
        self.rank = 0
        self.timeline = Timeline()
        self.pending: dict[Any, Any] = {}
        self.keyed: set[Any] = set()
        self.outbox: list[tuple[Port[Any], Any]] = []
        self.inbox: list[tuple[int, Callable[[Any], None], Any]] = []
        self.seed = 0
        self.replication = 0
        self.rng: Generator | None = None
        self.draw: Draw | None = None


class Atomic(xdevs.models.Atomic):
    """A component: override `start`, one `on_<port>` for each input port, and add `on_<timer>` methods."""

    _seat: Seat
    _declared_ports: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declare_ports(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        xdevs.models.Atomic.__init__(self, cls.__name__)
        give_ports(self)
        self._seat = Seat(self)
        return self

    def __init__(self, name: str | None = None) -> None:
        # The machinery is in place before a subclass' __init__ runs; that one need not call this.
        if name:
            self.name = name

    # What a component may override.

    def start(self) -> None:
        """Runs at time 0, before anything else."""

    def stop(self) -> None:
        """Runs at the end of the simulation, at the horizon; may only emit."""

    # What a component may call.

    @property
    def now(self) -> float:
        """The simulated time, in the unit of the contract."""
        line = self._seat.timeline
        return (line.now >> ORDER_BITS) / line.ticks_per_unit

    def after(self, delay: float, handler: Callable[..., None], *args: Any, order: int = 0) -> None:
        """Call `handler(*args)` when `delay` has passed. An infinite delay never passes."""
        seat = self._seat
        line = seat.timeline
        # The usual case of `Timeline.instant` and `_set`, written out: most of what a simulation does is this.
        try:
            owner = handler.__self__  # type: ignore[attr-defined]
            ticks = trunc(delay * line.ticks_per_unit + 0.5)
        except (ValueError, OverflowError, AttributeError):
            owner, ticks = None, 0
        pending = seat.pending
        if args or order or not 0 < ticks < EXACT_PRODUCT or handler in pending or owner is not self:
            if delay != math.inf:
                self._set(line.instant(delay, order), handler, args)
            return
        line.number = number = line.number + 1
        pending[handler] = entry = [line.base + (ticks << ORDER_BITS), seat.rank, number, seat, handler, ()]
        heappush(line.due, entry)

    def at(self, time: float, handler: Callable[..., None], *args: Any, order: int = 0) -> None:
        """Call `handler(*args)` at an absolute time, so that the k-th of a period is k · period and never a sum."""
        if time != math.inf:
            self._set(self._seat.timeline.instant_at(time, order), handler, args)

    def cancel(self, handler: Callable[..., None], *args: Any) -> None:
        """Take back the pending calls of a handler: all of them, or those with just these arguments."""
        seat = self._seat
        for key in _keys(seat, handler, args):
            for entry in _entries(seat.pending.pop(key, None)):
                seat.timeline.strike(entry)

    def remaining(self, handler: Callable[..., None], *args: Any) -> float:
        """The time until the next pending call of a handler; infinity where there is none."""
        seat = self._seat
        held = [seat.pending.get(key) for key in _keys(seat, handler, args)]
        instants: list[int] = [entry[INSTANT] for entries in held for entry in _entries(entries)]
        if not instants:
            return math.inf
        line = seat.timeline
        return ((min(instants) >> ORDER_BITS) - (line.now >> ORDER_BITS)) / line.ticks_per_unit

    def send(self, port: Port[Any], message: Any) -> None:
        """Put a message on an output port; it arrives at this tick and order."""
        if port.sender is not self:
            raise TypeError(f"{port.name} is no output port of {self.name}")
        if type(message) is not port.p_type and not carries(port.p_type, message):
            raise TypeError(f"{port.name} carries {type_name(port.p_type)}, not {type(message).__name__}")
        self._seat.outbox.append((port, message))

    def emit(self, event: str, /, *, entity: str | None = None, **payload: Any) -> None:
        """Report an event. The time is the kernel's; the entity is this component's unless another is named."""
        seat = self._seat
        line = seat.timeline
        if line.sink is not None:
            line.sink(line.now >> ORDER_BITS, entity or seat.entity or self.name, event, payload, seat.path)
        else:
            seat.has_spoken = True

    @property
    def rng(self) -> Generator:
        """This component's own random numbers, keyed by seed, replication and path."""
        seat = self._seat
        if seat.rng is None:
            # Loaded by the first component that draws: most simulators start without.
            from .streams import stream

            seat.rng = stream(seat.seed, seat.replication, seat.path)
        return seat.rng

    @property
    def draw(self) -> Draw:
        """Distributions that use exactly one uniform for each draw, for common random numbers."""
        seat = self._seat
        if seat.draw is None:
            from .draws import Draw

            seat.draw = Draw(seat.seed, seat.replication, seat.path)
        return seat.draw

    def _set(self, instant: int, handler: Callable[..., None], args: tuple[Any, ...]) -> None:
        if getattr(handler, "__self__", None) is not self:
            raise TypeError(f"a timer calls a method of its own component, not {handler!r}")
        line = self._seat.timeline
        line.number = number = line.number + 1
        heappush(line.due, self._held(instant, number, handler, args))

    def _held(
        self, instant: int, number: int, handler: Callable[..., None], args: tuple[Any, ...]
    ) -> list[Any]:
        """The entry of a pending call, which this component can find again."""
        seat = self._seat
        if args:
            seat.keyed.add(handler)
        entry = [instant, seat.rank, number, seat, handler, args]
        key = _key(handler, args)
        held = seat.pending.setdefault(key, entry)
        if held is not entry:
            seat.pending[key] = _joined(held, entry)
        return entry

    # What a component cannot do: it has no phase and no sigma.

    def hold_in(self, phase: str, sigma: float) -> None:
        raise TypeError("a component with handlers waits with self.after(delay, self.on_…)")

    def activate(self, phase: str = "") -> None:
        self.hold_in(phase, 0)

    def passivate(self, phase: str = "") -> None:
        self.hold_in(phase, math.inf)

    def continuef(self, e: float) -> None:
        self.hold_in("", e)

    # Parallel DEVS, for xdevs' Coordinator: times are instants.

    def initialize(self) -> None:
        self.start()

    def exit(self) -> None:
        self.stop()

    def ta(self) -> Any:
        seat = self._seat
        if seat.outbox:
            return 0
        line = seat.timeline
        while line.due and line.due[0][PLACE] is None:
            heappop(line.due)
            line.dead -= 1
        return line.due[0][INSTANT] - line.now if line.due else math.inf

    def lambdaf(self) -> None:
        seat = self._seat
        line = seat.timeline
        line.move(line.now + self.ta())
        entries = []
        while line.due and line.due[0][INSTANT] == line.now:
            entries.append(heappop(line.due))
        for entry in entries:
            fire(entry)
        for port, message in seat.outbox:
            port._values.append(message)
        seat.outbox.clear()

    def deltint(self) -> None:
        """All has been done by the output function."""

    def deltext(self, e: Any) -> None:
        line = self._seat.timeline
        line.move(line.now + e)
        for port in self.in_ports:
            if port:
                handler = getattr(self, "on_" + port.name)
                for message in port.values:
                    handler(message)


def fire(entry: list[Any]) -> None:
    """Call what an entry of the timeline has waited for, unless it was taken back."""
    if entry[PLACE] is not None:
        lift(entry)
        entry[HANDLER](*entry[ARGUMENTS])


def lift(entry: list[Any]) -> None:
    """Take an entry that fires out of what its component has pending."""
    pending = entry[PLACE].pending
    held = pending.pop(_key(entry[HANDLER], entry[ARGUMENTS]))
    if held is not entry:
        leave(pending, held, entry)


def leave(pending: dict[Any, Any], held: dict[int, list[Any]], entry: list[Any]) -> None:
    """Take one entry out of several with the same key."""
    del held[entry[NUMBER]]
    if held:
        pending[_key(entry[HANDLER], entry[ARGUMENTS])] = held


def _key(handler: Callable[..., None], args: tuple[Any, ...]) -> Any:
    """Under what a pending call is found again."""
    return (handler, args) if args else handler


def _keys(seat: Seat, handler: Callable[..., None], args: tuple[Any, ...]) -> list[Any]:
    """The keys under which calls of a handler are pending; without arguments: whatever its arguments."""
    if args or handler not in seat.keyed:
        return [_key(handler, args)]
    return [key for key in seat.pending if key == handler or (type(key) is tuple and key[0] == handler)]


def _joined(held: Any, entry: list[Any]) -> dict[int, list[Any]]:
    """Several pending calls of one handler with the same arguments, by number."""
    several: dict[int, list[Any]] = held if type(held) is dict else {held[NUMBER]: held}
    several[entry[NUMBER]] = entry
    return several


def _entries(held: Any) -> list[list[Any]]:
    if held is None:
        return []
    return list(held.values()) if type(held) is dict else [held]
