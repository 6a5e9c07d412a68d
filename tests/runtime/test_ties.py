"""SEMANTICS.md, sentence by sentence: the docstring of a test is the sentence that it shows."""

from __future__ import annotations

import itertools
import math
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from xdevs.sim import Coordinator

import gsim_devs.runtime
from gsim_devs.runtime import Atomic, Kernel, SimulationError, UsageError
from gsim_devs.runtime.changes import differences
from gsim_devs.runtime.clock import ORDER_BITS
from gsim_devs.runtime.streams import stream
from tests.runtime.probes import Classic, Echo, Probe, System, records, simulate

PAGE = Path(gsim_devs.runtime.__file__).parent / "SEMANTICS.md"


def test_the_tests_here_are_the_sentences_of_the_page() -> None:
    sentences = re.findall(r"^- (.+?)$", PAGE.read_text("utf-8"), re.MULTILINE)

    shown = [test.__doc__ for name, test in globals().items() if name.startswith("test_") and test.__doc__]

    assert [" ".join(text.split()) for text in shown] == sentences


# Time


def test_ticks() -> None:
    """Time is counted in whole ticks, 10⁹ to the unit unless the kernel is told otherwise; components see
    floats.
    """
    probe = Probe(start=lambda me: me.after(1.5, me.on_tick), on_tick=lambda me: me.emit("now", now=me.now))
    fine, coarse = Kernel(System(p=probe)), Kernel(System(p=Probe(**probe.deeds)), ticks_per_unit=2)
    seen, roughly = records(fine), records(coarse)

    fine.run(2)
    coarse.run(2)

    assert seen == roughly == [(1.5, "p", "on_tick"), (1.5, "p", "now", 1.5)]
    assert isinstance(seen[1][3], float)
    assert (fine.line.now >> ORDER_BITS, coarse.line.now >> ORDER_BITS) == (2 * 10**9, 4)


def test_nearest_tick() -> None:
    """A time or a delay goes to the nearest tick, so that 0.1 + 0.2 is 0.3."""

    def start(me: Any) -> None:
        me.after(0.1 + 0.2, me.on_tick, 1)
        me.after(0.3, me.on_tick, 2)
        me.at(0.1 + 0.2, me.on_tick, 3)
        me.after(0.3 + 0.4e-9, me.on_tick, 4)
        me.after(0.3 - 0.4e-9, me.on_tick, 5)
        me.after(0.3 + 0.6e-9, me.on_tick, 6)

    assert 0.1 + 0.2 != 0.3
    assert simulate(System(p=Probe(start=start))) == [
        *[(0.3, "p", "on_tick", number) for number in (1, 2, 3, 4, 5)],
        (0.300000001, "p", "on_tick", 6),
    ]


@pytest.mark.parametrize("delays", list(itertools.permutations((10.3, 9.7, 3.3))))
def test_sums(delays: tuple[float, ...]) -> None:
    """Delays add up exactly, in whatever order."""
    left = list(delays)

    def go_on(me: Any) -> None:
        if left:
            me.after(left.pop(0), me.on_tick)

    seen = simulate(System(p=Probe(start=go_on, on_tick=go_on)), until=23.3)

    assert [record[0] for record in seen] == [delays[0], pytest.approx(delays[0] + delays[1]), 23.3]


@pytest.mark.parametrize("interval", [0.1, 0.3, 0.7, 1 / 3, 1e-3])
def test_periods(interval: float) -> None:
    """`at(k * interval)` meets the k-th of a row of `after(interval)`."""
    interval = round(interval, 9)

    def start(me: Any) -> None:
        for k in range(1, 3001):
            me.at(k * interval, me.on_tick, k)
        me.after(interval, me.on_tock)

    seen = simulate(
        System(p=Probe(start=start, on_tock=lambda me: me.after(interval, me.on_tock))), 3000 * interval
    )

    by_row = [time for time, _, event, *_ in seen if event == "on_tock"]
    assert by_row == [time for time, _, event, *_ in seen if event == "on_tick"]
    assert len(by_row) == 3000


def test_large_times() -> None:
    """At large times delays stay exact, and an absolute time is the decimal that the float prints as."""

    def start(me: Any) -> None:
        me.at(1e8 + 0.1, me.on_tick, 1)
        me.after(1e8 + 0.1, me.on_tick, 2)
        me.at(100_000_000, me.on_tock)

    later = Probe(start=start, on_tock=lambda me: me.after(0.1, me.on_tick, 3))

    assert simulate(System(p=later), until=2e8) == [
        (1e8, "p", "on_tock"),
        *[(100000000.1, "p", "on_tick", number) for number in (1, 2, 3)],
    ]


