"""Components are asked for, examined, and mended; the last version is kept whatever is wrong with it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from gsim_devs.generation import asking, mend_component, policy_findings, write_component
from gsim_devs.llm import Reply, Usage, Work, code_block, variables
from tests.generation.conftest import OVEN, changed

WRONG = changed("send(self.tray_out, tray)", "send(self.tray, tray)")


def answer(code: str) -> str:
    return f"The oven bakes.\n\n```python\n{code}```\n"


def lead(conversation, *replies):
    """Answer a conversation from a list, do its work; return what came out of it, and the requests."""
    requests, left = [], list(replies)
    try:
        wanted = next(conversation)
        while True:
            if isinstance(wanted, Work):
                wanted = conversation.send(wanted.call())
            else:
                requests.append(wanted)
                wanted = conversation.send(Reply(text=left.pop(0), model="list", usage=Usage()))
    except StopIteration as end:
        assert not left
        return end.value, requests


def test_a_sound_component_needs_one_request(oven):
    version, requests = lead(write_component(oven), answer(OVEN))

    assert version.is_sound
    assert version.source == OVEN
    assert [one.slot for one in requests] == ["component/oven/a1"]


def test_the_request_holds_what_there_is_to_know_and_nothing_of_the_others(oven):
    _, (request,) = lead(write_component(oven), answer(OVEN))

    for said in (
        "A tray bakes for `bake_time`.",
        "on_baked 1",
        "how long a tray bakes",
        "`sold`",
        "Unit of time: min.",
    ):
        assert said in request.text
    for kept_back in ("Door", "Shelf", "Unused"):
        assert kept_back not in request.text


def test_defects_go_back_with_the_last_version_only(oven):
    version, requests = lead(write_component(oven), "no code", answer(WRONG), answer(OVEN))

    assert version.is_sound
    assert version.attempt == 3
    assert "no block of code" in requests[1].messages[-1].text
    assert "tray is no output port" in requests[2].messages[-1].text
    assert "self.send(self.tray, tray)" in requests[2].messages[-2].text
    assert len(requests[2].messages) == len(requests[1].messages) == 4


def test_the_trial_is_work_and_its_findings_go_back(oven):
    tried = []

    def trial(source: str) -> list[str]:
        tried.append(source)
        return ["It burns."] if len(tried) == 1 else []

    version, requests = lead(write_component(oven, trial), answer(OVEN), answer(OVEN))

    assert version.is_sound
    assert "It burns." in requests[1].messages[-1].text


def test_what_fails_the_cheaper_examination_is_not_tried(oven):
    version, _ = lead(write_component(oven, trial=lambda source: 1 / 0, attempts=1), answer(WRONG))

    assert version.stage == "interface"


def test_the_last_version_is_kept_when_the_attempts_are_used_up(oven):
    told = []

    version, _ = lead(write_component(oven, attempts=2, told=told.append), answer(WRONG), answer(WRONG))

    assert not version.is_sound
    assert version.source == WRONG
    assert [one.attempt for one in told] == [1, 2]


def test_what_the_whole_simulator_did_is_mended_in_the_next_attempt(oven):
    first, _ = lead(write_component(oven), answer(OVEN))

    version, requests = lead(mend_component(oven, first, ["At 4.0 it baked twice."]), answer(OVEN))

    assert version.attempt == 2
    assert requests[0].slot == "component/oven/a2"
    assert "At 4.0 it baked twice." in requests[0].messages[-1].text


def test_defects_of_others_are_shown(oven):
    _, (request,) = lead(write_component(replace(oven, seen=("It forgot to emit.",))), answer(OVEN))

    assert "It forgot to emit." in request.text


@pytest.mark.parametrize(
    ("prompt", "values"),
    [
        ("system", asking.SystemPrompt),
        ("component", asking.ComponentPrompt),
        ("repair", asking.RepairPrompt),
    ],
)
def test_the_variables_of_a_prompt_are_the_fields_of_what_fills_it(prompt, values):
    template = Path(asking.__file__).with_name("prompts") / f"{prompt}.md"

    assert variables(template) == {field.name for field in fields(values)}


def test_the_example_of_the_prompt_passes_its_own_policy():
    text = (Path(asking.__file__).with_name("prompts") / "system.md").read_text(encoding="utf-8")

    assert "class Oven(Atomic)" in code_block(text)
    assert policy_findings(code_block(text)) == []
