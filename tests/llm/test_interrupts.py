"""Ctrl-C: what is under way is kept, nothing is begun, and a second one ends it at once."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from gsim_devs.llm import Budget, Cassette, Reply, StoppedError, Usage, interruptible
from gsim_devs.llm.budget import Budgeted
from tests.llm.asking import ask


class Slow:
    """Answers when it is told to."""

    def __init__(self):
        self.begun = []
        self.may_answer = asyncio.Event()

    async def complete(self, request):
        self.begun.append(request.slot)
        await self.may_answer.wait()
        return Reply(text=request.slot, model="slow", usage=Usage())


def press():
    os.kill(os.getpid(), signal.SIGINT)


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)


def interrupted(folder, at_ctrl_c, grace=3600.0):
    """Two requests at a time, of four, and Ctrl-C while the first two are under way; also what `at_ctrl_c` does."""

    async def led():
        slow, budget, told = Slow(), Budget(), []
        backend = Cassette(folder, Budgeted(slow, budget), mode="record-missing")

        async def work():
            both = [backend.complete(ask(f"a{n}")) for n in range(2)]
            replies = await asyncio.gather(*both)
            return [*replies, await backend.complete(ask("a2"))]

        async def person():
            await until(lambda: len(slow.begun) == 2)
            press()
            await until(lambda: told)
            at_ctrl_c(slow)

        pressing = asyncio.ensure_future(person())
        with pytest.raises(StoppedError) as caught:
            async with asyncio.timeout(5):
                await interruptible(work(), budget.stop, grace=grace, told=told.append)
        await pressing
        return slow.begun, str(caught.value)

    return asyncio.run(led())


def test_after_ctrl_c_calls_under_way_are_recorded_and_none_is_begun(tmp_path):
    begun, said = interrupted(tmp_path, lambda slow: slow.may_answer.set())

    assert begun == ["a0", "a1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a0.json", "a1.json"]
    assert "what was answered is kept" in said


def test_a_second_ctrl_c_gives_them_up(tmp_path):
    begun, said = interrupted(tmp_path, lambda slow: press())

    assert begun == ["a0", "a1"]
    assert list(tmp_path.iterdir()) == []
    assert "before all calls were over" in said


def test_calls_that_take_too_long_are_given_up(tmp_path):
    _, said = interrupted(tmp_path, lambda slow: None, grace=0.05)

    assert list(tmp_path.iterdir()) == []
    assert "before all calls were over" in said


def test_without_ctrl_c_nothing_is_different():
    async def work():
        return 42

    before = signal.getsignal(signal.SIGINT)
    assert asyncio.run(interruptible(work(), pytest.fail)) == 42
    assert signal.getsignal(signal.SIGINT) is before


def test_being_cancelled_is_not_being_interrupted():
    async def led():
        task = asyncio.ensure_future(interruptible(asyncio.sleep(60), pytest.fail))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(led())
