"""Rules are drafted from specification and contract alone; what has a defect is sent back, and left out if it stays."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from gsim_devs.contracts import dump_yaml, load_contract
from gsim_devs.contracts.load import parse_yaml
from gsim_devs.llm import json_object, variables
from gsim_devs.llm.estimates import tokens_of
from gsim_devs.planning import draft_rules, drafting
from gsim_devs.planning.drafting import LEFT_OUT
from gsim_devs.rules import RuleSet, load_rule_set
from gsim_devs.rules.patterns import RuleModel
from gsim_devs.rules.vocabulary import kinds, page
from tests.generation.test_writing import lead

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "contracts" / "abp.yaml")
SPECIFICATION = (ROOT / "specs" / "abp.md").read_text(encoding="utf-8")
BITS = {
    "id": "bits",
    "clause": "Packet *n* carries the control bit",
    "level": "component",
    "kind": "invariant",
    "on": "sender.packet_sent",
    "expect": "bit == (seq_num - 1) % 2",
}
ORDER = {
    "id": "order",
    "clause": "are delivered in this order",
    "level": "system",
    "kind": "monotone",
    "on": "receiver.packet_received",
    "value": "seq_num",
    "direction": "nondecreasing",
}


def rules(*written: object) -> str:
    return json.dumps({"rules": written})


def drafted(*replies: str, **options):
    return lead(draft_rules(SPECIFICATION, CONTRACT, **options), *replies)


def test_sound_rules_need_one_request_that_holds_specification_and_contract():
    found, requests = drafted(rules(BITS, ORDER))

    assert [rule.id for rule in found.rules.rules] == ["bits", "order"]
    assert found.left_out == {}
    assert [one.slot for one in requests] == ["rules/a1"]
    assert SPECIFICATION.strip() in requests[0].text
    assert "packet_sent" in requests[0].text


def test_what_was_drafted_is_a_rules_file():
    found, _ = drafted(rules(BITS, ORDER))

    assert parse_yaml(RuleSet, dump_yaml(found.rules), "rules") == found.rules


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"clause": "Bits alternate, as everybody knows."}, "the specification does not say"),
        ({"clause": "bit"}, "too short"),
        ({"on": "sender.packet_lost"}, "packet_lost"),
        ({"expect": "colour == 1"}, "colour"),
        ({"expect": "__import__('os')"}, "__import__ cannot be called"),
        ({"kind": "python", "function": "f"}, "kind is 'python'"),
        ({"kind": "reference"}, "kind is 'reference'"),
        ({"kind": ["fold"]}, "kind is"),
        ({"level": "planet"}, "level"),
        ({"id": "Not an id"}, "id"),
        ({"more": 1}, "unknown key 'more'"),
    ],
)
def test_a_defect_is_sent_back_and_then_left_out(wrong, said):
    reply = rules({**BITS, **wrong}, ORDER)

    found, requests = drafted(reply, reply, attempts=2)

    assert said in requests[1].messages[-1].text
    assert [rule.id for rule in found.rules.rules] == ["order"]
    assert any(said in sentence for (sentence, *_) in found.left_out.values())


def test_a_mended_rule_is_taken():
    found, requests = drafted(rules({**BITS, "expect": "colour"}), rules(BITS))

    assert [rule.id for rule in found.rules.rules] == ["bits"]
    assert [one.slot for one in requests] == ["rules/a1", "rules/a2"]


def test_an_id_counts_once():
    found, _ = drafted(rules(BITS, {**ORDER, "id": "bits"}), attempts=1)

    assert [rule.kind for rule in found.rules.rules] == ["invariant"]
    assert list(found.left_out) == ["bits, number 2"]


def test_of_two_rules_with_one_id_the_defects_of_both_are_sent_back():
    strange = [{**BITS, "expect": word} for word in ("colour", "weight")]

    found, requests = drafted(rules(*strange), rules(*strange), attempts=2)

    assert list(found.left_out) == ["bits", "bits, number 2"]
    assert all(word in requests[1].messages[-1].text for word in ("colour", "weight"))


def test_there_is_an_end_to_the_number_of_rules():
    found, _ = drafted(rules(*({**BITS, "id": f"bits-{number}"} for number in range(99))), attempts=1)

    assert len(found.rules.rules) == 40
    assert len(found.left_out) == 59


def test_what_makes_no_sense_when_it_is_tried_is_a_defect_too():
    found, requests = drafted(
        rules(BITS), rules(BITS), attempts=2, examine=lambda one: [f"{one.rules[0].id} burns"]
    )

    assert "bits burns" in requests[1].messages[-1].text
    assert found.rules.rules == ()


@pytest.mark.parametrize(
    "reply", ["No.", "{}", '{"rules": []}', '{"rules": {"id": 1}}', "[" * 9999, rules(3, None)]
)
def test_a_reply_that_holds_no_rules_leaves_none(reply):
    found, requests = drafted(reply, reply, reply)

    assert found.rules.rules == ()
    assert found.left_out
    assert len(requests) == 3


def test_what_was_sound_before_a_reply_that_cannot_be_read_stays():
    found, _ = drafted(rules(BITS, {**ORDER, "value": "colour"}), "No.", attempts=2)

    assert [rule.id for rule in found.rules.rules] == ["bits"]


def test_the_page_tells_every_kind_that_can_be_drafted_with_its_keys_and_is_one_page():
    text = page(LEFT_OUT)

    assert set(kinds(LEFT_OUT)).isdisjoint(LEFT_OUT)
    for name, kind in kinds(LEFT_OUT).items():
        _, _, entry = text.partition(f"- **{name}**: ")
        entry, _, _ = entry.partition("\n- **")
        own = set(kind.model_fields) - set(RuleModel.model_fields) - {"kind"}
        assert {key for key in own if f"`{kind.model_fields[key].alias or key}`" in entry} == own
    assert tokens_of(text) < 2500


def test_the_kinds_on_the_page_are_enough_for_the_rules_of_the_benchmark():
    written = [rule for path in ROOT.glob("trace_checkers/*.yaml") for rule in load_rule_set(path).rules]

    drawn = [rule for rule in written if rule.kind in kinds(LEFT_OUT)]

    assert len(drawn) > 0.8 * len(written)


def test_the_example_in_the_prompt_is_made_of_rules():
    text = (Path(drafting.__file__).with_name("prompts") / "rules_system.md").read_text(encoding="utf-8")
    example = json_object(text.partition("For example:")[2])

    assert len(parse_yaml(RuleSet, json.dumps({"system": "oven", **example}), "example").rules) == 2


@pytest.mark.parametrize(
    ("prompt", "values"),
    [
        ("rules_system", drafting.RulesSystemPrompt),
        ("rules", drafting.RulesPrompt),
        ("rules_repair", drafting.RulesRepairPrompt),
    ],
)
def test_the_variables_of_a_prompt_are_the_fields_of_what_fills_it(prompt, values):
    template = Path(drafting.__file__).with_name("prompts") / f"{prompt}.md"

    assert variables(template) == {field.name for field in fields(values)}
