"""How long a build takes whose replies take as long as they have tokens: against their sum, and their longest chain.

A service on this machine answers; everything else is as it is with a language model, trials in the sandbox included.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gsim_devs.contracts import snake_case
from gsim_devs.execution import sandboxed
from gsim_devs.llm import Configuration, open_backend
from gsim_devs.pipeline import Built, Job, build
from tests.llm.fault_server import FaultServer, Step, answer
from tests.pipeline import large
from tests.pipeline.answers import slot_of

from .measure import Row

FASTER = 5.0
"""Than in the tests in simulated time: some 500 tokens a second, so that our own work weighs more than it does."""


def building() -> list[Row]:
    """Sixteen components against the sum and the longest chain of their replies; a hundred, planned in three levels."""
    texts = large.replies(16)
    built, seconds, _ = _measured(texts)
    total = large.one_after_the_other(texts) / FASTER
    many = large.replies(5, 4, 5)
    built_many, seconds_many, most_at_once = _measured(many)
    assert (len(built.versions), len(built_many.versions)) == (16, 100)
    total_many = large.one_after_the_other(many) / FASTER
    return [
        Row("16 components built", "one after the other", total, seconds, total / seconds, 4.7),
        Row("16 components built", "longest chain", built.critical, seconds, built.critical / seconds, 1 / 1.3),
        Row("100 components built", "one after the other", total_many, seconds_many, total_many / seconds_many, 4.7),
        Row(f"100 components, {most_at_once} calls at once", "32 at once", 0.0, seconds_many, most_at_once / 32, 1.0),
    ]  # fmt: skip


def _measured(texts: Mapping[str, str]) -> tuple[Built, float, int]:
    """What was built, the seconds, and how many calls were on their way at once."""

    def treat(request: dict[str, Any]) -> Step:
        text = texts[_slot(request, texts)]
        return answer(text, delay=large.seconds_for(text) / FASTER)

    with FaultServer(treat) as server, tempfile.TemporaryDirectory() as place:
        job = Job(scenario=large.scenario(), into=Path(place, "line"), launcher=sandboxed())

        async def built() -> Built:
            configuration = Configuration(model="m-1", base_url=server.url, parallel=32)
            async with open_backend("openai", configuration, environment={}) as backend:
                return await build(job, backend)

        started = time.perf_counter()
        made = asyncio.run(built())
        return made, time.perf_counter() - started, server.most_at_once


def _slot(request: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """Plans of insides name their model."""
    question = request["messages"][1]["content"]
    if question.startswith("The model `"):
        return f"plan/{snake_case(question.split('`')[1])}/a1"
    return slot_of(request, texts)
