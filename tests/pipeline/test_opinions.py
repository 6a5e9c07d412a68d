"""Second opinions find what the tests at hand do not show; they may be wrong; and what they take is counted."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gsim_devs.cli import main
from gsim_devs.conformance import load_scenario
from gsim_devs.llm import Cassette, Reply, Request, Usage
from gsim_devs.pipeline import Job, build
from gsim_devs.pipeline.building import critical_path
from gsim_devs.rules import RuleSet, load_rule_set
from tests.pipeline.answers import ROOT, SLOTS, SOURCES, answers, lay_out

SCENARIO = load_scenario(ROOT, "abp")
SCENARIO = replace(SCENARIO, cases=(SCENARIO.case("abp-01"),))
# Without rules and expectations of its own: only what is drafted can find anything.
UNRULED = replace(
    SCENARIO,
    rules=RuleSet(system="abp", rules=()),
    cases=tuple(case.model_copy(update={"expect": None}) for case in SCENARIO.cases),
)

LATE = SOURCES["Sender"].replace("self.after(self.sender_delay,", "self.after(self.sender_delay + 1,")
SILENT = "The expiry itself is not reported."
# The only packet of the test at hand is acknowledged before its timer expires.
NEVER_AGAIN = SOURCES["Sender"].replace("is_retry=self.was_sent", "is_retry=False")
RETRY = "`is_retry` is false for the first transmission of a packet and true for every later one."
PREPARATION = "preceded by a preparation of its own, which takes `sender_delay`"

TAKES_ITS_TIME = {
    "id": "takes-its-time",
    "clause": PREPARATION,
    "level": "component",
    "kind": "delay",
    "trigger": "sender.delay_start",
    "target": "sender.packet_sent",
    "delay": "args.sender_delay",
    "unless": [{"entity": "sender", "event": "ack_received", "where": "is_valid"}],
}
TOO_MUCH = {
    "id": "twice",
    "clause": "Every acknowledgement that arrives is reported as `ack_received`",
    "level": "system",
    "kind": "count",
    "event": "sender.ack_received",
    "exactly": 2,
}


def line_of(text: str, source: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if text in line)


def reading(*objections: tuple[str, int, str]) -> str:
    said = [{"clause": clause, "line": line, "why": why} for clause, line, why in objections]
    return json.dumps({"thoughts": "", "objections": said})


def decision(wrong: str, quote: str, why: str) -> str:
    return json.dumps({"thoughts": "", "decision": wrong, "quote": quote, "why": why})


def rules(*written: dict) -> str:
    return json.dumps({"rules": written})


AGREED = {f"verify/{name}/a1": reading() for name in ("sender", "receiver", "channel")}


class Answers:
    """Answers by slot, at 15 tokens each; remembers what it was asked."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.requests: dict[str, Request] = {}

    async def complete(self, request: Request) -> Reply:
        assert request.slot not in self.requests, "no slot is asked for twice"
        self.requests[request.slot] = request
        await asyncio.sleep(0)
        return Reply(
            text=self.texts[request.slot], model="list", usage=Usage(input=10, output=5), seconds=2.0
        )


def made(tmp_path: Path, texts: dict[str, str], scenario=SCENARIO, **options):
    backend = Answers(texts)
    job = Job(scenario=scenario, into=tmp_path / "abp", **options)
    return asyncio.run(build(job, backend)), backend


def test_without_them_nothing_is_asked_or_reported(tmp_path):
    built, backend = made(tmp_path, answers())

    assert set(backend.requests) == SLOTS
    assert built.opinions is None


def test_with_them_all_others_are_asked_the_same(tmp_path):
    _, without = made(tmp_path, answers())
    _, beside = made(
        tmp_path, answers() | AGREED | {"rules/a1": rules(TAKES_ITS_TIME)}, verify=True, draft_rules=True
    )

    assert {slot: beside.requests[slot] for slot in SLOTS} == without.requests
    assert set(beside.requests) - SLOTS == {*AGREED, "rules/a1"}


# Readers.


def test_a_reader_finds_what_the_tests_do_not_show_and_the_author_mends_it(tmp_path):
    objected = reading((RETRY, line_of("is_retry=False", NEVER_AGAIN), "It is always false."))
    texts = answers(Sender=[NEVER_AGAIN, SOURCES["Sender"]]) | AGREED | {"verify/sender/a1": objected}

    built, backend = made(tmp_path, texts, verify=True)

    assert built.at_first.holds
    assert built.versions["Sender"].source == SOURCES["Sender"]
    assert "A reader says that line" in backend.requests["component/sender/a2"].text
    found = built.opinions.data["readers"]
    assert (found["components"], found["objections"], found["mended"], found["withdrawn"]) == (3, 1, 1, 0)
    # Three readings and the answer of one author.
    assert (found["calls"], found["tokens"]) == (4, 60)


