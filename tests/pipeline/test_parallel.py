"""How long builds take, in simulated time: replies take as long as they have tokens, and all else takes no time."""

from __future__ import annotations

import asyncio

import pytest

from gsim_devs.execution import run
from gsim_devs.llm import Reply, Request, Usage
from gsim_devs.llm.gate import Gate
from gsim_devs.llm.retrying import Retrying
from gsim_devs.pipeline import Job, build
from tests.llm.asking import without_waiting
from tests.pipeline import large
from tests.pipeline.answers import contents


class Slow:
    """Takes the time that a language model takes; a factor for each slot makes it take another one."""

    def __init__(self, texts, factor=lambda slot: 1.0) -> None:
        self.texts, self.factor = texts, factor
        self.requests: dict[str, Request] = {}
        self.at_once = self.most_at_once = 0

    async def complete(self, request: Request) -> Reply:
        assert request.slot not in self.requests
        self.requests[request.slot] = request
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        text = self.texts[request.slot]
        seconds = large.seconds_for(text) * self.factor(request.slot)
        await asyncio.sleep(seconds)
        self.at_once -= 1
        return Reply(text=text, model="slow", usage=Usage(), seconds=seconds)


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Build in simulated time; returns what came out and the simulated seconds."""

    async def at_once(call, *arguments, **named):
        return call(*arguments, **named)

    monkeypatch.setattr(asyncio, "to_thread", at_once)
    monkeypatch.setattr("gsim_devs.pipeline.building.try_alone", lambda source, **told: [])

    def call(backend, name="line"):
        async def timed():
            began = asyncio.get_running_loop().time()
            made = await build(Job(scenario=large.scenario(), into=tmp_path / name), backend)
            return made, asyncio.get_running_loop().time() - began

        return without_waiting(timed())

    return call


# Left to itself the gate begins with eight calls at once: sixteen components come in two waves.
@pytest.mark.parametrize(("at_once", "most"), [(32, 1.3), (None, 1.5)])
def test_sixteen_components_take_little_longer_than_the_longest_chain(built, at_once, most):
    texts = large.replies(16)
    backend = Slow(texts)

    made, seconds = built(Retrying(backend, Gate(at_once)))

    assert len(made.versions) == 16
    assert made.unresolved == []
    assert sorted(backend.requests) == sorted(texts)
    longest = max(large.seconds_for(text) for slot, text in texts.items() if slot != "plan/a1")
    assert made.critical == pytest.approx(large.seconds_for(texts["plan/a1"]) + longest)
    assert made.critical <= seconds <= most * made.critical
    assert large.one_after_the_other(texts) >= 4.7 * seconds


def test_a_hundred_components_in_three_levels_keep_thirty_two_calls_in_flight(built):
    texts = large.replies(5, 4, 5)
    backend = Slow(texts)

    made, seconds = built(Retrying(backend, Gate(32)))

    assert len(made.versions) == 100
    assert sorted(backend.requests) == sorted(texts)
    assert len(texts) == 1 + 5 + 20 + 100
    assert backend.most_at_once == 32
    assert large.one_after_the_other(texts) >= 4.7 * seconds
    done = run(made.simulator, {"until": 200})
    assert done.ok, done.reason
    assert done.trace == b'{"time": 100.0, "entity": "last", "event": "arrived", "payload": {"item": 1}}\n'


def test_splits_within_splits_come_to_an_end(built):
    """Every model is to be split, those at the fourth level too."""
    texts = {
        slot: text.replace('"split": false', '"split": true')
        for slot, text in large.replies(2, 2, 2, 2).items()
    }
    backend = Slow(texts)

    made, _ = built(backend)

    assert sorted(backend.requests) == sorted(texts)
    assert len(made.versions) == 16
    assert made.draft.open == []


def test_nothing_waits_for_what_it_does_not_need(built):
    texts = large.replies(3, 2)
    slow = "plan/b02/a1"

    backend = Slow(texts, lambda slot: 1000.0 if slot == slow else 1.0)
    built(backend)

    # All others were asked for while that plan was awaited.
    asked = list(backend.requests)
    of_slow = [slot for slot in asked if slot.startswith("component/b02")]
    assert len(of_slow) == 2
    assert asked[-2:] == of_slow


def test_latencies_change_neither_requests_nor_the_simulator(built):
    texts = large.replies(3, 2, 2)
    factors = (lambda slot: 1.0, lambda slot: 1.0 + sum(map(ord, slot)) % 7, lambda slot: 0.5 ** len(slot))
    made, said = [], []
    for number, factor in enumerate(factors):
        backend = Slow(texts, factor)
        simulator = built(backend, f"{number}/line")[0].simulator
        made.append(contents(simulator))
        said.append(backend.requests)

    assert said[0] == said[1] == said[2]
    assert made[0] == made[1] == made[2]
