"""When a request is repeated, how long that takes, and how many calls a service sees that bears few."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from gsim_devs.llm import Budget, BudgetError, Limits, Reply, Script, Usage
from gsim_devs.llm import failures as f
from gsim_devs.llm.budget import Budgeted
from gsim_devs.llm.gate import FIRST, MOST, Gate
from gsim_devs.llm.retrying import LONGEST_PAUSE, Retrying
from tests.llm.asking import ask, without_waiting


class Bears:
    """A service that takes a second for a call and refuses those beyond a number at once, or while `down`."""

    def __init__(self, at_once=1_000_000, refused_first=0, retry_after=3.0, down=()):
        self.calls = self.at_once = self.most_at_once = 0
        self.bears = at_once
        self.refused_first = refused_first
        self.retry_after = retry_after
        self.down = down
        self.refused = []
        self.begun = []

    async def complete(self, request):
        now = asyncio.get_running_loop().time()
        self.calls += 1
        self.begun.append(now)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            too_many = self.at_once > self.bears or self.calls <= self.refused_first
            if too_many or any(since <= now < until for since, until in self.down):
                self.refused.append(now)
                await asyncio.sleep(0.01)
                raise f.RateLimitError("too many", retry_after=self.retry_after)
            await asyncio.sleep(1.0)
        finally:
            self.at_once -= 1
        return Reply(text=request.slot, model="m", usage=Usage())


class Counts:
    """A service that takes so many calls in each ten seconds."""

    def __init__(self, allowed):
        self.allowed = allowed
        self.calls = 0
        self.taken = Counter()

    async def complete(self, request):
        now = asyncio.get_running_loop().time()
        self.calls += 1
        window = now // 10
        await asyncio.sleep(0.3)
        self.taken[window] += 1
        if self.taken[window] > self.allowed:
            raise f.RateLimitError("too many", retry_after=10 * (window + 1) - now)
        return Reply(text=request.slot, model="m", usage=Usage())


def all_of(service, number, gate=None, seed=1, **more):
    """What becomes of so many requests at once, and how many seconds it took."""

    async def led():
        backend = Retrying(service, gate or Gate(), random=Random(seed), **more)
        asked = (backend.complete(ask(f"a{n}")) for n in range(number))
        results = await asyncio.gather(*asked, return_exceptions=True)
        return results, asyncio.get_running_loop().time()

    return without_waiting(led())


def test_as_many_run_at_once_as_go_well():
    service = Bears()

    results, seconds = all_of(service, 2000)

    assert all(isinstance(result, Reply) for result in results)
    assert service.most_at_once == MOST
    # One at a time would take 2000 s, eight at a time 250 s, 32 at a time 62.5 s.
    assert 2000 / MOST < seconds < 2000 / FIRST


def test_the_number_at_once_can_be_fixed():
    service = Bears()

    _, seconds = all_of(service, 30, Gate(3))

    assert service.most_at_once == 3
    assert seconds == pytest.approx(10)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("number", "bears"), [(64, 4), (64, 1), (200, 10), (64, 20)])
def test_a_service_that_bears_few_sees_few_calls_too_many(number, bears, seed):
    service = Bears(bears)

    results, seconds = all_of(service, number, seed=seed)

    assert all(isinstance(result, Reply) for result in results)
    assert service.calls <= 1.2 * number
    assert seconds < 10 * number / bears


@pytest.mark.parametrize("allowed", [10, 20, 40])
def test_a_service_that_counts_calls_by_the_clock_sees_few_calls_too_many(allowed):
    service = Counts(allowed)

    results, seconds = all_of(service, 64)

    assert all(isinstance(result, Reply) for result in results)
    assert service.calls <= 1.2 * 64
    assert seconds < 2 * 10 * (64 / allowed + 1)


def test_while_a_service_wants_to_be_left_alone_nobody_calls():
    service = Bears(down=[(0, 30)], retry_after=30.0)

    results, _ = all_of(service, 64)

    assert all(isinstance(result, Reply) for result in results)
    assert len(service.refused) == FIRST
    assert [begun for begun in service.begun if 0.02 < begun < 30] == []
    # One tries first whether it has recovered.
    after = sorted(begun for begun in service.begun if begun >= 30)
    assert after[1] >= after[0] + 1


def test_a_storm_of_refusals_ends_for_all_together():
    service = Bears(down=[(0, 1e9)], retry_after=None)

    results, seconds = all_of(service, 64)

    assert {type(result) for result in results} == {f.RateLimitError}
    assert service.calls <= FIRST + f.RateLimitError.repeats + 64
    assert seconds < 15 * 60


def test_refusals_of_calls_that_were_under_way_together_count_once():
    async def led():
        gate = Gate()
        async with gate.turn() as one, gate.turn() as other:
            await asyncio.sleep(1)
            gate.complained(one, 5.0)
            gate.complained(other, 5.0)
        for _ in range(FIRST):
            async with gate.turn() as begun:
                gate.went_well(begun)
        return gate.limit

    assert without_waiting(led()) == FIRST // 2


def test_what_was_asked_before_the_refusal_proves_nothing():
    async def led():
        gate = Gate()
        async with gate.turn() as early:
            await asyncio.sleep(1)
            async with gate.turn() as begun:
                gate.complained(begun, 5.0)
            gate.went_well(early)
            return gate.complaints, gate.limit

    assert without_waiting(led()) == (1, 1)


def pauses(error, seed=1):
    """The times at which an error that lasts is asked again."""
    times = []

    class Failing:
        async def complete(self, request):
            times.append(asyncio.get_running_loop().time())
            raise error

    all_of(Failing(), 1, seed=seed)
    return [after - before for before, after in pairwise(times)]


def test_pauses_grow_and_differ():
    found = pauses(f.UnavailableError("down"))

    assert len(found) == f.UnavailableError.repeats
    for number, pause in enumerate(found):
        assert 0.5 * 2**number <= pause <= 0.75 * 2**number
    assert found != pauses(f.UnavailableError("down"), seed=2)


def test_a_service_that_says_how_long_is_left_alone_that_long():
    assert all(pause >= 7 for pause in pauses(f.UnavailableError("down", retry_after=7.0)))


@pytest.mark.parametrize("kind", [f.RateLimitError, f.UnavailableError])
def test_nobody_waits_longer_than_the_longest_pause(kind):
    assert pauses(kind("later", retry_after=LONGEST_PAUSE + 1)) == []
    assert pauses(kind("later", retry_after=LONGEST_PAUSE)) != []


def test_nobody_waits_for_a_time_at_which_the_budget_is_over():
    service = Bears(refused_first=1, retry_after=60.0)

    [error], seconds = all_of(service, 1, seconds_left=lambda: 50.0)

    assert isinstance(error, f.RateLimitError)
    assert seconds < 1


def test_a_person_hears_of_long_pauses():
    told = []

    all_of(Bears(refused_first=1, retry_after=60.0), 1, told=told.append)

    assert len(told) == 1
    assert "asked again in" in told[0]


def test_repeated_calls_count_against_the_budget():
    budget = Budget(Limits(max_calls=3))
    script = Script([f.UnavailableError("down")] * 9)

    [error], _ = all_of(Budgeted(script, budget), 1)

    assert isinstance(error, BudgetError)
    assert len(script.requests) == 3
    assert budget.spent.calls == 3


def test_what_is_no_failure_of_a_call_is_passed_on():
    script = Script([f.StoppedError("stopped"), "never"])

    [error], _ = all_of(script, 1)

    assert isinstance(error, f.StoppedError)
    assert len(script.requests) == 1


def test_one_that_is_given_up_leaves_its_turn_to_others():
    async def led():
        backend = Retrying(Bears(), Gate(1))
        first = asyncio.ensure_future(backend.complete(ask("a1")))
        second = asyncio.ensure_future(backend.complete(ask("a2")))
        await asyncio.sleep(0.5)
        first.cancel()
        return (await second).text

    assert without_waiting(led()) == "a2"
