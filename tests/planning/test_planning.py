"""Plans: from replies to trees, examined and sent back, planned further, and every sentence kept by somebody."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from gsim_devs.contracts import atomics, check_plan, from_data, load_contract, load_plan
from gsim_devs.errors import GenerationError, UsageError
from gsim_devs.llm import Reply, Usage, form_of, variables
from gsim_devs.planning import as_mermaid, asking, coverage, cut, plan_system, split_model
from gsim_devs.planning.wire import PlanReply, plan_of
from tests.planning.replies import reply_of

ROOT = Path(__file__).parents[2]
SYSTEMS = sorted(path.parent.parent.name for path in ROOT.glob("scenarios/*/reference/plan.yaml"))
SPECIFICATION = (ROOT / "specs/oft.md").read_text(encoding="utf-8")
CONTRACT = load_contract(ROOT / "contracts/oft.yaml")


def reference(system: str):
    return load_plan(ROOT / "scenarios" / system / "reference" / "plan.yaml")


def lead(conversation, *replies):
    """Answer a conversation from a list; return what came out of it, and the requests."""
    requests = []
    try:
        requests.append(next(conversation))
        for reply in replies:
            text = reply if isinstance(reply, str) else json.dumps(reply)
            requests.append(conversation.send(Reply(text=text, model="list", usage=Usage())))
    except StopIteration as end:
        return end.value, requests
    raise AssertionError(f"one more request than replies: {requests[-1].text[-2000:]}")


def sound(**changes):
    return reply_of(reference("oft"), sentences=len(cut(SPECIFICATION).sentences)) | changes


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_reply_can_say_everything_that_a_plan_can(system):
    plan = reference(system)

    made = plan_of(from_data(PlanReply, reply_of(plan), "reply"), system)

    assert check_plan(made, load_contract(ROOT / "contracts" / f"{system}.yaml")) == []
    assert made.models.keys() == plan.models.keys()
    assert [(path, node) for path, node, _ in atomics(made)] == [
        (path, node) for path, node, _ in atomics(plan)
    ]
    assert made.messages == plan.messages
    assert made.root.couplings == plan.root.couplings


def test_a_sound_plan_needs_one_request():
    draft, requests = lead(plan_system(SPECIFICATION, CONTRACT), sound())

    assert len(requests) == 1
    assert requests[0].slot == "plan/a1"
    assert list(draft.plan.models) == list(reference("oft").models)
    assert draft.open == []


def test_defects_go_back_in_words():
    broken = sound()
    broken["couplings"] = broken["couplings"][1:]

    draft, requests = lead(plan_system(SPECIFICATION, CONTRACT), broken, sound())

    assert "command" in requests[1].messages[-1].text
    assert requests[1].messages[-2].role == "assistant"
    assert requests[1].slot == "plan/a2"
    assert check_plan(draft.plan, CONTRACT) == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("I would rather not.", "holds no JSON object"),
        ('{"thoughts": ', "not valid JSON"),
        ('{"thoughts": "x"}', "messages"),
        ("[1]", "holds no JSON object"),
    ],
)
def test_what_is_no_plan_goes_back_too(reply, said):
    _, requests = lead(plan_system(SPECIFICATION, CONTRACT), reply, sound())

    assert said in requests[1].messages[-1].text


def test_a_model_that_never_obeys_is_given_up_with_its_defects():
    with pytest.raises(GenerationError, match="holds no JSON object"):
        lead(plan_system(SPECIFICATION, CONTRACT, attempts=2), "no", "no")


def test_an_empty_specification_is_refused_before_anything_is_asked():
    with pytest.raises(UsageError, match="specification is empty"):
        lead(plan_system("# Title\n\n", CONTRACT))


def test_a_sentence_that_nobody_keeps_is_asked_for():
    forgetful = sound()
    forgetful["models"][0]["sentences"].remove(7)

    _, requests = lead(plan_system(SPECIFICATION, CONTRACT), forgetful, sound())

    assert f"[7] {cut(SPECIFICATION).sentences[6]}" in requests[1].messages[-1].text


def test_a_sentence_that_no_model_needs_is_named_with_the_reason():
    reply = sound(rest=[{"sentence": 7, "reason": "an explanation"}])
    reply["models"][0]["sentences"].remove(7)

    draft, _ = lead(plan_system(SPECIFICATION, CONTRACT), reply)

    assert draft.rest == {7: "an explanation"}


def test_the_coverage_names_who_keeps_each_sentence_or_why_nobody_does():
    reply = sound(rest=[{"sentence": 7, "reason": "an explanation"}])
    reply["models"][0]["sentences"].remove(7)
    draft, _ = lead(plan_system(SPECIFICATION, CONTRACT), reply)

    lines = coverage(draft).splitlines()

    assert lines[0].startswith("[1] A sender uploads packets")
    assert lines[1] == "      Dispatcher"
    assert lines[13] == "      - (an explanation)"


def test_a_diagram_leads_through_coupled_components():
    text = as_mermaid(reference("oft"))

    assert "  in_command -->|Command| dispatcher" in text
    assert "  dispatcher -->|Request| server_egress" in text
    assert "  subgraph server [server]" in text


def test_a_model_that_is_too_much_is_planned_further():
    whole = sound()
    line = next(one for one in whole["models"] if one["name"] == "Line")
    egress = next(one for one in whole["models"] if one["name"] == "Egress")
    egress |= {"split": True, "sentences": [40, 41]}
    draft, _ = lead(plan_system(SPECIFICATION, CONTRACT), whole)
    assert draft.open == ["Egress"]

    part = inside(egress)
    found, requests = lead(split_model(draft, "Egress", CONTRACT), part)
    finished = draft.with_inside("Egress", found)

    assert check_plan(finished.plan, CONTRACT) == []
    assert requests[0].slot == "plan/egress/a1"
    assert "[40]" in requests[0].text
    paths = [path for path, _, _ in atomics(finished.plan)]
    assert {"server.egress.store", "server.egress.valve"} < set(paths)
    assert "Egress" not in finished.plan.models
    # What the valve reports, it reports for the component that it is in.
    node = next(node for path, node, _ in atomics(finished.plan) if path == "server.egress.valve")
    assert node.speaks_for == "server_sender"
    assert line["name"] in finished.plan.models


def test_what_does_not_fit_the_ports_goes_back():
    whole = sound()
    egress = next(one for one in whole["models"] if one["name"] == "Egress")
    egress |= {"split": True, "sentences": [40]}
    draft, _ = lead(plan_system(SPECIFICATION, CONTRACT), whole)
    part = inside(egress)
    wrong = part | {"inputs": part["inputs"][:1]}

    _, requests = lead(split_model(draft, "Egress", CONTRACT), wrong, part)

    assert (
        "The input ports of the whole must be request_in, stored_in, ack_in." in requests[1].messages[-1].text
    )


@pytest.mark.parametrize("name", ["Valve", "Egress", "EgressOutValve"])
def test_names_that_others_might_give_at_the_same_time_go_back(name):
    whole = sound()
    egress = next(one for one in whole["models"] if one["name"] == "Egress")
    egress |= {"split": True, "sentences": [40]}
    draft, _ = lead(plan_system(SPECIFICATION, CONTRACT), renamed(whole, "Ingress", "EgressOut"))
    part = inside(egress)

    _, requests = lead(split_model(draft, "Egress", CONTRACT), renamed(part, "EgressValve", name), part)

    assert f"The name {name} must begin with Egress, and not with EgressOut." in requests[1].messages[-1].text


def test_a_model_of_several_components_cannot_be_split():
    whole = sound()
    next(one for one in whole["models"] if one["name"] == "Line")["split"] = True

    _, requests = lead(plan_system(SPECIFICATION, CONTRACT), whole, sound())

    assert "The model Line stands for several components" in requests[1].messages[-1].text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unused": ["nonsense"]}, "unused output 'nonsense'"),
        ({"components": "twice"}, "There are two of the component sender"),
        ({"couplings": "astray"}, "no coupled component"),
    ],
)
def test_what_a_tree_could_not_hold_is_said(change, said):
    reply = sound()
    if change.get("components") == "twice":
        reply["components"].append(next(one for one in reply["components"] if one["name"] == "sender"))
    elif change.get("couplings") == "astray":
        reply["couplings"].append({"within": "nowhere", "source": "a", "target": "b", "each": False})
    else:
        reply |= change

    _, requests = lead(plan_system(SPECIFICATION, CONTRACT), reply, sound())

    assert said in requests[1].messages[-1].text


@pytest.mark.parametrize("number", [0, -1, 9999])
def test_sentences_that_do_not_exist_go_back(number):
    whole = sound()
    egress = next(one for one in whole["models"] if one["name"] == "Egress")
    egress |= {"split": True, "sentences": [40]}
    wrong = json.loads(json.dumps(whole))
    wrong["models"][-1]["sentences"].append(number)
    wrong["rest"].append({"sentence": number, "reason": "a title"})

    draft, requests = lead(plan_system(SPECIFICATION, CONTRACT), wrong, whole)

    said = requests[1].messages[-1].text
    assert f"The model {wrong['models'][-1]['name']} names the sentence {number};" in said
    assert f"rest names the sentence {number}; there are the sentences 1 to" in said

    part = inside(egress)
    astray = json.loads(json.dumps(part))
    astray["models"][0]["sentences"].append(number)

    _, requests = lead(split_model(draft, "Egress", CONTRACT), astray, part)

    assert f"The model EgressValve names the sentence {number};" in requests[1].messages[-1].text


def test_an_inside_of_one_component_goes_back():
    whole = sound()
    egress = next(one for one in whole["models"] if one["name"] == "Egress")
    alone = {**egress, "name": "EgressOnly", "split": True, "sentences": [40]}
    egress |= {"split": True, "sentences": [40]}
    draft, _ = lead(plan_system(SPECIFICATION, CONTRACT), whole)
    part = inside(egress)
    (node,) = (one for one in part["components"] if one["name"] == "valve")
    same = part | {"models": [alone], "components": [node | {"model": "EgressOnly"}], "couplings": []}

    _, requests = lead(split_model(draft, "Egress", CONTRACT), same, part)

    assert "The inside of Egress must consist of several components" in requests[1].messages[-1].text


def coupled(name, within):
    ports = {"arguments": [], "inputs": [], "outputs": []}
    return {
        "name": name, "within": within, "model": None, "entity": None, "copies": None, "copies_argument": None, **ports,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("components", "value", "said"),
    [
        ([coupled("", "")], "", "A component of the whole system has no name"),
        ([coupled("", "server")], "", "A component within 'server' has no name"),
        ([coupled("a", ".".join("a" * depth)) for depth in range(400)], "", "in more than 20 coupled components"),
        ([], "[" * 100_000, "nested too deep"),
        ([], "[" * 500 + "]" * 500, "nested more than 64 deep"),
    ],
)  # fmt: skip
def test_what_has_no_end_goes_back(components, value, said):
    reply = sound()
    reply["components"] += components
    if value:
        node = next(one for one in reply["components"] if one["arguments"])
        node["arguments"][0] |= {"source": "value", "value": value}

    _, requests = lead(plan_system(SPECIFICATION, CONTRACT), reply, sound())

    assert said in requests[1].messages[-1].text


@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_a_reply_that_is_nested_without_end_goes_back(depth):
    reply = json.dumps(sound(rest=0)).replace('"rest": 0', f'"rest": {"[" * depth}{"]" * depth}')

    _, requests = lead(plan_system(SPECIFICATION, CONTRACT), reply, sound())

    assert len(requests) == 2


def test_sentences_are_cut_where_they_end():
    text = (
        "# Title\n\nOne, e.g. this. Two!\n\n- Three.\n  Four.\n\n| a | b. C |\n|---|---|\n\n```\nx. Y\n```\n"
    )

    found = cut(text)

    assert found.sentences == ("One, e.g. this.", "Two!", "Three.", "Four.", "| a | b. C |", "```\nx. Y\n```")
    assert found.numbered.startswith("# Title\n[1] One, e.g. this. [2] Two!\n- [3] Three. [4] Four.\n")


def test_sentences_of_other_scripts_are_cut_too():
    assert cut("发送方发送数据包。接收方确认。").sentences == ("发送方发送数据包。", "接收方确认。")


@pytest.mark.parametrize(
    ("prompt", "values"),
    [
        ("system", asking.SystemPrompt),
        ("plan", asking.PlanPrompt),
        ("split", asking.SplitPrompt),
        ("repair", asking.RepairPrompt),
    ],
)
def test_the_variables_of_a_prompt_are_the_fields_of_what_fills_it(prompt, values):
    template = Path(asking.__file__).with_name("prompts") / f"{prompt}.md"

    assert variables(template) == {field.name for field in fields(values)}


def test_the_form_in_the_prompt_names_every_key():
    form = form_of(PlanReply)

    for key in PlanReply.model_fields:
        assert f'"{key}"' in form


def renamed(reply, old, new):
    return json.loads(json.dumps(reply).replace(f'"{old}"', f'"{new}"'))


def inside(egress):
    """Two components in the place of one: a valve that is told, and a store that forwards."""
    request, stored, ack = egress["inputs"]
    (out,) = egress["outputs"]
    empty = {"arguments": [], "timers": [], "split": False}
    allowed = {"name": "allowed", "message": "EgressAllowed", "protocol": "whether it may"}
    return {
        "thoughts": "",
        "messages": [{"name": "EgressAllowed", "about": "", "fields": [{"name": "yes", "type": "bool"}]}],
        "models": [
            {
                "name": "EgressValve", "sentences": [40], "function": "opens", "logging": "each change",
                "emits": [{"event": "download_valve_change", "entity": None}],
                "inputs": [request], "outputs": [allowed | {"sends_first": False}], **empty,
            },
            {
                "name": "EgressStore", "sentences": [41], "function": "forwards", "logging": "what it forwards",
                "emits": [
                    {"event": event, "entity": None}
                    for event in ("packet_forwarded", "ack_received_from_receiver")
                ],
                "inputs": [allowed, stored, ack], "outputs": [out], **empty,
            },
        ],
        "inputs": [request, stored, ack],
        "components": [
            {
                "name": name, "within": "", "model": f"Egress{name.capitalize()}", "entity": None, "copies": None,
                "copies_argument": None, "arguments": [], "inputs": [], "outputs": [],
            }
            for name in ("valve", "store")
        ],
        "couplings": [
            {"within": "", "source": source, "target": target, "each": False}
            for source, target in (
                (request["name"], f"valve.{request['name']}"),
                ("valve.allowed", "store.allowed"),
                (stored["name"], f"store.{stored['name']}"),
                (ack["name"], f"store.{ack['name']}"),
                (f"store.{out['name']}", out["name"]),
            )
        ],
        "unused": [],
        "rest": [],
    }  # fmt: skip
