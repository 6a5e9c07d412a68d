"""An arbiter decides by quoting; without a quotation nothing is decided."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from gsim_devs.llm import variables
from gsim_devs.llm.schema_lint import strict_defects
from gsim_devs.planning import Claimed, Decision, DisputePrompt, arbitrate, arbitrating
from tests.generation.test_writing import lead

MATTER = DisputePrompt(
    specification="A tray bakes for `bake_time`.\nWhat is baked is sold at once.",
    rule="id: bakes\nkind: delay",
    case="oven-01",
    arguments='{"bake_time": 4}',
    stdin="",
    violation="bakes at line 2: A tray bakes",
    parts=[Claimed("Oven", ["A tray bakes for `bake_time`."])],
)


def decision(wrong="simulator", quote="A tray bakes for bake_time.", why="It bakes for 5.") -> str:
    return json.dumps({"thoughts": "", "decision": wrong, "quote": quote, "why": why})


@pytest.mark.parametrize("wrong", ["rule", "simulator", "open"])
def test_a_decision_with_a_quotation_stands(wrong):
    found, requests = lead(arbitrate("bakes", MATTER), decision(wrong))

    assert found == Decision(wrong, "A tray bakes for bake_time.", "It bakes for 5.")
    assert [one.slot for one in requests] == ["arbiter/bakes/a1"]


def test_an_arbiter_sees_specification_rule_test_and_what_happened():
    _, (request,) = lead(arbitrate("bakes", MATTER), decision())

    for said in (MATTER.specification, MATTER.rule, "oven-01", '"bake_time": 4', MATTER.violation, "`Oven`"):
        assert said in request.text


@pytest.mark.parametrize("quote", ["A tray bakes for an hour.", "A tray", ""])
@pytest.mark.parametrize("wrong", ["rule", "simulator"])
def test_a_decision_without_a_quotation_leaves_it_open(wrong, quote):
    found, _ = lead(arbitrate("bakes", MATTER), decision(wrong, quote))

    assert found.wrong == "open"
    assert "the specification does not say" in found.why


def test_what_is_open_needs_no_quotation():
    found, _ = lead(arbitrate("bakes", MATTER), decision("open", ""))

    assert found == Decision("open", "", "It bakes for 5.")


def test_a_decision_without_its_form_is_sent_back_once():
    found, requests = lead(arbitrate("bakes", MATTER), decision("baker"), decision())

    assert found.wrong == "simulator"
    assert [one.slot for one in requests] == ["arbiter/bakes/a1", "arbiter/bakes/a2"]
    assert "'baker'" in requests[1].messages[-1].text


def test_an_arbiter_who_never_keeps_the_form_decides_nothing():
    found, _ = lead(arbitrate("bakes", MATTER), "Hm.", "Hm.")

    assert found.wrong == "open"


def test_the_strictest_services_take_the_form_of_a_decision():
    assert strict_defects(arbitrating.WireDecision.model_json_schema()) == []


@pytest.mark.parametrize(
    ("prompt", "values"),
    [
        ("arbiter", arbitrating.ArbiterPrompt),
        ("dispute", arbitrating.DisputePrompt),
        ("redecide", arbitrating.RedecidePrompt),
    ],
)
def test_the_variables_of_a_prompt_are_the_fields_of_what_fills_it(prompt, values):
    template = Path(arbitrating.__file__).with_name("prompts") / f"{prompt}.md"
    assert variables(template) == {field.name for field in fields(values)}
