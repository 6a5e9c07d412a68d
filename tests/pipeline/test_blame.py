"""Who is asked to mend what the whole did wrong: each component hears of all that is its own, once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gsim_devs.conformance import CaseResult, Conformance, load_scenario
from gsim_devs.conformance.results import Finding
from gsim_devs.contracts import Expectation, PlanTree, parse_yaml
from gsim_devs.llm import Script
from gsim_devs.pipeline import Job, build
from gsim_devs.pipeline.blame import blamed, told_to
from gsim_devs.rules import Violation
from tests.pipeline import metronome
from tests.pipeline.metronome import COMPONENT, PLAN, PLAN_REPLY, code

FROM_ZERO = COMPONENT.replace("number=self.number)", "number=self.number - 1)")
ONLY_TWO = COMPONENT.replace(
    "self.number += 1\n", "self.number += 1\n        if self.number > 2:\n            return\n"
)


@pytest.fixture
def built(tmp_path):
    """Build a metronome of these versions; what was built, and what was sent back by slot."""
    metronome.write(tmp_path, "tick")
    found = load_scenario(tmp_path, "tick")

    def call(*versions: str, rules: bool = True, expect: Expectation | None = None):
        texts = {f"component/metronome/a{number}": [code(one)] for number, one in enumerate(versions, 1)}
        script = Script({"plan/a1": [PLAN_REPLY], **texts})
        kept = found.rules if rules else found.rules.model_copy(update={"rules": ()})
        first = found.cases[0]
        cases = (first.model_copy(update={"expect": expect or first.expect}),)
        job = Job(scenario=replace(found, rules=kept, cases=cases), into=tmp_path / "out", rounds=1)
        made = asyncio.run(build(job, script))
        return made, {request.slot: request.messages[-1].text for request in script.requests}

    return call


def test_who_reports_what_the_contract_does_not_allow_is_asked_to_mend_it(built):
    made, asked = built(FROM_ZERO, COMPONENT)

    assert "the trace does not fit the contract: line 1" in asked["component/metronome/a2"]
    assert made.conformance.holds
    assert made.unresolved == []


def test_who_reports_another_number_of_them_than_expected_is_asked_to_mend_it(built):
    made, asked = built(ONLY_TWO, COMPONENT, rules=False, expect=Expectation(counts={"metronome.beat": 3}))

    assert "There are 2 records metronome.beat; 3 expected." in asked["component/metronome/a2"]
    assert made.versions["Metronome"].source == COMPONENT
    assert made.unresolved == []


def test_an_expectation_that_names_no_event_concerns_nobody_and_is_reported(built):
    made, asked = built(ONLY_TWO, rules=False)

    assert set(asked) == {"plan/a1", "component/metronome/a1"}
    assert made.unresolved == ["In the test one: There are 2 records; 3 expected."]


def case(name: str, *rules: str, unmet: tuple[str, ...] = ()) -> CaseResult:
    found = tuple(
        Finding(Violation(rule, "c", "system", "e", "a", components=("metronome",)), None) for rule in rules
    )
    return CaseResult(name, "smoke", True, "", None, unmet, 0.0, findings=found)


def kinds(sentences: list[str]) -> list[str]:
    return [sentence.split("\n")[1].split(":")[0].strip() for sentence in sentences]


def test_the_echo_of_one_rule_hides_no_other():
    plan = parse_yaml(PlanTree, PLAN, "plan")
    cases = (
        *(case(f"case-{number}", "A") for number in range(5)),
        case("other", "A", "B"),
        case("last", "C"),
    )
    found = Conformance("tick", cases, ("A", "B", "C"))

    assert kinds(told_to(found, plan)["Metronome"]) == ["A", "B", "C"]


def test_a_writer_is_told_a_few_things_at_once_and_all_are_reported():
    plan = parse_yaml(PlanTree, PLAN, "plan")
    found = Conformance("tick", (case("one", *"ABCDEF"),), tuple("ABCDEF"))

    assert kinds(told_to(found, plan)["Metronome"]) == list("ABCD")
    assert kinds(blamed(found, plan)["Metronome"]) == list("ABCDEF")


def test_an_expectation_that_names_an_event_concerns_those_that_report_it():
    plan = parse_yaml(PlanTree, PLAN, "plan")
    sentence = "There are 2 records metronome.beat; 3 expected."
    found = Conformance("tick", (case("one", unmet=(sentence,)),), ())

    assert blamed(found, plan) == {"Metronome": [f"In the test one: {sentence}"]}