def test_no_delay() -> None:
    """A delay of less than half a tick, even a negative one, is no delay."""

    def start(me: Any) -> None:
        me.after(0.4e-9, me.on_tick, 1)
        me.after(0.3 - 0.1 - 0.2, me.on_tick, 2)
        me.after(0, me.on_tick, 3)

    assert 0.3 - 0.1 - 0.2 < 0
    assert simulate(System(p=Probe(start=start))) == [(0, "p", "on_tick", number) for number in (1, 2, 3)]


@pytest.mark.parametrize("delay", [-0.001, math.nan, -math.inf, -1])
def test_wrong_delays(delay: float) -> None:
    """A delay or time advance that is negative or not a number, and a time in the past, is an error of the
    component.
    """
    wrong: list[Any] = [
        Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.after(delay, me.on_tick)),
        Probe(
            start=lambda me: me.after(1, me.on_tick),
            on_tick=lambda me: me.after(delay, me.on_tick, 1, order=1),
        ),
        Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.at(1 + delay, me.on_tick)),
        Classic(1, delay),
    ]

    for component in wrong:
        with pytest.raises(SimulationError, match=r"negative|not a number|past") as caught:
            simulate(System(other=Probe(), p=component))
        assert (caught.value.component, caught.value.time) == ("p", 1)


def test_never() -> None:
    """What is due after an infinite delay never happens."""

    def start(me: Any) -> None:
        me.after(math.inf, me.on_tick)
        me.at(math.inf, me.on_tick, order=3)
        me.after(math.inf, me.on_tick, 1)

    kernel = Kernel(System(p=Probe(start=start), c=Classic(math.inf)))
    seen = records(kernel)

    assert not kernel.step()
    assert kernel.next_time == math.inf
    assert not seen


# Orders


def test_order_of_orders() -> None:
    """An instant is a tick and an order from 0 to 65535; at one tick lower orders happen first."""

    def start(me: Any) -> None:
        for order in (65535, 3, 1, 2, 0):
            me.after(1, me.on_tick, order, order=order)

    kernel = Kernel(System(p=Probe(start=start)))
    seen = records(kernel)
    kernel.run(2)

    assert seen == [(1, "p", "on_tick", order) for order in (0, 1, 2, 3, 65535)]
    for order in (-1, 65536):
        wrong = Probe(start=partial(_at_order, order))
        with pytest.raises(SimulationError, match=f"order {order} is outside 0 … 65535"):
            simulate(System(p=wrong))


def _at_order(order: int, me: Any) -> None:
    me.after(1, me.on_tick, order=order)


def test_usual_order() -> None:
    """The order of a timer is 0 unless another is given."""

    def start(me: Any) -> None:
        me.after(1, me.on_tick, 1, order=1)
        me.after(1, me.on_tick, 2)
        me.at(1, me.on_tick, 3)
        me.after(1, me.on_tick, 4, order=0)

    assert [seen[3] for seen in simulate(System(p=Probe(start=start)))] == [2, 3, 4, 1]


def test_messages_keep_the_instant() -> None:
    """A message arrives at the tick and order at which it was sent."""
    sender = Probe(start=lambda me: me.after(1, me.on_tick, order=2), on_tick=lambda me: me.send(me.x, 7))

    def start(me: Any) -> None:
        for order in (1, 2, 3):
            me.after(1, me.on_tick, order, order=order)

    seen = simulate(System("s.x > r.a", s=sender, r=Probe(start=start)))

    assert [record[1:] for record in seen] == [
        ("r", "on_tick", 1),
        ("s", "on_tick"),
        ("r", "on_tick", 2),
        ("r", "on_a", 7),
        ("r", "on_tick", 3),
    ]


def test_nothing_goes_back() -> None:
    """A timer for the present tick at an order that is over is due at the present order: nothing goes back."""

    def at_two(me: Any) -> None:
        me.after(0, me.on_tock, 0)
        me.at(1, me.on_tock, 1, order=1)
        me.after(0, me.on_tock, 3, order=3)
        me.after(0.4e-9, me.on_tock, 2)

    probe = Probe(start=lambda me: me.after(1, me.on_tick, order=2), on_tick=at_two)
    kernel = Kernel(System(p=probe))
    instants: list[tuple[int, Any]] = []
    kernel.line.sink = lambda tick, entity, event, payload, path: instants.append(
        (kernel.line.now, payload["seen"])
    )

    kernel.run(2)

    base = 10**9 << ORDER_BITS
    assert instants == [
        (base + 2, ()),
        (base + 2, (0,)),
        (base + 2, (1,)),
        (base + 2, (2,)),
        (base + 3, (3,)),
    ]


