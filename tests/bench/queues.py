"""M/M/1 three times: classic xdevs components, components with handlers and timers, SimPy processes.

All draw from the same two streams of Python's `random`, so that all serve the same customers.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator
from typing import Any

import simpy
from xdevs.models import Atomic as ClassicAtomic
from xdevs.models import Component, Port
from xdevs.models import Coupled as ClassicCoupled
from xdevs.sim import Coordinator

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, Output

ARRIVALS = 0.8
SERVICES = 1.0


class Source(ClassicAtomic):
    """Customers at random times."""

    def __init__(self) -> None:
        super().__init__("source")
        self.out = Port(int, "out")
        self.add_out_port(self.out)
        self.draw = random.Random(1).expovariate
        self.number = 0

    def initialize(self) -> None:
        self.hold_in("active", self.draw(ARRIVALS))

    def lambdaf(self) -> None:
        self.out.add(self.number)

    def deltint(self) -> None:
        self.number += 1
        self.hold_in("active", self.draw(ARRIVALS))

    def deltext(self, e: float) -> None:
        self.continuef(e)

    def exit(self) -> None:
        pass


class Server(ClassicAtomic):
    """Serves one customer at a time; the others wait in line."""

    def __init__(self) -> None:
        super().__init__("server")
        self.customer = Port(int, "customer")
        self.out = Port(int, "out")
        self.add_in_port(self.customer)
        self.add_out_port(self.out)
        self.draw = random.Random(2).expovariate
        self.line: deque[int] = deque()

    def initialize(self) -> None:
        self.passivate()

    def lambdaf(self) -> None:
        self.out.add(self.line[0])

    def deltint(self) -> None:
        self.line.popleft()
        if self.line:
            self.hold_in("busy", self.draw(SERVICES))
        else:
            self.passivate()

    def deltext(self, e: float) -> None:
        self.continuef(e)
        if not self.line:
            self.hold_in("busy", self.draw(SERVICES))
        self.line.extend(self.customer.values)

    def exit(self) -> None:
        pass


class Sink(ClassicAtomic):
    """Counts who leaves."""

    def __init__(self) -> None:
        super().__init__("sink")
        self.customer = Port(int, "customer")
        self.add_in_port(self.customer)
        self.served = 0

    def initialize(self) -> None:
        self.passivate()

    def lambdaf(self) -> None:
        pass

    def deltint(self) -> None:
        pass

    def deltext(self, e: float) -> None:
        for _ in self.customer.values:
            self.served += 1

    def exit(self) -> None:
        pass


class Nest(ClassicCoupled):
    """A component in so many boxes, each in the next."""

    def __init__(self, component: Component, depth: int) -> None:
        super().__init__(component.name)
        inner = component if depth == 1 else Nest(component, depth - 1)
        self.add_component(inner)
        for port in inner.in_ports:
            own = Port(port.p_type, port.name)
            self.add_in_port(own)
            self.add_coupling(own, port)
        for port in inner.out_ports:
            own = Port(port.p_type, port.name)
            self.add_out_port(own)
            self.add_coupling(port, own)


class ClassicQueue(ClassicCoupled):
    """Source, server and sink in a row; each of them `depth` boxes deep."""

    def __init__(self, depth: int = 0) -> None:
        super().__init__("queue")
        parts: list[Component] = [Source(), Server(), Sink()]
        if depth:
            parts = [Nest(part, depth) for part in parts]
        for part in parts:
            self.add_component(part)
        self.add_coupling(parts[0].out_ports[0], parts[1].in_ports[0])
        self.add_coupling(parts[1].out_ports[0], parts[2].in_ports[0])


def classic_under_coordinator(until: float, depth: int = 0) -> Callable[[], None]:
    coordinator = Coordinator(ClassicQueue(depth))
    coordinator.initialize()
    # xdevs counts its horizon from the first event.
    return lambda: coordinator.simulate_time(until - coordinator.time_next)


def classic_under_kernel(until: float, depth: int = 0) -> Callable[[], None]:
    kernel = Kernel(ClassicQueue(depth))
    return lambda: kernel.run(until)


class Arrivals(Atomic):
    """Customers at random times."""

    customer = Output(float)  # when they arrived

    def __init__(self) -> None:
        self.interval = random.Random(1).expovariate

    def start(self) -> None:
        self.after(self.interval(ARRIVALS), self.on_arrival)

    def on_arrival(self) -> None:
        self.send(self.customer, self.now)
        self.after(self.interval(ARRIVALS), self.on_arrival)


class Desk(Atomic):
    """Serves one customer at a time; the others wait in line."""

    customer = Input(float)

    def __init__(self) -> None:
        self.service = random.Random(2).expovariate
        self.line: deque[float] = deque()
        self.is_busy = False
        self.waited = 0.0
        self.served = 0

    def on_customer(self, arrived: float) -> None:
        if self.is_busy:
            self.line.append(arrived)
        else:
            self.is_busy = True
            self.after(self.service(SERVICES), self.on_served)

    def on_served(self) -> None:
        self.served += 1
        if self.line:
            self.waited += self.now - self.line.popleft()
            self.after(self.service(SERVICES), self.on_served)
        else:
            self.is_busy = False


class Idle(Atomic):
    """Does nothing."""

    never = Input(int)

    def on_never(self, message: int) -> None:
        raise AssertionError(message)


class Queue(Coupled):
    """A desk and those who come to it, beside so many who do nothing."""

    def __init__(self, idle: int = 0) -> None:
        arrivals = self.add("arrivals", Arrivals())
        self.desk = self.add("desk", Desk())
        self.connect(arrivals.customer, self.desk.customer)
        for number in range(idle):
            self.add(f"idle_{number}", Idle())


def handlers_under_kernel(until: float, idle: int = 0) -> Callable[[], None]:
    kernel = Kernel(Queue(idle))
    kernel.run(0.0)
    return lambda: kernel.run(until)


class SimpyQueue:
    """The same desk as a SimPy resource."""

    def __init__(self) -> None:
        self.environment = simpy.Environment()
        self.desk = simpy.Resource(self.environment, capacity=1)
        self.interval = random.Random(1).expovariate
        self.service = random.Random(2).expovariate
        self.waited = 0.0
        self.served = 0
        self.environment.process(self.arrivals())

    def arrivals(self) -> Generator[Any, Any, None]:
        while True:
            yield self.environment.timeout(self.interval(ARRIVALS))
            self.environment.process(self.customer())

    def customer(self) -> Generator[Any, Any, None]:
        arrived = self.environment.now
        with self.desk.request() as request:
            yield request
            self.waited += self.environment.now - arrived
            yield self.environment.timeout(self.service(SERVICES))
            self.served += 1


def simpy_queue(until: float) -> Callable[[], None]:
    queue = SimpyQueue()
    return lambda: queue.environment.run(until)
