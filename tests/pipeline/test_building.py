"""From a specification to a simulator: planned, written, assembled, tried and mended; answers come from a list."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gsim_devs.assembly import read_sources
from gsim_devs.conformance import load_scenario
from gsim_devs.contracts import load_plan, snake_case
from gsim_devs.errors import GenerationError
from gsim_devs.llm import Reply, Request, Usage
from gsim_devs.pipeline import Job, build
from gsim_devs.pipeline.building import critical_path
from gsim_devs.planning import cut
from tests.planning.replies import reply_of

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "scenarios" / "abp" / "reference"
SCENARIO = load_scenario(ROOT, "abp")
SOURCES = read_sources(REFERENCE)
LATE = SOURCES["Sender"].replace("self.after(self.sender_delay,", "self.after(self.sender_delay + 1,")
LATER = LATE.replace("self.sender_delay + 1", "self.sender_delay + 2")


class Answers:
    """Answers by slot; the attempts of one conversation in turn."""

    def __init__(self, **components: list[str]) -> None:
        plan = reply_of(load_plan(REFERENCE / "plan.yaml"), len(cut(SCENARIO.specification).sentences))
        self.texts = {"plan/a1": json.dumps(plan)}
        for model, source in SOURCES.items():
            for attempt, text in enumerate(components.get(model, [source]), 1):
                self.texts[f"component/{snake_case(model)}/a{attempt}"] = f"```python\n{text}```"
        self.asked: list[str] = []

    async def complete(self, request: Request) -> Reply:
        self.asked.append(request.slot)
        await asyncio.sleep(0)
        return Reply(
            text=self.texts[request.slot], model="list", usage=Usage(input=10, output=5), seconds=2.0
        )


def made(tmp_path: Path, answers: Answers, **options):
    told = []

    def tell(kind, node=None, **data):
        told.append((kind, node))

    job = Job(scenario=SCENARIO, into=tmp_path / "abp", **options)
    return asyncio.run(build(job, answers, tell)), told


def test_a_simulator_is_planned_written_assembled_and_tried(tmp_path):
    answers = Answers()

    built, told = made(tmp_path, answers, levels=("smoke", "edge"))

    assert built.conformance.operational == built.conformance.behavioural == 1.0
    assert built.unresolved == []
    assert sorted(answers.asked) == [
        "component/channel/a1",
        "component/receiver/a1",
        "component/sender/a1",
        "plan/a1",
    ]
    assert built.usage == Usage(calls=4, input=40, output=20)
    assert built.critical == 4.0
    assert (tmp_path / "abp" / "__main__.py").is_file()
    assert [kind for kind, _ in told].count("examined") == 3


def test_what_the_whole_does_wrong_goes_to_the_component_that_did_it(tmp_path):
    answers = Answers(Sender=[LATE, SOURCES["Sender"]])

    built, told = made(tmp_path, answers)

    assert built.conformance.behavioural == 1.0
    assert "component/sender/a2" in answers.asked
    assert "component/receiver/a2" not in answers.asked
    assert built.first["Sender"].source == f"{LATE}"
    assert ("mending", None) in told


def test_the_best_simulator_is_kept_and_what_is_still_wrong_is_said(tmp_path):
    answers = Answers(Sender=[LATE, LATER, LATER])

    built, _ = made(tmp_path, answers, rounds=2)

    assert built.versions["Sender"].source == LATE
    assert built.conformance.behavioural < 1.0
    assert any("Sender" in sentence and "preparation" in sentence for sentence in built.unresolved)


def test_what_was_not_mended_is_not_tried_again(tmp_path):
    unsound = LATE.replace("from runtime import", "import os\nfrom runtime import")
    answers = Answers(Sender=[LATE, *[unsound] * 20])

    built, told = made(tmp_path, answers, rounds=2)

    assert [kind for kind, _ in told].count("mending") == 2
    assert [kind for kind, _ in told].count("tried") == 1
    assert built.versions["Sender"].source == LATE
    assert built.conformance == built.at_first


def test_a_component_without_any_code_ends_it(tmp_path):
    answers = Answers(Sender=["x"])
    answers.texts |= {f"component/sender/a{attempt}": "I cannot." for attempt in (1, 2)}

    with pytest.raises(GenerationError, match="Sender: The reply holds no block of code"):
        made(tmp_path, answers, attempts=2)


def test_an_unsound_component_is_tried_all_the_same_and_reported(tmp_path):
    unsound = SOURCES["Sender"].replace("from runtime import", "import os\nfrom runtime import")
    answers = Answers(Sender=[unsound, unsound])

    built, _ = made(tmp_path, answers, attempts=2, rounds=0)

    assert built.conformance.operational == 1.0
    assert any("os may not be imported" in sentence for sentence in built.unresolved)


def test_a_plan_of_ones_own_needs_no_request(tmp_path):
    answers = Answers()

    built, _ = made(tmp_path, answers, plan=load_plan(REFERENCE / "plan.yaml"))

    assert "plan/a1" not in answers.asked
    assert built.conformance.behavioural == 1.0


def test_the_critical_path_is_the_plan_and_the_slowest_component():
    seconds = {"plan/a1": 3.0, "component/a/a1": 1.0, "component/a/a2": 4.0, "component/b/a1": 4.5}

    assert critical_path(seconds) == 8.0


def test_a_component_waits_for_the_plans_that_it_is_inside_of_and_for_no_others():
    seconds = {
        "plan/a1": 1.0, "plan/outer/a1": 2.0, "plan/outer_middle/a1": 4.0, "plan/other/a1": 5.0,
        "component/outer_middle_inner/a1": 8.0, "component/other/a1": 3.0,
    }  # fmt: skip
    insides = {"Outer": ["OuterMiddle"], "OuterMiddle": ["OuterMiddleInner"]}

    assert critical_path(seconds, insides) == 1.0 + 2.0 + 4.0 + 8.0
    # It was to be split, and was kept whole.
    assert critical_path({**seconds, "component/other/a2": 7.0}, insides) == 1.0 + 5.0 + 10.0
