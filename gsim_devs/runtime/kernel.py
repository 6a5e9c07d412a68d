"""Run a model: any xdevs model, handler style or classic, mixed, flat or nested.

Simulated time is superdense (see `clock`). A round happens at one instant: everything due fires, then what was sent
arrives; rounds follow one another at the same instant until nothing is left there. SEMANTICS.md tells it in words.
What this module leaves out: flattening and its checks (`wiring`, `binding`), copies of a running simulation (`copies`),
how records are printed (`records`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from math import trunc
from operator import attrgetter, itemgetter
from typing import Any

import xdevs.models

from .atomic import Seat, fire, leave, lift
from .binding import BOTH, FED, FIRED, Classic, Lead, Leads, bind
from .changes import Difference, write
from .clock import (
    ARGUMENTS,
    DEFAULT_TICKS_PER_UNIT,
    END,
    HANDLER,
    IN_TURN,
    INSTANT,
    LAST_ORDER,
    MESSAGE,
    ORDER_BITS,
    OUTSIDE,
    PLACE,
    RANK,
    Sink,
    Timeline,
    to_ticks,
)
from .copies import fork
from .errors import SimulationError, UsageError
from .failures import failure, told, told_timer
from .ports import carries, type_name
from .snapshots import restore, snapshot

_place = itemgetter(0)
_rank = attrgetter("rank")


class Kernel:
    """One simulation of one model. Time moves only in `run` and `step`."""

    def __init__(
        self,
        model: xdevs.models.Component,
        *,
        seed: int = 0,
        replication: int = 0,
        sink: Sink | None = None,
        on_output: Callable[[float, str, Any], None] | None = None,
        ticks_per_unit: int = DEFAULT_TICKS_PER_UNIT,
        max_rounds: int = 100_000,
    ) -> None:
        """Build a simulation.

        Args:
            model: any xdevs model; it belongs to this kernel from now on.
            seed: key of all random streams, with `replication` and the path of the component that draws.
            replication: number of the run among runs that differ in nothing else.
            sink: takes every record that a component emits.
            on_output: takes time, port and message of whatever leaves the model.
            ticks_per_unit: resolution of time; shorter delays are no delay.
            max_rounds: how many rounds may pass without time passing.
        """
        self.line = Timeline(ticks_per_unit, sink)
        self.model = model
        self.max_rounds = max_rounds
        self.on_output = on_output
        self.nodes, self._entrances = bind(
            model, self.line, seed, replication, self._leave if on_output else None
        )
        self._soon: list[Any] = []
        """Places where something is left for another round of this instant: mail in an outbox, an output."""
        self._addressed: list[Seat] = []
        self._stirred: list[Classic] = []
        self._dirty: list[Any] = []
        self._rounds = 0
        self._counted = 0
        self._started = False
        self._running = False
        self._finished = False
        self._failed = False

    # For the user.

    @property
    def time(self) -> float:
        """Simulated time, in the unit of the model."""
        return self.line.time

    @property
    def next_time(self) -> float:
        """When the next thing is due; infinity when nothing is left."""
        self._pause()
        self._start()
        instant = self._next()
        return math.inf if instant is None else (instant >> ORDER_BITS) / self.line.ticks_per_unit

    @property
    def has_drawn(self) -> bool:
        """Whether any component has drawn random numbers."""
        return any(node.__class__ is Seat and (node.rng or node.draw) is not None for node in self.nodes)

    def run(self, until: float = math.inf, closed: bool = True) -> None:
        """Simulate up to an absolute time, that time included unless `closed` is false; can be called again."""
        self._pause()
        if until != math.inf:
            horizon = to_ticks(until, self.line.ticks_per_unit) << ORDER_BITS
            self._run(horizon + LAST_ORDER + 1 if closed else horizon)
            self.line.move(max(self.line.now, horizon))
        else:
            self._run(math.inf)

    def step(self) -> bool:
        """Simulate one round; false when nothing is left."""
        self._pause()
        try:
            self._start()
            instant = self._next()
            if instant is None:
                return False
            self._round(instant, *(() if self._soon else (heappop(self.line.due),)))
        except SimulationError:
            self._failed = True
            raise
        return True

    def finish(self) -> None:
        """End the simulation at the present time: every component's `stop`, in order, once."""
        if self._finished:
            return
        self._pause()
        self._finished = True
        for node in self.nodes:
            try:
                if node.__class__ is Classic:
                    node.model.exit()
                else:
                    # What was sent in `start` is still there if there was no time for a round.
                    number, sent = self.line.number, len(node.outbox)
                    node.model.stop()
                    if len(node.outbox) != sent:
                        raise TypeError("a message was sent in stop, when nobody can receive it")
                    if self.line.number != number:
                        raise TypeError("a timer was set in stop, when time has ended")
            except (Exception, SystemExit) as error:
                raise failure(error, node.path, self.time, "stop") from error

    def inject(
        self, port: str, message: Any, time: float | None = None, order: int = 0, *, in_turn: bool = False
    ) -> None:
        """Let a message enter the model through one of its input ports, now or at a later time.

        `in_turn`: by itself, when nothing else is left at its instant; several such, in the order of their injection.
        """
        leads = self._entrances.get(port)
        if leads is None:
            known = ", ".join(self._entrances) or "none"
            raise UsageError(f"{self.model.name} has no input port {port!r}; its input ports: {known}")
        if not carries(leads.port.p_type, message):
            raise UsageError(
                f"input port {port} takes {type_name(leads.port.p_type)}, not {type(message).__name__}"
            )
        line = self.line
        try:
            instant = line.instant(0, order) if time is None else line.instant_at(time, order)
        except ValueError as error:
            raise UsageError(f"cannot inject into {port}: {error}") from None
        rank = IN_TURN if in_turn else OUTSIDE
        heappush(line.due, [instant, rank, line.claim(), leads, None, message])

    def fork(
        self, sink: Sink | None = None, on_output: Callable[[float, str, Any], None] | None = None
    ) -> Kernel:
        """An independent copy at the present time, which goes on exactly as this one would."""
        self._pause()
        copy: Kernel = fork(self, sink, on_output)
        return copy

    def snapshot(self) -> dict[str, Any]:
        """The present state as JSON values, where the fields of the components allow it."""
        self._pause()
        return snapshot(self)

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a snapshot; this kernel must be new and its model built as that of the snapshot was."""
        restore(self, state)

    def alter(self, found: Iterable[Difference]) -> None:
        """Let components have other parameters from now on; `changes.differences` says what that means for them."""
        self._pause()
        write(self.nodes, found)

    def _pause(self) -> None:
        """Only between two rounds can a simulation be looked at or moved, and not after its end."""
        if self._running:
            raise UsageError("the simulation is running; wait until `run` returns")
        if self._finished or self._failed:
            how = "finished" if self._finished else "failed"
            raise UsageError(f"the simulation has {how}; build a new kernel")

    # One round after another.

    def _run(self, limit: float) -> None:  # noqa: C901, PLR0912, PLR0915 (see below)
        """All rounds before an instant.

        In most rounds of most models one component fires and at most sends something: those are done here, without
        the lists that `_round` needs and without its calls, which cost more than the rest. The outcome is the same.
        """
        self._start()
        line, due, soon = self.line, self.line.due, self._soon
        exact, per_unit = line.exact, line.ticks_per_unit
        place: Any = None
        event: Any = None
        message: Any = None
        handler: Any
        base: int
        entry: list[Any]
        # With an end in it the heap need not be asked whether it is empty, nor each entry whether it is too late.
        end = entry = [limit, END, 0, None]
        heappush(due, end)
        self._running = True
        try:
            while True:
                if soon:
                    if line.now >= limit:
                        return
                    self._round(line.now)
                    continue
                entry = heappop(due)
                place = entry[PLACE]
                if place is None:
                    if entry is end:
                        return
                    line.dead -= 1
                    continue
                instant = entry[INSTANT]
                if due[0][INSTANT] == instant:
                    self._round(instant, entry)
                    continue
                base = instant >> ORDER_BITS << ORDER_BITS if instant & LAST_ORDER else instant
                if base != line.base:
                    line.base = base
                    line.now = instant
                else:
                    self._count(instant, entry)
                handler = entry[HANDLER]
                if handler is not None:
                    args = entry[ARGUMENTS]
                    if args:
                        lift(entry)
                        handler(*args)
                    else:
                        held = place.pending.pop(handler)
                        if held is not entry:
                            leave(place.pending, held, entry)
                        handler()
                    outbox = place.outbox
                    if outbox:
                        port, message = outbox.pop()
                        if port.only is None or outbox:
                            outbox.append((port, message))
                            self._post(place)
                            self._settle()
                        else:
                            place, event = port.only
                            event(message)
                            if place.outbox:
                                soon.append(place)
                    continue
                only = place.only
                if only is None:
                    if type(place) is Leads and place.is_plain:
                        self._spread(place, entry[MESSAGE], base)
                    else:
                        self._fire((_due(entry),))
                        self._settle()
                    continue
                port, values, target, bag = only
                event = "its output function"
                place.entry = None
                model = place.model
                model.lambdaf()
                event = "its transition"
                model.deltint()
                place.last = base
                sigma = model.sigma
                if 0.0 < sigma < exact and (ticks := trunc(sigma * per_unit + 0.5)):
                    line.number = number = line.number + 1
                    place.entry = fresh = [base + (ticks << ORDER_BITS), place.rank, number, place, None]
                    heappush(due, fresh)
                elif sigma != math.inf:
                    self._reschedule(place, sigma)
                if values:
                    bag.append(port)
                    place = target
                    self._take(place, base)
                    bag.clear()
                    values.clear()
        except SimulationError:
            self._failed = True
            raise
        except (Exception, SystemExit) as error:
            self._failed = True
            called = None
            if entry[HANDLER] is not None and place is entry[PLACE]:
                called, event = entry[HANDLER], told_timer(entry)
            raise failure(error, place.path, self.time, told(event, message), called) from error
        finally:
            self._running = False
            if entry is not end:
                due.remove(end)
                heapify(due)

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        for node in self.nodes:
            try:
                if node.__class__ is Classic:
                    node.model.initialize()
                    self._reschedule(node, node.model.ta())
                else:
                    node.model.start()
                    if node.outbox:
                        self._soon.append(node)
            except (Exception, SystemExit) as error:
                self._failed = True
                raise failure(error, node.path, self.time, "start") from error

    def _next(self) -> int | None:
        """The instant of the next round."""
        line = self.line
        if self._soon:
            return line.now
        due = line.due
        while due and due[0][PLACE] is None:
            heappop(due)
            line.dead -= 1
        return due[0][INSTANT] if due else None

    def _count(self, instant: int, *first: list[Any]) -> None:
        """Move to an instant; refuse to stay at one tick for ever."""
        self.line.move(instant)
        # What waits its turn comes when all else has ended: no loop goes on through it.
        if self._counted != self.line.base or (first and first[0][RANK] == IN_TURN):
            self._counted = self.line.base
            self._rounds = 0
        self._rounds += 1
        if self._rounds > self.max_rounds:
            self._refuse_loop(first)

    def _round(self, instant: int, *first: list[Any]) -> None:
        """Everything that happens at one instant, once; `first` has left the heap already."""
        self._count(instant, *first)
        due = self.line.due
        # Timers leave the heap in order. Mail and outputs need none: who receives them puts them in order.
        batch = [*self._soon, *map(_due, first)]
        while due and due[0][INSTANT] == instant and not (batch and due[0][RANK] == IN_TURN):
            batch.append(_due(heappop(due)))
        self._soon.clear()
        self._fire(batch)
        self._settle()

    def _fire(self, batch: Iterable[Any]) -> None:  # noqa: C901, PLR0912 (as for `_run`)
        """First half of a round: outputs appear, mail leaves, timers fire."""
        stirred, dirty = self._stirred, self._dirty
        due: Any = None
        try:
            for due in batch:
                if type(due) is Classic:
                    due.entry = None
                    if due.stirred == 0:
                        due.stirred = FIRED
                        stirred.append(due)
                    else:
                        due.stirred = BOTH
                    due.model.lambdaf()
                    for values in due.mute:
                        values.clear()
                    for port, values, bags, listeners in due.outlets:
                        if values:
                            dirty.append(values)
                            for node, bag in bags:
                                bag.append(port)
                                if node.stirred == 0:
                                    node.stirred = FED
                                    stirred.append(node)
                                elif node.stirred == FIRED:
                                    node.stirred = BOTH
                            if listeners:
                                for value in values:
                                    self._hand(listeners, value)
                elif type(due) is Seat:
                    self._post(due)
                elif due[PLACE] is None:
                    self.line.dead -= 1
                elif type(due[PLACE]) is Leads:
                    self._enter(due[PLACE], due[MESSAGE])
                else:
                    fire(due)
                    if due[PLACE].outbox:
                        self._post(due[PLACE])
        except (Exception, SystemExit) as error:
            raise failure(error, *self._culprit(due)) from error

    def _settle(self) -> None:  # noqa: C901, PLR0912 (as for `_run`)
        """Second half of a round: messages arrive, classic components take their transitions."""
        if self._addressed:
            self._listen()
        base = self.line.base
        soon = self._soon
        node: Any = None
        try:
            for node in self._stirred:
                if node.stirred == FED:
                    node.stirred = 0
                    self._take(node, base)
                    for bag in node.bags:
                        bag.clear()
                    continue
                model = node.model
                if node.stirred == FIRED:
                    model.deltint()
                else:
                    if node.mixed:
                        node.sort()
                    if node.plain_confluent:
                        model.deltint()
                        model.deltext(0)
                    else:
                        model.deltcon()
                    for bag in node.bags:
                        bag.clear()
                node.stirred = 0
                node.last = base
                sigma = model.ta() if node.own_advance else model.sigma
                if sigma == 0:
                    soon.append(node)
                elif sigma != math.inf:
                    self._reschedule(node, sigma)
        except (Exception, SystemExit) as error:
            raise failure(error, node.path, self.time, "its transition") from error
        self._stirred.clear()
        for values in self._dirty:
            values.clear()
        self._dirty.clear()

    def _take(self, node: Classic, base: int) -> None:
        """Let a classic component that is not due take what lies in its bags."""
        if node.mixed:
            node.sort()
        model = node.model
        elapsed = base - node.last
        model.deltext((elapsed >> ORDER_BITS) / self.line.ticks_per_unit if elapsed else 0.0)
        node.last = base
        sigma = model.ta() if node.own_advance else model.sigma
        if node.entry is not None:
            self._reschedule(node, sigma)
        elif sigma == 0:
            self._soon.append(node)
        elif sigma != math.inf:
            self._reschedule(node, sigma)

    def _listen(self) -> None:
        """Let handlers take the messages of this round: in the order of components, ports and couplings."""
        addressed = self._addressed
        if len(addressed) > 1:
            addressed.sort(key=_rank)
        seat: Any = None
        event: Any = None
        message: Any = None
        try:
            for seat in addressed:
                inbox = seat.inbox
                if len(inbox) > 1:
                    inbox.sort(key=_place)
                for _, event, message in inbox:
                    event(message)
                inbox.clear()
                if seat.outbox:
                    self._soon.append(seat)
        except (Exception, SystemExit) as error:
            raise failure(error, seat.path, self.time, told(event, message)) from error
        addressed.clear()

    def _reschedule(self, node: Classic, sigma: float) -> None:
        """Let a classic component's next output be due after `sigma`."""
        line = self.line
        if 0.0 <= sigma < line.exact:
            instant = line.base + (trunc(sigma * line.ticks_per_unit + 0.5) << ORDER_BITS)
        elif sigma == math.inf:
            instant = -1
        else:
            instant = line.instant(sigma, 0)
        entry = node.entry
        if entry is not None:
            if entry[INSTANT] == instant:
                return
            line.strike(entry)
            node.entry = None
        if instant > line.now:
            node.entry = entry = [instant, node.rank, line.claim(), node, None]
            heappush(line.due, entry)
        elif instant >= 0:
            self._soon.append(node)

    # Messages on their way.

    def _post(self, seat: Seat) -> None:
        """Deliver what a component has sent."""
        addressed = self._addressed
        for port, message in seat.outbox:
            for place, listener, handler in port.routes:
                inbox = listener.inbox
                if not inbox:
                    addressed.append(listener)
                inbox.append((place, handler, message))
            if port.classic_routes:
                self._lay(port, message, port.classic_routes)
        seat.outbox.clear()

    def _hand(self, listeners: list[Any], message: Any) -> None:
        for place, listener, handler in listeners:
            if not listener.inbox:
                self._addressed.append(listener)
            listener.inbox.append((place, handler, message))

    def _enter(self, leads: Leads, message: Any) -> None:
        """Deliver a message from outside."""
        self._hand(leads.listeners, message)
        self._lay(leads.port, message, leads.bags)

    def _spread(self, leads: Leads, message: Any, base: int) -> None:
        """Deliver a message from outside that finds nothing else due, to one component after another."""
        port: Any = leads.port
        port._values.append(message)
        node: Any = None
        try:
            for node, bag in leads.bags:
                bag.append(port)
                self._take(node, base)
                bag.clear()
        except (Exception, SystemExit) as error:
            raise failure(error, node.path, self.time, "its transition") from error
        port._values.clear()

    def _lay(self, port: Any, message: Any, bags: list[Lead]) -> None:
        """Lay a message where classic components find it: in the source port, which their input port refers to."""
        port._values.append(message)
        if len(port._values) > 1:
            return
        self._dirty.append(port._values)
        for node, bag in bags:
            bag.append(port)
            if node.stirred == 0:
                node.stirred = FED
                self._stirred.append(node)
            elif node.stirred == FIRED:
                node.stirred = BOTH

    def _leave(self, port: str, message: Any) -> None:
        if self.on_output is not None:
            self.on_output(self.time, port, message)

    # When something is wrong.

    def _culprit(self, due: Any) -> tuple[str, float, str, Any]:
        """Component, time, event and handler of what has failed in the first half of a round."""
        if isinstance(due, Classic):
            return due.path, self.time, "its output function", None
        return due[PLACE].path, self.time, told_timer(due), due[HANDLER]

    def _refuse_loop(self, first: Iterable[list[Any]]) -> None:
        due = [entry for entry in self.line.due if entry[INSTANT] == self.line.now]
        places = [*self._soon, *(entry[PLACE] for entry in (*first, *due))]
        waiting = sorted((place for place in places if isinstance(place, Seat | Classic)), key=_rank)
        raise SimulationError(
            f"{self.max_rounds} rounds have passed and time has not; let something take time, or send less",
            component=" and ".join(dict.fromkeys(place.path for place in waiting)) or self.model.name,
            time=self.time,
            event="a loop without delay",
        )


def _due(entry: list[Any]) -> Any:
    """What takes part in a round: a classic component itself, otherwise the entry."""
    return entry[PLACE] if type(entry[PLACE]) is Classic else entry
