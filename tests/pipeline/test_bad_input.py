"""Whatever is wrong with what a build is given, it ends with a sentence, and what there is so far is kept."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gsim_devs.cli import main
from gsim_devs.conformance import load_scenario
from gsim_devs.llm import Script
from gsim_devs.pipeline import Job, build
from gsim_devs.runs import read_run
from tests.llm.fault_server import Step, answer, refusal
from tests.pipeline.answers import ROOT, SLOTS, answers, lay_out, plan_reply, serving

GERMAN = """# Abwechselndes Bit

Ein Sender bringt Pakete zu einem Empfänger, z. B. drei. Er wartet, bis ein Paket bestätigt ist!

- **1.1** Die Pakete sind von 1 an nummeriert. Überholen können sie sich nicht.
"""
CHINESE = """# 交替位协议

发送方通过两条有损信道向接收方传送固定数量的数据包。它一次只发送一个数据包，并等待确认！

- 数据包从1开始编号。接收方是否重复接收？不重复。
"""  # noqa: RUF001


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder in which `gsim-devs build abp` can be said, and where no service is known."""
    monkeypatch.chdir(lay_out(tmp_path))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GSIM_DEVS_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def built(place, monkeypatch, capsys):
    """Build or go on, asking a service; returns the exit code and what was said to the user."""

    def call(url: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        code = main(list(words or ("build", "abp", "--model", "m-1", "--attempts", "2")))
        told = capsys.readouterr().err
        assert "Traceback" not in told
        return code, told

    return call


def account_of(place: Path):
    (folder,) = place.glob("runs/[!.]*")
    return read_run(folder)


def goes_on(built, place: Path, answered: set[str]) -> None:
    """Once what was wrong is mended, the run comes to its end, and asks for nothing that was answered."""
    account = account_of(place)
    assert (account.status, account.damages) == ("failed", ())
    with serving(answers()) as service:
        code, _ = built(service.server.url, "runs", "resume", account.id)

    assert code == 0
    assert set(service.asked) == SLOTS - answered
    assert account_of(place).status == "done"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "abp has no specification: write specs/abp.md"),
        (" \n\n", "abp has no specification: write specs/abp.md"),
        ("# A heading\n\n## Another one\n", "the specification is empty; write down how the system behaves"),
    ],
)
def test_an_empty_specification_is_the_callers_to_change(built, text, said):
    Path("specs/abp.md").write_text(text)

    with serving(answers()) as service:
        code, told = built(service.server.url)

    assert code == 2
    assert f"gsim-devs: {said}\n" in told
    assert service.asked == []


def test_a_place_that_is_taken_is_refused_before_anything_is_asked(built, place):
    Path("precious").mkdir()
    Path("precious", "thesis.md").write_text("# Thesis")

    with serving(answers()) as service:
        code, told = built(service.server.url, "build", "abp", "--model", "m-1", "--out", "precious")

    assert code == 2
    assert "precious exists and is no simulator of gsim-devs; choose another place, or remove it" in told
    assert service.asked == []


@pytest.mark.parametrize(("text", "sentences"), [(GERMAN, 4), (CHINESE, 5)])
def test_a_specification_may_be_in_any_language(tmp_path, text, sentences):
    scenario = replace(load_scenario(ROOT, "abp"), specification=text, cases=())
    plan = plan_reply(text)
    plan["models"][0]["sentences"] = [2, sentences]
    plan["rest"] = [
        {"sentence": number, "reason": "-"}
        for number in range(1, sentences + 1)
        if number not in (2, sentences)
    ]
    script = Script(
        {
            **{slot: [one] for slot, one in answers().items()},
            "plan/a1": [json.dumps(plan, ensure_ascii=False)],
        }
    )

    built = asyncio.run(build(Job(scenario=scenario, into=tmp_path / "abp"), script))

    assert built.unresolved == []
    asked = {request.slot: request.text for request in script.requests}
    numbered = built.draft.text.sentences
    assert len(numbered) == sentences
    first, *others = (asked[f"component/{name}/a1"] for name in ("sender", "channel", "receiver"))
    assert numbered[1] in first
    assert numbered[-1] in first
    assert numbered[0] not in first
    assert not any(sentence in other for other in others for sentence in numbered)
    assert all(f"[{number}] {sentence}" in asked["plan/a1"] for number, sentence in enumerate(numbered, 1))


def test_a_plan_that_contradicts_the_contract_is_refused_in_words(built, place):
    plan = plan_reply()
    plan["models"][0]["emits"] = [
        {"event": "packet_lost" if one["event"] == "packet_sent" else one["event"], "entity": one["entity"]}
        for one in plan["models"][0]["emits"]
    ]
    texts = {f"plan/a{attempt}": json.dumps(plan) for attempt in (1, 2, 3)}

    with serving(texts, lambda slot, text: answer(text)) as service:
        code, told = built(service.server.url)

    assert code == 1
    assert len(service.asked) == 3
    assert "a plan could not be generated:" in told
    assert "packet_lost" in told
    assert "packet_sent" in told
    account = account_of(place)
    assert account.status == "failed"
    assert "packet_lost" in account.reason


