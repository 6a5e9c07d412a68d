"""What a long run and a large model cost: nothing for what is over, nothing for who is idle."""

from __future__ import annotations

import gc
from typing import Any

import xdevs.models

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, Output
from tests.runtime.probes import Classic, Probe, System


class Patient(Atomic):
    """Sets a timeout for every message that it expects, and takes it back when the message comes."""

    ping = Output(int)
    pong = Input(int)

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.longest = 0

    def start(self) -> None:
        self._ask()

    def _ask(self) -> None:
        self.after(1000, self.on_timeout)
        self.after(2000, self.on_timeout, self.rounds)
        self.after(1, self.on_asked)

    def on_asked(self) -> None:
        self.send(self.ping, self.rounds)

    def on_pong(self, number: int) -> None:
        self.cancel(self.on_timeout)
        self.longest = max(self.longest, len(self._seat.timeline.due))
        self.rounds -= 1
        if self.rounds:
            self._ask()

    def on_timeout(self, *_: int) -> None:
        raise AssertionError("a timer that was taken back has fired")


class Dialogue(Coupled):
    """A patient component and its echo."""

    def __init__(self, rounds: int) -> None:
        patient = self.add("patient", Patient(rounds))
        echo = self.add("echo", Probe(on_a=lambda me: me.send(me.x, 1)))
        self.connect(patient.ping, echo.a)
        self.connect(echo.x, patient.pong)


def test_timers_that_are_taken_back_do_not_pile_up() -> None:
    model = Dialogue(20_000)
    patient: Any = model.components[0]

    kernel = Kernel(model)
    kernel.run()

    assert patient.rounds == 0
    assert patient.longest < 200
    assert not patient._seat.pending
    assert len(kernel.line.due) < 200


def test_timers_that_are_taken_back_do_not_pile_up_under_xdevs_either() -> None:
    probe = Probe()

    for number in range(20_000):
        probe.after(number + 1, probe.on_tick, number)
        probe.cancel(probe.on_tick, number)

    assert len(probe._seat.timeline.due) < 200
    assert not probe._seat.pending


def test_a_classic_component_that_is_interrupted_all_the_time_does_not_pile_up() -> None:
    sender = Probe(
        start=lambda me: me.after(1, me.on_tick),
        on_tick=lambda me: (me.send(me.x, 1), me.after(1, me.on_tick)),
    )
    classic = Restarting()
    kernel = Kernel(System("s.x > c.a", s=sender, c=classic))

    kernel.run(10_000)

    assert classic.interrupted == 10_000
    assert len(kernel.line.due) < 200


class Restarting(Classic):
    """Begins anew whenever it is interrupted, and so never ends."""

    interrupted = 0

    def initialize(self) -> None:
        self.hold_in("waiting", 5)

    def deltext(self, e: float) -> None:
        self.interrupted += 1
        self.hold_in("waiting", 5)


def test_a_long_run_leaves_nothing_behind() -> None:
    model = Dialogue(10**9)
    kernel = Kernel(model)
    kernel.run(100)
    gc.collect()
    before = len(gc.get_objects())

    kernel.run(5_000)
    gc.collect()

    assert len(gc.get_objects()) - before < 500


def test_idle_components_cost_no_work() -> None:
    calls: list[str] = []

    class Idle(Classic):
        def ta(self) -> float:
            calls.append("ta")
            return super().ta()

        def lambdaf(self) -> None:
            calls.append("lambdaf")

    def timer(me: Any) -> None:
        me.after(1, me.on_tick)

    class Crowd(Coupled):
        def __init__(self, size: int) -> None:
            self.add("p", Probe(start=timer, on_tick=timer))
            for number in range(size):
                idle: xdevs.models.Atomic = Idle() if number % 2 else Probe()
                self.add(f"idle{number}", idle)

    kernel = Kernel(Crowd(10_000))
    kernel.run(0)
    assert calls == ["ta"] * 5_000
    calls.clear()
    rounds = 0

    while rounds < 100 and kernel.step():
        rounds += 1

    assert kernel.time == 100
    assert not calls
    assert len(kernel.line.due) == 1