def test_classic_orders() -> None:
    """A classic component's time advance leads to order 0 of a later tick; one of 0 stays at the present
    order.
    """
    sender = Probe(start=lambda me: me.after(1, me.on_tick, order=2), on_tick=lambda me: me.send(me.x, 7))

    class Answering(Classic):
        def deltext(self, e: float) -> None:
            self.delays = [0, 1]
            self._wait()

    kernel = Kernel(System("s.x > c.a", "c.x > r.a", s=sender, c=Answering(), r=Probe()))
    instants: list[int] = []
    kernel.line.sink = lambda *record: instants.append(kernel.line.now) if record[-1] == "r" else None

    kernel.run(5)

    assert instants == [(10**9 << ORDER_BITS) + 2, 2 * 10**9 << ORDER_BITS]


# Rounds


def test_start() -> None:
    """Before the first round `start` of every component runs, at time 0 and order 0."""

    def start(me: Any) -> None:
        me.emit("start", now=me.now)
        me.after(0, me.on_tick)

    seen = simulate(System(p=Probe(start=start), q=Probe(start=start)))

    assert [record[1:3] for record in seen] == [
        ("p", "start"),
        ("q", "start"),
        ("p", "on_tick"),
        ("q", "on_tick"),
    ]
    assert {record[0] for record in seen} == {0}


def test_sent_in_start() -> None:
    """What is sent in `start` arrives in the first round, together with what timers of that instant send."""
    early = Probe(start=lambda me: me.send(me.x, 1))
    timed = Probe(start=lambda me: me.after(0, me.on_tick), on_tick=lambda me: me.send(me.x, 2))

    seen = simulate(
        System("t.x > r.a", "e.x > r.a", e=early, t=timed, r=Probe(on_a=lambda me: me.send(me.x, 0)))
    )

    # Had they come in two rounds, the second coupling's message would have been the first.
    assert [record[1:] for record in seen] == [("t", "on_tick"), ("r", "on_a", 2), ("r", "on_a", 1)]


def test_fire_first() -> None:
    """All timers that are due fire before any message of the round arrives."""
    receiver = Probe()
    last = Probe(start=lambda me: me.after(1, me.on_tick))
    sender = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.send(me.x, 7))

    seen = simulate(System("s.x > r.a", s=sender, r=receiver, last=last))

    assert [record[1:3] for record in seen] == [("s", "on_tick"), ("last", "on_tick"), ("r", "on_a")]


def test_order_of_setting() -> None:
    """Timers of one component fire in the order in which they were set, whatever their delays."""

    def start(me: Any) -> None:
        me.after(2, me.on_tock, 1)
        me.after(1, me.on_tick)
        me.at(2, me.on_tick, 2)

    probe = Probe(start=start, on_tick=lambda me: me.now == 1 and me.after(1, me.on_tock, 3))

    assert [record[3:] for record in simulate(System(p=probe)) if record[0] == 2] == [(1,), (2,), (3,)]


def test_order_of_firing() -> None:
    """Timers of different components fire in the order of the components."""
    first = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.after(1, me.on_tock))
    second = Probe(start=lambda me: me.after(2, me.on_tock))

    seen = simulate(System(first=first, second=second))

    assert seen[1:] == [(2, "first", "on_tock"), (2, "second", "on_tock")]


def test_order_of_components() -> None:
    """The order of components is that of their declaration, depth first."""

    def probe() -> Probe:
        return Probe(start=lambda me: me.after(1, me.on_tick))

    seen = simulate(System(a1=probe(), z=System(k=probe(), b=System(q=probe())), c=probe()))

    assert [record[1] for record in seen] == ["a1", "z.k", "z.b.q", "c"]


