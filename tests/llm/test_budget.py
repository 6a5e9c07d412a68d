"""A budget is never passed by calls that tell the truth, however many run at once, and says how to go on."""

from __future__ import annotations

import asyncio

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.llm import Budget, BudgetError, CallError, Limits, Reply, StoppedError, Usage
from gsim_devs.llm.budget import Budgeted
from gsim_devs.llm.estimates import Price
from tests.llm.asking import ask, without_waiting


class Service:
    """Takes a second for each call; replies of 100 tokens at most."""

    def __init__(self, output=100, failing=False):
        self.calls = 0
        self.output = output
        self.failing = failing

    async def complete(self, request):
        self.calls += 1
        await asyncio.sleep(1)
        if self.failing:
            raise CallError("no", usage=Usage(calls=3, input=4))
        return Reply(text="x", model="m", usage=Usage(input=4, output=self.output))


def many(budget, service, number=32):
    async def at_once():
        backend = Budgeted(service, budget)
        asked = (backend.complete(ask(f"a{n}", most_tokens=100)) for n in range(number))
        return await asyncio.gather(*asked, return_exceptions=True)

    return without_waiting(at_once())


def test_calls_stop_at_their_limit():
    service, budget = Service(), Budget(Limits(max_calls=5))

    results = many(budget, service)

    assert service.calls == 5
    refused = [result for result in results if isinstance(result, BudgetError)]
    assert len(refused) == 27
    assert all(error.limit == "max_calls" for error in refused)
    assert "raise max_calls to go on" in str(refused[0])


@pytest.mark.parametrize("output", [100, 1])
def test_tokens_are_never_passed_and_not_left_when_a_call_still_fits(output):
    service, budget = Service(output), Budget(Limits(max_tokens=1000))

    many(budget, service)

    each = 4 + output
    assert budget.spent.tokens <= 1000
    # It went on as long as the longest possible call had its place.
    assert service.calls == 32 or budget.spent.tokens + 104 > 1000
    assert service.calls == {100: 9, 1: 32}[output]
    assert budget.spent == Usage(calls=service.calls, input=4 * service.calls, output=output * service.calls)
    assert each * service.calls == budget.spent.tokens


def test_money_is_counted_by_the_price_of_the_model():
    service, budget = Service(), Budget(Limits(max_cost=0.01), Price(input=10.0, output=20.0))

    results = many(budget, service)

    # A call costs (4 x 10 + 100 x 20) / 1,000,000 = 0.00204.
    assert service.calls == 4
    assert budget.cost == pytest.approx(4 * 0.00204)
    assert {result.limit for result in results if isinstance(result, BudgetError)} == {"max_cost"}


def test_money_cannot_be_limited_without_a_price():
    with pytest.raises(UsageError, match="price"):
        Budget(Limits(max_cost=1.0))
    assert Budget().cost is None


def test_what_is_cached_has_its_own_price():
    usage = Usage(input=1_000_000, cached=600_000, output=1_000_000)

    assert Price(input=2.0, cached=0.5, output=8.0).of(usage) == pytest.approx(0.8 + 0.3 + 8.0)
    assert Price(input=2.0, output=8.0).of(usage) == pytest.approx(10.0)


def test_after_its_time_no_call_is_begun():
    now = [0.0]
    service, budget = Service(), Budget(Limits(max_seconds=10), clock=lambda: now[0])
    assert len(many(budget, service, 2)) == 2

    now[0] = 10.0

    assert [error.limit for error in many(budget, service, 2)] == ["max_seconds"] * 2
    assert service.calls == 2


def test_what_failed_calls_took_counts_too():
    budget = Budget(Limits(max_calls=100))

    many(budget, Service(failing=True), 2)

    assert budget.spent == Usage(calls=6, input=8)


def test_a_call_that_is_given_up_gives_back_what_was_set_aside():
    budget = Budget(Limits(max_tokens=150))

    async def cancelled():
        task = asyncio.ensure_future(Budgeted(Service(), budget).complete(ask(most_tokens=100)))
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await Budgeted(Service(), budget).complete(ask(most_tokens=100))

    assert without_waiting(cancelled()).text == "x"
    assert budget.spent == Usage(calls=2, input=8, output=100, estimated=True)


def test_when_it_is_stopped_calls_under_way_finish_and_those_that_wait_are_told():
    service, budget = Service(), Budget(Limits(max_tokens=210))

    async def stopped():
        backend = Budgeted(service, budget)
        tasks = [asyncio.ensure_future(backend.complete(ask(f"a{n}", most_tokens=100))) for n in range(4)]
        await asyncio.sleep(0.5)
        budget.stop("interrupted")
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = without_waiting(stopped())

    assert [type(result) for result in results] == [Reply, Reply, StoppedError, StoppedError]