def test_a_service_that_cannot_be_reached_is_named(built, place, monkeypatch):
    monkeypatch.setattr("gsim_devs.llm.retrying._FIRST_PAUSE", 0.001)

    code, told = built("http://127.0.0.1:9/v1")

    assert code == 1
    assert "http://127.0.0.1:9/v1: no connection, or it broke off" in told
    assert f"to go on: gsim-devs runs resume runs/{account_of(place).id}\n" in told
    goes_on(built, place, answered=set())


def test_a_wrong_key_is_told_and_never_shown(built, place, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "secret" * 5)

    with serving(
        answers(), lambda slot, text: refusal(401, "Incorrect API key: sk-" + "secret" * 5)
    ) as service:
        code, told = built(service.server.url)

    assert code == 1
    assert len(service.asked) == 1
    assert "The service refuses the key: check OPENAI_API_KEY" in told
    assert "secret" not in told
    assert not any("secret" in path.read_text() for path in place.glob("runs/*/*.json*"))
    monkeypatch.delenv("OPENAI_API_KEY")
    goes_on(built, place, answered=set())


def test_a_service_that_fails_one_component_keeps_the_replies_of_the_others(built, place):
    def treat(slot: str, text: str) -> Step:
        if slot == "component/channel/a1":
            return refusal(400, "too long", "context_length_exceeded")
        return answer(text, delay=0.2 if slot.startswith("component") else 0.0)

    with serving(answers(), treat) as service:
        code, told = built(service.server.url)

    assert code == 1
    assert "too long" in told
    goes_on(built, place, answered=SLOTS - {"component/channel/a1"})


def test_a_model_that_never_gives_a_plan_is_given_up(built, place):
    texts = {f"plan/a{attempt}": "Gladly! Here is a poem." for attempt in (1, 2, 3)}

    with serving({**texts}, lambda slot, text: answer(text)) as service:
        code, told = built(service.server.url)
        again, told_again = built(service.server.url, "runs", "resume", account_of(place).id)

    assert (code, again) == (1, 1)
    assert "The reply holds no JSON object; answer with one JSON object and nothing else." in told
    # What it answered is kept: it is not asked the same again.
    assert told_again.count("The reply holds no JSON object") == told.count("The reply holds no JSON object")
    assert len(service.asked) == 3
    assert account_of(place).damages == ()


def test_a_model_that_never_gives_code_is_given_up_and_the_component_named(built, place):
    texts = {**answers(), **{f"component/sender/a{attempt}": "I would rather not." for attempt in (1, 2)}}

    with serving(texts) as service:
        code, told = built(service.server.url)

    assert code == 1
    assert "a component could not be generated:" in told
    assert "Sender: The reply holds no block of code" in told
    assert {slot for slot in service.asked if "sender" not in slot} == SLOTS - {"component/sender/a1"}
    assert account_of(place).status == "failed"


def test_a_component_that_is_no_component_to_the_end_is_named(built, place):
    texts = answers(Sender=["x = 1\n", "x = 2\n"])

    with serving(texts) as service:
        code, told = built(service.server.url)

    assert code == 1
    assert service.asked.count("component/sender/a2") == 1
    assert "a simulator could not be generated:" in told
    assert "Sender: The file defines no class Sender; give the class that name." in told
    assert account_of(place).status == "failed"


# Budgets.


@pytest.mark.parametrize(("limit", "value", "more"), [("max-calls", 2, 4), ("max-tokens", 40_000, 80_000)])
def test_a_budget_ends_a_build_which_goes_on_when_it_is_raised(built, place, limit, value, more):
    words = ("build", "abp", "--model", "m-1")
    usage = {"prompt_tokens": 9_000, "completion_tokens": 4_000}
    with serving(answers(), lambda slot, text: answer(text, usage=usage)) as service:
        code, told = built(service.server.url, *words, f"--{limit}", str(value))
        spent = list(service.asked)
        account = account_of(place)
        unraised, _ = built(service.server.url, "runs", "resume", account.id)
        after = list(service.asked)
        raised, _ = built(service.server.url, "runs", "resume", account.id, f"--{limit}", str(more))

    assert code == unraised == 1
    assert account.status == "budget"
    assert f"the budget is used up: the next call might pass {limit.replace('-', '_')} = {value}" in told
    assert f"to go on: gsim-devs runs resume runs/{account.id} --{limit} N" in told
    assert len(spent) == 2
    # The same limit is not granted once more.
    assert after == spent
    assert raised == 0
    assert sorted(service.asked) == sorted(SLOTS)
    assert account_of(place).status == "done"
