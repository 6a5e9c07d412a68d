"""Readers must quote; authors may disagree; what has not the form is sent back."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from gsim_devs.generation import Version, answer_reader, read_component, verifying
from gsim_devs.llm import variables
from gsim_devs.llm.schema_lint import strict_defects
from tests.generation.conftest import OVEN, changed
from tests.generation.test_writing import answer, lead

SPECIFICATION = "A tray bakes for `bake_time`.\nWhat is baked is *sold*\nat once."
LAST = Version(1, OVEN, "ok", ())
MENDED = changed("bake_time, self.on_baked", "bake_time + 1, self.on_baked")
LINE = next(number for number, line in enumerate(OVEN.splitlines(), 1) if "self.after" in line)


def reading(*objections: dict) -> str:
    return json.dumps({"thoughts": "", "objections": objections})


def objection(clause="A tray bakes for `bake_time`.", line=LINE, why="It bakes too short.") -> dict:
    return {"clause": clause, "line": line, "why": why}


def test_a_reader_who_agrees_says_nothing(oven):
    found, requests = lead(read_component(oven, OVEN, SPECIFICATION), reading())

    assert found == verifying.Reading()
    assert [one.slot for one in requests] == ["verify/oven/a1"]


def test_a_reader_sees_the_sentences_the_code_and_what_the_author_was_told_of_the_interface(oven):
    _, (request,) = lead(read_component(oven, OVEN, SPECIFICATION), reading())

    for said in (
        "A tray bakes for `bake_time`.",
        f"{LINE:4}          self.after(self.bake_time",
        "self.cancel(self.on_done)",
        "happen by **order**",
        "how long a tray bakes",
        "on_baked 1",
        '"objections"',
    ):
        assert said in request.text
    for kept_back in ("You write one component", "Door", "Shelf"):
        assert kept_back not in request.text


def test_an_objection_names_its_line_and_is_marked_as_an_opinion(oven):
    found, _ = lead(read_component(oven, OVEN, SPECIFICATION), reading(objection()))

    code = "`self.after(self.bake_time, self.on_baked, tray, order=1)`"
    said = (
        f'A reader says that line {LINE}, {code}, breaks "A tray bakes for `bake_time`.": It bakes too short.'
    )
    assert found.objections == (said,)


def test_a_quotation_counts_however_it_is_set(oven):
    found, _ = lead(
        read_component(oven, OVEN, SPECIFICATION), reading(objection("What is baked is sold at once."))
    )

    assert len(found.objections) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"clause": "A tray bakes for an hour."},
            "the specification does not say 'A tray bakes for an hour.'",
        ),
        ({"clause": "A tray"}, "the specification does not say 'A tray'"),
        ({"clause": ""}, "the specification does not say ''"),
        ({"line": 0}, "there is no line 0"),
        ({"line": 10_000}, "there is no line 10000"),
    ],
)
def test_what_is_not_quoted_or_nowhere_does_not_count(oven, wrong, said):
    found, _ = lead(read_component(oven, OVEN, SPECIFICATION), reading(objection(**wrong), objection()))

    assert len(found.objections) == 1
    assert said in found.unfounded[0]


def test_a_reading_without_its_form_is_sent_back_once(oven):
    found, requests = lead(
        read_component(oven, OVEN, SPECIFICATION), '{"objections": 3}', reading(objection())
    )

    assert len(found.objections) == 1
    assert [one.slot for one in requests] == ["verify/oven/a1", "verify/oven/a2"]
    assert "thoughts: missing" in requests[1].messages[-1].text


def test_a_reader_who_never_keeps_the_form_says_nothing(oven):
    found, _ = lead(read_component(oven, OVEN, SPECIFICATION), "It is fine.", "It is fine, really.")

    assert found.objections == ()
    assert "no JSON object" in found.unfounded[0]


def test_the_author_mends_in_one_more_attempt(oven):
    told = []

    found, requests = lead(answer_reader(oven, LAST, ["A reader says…"], told=told.append), answer(MENDED))

    assert (found.outcome, found.version.source, found.version.attempt) == ("mended", MENDED, 2)
    assert [one.slot for one in requests] == ["component/oven/a2"]
    assert "A reader says…" in requests[0].messages[-1].text
    assert OVEN.rstrip() in requests[0].messages[-2].text
    assert told == [found.version]


@pytest.mark.parametrize("reply", ["I disagree: it bakes just as long.", answer(OVEN)])
def test_the_author_may_disagree_and_then_the_version_stays(oven, reply):
    told = []

    found, _ = lead(answer_reader(oven, LAST, ["A reader says…"], told=told.append), reply)

    assert (found.outcome, found.version.source) == ("disputed", OVEN)
    assert found.version.attempt == 2
    assert found.version.is_sound
    assert told == []


@pytest.mark.parametrize("reply", ["Well.", answer(changed("send(self.tray_out", "send(self.tray"))])
def test_an_answer_with_defects_of_its_own_is_not_taken(oven, reply):
    found, _ = lead(answer_reader(oven, LAST, ["A reader says…"]), reply)

    assert (found.outcome, found.version.source, found.version.attempt) == ("unsound", OVEN, 2)
    assert found.version.is_sound


def test_an_answer_is_tried_alone_like_any_version(oven):
    found, _ = lead(answer_reader(oven, LAST, ["…"], lambda source: ["It burns."]), answer(MENDED))

    assert found.outcome == "unsound"


def test_the_strictest_services_take_the_form_of_a_reading():
    assert strict_defects(verifying.WireReading.model_json_schema()) == []


@pytest.mark.parametrize(
    ("prompt", "values"),
    [
        ("reader", verifying.ReaderPrompt),
        ("reading", verifying.ReadingPrompt),
        ("reread", verifying.RereadPrompt),
        ("objection", verifying.ObjectionPrompt),
    ],
)
def test_the_variables_of_a_prompt_are_the_fields_of_what_fills_it(prompt, values):
    template = Path(verifying.__file__).with_name("prompts") / f"{prompt}.md"

    assert variables(template) == {field.name for field in fields(values)}