def test_same_round_next_round() -> None:
    """What a timer sends arrives in the same round; what an input handler sends arrives in the next."""

    def start(me: Any) -> None:
        me.after(1, me.on_tick)

    sender = Probe(start=start, on_tick=lambda me: me.send(me.x, 1))
    echo = Probe(on_a=lambda me: me.send(me.x, 2))
    # It measures the round by a timer without delay: that fires in the next one, before messages.
    judge = Probe(on_a=lambda me: me.after(0, me.on_tock))

    seen = simulate(System("s.x > e.a", "s.x > j.a", "e.x > j.b", s=sender, e=echo, j=judge))

    assert [record[1:] for record in seen] == [
        ("s", "on_tick"),
        ("e", "on_a", 1),
        ("j", "on_a", 1),
        ("j", "on_tock"),
        ("j", "on_b", 2),
    ]


def test_set_during_a_round() -> None:
    """A timer that is set during a round fires in a later one, even without delay."""
    first = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.after(0, me.on_tock))
    second = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.send(me.x, 7))

    seen = simulate(System("second.x > first.a", first=first, second=second))

    assert [record[1:3] for record in seen] == [
        ("first", "on_tick"),
        ("second", "on_tick"),
        ("first", "on_a"),
        ("first", "on_tock"),
    ]


def test_confluence() -> None:
    """When timers and messages coincide, a component's timers fire first, then its inputs are handled."""
    sender = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.send(me.x, 7))
    receiver = Probe(start=lambda me: (me.after(1, me.on_tick), me.after(1, me.on_tock)))

    for system in (
        System("s.x > r.a", s=sender, r=receiver),
        System("s.x > r.a", r=Probe(**receiver.deeds), s=Probe(**sender.deeds)),
    ):
        seen = [record[2] for record in simulate(system) if record[1] == "r"]
        assert seen == ["on_tick", "on_tock", "on_a"]


def test_order_of_handling() -> None:
    """Messages are handled component by component, within one in the order of its ports, within a port in that
    of the couplings.
    """

    def sender(number: int) -> Probe:
        return Probe(
            start=lambda me: me.after(1, me.on_tick),
            on_tick=lambda me: (me.send(me.y, number + 1), me.send(me.x, number)),
        )

    system = System(
        "late.x > q.a",
        "early.x > q.a",
        "late.y > q.b",
        "late.y > p.b",
        "early.x > p.a",
        early=sender(10),
        p=Probe(),
        q=Probe(),
        late=sender(20),
    )

    assert [record[1:] for record in simulate(system)][2:] == [
        ("p", "on_a", 10),
        ("p", "on_b", 21),
        ("q", "on_a", 20),
        ("q", "on_a", 10),
        ("q", "on_b", 21),
    ]


def test_order_of_couplings() -> None:
    """The couplings to a port count inside a coupled component first, then from outside, each kind as it was
    made.
    """

    def sender(number: int) -> Probe:
        return Probe(start=lambda me: me.send(me.x, number))

    handler, classic = Probe(), Classic()
    hall = System(
        "b > r.a",
        "a > r.a",
        "s.x > r.a",
        "t.x > r.a",
        "b > c.a",
        "a > c.a",
        "t.x > c.a",
        s=sender(3),
        r=handler,
        c=classic,
        t=sender(4),
    )
    system = System("u.x > hall.a", "v.x > hall.b", u=sender(1), v=sender(2), hall=hall)

    assert [record[3] for record in simulate(system)] == [3, 4, 2, 1]
    assert classic.log == [("ext", 0, [4, 2, 1])]


def test_expansion() -> None:
    """Where a coupling comes from a coupled component, that component's own sources stand in its place."""

    def sender(number: int) -> Probe:
        return Probe(start=lambda me: me.send(me.x, number))

    classic = Classic()
    hall = System("t.x > x", "s.x > x", s=sender(1), t=sender(2))
    system = System(
        "v.x > r.a",
        "hall.x > r.a",
        "u.x > r.a",
        "v.x > c.a",
        "hall.x > c.a",
        "u.x > c.a",
        hall=hall,
        u=sender(3),
        v=sender(4),
        r=Probe(),
        c=classic,
    )

    assert [record[3] for record in simulate(system)] == [4, 2, 1, 3]
    assert classic.log == [("ext", 0, [4, 2, 1, 3])]


