"""Messages from outside: at any time, also exactly at that of an internal event, nothing is lost or late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gsim_devs.runtime import Kernel
from tests.runtime.probes import Classic, Echo, Probe, System, records


@pytest.mark.parametrize("period", [0.1, 0.3, 1 / 3, 0.7])
def test_every_injection_at_an_internal_event_is_a_confluent_transition(period: float) -> None:
    periods = 300
    classic = Classic(*[period] * periods)
    outputs: list[Any] = []
    kernel = Kernel(
        System("a > c.a", "c.x > x", c=classic), on_output=lambda *output: outputs.append(output[2])
    )
    ticks = round(period * 1e9)

    for number in range(1, periods + 1):
        kernel.inject("a", number, number * ticks / 1e9)
    kernel.run()

    # Under xdevs' Coordinator the imminent output would be lost.
    assert classic.log == [("con", [number]) for number in range(1, periods + 1)]
    assert outputs == list(range(1, periods + 1))


@pytest.mark.parametrize("paused", [False, True], ids=["all at once", "with a pause before each"])
def test_timer_and_injection_at_one_instant_both_happen_timer_first(paused: bool) -> None:
    probe = Probe(
        start=lambda me: me.after(0.1, me.on_tick),
        on_tick=lambda me: (me.send(me.x, 1), me.after(0.1, me.on_tick)),
    )
    outputs: list[Any] = []
    kernel = Kernel(System("a > p.a", "p.x > x", p=probe), on_output=lambda *output: outputs.append(output))
    seen = records(kernel)

    for number in range(1, 101):
        if paused:
            kernel.run(number / 10, closed=False)
        kernel.inject("a", number, number / 10)
    kernel.run(10)

    assert [record[2] for record in seen] == ["on_tick", "on_a"] * 100
    assert [record[3] for record in seen[1::2]] == list(range(1, 101))
    assert outputs == [(number / 10, "x", 1) for number in range(1, 101)]


def test_injections_of_one_instant_keep_their_order_within_a_port() -> None:
    classic = Classic()
    kernel = Kernel(System("a > p.a", "b > p.b", "a > c.a", p=Probe(), c=classic))
    seen = records(kernel)

    for port, message in (("b", 1), ("a", 2), ("b", 3), ("a", 4)):
        kernel.inject(port, message, 1)
    kernel.run()

    assert [record[2:] for record in seen] == [("on_a", 2), ("on_a", 4), ("on_b", 1), ("on_b", 3)]
    assert classic.log == [("ext", 1, [2, 4])]


def test_an_injection_happens_at_its_order() -> None:
    def start(me: Any) -> None:
        for order in (0, 1, 2):
            me.at(1, me.on_tick, order, order=order)

    kernel = Kernel(System("a > p.a", p=Probe(start=start)))
    seen = records(kernel)

    kernel.inject("a", 8, 1, order=2)
    kernel.inject("a", 7, 1, order=1)
    kernel.inject("a", 9, 1, order=3)
    kernel.run()

    assert [record[2:] for record in seen] == [
        ("on_tick", 0),
        ("on_tick", 1),
        ("on_a", 7),
        ("on_tick", 2),
        ("on_a", 8),
        ("on_a", 9),
    ]


def test_an_injection_at_an_order_that_is_over_happens_at_the_present_one() -> None:
    kernel = Kernel(System("a > p.a", p=Probe(start=lambda me: me.at(1, me.on_tick, order=5))))
    instants: list[int] = []
    kernel.line.sink = lambda *record: instants.append(kernel.line.now & 65535)
    kernel.run(1)

    kernel.inject("a", 7, order=3)
    kernel.run(1)

    assert instants == [5, 5]


def test_an_injection_at_time_zero_is_there_in_the_first_round() -> None:
    probe = Probe(start=lambda me: me.after(0, me.on_tick))
    kernel = Kernel(System("a > p.a", "a > hall.a", p=probe, hall=System("a > c.a", c=Classic(0))))
    seen = records(kernel)
    kernel.inject("a", 7)

    assert kernel.next_time == 0
    assert kernel.step()
    assert [record[2] for record in seen] == ["on_tick", "on_a"]


def test_an_injection_reaches_components_at_every_depth() -> None:
    classic = Classic()
    deep = System("a > in_.a", in_=System("a > p.a", "b > p.b", "a > c.a", p=Probe(), c=classic))
    kernel = Kernel(System("a > deep.a", "a > top.b", deep=deep, top=Probe()))
    seen = records(kernel)

    kernel.inject("a", 7, 2)
    kernel.run()

    assert seen == [(2, "deep.in_.p", "on_a", 7), (2, "top", "on_b", 7)]
    assert classic.log == [("ext", 2, [7])]


def test_an_injection_into_a_port_that_leads_nowhere_takes_its_time_and_no_more() -> None:
    kernel = Kernel(System("a > p.a", p=Probe()))
    seen = records(kernel)

    kernel.inject("b", 7, 3)
    kernel.run()

    assert not seen
    assert kernel.time == 3


def test_a_single_handler_component_is_a_model() -> None:
    outputs: list[Any] = []
    kernel = Kernel(Probe(on_a=lambda me: me.send(me.x, 1)), on_output=lambda *output: outputs.append(output))
    seen = records(kernel)

    kernel.inject("a", 7, 2)
    kernel.run()

    assert seen == [(2, "Probe", "on_a", 7)]
    assert outputs == [(2, "x", 1)]


def test_what_is_injected_while_outputs_are_reported_arrives_at_the_same_instant() -> None:
    probe = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.send(me.x, 1))
    kernel = Kernel(System("a > p.a", "p.x > x", p=probe), on_output=lambda *_: kernel.inject("a", 7))
    seen = records(kernel)

    kernel.run()

    assert seen == [(1, "p", "on_tick"), (1, "p", "on_a", 7)]


def test_an_output_of_the_model_may_also_be_used_inside() -> None:
    outputs: list[Any] = []
    model = System(
        "p.x > x", "p.x > c.a", "c.x > y", p=Probe(start=lambda me: me.send(me.x, 5)), c=Classic(2)
    )
    kernel = Kernel(model, on_output=lambda *output: outputs.append(output))

    kernel.run()

    assert outputs == [(0, "x", 5), (2, "y", 1)]


def test_many_that_wait_their_turn_are_no_loop() -> None:
    for advance in (Kernel.run, lambda kernel: all(iter(kernel.step, False))):
        kernel = Kernel(System("a > p.a", p=Probe()), max_rounds=10)
        seen = records(kernel)

        for number in range(100):
            kernel.inject("a", number, 1, in_turn=True)
        advance(kernel)

        assert [record[3] for record in seen] == list(range(100))


def test_what_waits_its_turn_waits_in_a_fork_and_a_snapshot_too() -> None:
    def echoes() -> Kernel:
        return Kernel(System("a > e.a", "b > e.b", "e.x > p.a", e=Echo(), p=Probe()))

    kernel = echoes()
    kernel.inject("b", 1, 1, in_turn=True)
    kernel.inject("a", 2, 1, in_turn=True)
    kernel.run(0)
    restored = echoes()
    restored.restore(json.loads(json.dumps(kernel.snapshot())))

    for one in (kernel.fork(), restored, kernel):
        seen = records(one)
        one.run()

        assert [record[3] for record in seen] == [0, 0, 1, 1, 2, 2, 9, 9]
