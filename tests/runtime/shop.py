"""A shop that has something of everything in its state: what a copy or a snapshot must not lose.

Jobs are changed in place and held in several places at once; there are timers with arguments, cancelled ones, draws of
both kinds, a classic machine, messages on their way.
"""

from __future__ import annotations

import enum
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xdevs.models
from xdevs.models import Port

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, Output
from gsim_devs.runtime.records import Record, Records


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@dataclass(eq=False)
class Job:
    """Changed in place, held in several places."""

    number: int
    colour: Colour
    left: float
    notes: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Order:
    number: int
    work: float


class Office(Atomic):
    """Draws orders; one of its timers is set and taken back again and again."""

    order_out = Output(Order)

    def __init__(self) -> None:
        self.count = 0
        self.old = random.Random(3)
        self.seen: set[int] = set()
        self.by_number = {1: ("one", frozenset({1})), "$x": None}

    def start(self) -> None:
        self.after(0.5, self.on_day, "monday", order=2)
        self.after(0, self.on_order)

    def on_order(self) -> None:
        self.count += 1
        self.seen.add(self.count)
        work = self.draw.exponential(1.0) + self.rng.random() + self.old.random()
        self.cancel(self.on_late)
        self.after(5, self.on_late, self.count)
        self.after(5.5, self.on_late, self.count)
        self.send(self.order_out, Order(self.count, work))
        self.after(self.draw.uniform(0.1, 0.9), self.on_order)

    def on_day(self, name: str) -> None:
        self.emit("day", name=name, left=self.remaining(self.on_late), seen=len(self.seen))
        self.after(1, self.on_day, name + "!" if len(name) < 9 else "monday")

    def on_late(self, number: int) -> None:
        self.emit("late", number=number)


class Bench(Atomic):
    """Works on one job in slices; the job is in the row, in the hand, and in a timer."""

    order_in = Input(Order)
    done_out = Output(Order)
    external_in = Input(Order)

    def __init__(self) -> None:
        self.row: deque[Job] = deque(maxlen=5)
        self.hand: Job | None = None
        self.first: Job | None = None
        self.sums = np.zeros((2, 3))
        self.best = -0.0
        self.worst = float("inf")

    def on_order_in(self, order: Order) -> None:
        job = Job(order.number, Colour.RED if order.number % 2 else Colour.BLUE, order.work)
        self.first = self.first or job
        self.row.append(job)
        self.sums[order.number % 2, order.number % 3] += order.work
        if self.hand is None:
            self._next()

    def on_external_in(self, order: Order) -> None:
        self.emit("external", number=order.number, total=float(self.sums.sum()))

    def _next(self) -> None:
        self.hand = self.row[0]
        self.after(min(0.25, self.hand.left), self.on_slice, self.hand)

    def on_slice(self, job: Job) -> None:
        job.left -= 0.25
        job.notes.append(self.now)
        held = job is self.hand, job is self.row[0], job is self.first
        self.emit("slice", number=job.number, colour=job.colour, held=held, notes=list(job.notes[-3:]))
        if job.left <= 0:
            self.worst = min(self.worst, self.now)
            self.row.popleft()
            self.hand = None
            self.send(self.done_out, Order(job.number, len(job.notes)))
        if self.row:
            self._next()


class Oven(xdevs.models.Atomic):
    """A classic component: bakes what comes, one after the other."""

    def __init__(self) -> None:
        super().__init__("oven")
        # Its name is that of a port, its value is not.
        self.raw: list[Order] = []
        self.raw_port: Port[Order] = Port(Order, "raw")
        self.baked: Port[Order] = Port(Order, "baked")
        self.add_in_port(self.raw_port)
        self.add_out_port(self.baked)

    def initialize(self) -> None:
        self.passivate()

    def exit(self) -> None: ...

    def lambdaf(self) -> None:
        self.baked.add(self.raw[0])

    def deltint(self) -> None:
        self.raw.pop(0)
        self._go_on()

    def deltext(self, e: float) -> None:
        self.continuef(e)
        idle = not self.raw
        self.raw += self.raw_port.values
        if idle:
            self._go_on()

    def _go_on(self) -> None:
        if self.raw:
            self.hold_in("baking", 0.3 + self.raw[0].work / 10)
        else:
            self.passivate()


class Door(Atomic):
    """Reports what leaves."""

    order_in = Input(Order)

    def on_order_in(self, order: Order) -> None:
        self.emit("left", number=order.number, work=order.work)

    def stop(self) -> None:
        self.emit("closed", now=self.now)


class Back(Coupled):
    raw = Input(Order)
    baked = Output(Order)

    def __init__(self) -> None:
        oven = self.add("oven", Oven())
        self.connect(self.raw, oven.raw_port)
        self.connect(oven.baked, self.baked)


class Shop(Coupled):
    order = Input(Order)

    def __init__(self) -> None:
        office, bench, back = (
            self.add("office", Office()),
            self.add("bench", Bench()),
            self.add("back", Back()),
        )
        door = self.add("door", Door(), entity="street")
        self.connect(self.order, bench.external_in)
        self.connect(office.order_out, bench.order_in)
        self.connect(bench.done_out, back.raw)
        self.connect(back.baked, door.order_in)


def shop(seed: int = 7, replication: int = 2) -> tuple[Kernel, list[Record]]:
    """A shop that has not opened yet, with orders from outside on their way, and what it reports."""
    records = Records()
    kernel = Kernel(Shop(), seed=seed, replication=replication, sink=records.write)
    for number, time in enumerate((0.5, 3.25, 3.25, 7.0)):
        kernel.inject("order", Order(-number, time), time, order=number % 3)
    return kernel, records.all
