"""Components that loop, hoard, write where they must not, or multiply: found, named, sent back, and reported."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gsim_devs.conformance import load_scenario
from gsim_devs.execution import Limits, sandboxed
from gsim_devs.llm import Script
from gsim_devs.pipeline import Job, build
from tests.pipeline.answers import ROOT, SLOTS, SOURCES, answers, contents

FOUND = load_scenario(ROOT, "abp")
SCENARIO = replace(FOUND, cases=(FOUND.case("abp-01").model_copy(update={"timeout": 3.0}),))


def sender(*lines: str) -> str:
    """The sender, which does this too when it starts."""
    start = "    def start(self) -> None:\n"
    assert SOURCES["Sender"].count(start) == 1
    return SOURCES["Sender"].replace(start, start + "".join(f"        {line}\n" for line in lines))


LOOPS = sender("while self.total_packets:", "    pass")
STANDS_STILL = sender("self.after(0, self.start)")
HOARDS = sender("hoard = []", "while True:", "    hoard.append([0] * 100_000_000)")
FORKS = sender("import os", "os.fork()", "self.after(1e9, self.start)")
STARTS = sender("import subprocess", "subprocess.run(['true'], check=True)")
DEAF = SOURCES["Sender"].replace("is_valid:\n", "is_valid:\n            while True:\n                pass\n")


def writes(path: Path) -> str:
    return sender(f"open({str(path)!r}, 'w').write('I was here')")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Build with a sender that is written in these ways, one after the other."""
    monkeypatch.setattr("gsim_devs.generation.trial._LIMITS", Limits(seconds=2.0, memory=2**29, output=2**20))

    def call(*versions: str, scenario=SCENARIO, **options):
        script = Script({slot: [text] for slot, text in answers(Sender=list(versions)).items()})
        job = Job(
            scenario=scenario, into=tmp_path / "abp", attempts=len(versions), launcher=sandboxed(), **options
        )
        made = asyncio.run(build(job, script))
        return made, {request.slot: request.messages[-1].text for request in script.requests}

    return call


@pytest.fixture
def without_policy(monkeypatch):
    """As if somebody had found a way round the lint: now the sandbox alone holds what runs."""
    monkeypatch.setattr("gsim_devs.generation.asking.policy_findings", lambda source: [])


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (LOOPS, "was still running after 2 s; look for a loop that does not end"),
        (STANDS_STILL, "Driven alone without any input, the component fails in"),
        (HOARDS, "MemoryError"),
        (FORKS, "os may not be imported"),
        (writes(Path("/tmp/escaped")), "Line 23: open must not be used"),
    ],
)
def test_it_is_sent_back_to_its_author_with_what_was_found(built, bad, said):
    made, asked = built(bad, SOURCES["Sender"])

    assert said in asked["component/sender/a2"]
    assert made.first["Sender"].findings
    assert set(asked) == SLOTS | {"component/sender/a2"}
    assert made.conformance.holds
    assert made.unresolved == []


@pytest.mark.parametrize("bad", [FORKS, STARTS])
def test_what_gets_round_the_policy_is_held_by_the_sandbox(built, without_policy, bad):
    made, asked = built(bad, SOURCES["Sender"])

    assert "Driven alone" in asked["component/sender/a2"]
    assert made.conformance.holds


def test_nothing_is_written_outside(built, without_policy, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)

    made, asked = built(writes(outside / "note"), SOURCES["Sender"])

    assert contents(outside) == {}
    assert "Driven alone" in asked["component/sender/a2"]
    assert made.conformance.holds


def test_what_stays_is_reported_with_its_component(built):
    made, asked = built(LOOPS, LOOPS, scenario=replace(SCENARIO, cases=()))

    assert "component/sender/a2" in asked
    assert made.unresolved == [
        "Sender: Driven alone, the component was still running after 2 s; look for a loop that does not end."
    ]


def test_what_only_the_whole_brings_to_light_ends_within_the_limits_of_the_test(built):
    made, _ = built(DEAF, rounds=0)

    assert made.conformance.operational == 0.0
    (told,) = made.unresolved
    assert "In the test abp-01 the simulator is not operational" in told