def test_two_ways() -> None:
    """A source that reaches a port by two ways comes twice: everything by the first way, then everything by
    the second.
    """

    def sender(number: int) -> Probe:
        return Probe(start=lambda me: (me.send(me.x, number), me.send(me.x, number + 1)))

    classic = Classic()
    hall = System("s.x > x", "s.x > y", s=sender(1))
    system = System(
        "hall.x > r.a",
        "u.x > r.a",
        "hall.y > r.a",
        "hall.x > c.a",
        "u.x > c.a",
        "hall.y > c.a",
        hall=hall,
        u=sender(3),
        r=Probe(),
        c=classic,
    )

    assert [record[3] for record in simulate(system)] == [1, 2, 3, 4, 1, 2]
    assert classic.log == [("ext", 0, [1, 2, 3, 4, 1, 2])]


def test_order_of_sending() -> None:
    """Messages from one port to another keep the order in which they were sent."""

    def start(me: Any) -> None:
        me.after(1, me.on_tick)
        me.after(1, me.on_tock)

    sender = Probe(
        start=start,
        on_tick=lambda me: (me.send(me.x, 3), me.send(me.y, 9), me.send(me.x, 1)),
        on_tock=lambda me: me.send(me.x, 2),
    )

    seen = simulate(System("s.x > r.a", s=sender, r=Probe()))

    assert [record[3] for record in seen if record[1] == "r"] == [3, 1, 2]


def test_one_transition() -> None:
    """A classic component takes one transition in a round: internal, external, or confluent."""
    classic = Classic(1, 1, 1)

    def start(me: Any) -> None:
        for time in (0.5, 2):
            me.after(time, me.on_tick)
            me.after(time, me.on_tock)

    sender = Probe(start=start, on_tick=lambda me: me.send(me.x, 7), on_tock=lambda me: me.send(me.x, 8))

    seen = simulate(System("s.x > c.a", "c.x > r.b", s=sender, c=classic, r=Probe()))

    assert classic.log == [("ext", 0.5, [7, 8]), "int", ("con", [7, 8]), "int"]
    assert [record for record in seen if record[1] == "r"] == [
        (time, "r", "on_b", time) for time in (1, 2, 3)
    ]


def test_elapsed() -> None:
    """The elapsed time of a classic component counts from its last transition, of whatever kind."""
    classic = Classic(0.3, 0.5, 5)

    def start(me: Any) -> None:
        for time in (0.1, 0.4, 0.5, 0.8, 1):
            me.at(time, me.on_tick)

    simulate(System("s.x > c.a", s=Probe(start=start, on_tick=lambda me: me.send(me.x, 7)), c=classic))

    # At 0.3 an internal transition, at 0.8 a confluent one.
    elapsed = [entry[1] for entry in classic.log if entry[0] == "ext"]
    assert elapsed == [0.1, 0.1, 0.1, 0.2]
    assert [entry[0] for entry in classic.log] == ["ext", "i", "ext", "ext", "con", "ext", "i"]


# Timers


def test_set_twice() -> None:
    """A timer that is set twice fires twice."""

    def start(me: Any) -> None:
        me.after(1, me.on_tick)
        me.after(1, me.on_tick)
        me.after(2, me.on_tick)
        me.after(1, me.on_tick, 5)
        me.after(1, me.on_tick, 5)

    seen = simulate(System(p=Probe(start=start)))

    assert [(record[0], *record[3:]) for record in seen] == [(1,), (1,), (1, 5), (1, 5), (2,)]


def test_cancel_all() -> None:
    """`cancel` without arguments takes back every pending call of a handler."""

    def start(me: Any) -> None:
        for arguments in ((), (), (1,), (1, 2)):
            me.after(1, me.on_tick, *arguments)
            me.after(1, me.on_tock, *arguments)
        me.cancel(me.on_tick)
        me.cancel(me.on_tick)

    seen = simulate(System(p=Probe(start=start)))

    assert [record[2:] for record in seen] == [("on_tock",), ("on_tock",), ("on_tock", 1), ("on_tock", 1, 2)]


def test_cancel_some() -> None:
    """`cancel` with arguments takes back the calls with just these arguments."""

    def start(me: Any) -> None:
        for arguments in ((), (1,), (2,), (1, 2), (1,)):
            me.after(1, me.on_tick, *arguments)
        me.cancel(me.on_tick, 1)
        me.cancel(me.on_tick, 3)

    assert [record[3:] for record in simulate(System(p=Probe(start=start)))] == [(), (2,), (1, 2)]