def test_an_author_who_disagrees_keeps_the_version_and_the_objection_is_withdrawn(tmp_path):
    objected = reading((SILENT, line_of("def on_timeout", SOURCES["Sender"]), "It is reported."))
    texts = (
        answers() | AGREED | {"verify/sender/a1": objected, "component/sender/a2": "I disagree: it is not."}
    )

    built, _ = made(tmp_path, texts, verify=True)

    assert built.versions["Sender"].source == SOURCES["Sender"]
    assert built.unresolved == []
    assert built.opinions.data["readers"]["withdrawn"] == 1
    assert built.opinions.data["readers"]["readings"][2]["outcome"] == "disputed"


def test_what_a_reader_does_not_quote_costs_no_attempt(tmp_path):
    texts = answers() | AGREED | {"verify/sender/a1": reading(("Nothing is ever lost.", 1, "It is."))}

    built, backend = made(tmp_path, texts, verify=True)

    assert "component/sender/a2" not in backend.requests
    assert built.opinions.data["readers"]["unfounded"] == 1


def test_what_the_whole_does_worse_with_is_taken_back(tmp_path):
    objected = reading(
        (PREPARATION, line_of("self.after(self.sender", SOURCES["Sender"]), "It is too short.")
    )
    texts = answers(Sender=[SOURCES["Sender"], LATE]) | AGREED | {"verify/sender/a1": objected}

    built, backend = made(tmp_path, texts, verify=True)

    assert not built.at_first.holds
    assert built.conformance.holds
    assert built.versions["Sender"].source == SOURCES["Sender"]
    assert "component/sender/a3" not in backend.requests
    found = built.opinions.data["readers"]
    assert (found["mended"], found["withdrawn"], found["taken_back"]) == (0, 1, 1)


def test_components_that_are_not_sound_are_not_read(tmp_path):
    unsound = SOURCES["Sender"].replace("from runtime import", "import os\nfrom runtime import")
    texts = answers(Sender=[unsound]) | AGREED

    _, backend = made(tmp_path, texts, verify=True, attempts=1, rounds=0)

    assert "verify/sender/a1" not in backend.requests
    assert "verify/receiver/a1" in backend.requests


# Drafted rules.


def test_where_the_simulator_is_wrong_the_component_is_mended(tmp_path):
    texts = answers(Sender=[LATE, SOURCES["Sender"]]) | {
        "rules/a1": rules(TAKES_ITS_TIME),
        "arbiter/takes-its-time/a1": decision("simulator", PREPARATION, "It takes 11 ms."),
    }

    built, backend = made(tmp_path, texts, UNRULED, draft_rules=True)

    asked = backend.requests["component/sender/a2"].text
    assert "It takes 11 ms." in asked
    assert "takes-its-time at line" in asked
    assert built.versions["Sender"].source == SOURCES["Sender"]
    assert built.unresolved == []
    found = built.opinions.data["rules"]
    assert (found["drafted"], found["simulator_wrong"], found["mended"], found["rule_wrong"]) == (1, 1, 1, 0)
    # The decision and the answer of the author.
    assert (found["tokens"], found["arbiter_tokens"]) == (15, 30)


def test_a_fault_that_is_not_mended_is_reported(tmp_path):
    texts = answers(Sender=[LATE, LATE]) | {
        "rules/a1": rules(TAKES_ITS_TIME),
        "arbiter/takes-its-time/a1": decision("simulator", PREPARATION, "It takes 11 ms."),
    }

    built, _ = made(tmp_path, texts, UNRULED, draft_rules=True)

    assert built.opinions.data["rules"]["mended"] == 0
    assert any("Sender" in one and "It takes 11 ms." in one for one in built.unresolved)


def test_what_is_mended_by_decision_must_not_break_the_projects_own_rules(tmp_path):
    wrong = {**TAKES_ITS_TIME, "delay": "args.sender_delay + 1"}
    texts = answers(Sender=[SOURCES["Sender"], LATE]) | {
        "rules/a1": rules(wrong),
        "arbiter/takes-its-time/a1": decision("simulator", PREPARATION, "It is too short."),
    }

    built, _ = made(tmp_path, texts, draft_rules=True)

    assert built.conformance.holds
    assert built.versions["Sender"].source == SOURCES["Sender"]
    assert built.opinions.data["rules"]["mended"] == 0


