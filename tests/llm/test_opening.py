"""A whole backend over HTTP: it records, counts, costs, goes on where it stopped, and keeps the key to itself."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from gsim_devs.llm import BudgetError, Configuration, Limits, open_backend
from gsim_devs.llm.estimates import Price
from gsim_devs.llm.failures import AccessError
from tests.llm.asking import ask
from tests.llm.fault_server import FaultServer, answer, refusal

KEY = "sk-secret-1234"
REQUESTS = [ask(f"component/c{n}/a1", f"question {n}") for n in range(6)]


def lead(server, folder, *requests, **settings):
    """Replies and errors of some requests, and the backend that gave them."""
    configuration = Configuration(
        model="m", base_url=server.url, prices={"m": Price(input=1.0, output=2.0)}, **settings
    )

    async def led():
        environment = {"OPENAI_API_KEY": KEY}
        opened = open_backend("openai", configuration, recordings=folder, environment=environment)
        async with opened as backend:
            results = await asyncio.gather(*map(backend.complete, requests), return_exceptions=True)
            return results, backend

    return asyncio.run(led())


def test_replies_are_recorded_with_who_gave_them_and_what_they_cost(tmp_path):
    with FaultServer([answer(), refusal(429, headers={"retry-after-ms": "1"}), answer()]) as server:
        [reply], backend = lead(server, tmp_path, REQUESTS[0])

    recorded = json.loads((tmp_path / "component/c0/a1.json").read_text())
    assert recorded["answered_by"] == "served-model"
    # 10 tokens in at 1 dollar and 5 out at 2 dollars for a million
    assert reply.cost == pytest.approx(20e-6)
    assert recorded["reply"]["cost"] == pytest.approx(20e-6)
    assert backend.budget.cost == pytest.approx(20e-6)


def test_the_key_is_in_no_file_and_in_no_text(tmp_path):
    with FaultServer([answer(), refusal(401, f"wrong key {KEY}")]) as server:
        results, backend = lead(server, tmp_path, *REQUESTS[:2], parallel=1)

    assert isinstance(results[1], AccessError)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 1
    told = [path.read_text() for path in files] + [str(results), repr(backend), repr(backend.service)]
    assert not any(KEY in text for text in told)


def test_a_run_that_reached_its_budget_goes_on_when_the_limit_is_raised(tmp_path):
    with FaultServer(lambda request: answer(request["messages"][0]["content"])) as server:
        first, backend = lead(server, tmp_path, *REQUESTS, limits=Limits(max_calls=4))
        assert (server.calls, backend.budget.spent.calls) == (4, 4)
        assert [type(result) for result in first[4:]] == [BudgetError] * 2

        second, backend = lead(server, tmp_path, *REQUESTS, limits=Limits(max_calls=4))

    assert [reply.text for reply in second] == [f"question {n}" for n in range(6)]
    assert [reply.replayed for reply in second] == [True] * 4 + [False] * 2
    assert backend.budget.spent.calls == 2
    assert server.calls == 6


def test_replies_on_their_way_are_kept_when_something_goes_wrong_meanwhile(tmp_path):
    async def led(url):
        asking, settings = set(), Configuration(model="m", base_url=url)
        async with open_backend("openai", settings, recordings=tmp_path, environment={}) as backend:
            for one in REQUESTS[:3]:
                asking.add(asyncio.ensure_future(backend.complete(one)))
            while server.calls < 3:
                await asyncio.sleep(0.01)
            raise KeyError("something else")

    with FaultServer(lambda request: answer(delay=0.2)) as server, pytest.raises(KeyError):
        asyncio.run(led(server.url))

    assert sorted(path.parent.name for path in tmp_path.rglob("*.json")) == ["c0", "c1", "c2"]


def test_what_was_recorded_from_a_service_is_replayed_without_one(tmp_path):
    with FaultServer([answer("42")]) as server:
        lead(server, tmp_path / "first", REQUESTS[0])

    async def replayed():
        choice = f"replay:{tmp_path / 'first'}"
        opened = open_backend(choice, Configuration(), recordings=tmp_path / "second", environment={})
        async with opened as backend:
            return await backend.complete(REQUESTS[0])

    reply = asyncio.run(replayed())

    assert (reply.text, reply.model, reply.cost) == ("42", "served-model", pytest.approx(20e-6))
    name = "component/c0/a1.json"
    assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


def test_the_library_of_the_service_is_only_loaded_by_who_calls_one():
    code = "import sys, gsim_devs.llm, gsim_devs.cli.program; sys.exit('openai' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