def test_cancel_in_time() -> None:
    """A timer that is due but has not fired yet can be cancelled."""

    def start(me: Any) -> None:
        me.after(1, me.on_tick)
        me.after(1, me.on_tock, 1)
        me.after(1, me.on_tock, 2)
        me.after(1, me.on_tock, 3, order=1)

    probe = Probe(start=start, on_tick=lambda me: (me.cancel(me.on_tock, 2), me.cancel(me.on_tock, 3)))

    assert [record[2:] for record in simulate(System(p=probe))] == [("on_tick",), ("on_tock", 1)]


def test_remaining() -> None:
    """`remaining` is the time to the next pending call of a handler, infinite where there is none."""
    asked: list[Any] = []

    def ask(me: Any) -> None:
        asked.append((me.remaining(me.on_tick), me.remaining(me.on_tock), me.remaining(me.on_tock, 1)))

    def start(me: Any) -> None:
        ask(me)
        me.after(1.3, me.on_tick)
        me.after(0.7, me.on_tick)
        me.after(0.5, me.on_tock, 1)
        me.after(0.1, me.on_tock, 2)
        me.after(0.1, me.on_tick, order=4)
        ask(me)

    simulate(System(p=Probe(start=start, on_tock=ask)))

    assert asked == [
        (math.inf, math.inf, math.inf),
        (0.1, 0.1, 0.5),
        (0.0, 0.4, 0.4),
        (0.2, math.inf, math.inf),
    ]


def test_no_longer_pending() -> None:
    """A timer that fires is no longer pending when its handler runs."""
    asked: list[float] = []

    def again(me: Any) -> None:
        asked.append(me.remaining(me.on_tick))
        me.cancel(me.on_tick)
        me.after(1, me.on_tick)

    probe = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=again)

    seen = simulate(System(p=probe), until=2)

    assert asked == [math.inf, math.inf]
    assert [record[0] for record in seen] == [1, 2]


# Outside


def test_injected_in_time() -> None:
    """A message that is injected for an instant arrives in the first round there, with everything that is sent
    in it.
    """
    classic = Classic(1)
    sender = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.send(me.x, 7))
    kernel = Kernel(
        System("s.x > r.a", "a > r.a", "a > c.a", s=sender, r=Probe(start=sender.deeds["start"]), c=classic)
    )
    seen = records(kernel)
    kernel.inject("a", 8, 1)

    kernel.run(1)

    assert [record[1:] for record in seen] == [
        ("s", "on_tick"),
        ("r", "on_tick"),
        ("r", "on_a", 7),
        ("r", "on_a", 8),
    ]
    assert classic.log == [("con", [8])]


def test_injected_late() -> None:
    """A message that is injected for an instant that has been simulated arrives in one more round there."""
    classic = Classic(1, 1)
    kernel = Kernel(System("a > c.a", "a > r.a", c=classic, r=Probe()))
    seen = records(kernel)
    kernel.run(1)

    kernel.inject("a", 8, 1)
    kernel.inject("a", 9)
    kernel.run(1)

    assert classic.log == ["int", ("ext", 0, [8, 9])]
    assert seen == [(1, "r", "on_a", 8), (1, "r", "on_a", 9)]


def test_injected_in_turn() -> None:
    """A message that is injected in turn, as commands on stdin are, arrives by itself when nothing else is left
    at its instant.
    """
    classic = Classic(1, 0)
    probe = Probe(start=lambda me: me.at(1, me.on_tick, order=1))
    kernel = Kernel(System("a > c.a", "a > p.a", "c.x > p.b", c=classic, p=probe))
    seen = records(kernel)
    kernel.inject("a", 8, 1, in_turn=True)

    kernel.run(1)

    assert [record[2:] for record in seen] == [("on_b", 1), ("on_b", 2), ("on_a", 8), ("on_tick",)]
    assert classic.log == ["int", "int", ("ext", 0, [8])]


def test_several_in_turn() -> None:
    """Several of one instant arrive in the order of their injection, each when nothing is left of the one
    before.
    """
    kernel = Kernel(System("a > e.a", "b > e.b", "e.x > p.a", e=Echo(), p=Probe()))
    seen = records(kernel)
    for port, message in (("b", 1), ("a", 2), ("b", 3)):
        kernel.inject(port, message, 1, in_turn=True)

    kernel.run(1)

    # Each tick and what is sent there takes two rounds after the message.
    assert [record[2:] for record in seen] == [
        (event, number) for number in (0, 1, 2, 3, 9) for event in ("tick", "on_a")
    ]