@pytest.mark.parametrize(
    ("said", "rule_wrong", "still_open"),
    [
        (decision("rule", "Every acknowledgement that arrives is reported", "One packet, one of it."), 1, 0),
        (decision("open", "", "It says nothing of numbers."), 0, 1),
        (decision("simulator", "There are two of each.", "One is missing."), 0, 1),
    ],
)
def test_a_rule_that_no_clause_backs_is_dropped_and_nobody_is_asked_to_mend(
    tmp_path, said, rule_wrong, still_open
):
    texts = answers() | {"rules/a1": rules(TOO_MUCH, TAKES_ITS_TIME), "arbiter/twice/a1": said}

    built, backend = made(tmp_path, texts, draft_rules=True)

    found = built.opinions.data["rules"]
    assert (found["rule_wrong"], found["open"], found["simulator_wrong"]) == (rule_wrong, still_open, 0)
    assert [rule.id for rule in built.opinions.rules.rules] == ["takes-its-time"]
    assert "component/sender/a2" not in backend.requests
    assert built.unresolved == []
    assert any(json.loads(said)["why"] in line for line in built.opinions.lines)


def test_a_rule_that_makes_no_sense_for_the_tests_is_sent_back(tmp_path):
    # The test at hand has one packet.
    senseless = {**TAKES_ITS_TIME, "when": "1 / (args.total_packets - 1) > 0"}
    texts = answers() | {f"rules/a{attempt}": rules(senseless) for attempt in (1, 2, 3)}

    built, backend = made(tmp_path, texts, draft_rules=True)

    assert "abp-01" in backend.requests["rules/a2"].messages[-1].text
    assert built.opinions.data["rules"]["drafted"] == 0
    assert list(built.opinions.data["rules"]["left_out"]) == ["takes-its-time"]


def test_an_arbiter_sees_no_code(tmp_path):
    texts = answers() | {"rules/a1": rules(TOO_MUCH), "arbiter/twice/a1": decision("open", "", "")}

    _, backend = made(tmp_path, texts, draft_rules=True)

    asked = backend.requests["arbiter/twice/a1"].text
    assert "kind: count" in asked
    assert "abp-01" in asked
    assert "class Sender" not in asked


# From end to end.


def test_a_replay_says_the_same_and_keeps_the_rules(tmp_path, monkeypatch, capsys):
    texts = answers(Sender=[LATE, SOURCES["Sender"]]) | AGREED
    texts |= {
        "verify/sender/a1": reading((PREPARATION, line_of("+ 1", LATE), "It takes 1 ms more.")),
        "rules/a1": rules(TOO_MUCH, TAKES_ITS_TIME),
        "arbiter/twice/a1": decision("rule", "Every acknowledgement that arrives is reported", "Not two."),
    }
    place = lay_out(tmp_path / "here")
    recorded = Cassette(tmp_path / "recording", Answers(texts), mode="record-missing")
    job = Job(load_scenario(place, "abp"), tmp_path / "first", verify=True, draft_rules=True)
    built = asyncio.run(build(job, recorded))
    monkeypatch.chdir(place)

    who = ("--llm", f"replay:{tmp_path / 'recording'}")
    wanted = ("--verify", "--draft-rules", "--save-rules", "rules.yaml", "--json", "out.json")
    ended = main(["build", "abp", *who, *wanted])

    assert ended == 0
    assert json.loads(Path("out.json").read_text())["opinions"] == built.opinions.data
    assert [rule.id for rule in load_rule_set("rules.yaml").rules] == ["takes-its-time"]
    (run,) = Path("runs").iterdir()
    assert (run / "rules.yaml").read_text() == Path("rules.yaml").read_text()
    assert json.loads((run / "report.json").read_text())["build"]["opinions"] == built.opinions.data
    assert "readers      3 components read, 1 objections: 1 mended" in capsys.readouterr().out


def test_rules_that_are_not_drafted_cannot_be_saved(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(lay_out(tmp_path))

    assert main(["build", "abp", "--llm", "replay:nowhere", "--save-rules", "rules.yaml"]) == 2
    assert "--draft-rules" in capsys.readouterr().err


def test_a_component_waits_for_its_reader_and_decisions_come_last():
    seconds = {
        "plan/a1": 1.0,
        "component/a/a1": 2.0,
        "verify/a/a1": 3.0,
        "component/b/a1": 4.0,
        "rules/a1": 4.5,
        "arbiter/x/a1": 10.0,
    }

    assert critical_path(seconds) == 16.0