def test_outputs() -> None:
    """What leaves the model is reported after everything else in the round, in the order of its ports."""
    told: list[Any] = []
    sender = Probe(
        start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: (me.send(me.y, 2), me.send(me.x, 1))
    )
    system = System(
        "s.x > x", "s.y > y", "s.y > r.a", s=sender, r=Probe(on_a=lambda me: told.append("handled"))
    )
    kernel = Kernel(system, on_output=lambda *output: told.append(output))

    kernel.run(1)

    assert told == ["handled", (1, "x", 1), (1, "y", 2)]


def test_horizon() -> None:
    """`run(until)` simulates every order of `until`, and with `closed=False` none."""

    def start(me: Any) -> None:
        for order in (0, 3, 65535):
            me.after(1, me.on_tick, order, order=order)
        me.at(1.000000001, me.on_tock)

    kernel = Kernel(System(p=Probe(start=start)))
    seen = records(kernel)

    kernel.run(1, closed=False)
    assert not seen
    kernel.run(1)
    assert [record[3:] for record in seen] == [(0,), (3,), (65535,)]


def test_after_run() -> None:
    """After `run(until)` it is `until`, and running to an earlier time does nothing."""
    kernel = Kernel(System(p=Probe(start=lambda me: me.after(3, me.on_tick))))
    seen = records(kernel)

    for until, closed in ((2, True), (1, True), (0, False)):
        kernel.run(until, closed)
        assert (kernel.time, kernel.next_time, seen) == (2, 3, [])
    kernel.run(4)
    assert (kernel.time, kernel.next_time, seen) == (4, math.inf, [(3, "p", "on_tick")])


def test_finish() -> None:
    """`finish` runs `stop` of every component at the present time; it may emit and must not send."""
    classic = Classic()
    kernel = Kernel(
        System(
            p=Probe(stop=lambda me: me.emit("stop", now=me.now)),
            c=classic,
            q=Probe(stop=lambda me: me.emit("stop", now=me.now)),
        )
    )
    seen = records(kernel)
    kernel.run(2.5)

    kernel.finish()

    assert seen == [(2.5, "p", "stop", 2.5), (2.5, "q", "stop", 2.5)]
    assert classic.log == ["exit"]
    sending = Kernel(System(p=Probe(stop=lambda me: me.send(me.x, 1))))
    sending.run(1)
    with pytest.raises(SimulationError, match=r"p failed at time 1\.0 in stop: .*a message was sent in stop"):
        sending.finish()


def test_what_was_sent_in_start_is_not_blamed_on_stop() -> None:
    kernel = Kernel(System("p.x > r.a", p=Probe(start=lambda me: me.send(me.x, 1)), r=Probe()))
    seen = records(kernel)
    kernel.run(0, closed=False)

    kernel.finish()

    assert seen == []


# Parameters that change


class Shop(Atomic):
    """Holds its parameters in several ways."""

    def __init__(self, rate: float, beds: int) -> None:
        self.interval = 1 / rate
        self.wards = {"icu": (beds, "free"), "standard": [rate, 20]}
        self.free = beds

    def start(self) -> None:
        self.doubled = 2 * self.interval
        for order in (3, 0):
            self.after(2, self.on_tick, self.interval, order=order)

    def on_tick(self, argument: float) -> None:
        self.emit("tick", seen=(argument, self.interval, self.doubled, self.wards))

    def take(self) -> None:
        self.free -= 1


def changed(kernel: Kernel, **parameters: Any) -> None:
    before = {"rate": 0.5, "beds": 5}
    kernel.alter(differences(System(p=Shop(**before)), System(p=Shop(**before | parameters))))


def test_change_comes_first() -> None:
    """A change at a time comes before everything else that happens at that time, whatever its order."""
    kernel = Kernel(System(p=Shop(0.5, 5)))
    seen = records(kernel)

    kernel.run(2, closed=False)
    assert kernel.time == 2
    changed(kernel, rate=0.25)
    kernel.run(2)

    assert [(record[0], record[4]) for record in seen] == [(2, 4), (2, 4)]


def test_change_reaches_fields() -> None:
    """What `__init__` has worked out from a parameter changes with it, wherever a field holds it and in every copy
    of a component.
    """
    copies = {"p": Shop(0.5, 5), "q": Shop(0.5, 5)}
    kernel = Kernel(System(hall=System(**copies), r=Shop(0.125, 7)))
    other = [
        System(hall=System(p=Shop(rate, beds), q=Shop(rate, beds)), r=Shop(0.125, 7))
        for rate, beds in ((0.5, 5), (0.25, 6))
    ]

    kernel.run(1)
    kernel.alter(differences(*other))

    for shop in copies.values():
        assert (shop.interval, shop.free) == (4, 6)
        assert shop.wards == {"icu": (6, "free"), "standard": [0.25, 20]}


def test_change_leaves_timers() -> None:
    """Timers that are pending keep their times and their arguments."""
    shop = Shop(0.5, 5)
    kernel = Kernel(System(p=shop))
    seen = records(kernel)

    kernel.run(1)
    changed(kernel, rate=0.25)
    assert shop.remaining(shop.on_tick) == 1
    kernel.run(9)

    assert [(record[0], record[3]) for record in seen] == [(2, 2), (2, 2)]


def test_change_leaves_what_came_later() -> None:
    """What has been worked out later, be it in `start`, keeps its value."""
    shop = Shop(0.5, 5)
    kernel = Kernel(System(p=shop))

    kernel.run(1)
    changed(kernel, rate=0.25)

    assert (shop.interval, shop.doubled) == (4, 4)


def test_change_of_state() -> None:
    """A field that has become something else by now cannot change with a parameter: that is refused, and nothing
    has changed.
    """
    shop = Shop(0.5, 5)
    kernel = Kernel(System(p=shop))
    kernel.run(1)
    shop.take()

    with pytest.raises(
        UsageError, match=r"p\.free was 5 when the component was made, and is something else by now"
    ):
        changed(kernel, rate=0.25, beds=6)

    assert (shop.interval, shop.free, shop.wards["icu"]) == (2, 4, (5, "free"))


# Errors


def test_names() -> None:
    """An error in a component ends the simulation and names the component, the time and the event."""
    sender = Probe(start=lambda me: me.after(1.5, me.on_tick), on_tick=lambda me: me.send(me.x, 7))
    system = System("s.x > hall.a", s=sender, hall=System("a > r.a", r=Probe(on_a=lambda me: 1 / 0)))

    with pytest.raises(
        SimulationError, match=r"hall\.r failed at time 1\.5 in on_a\(7\): ZeroDivisionError"
    ) as caught:
        simulate(system)

    assert (caught.value.component, caught.value.time, caught.value.event) == ("hall.r", 1.5, "on_a(7)")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_was_told() -> None:
    """What was emitted before an error stays emitted."""
    kernel = Kernel(System(p=Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: 1 / 0)))
    seen = records(kernel)

    with pytest.raises(SimulationError):
        kernel.run(2)

    assert seen == [(1, "p", "on_tick")]


def test_loops() -> None:
    """A model that stays at one tick for more than `max_rounds` rounds is stopped, and the components that
    wait are named.
    """

    def again(me: Any) -> None:
        me.send(me.x, 1)

    def system() -> System:
        ping = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=again, on_a=again)
        return System("ping.x > pong.a", "pong.x > ping.a", idle=Probe(), ping=ping, pong=Probe(on_a=again))

    kernel = Kernel(system(), max_rounds=100)

    with pytest.raises(
        SimulationError, match=r"p[io]ng failed at time 1\.0 in a loop without delay: 100 rounds"
    ):
        kernel.run(2)


# Under xdevs' Coordinator


def test_under_the_coordinator() -> None:
    """There a handler-style component counts in instants, tick · 65536 + order: its time advance is their
    difference.
    """
    probe = Probe(
        start=lambda me: me.after(1.5, me.on_tick, order=3), on_tick=lambda me: me.after(1, me.on_tick)
    )
    coordinator = Coordinator(System(p=probe))
    seen: list[Any] = []
    probe._seat.timeline.sink = lambda tick, *rest: seen.append((tick, coordinator.clock.time))

    coordinator.initialize()
    assert probe.ta() == 1_500_000_000 * 65536 + 3
    coordinator.simulate(2)

    assert seen == [
        (1_500_000_000, 1_500_000_000 * 65536 + 3),
        (2_500_000_000, 2_500_000_000 * 65536),
    ]


def test_streams_under_the_coordinator() -> None:
    """There no records are kept, and random streams have seed 0, replication 0 and the name of the class as
    their path.
    """
    drawn: list[float] = []

    def start(me: Any) -> None:
        me.emit("unheard")
        drawn.append(me.rng.random())

    Coordinator(System(p=Probe(start=start))).initialize()

    assert drawn == [stream(0, 0, "Probe").random()]
