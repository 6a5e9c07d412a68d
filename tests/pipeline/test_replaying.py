"""Recorded replies make the same simulator on every machine, without a network; and what they do not fit is told."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gsim_devs.cli import main
from gsim_devs.conformance import Scenario, load_scenario
from gsim_devs.execution import run
from gsim_devs.generation import asking
from gsim_devs.llm import Reply, Request, Script, recording
from gsim_devs.llm.cassette import Cassette
from gsim_devs.llm.failures import ChangedRequestError
from gsim_devs.pipeline import Job, build
from gsim_devs.planning import cut
from tests.pipeline.answers import ROOT, SOURCES, answers, contents, environment, lay_out

SYSTEMS = sorted(path.parent.name for path in ROOT.glob("scenarios/*/recording"))
GUARD = """
import os, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind") and "AF_UNIX" not in repr(arguments):
        sys.stderr.write(f"a network is asked for: {event}\\n")
        os._exit(99)

sys.addaudithook(refuse)
"""


@pytest.fixture
def without_network(tmp_path):
    """Run Python in a process that ends with 99 where it turns to a network, and that knows no key."""
    place = tmp_path / "guard"
    place.mkdir()
    (place / "sitecustomize.py").write_text(GUARD)

    def call(*words: str | Path, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=cwd,
            env=environment(PYTHONPATH=str(place)),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def scenario_of(system: str, folder: Path = ROOT) -> Scenario:
    """With one of the test inputs on which it is tried while it is built."""
    found = load_scenario(folder, system)
    return replace(found, cases=tuple(case for case in found.cases if case.level == "smoke")[:1])


def replayed(scenario: Scenario, into: Path, jobs: int = 1, backend=None):
    recordings = Cassette(ROOT / "scenarios" / scenario.id / "recording")
    return asyncio.run(build(Job(scenario=scenario, into=into, jobs=jobs), backend or recordings))


def test_the_guard_notices_a_network(without_network):
    done = without_network("-c", "import socket; socket.create_connection(('127.0.0.1', 9))")

    assert done.returncode == 99


def test_a_build_is_replayed_without_network_and_key_and_does_all_that_it_should(tmp_path, without_network):
    words = ("-m", "gsim_devs", "build", "abp", "--llm", "replay:scenarios/abp/recording")
    for name, jobs in (("one", 1), ("two", 8)):
        place = lay_out(tmp_path / name, cases=())
        done = without_network(*words, "--jobs", str(jobs), "--json", "out.json", cwd=place)

        assert done.returncode == 0, done.stderr
        data = json.loads((place / "out.json").read_text())
        assert (data["operational"], data["behavioural"], data["unresolved"]) == (1.0, 1.0, [])

    one, two = (contents(tmp_path / name / "build" / "abp") for name in ("one", "two"))
    assert one == two
    shown = without_network("-m", "gsim_devs", "runs", "show", run_of(place).name, cwd=place)
    assert shown.returncode == 0
    for part in ("abp-1: done", "plan  ", "Sender", "operational    1.000", "abp-18", "component", "total"):
        assert part in shown.stdout
    kept = contents(run_of(place))
    assert {"run.json", "events.jsonl", "plan.json", "report.json", "cost.json"} <= set(kept)
    assert {
        name.removeprefix("simulator/"): kept[name] for name in kept if name.startswith("simulator/")
    } == two


@pytest.mark.parametrize("system", SYSTEMS)
def test_replays_make_the_same_simulator_and_the_same_traces(system, tmp_path):
    scenario = scenario_of(system)
    case = next(case for case in load_scenario(ROOT, system).cases if case.level != "smoke")
    seed = None if "seed" in scenario.contract.arguments else 1
    made, traces = [], []
    for jobs in (1, 8):
        built = replayed(scenario, tmp_path / f"{jobs}" / system, jobs)
        assert built.conformance.holds
        assert built.unresolved == []
        made.append(contents(built.simulator))
        done = run(built.simulator, case.arguments, stdin=case.stdin_text, seed=seed)
        assert done.ok, done.reason
        traces.append(done.trace)

    assert made[0] == made[1]
    assert traces[0] == traces[1]
    assert traces[0]


# What changed since it was recorded.


class Lenient:
    """Takes a recording for an answer although the request has changed, and remembers the slot."""

    def __init__(self, folder: Path) -> None:
        self.cassette = Cassette(folder)
        self.changed: dict[str, str] = {}

    async def complete(self, request: Request) -> Reply:
        try:
            return await self.cassette.complete(request)
        except ChangedRequestError as error:
            self.changed[request.slot] = str(error)
            return recording.read(self.cassette.folder / f"{request.slot}.json").reply


def changed_slots(scenario: Scenario, into: Path) -> dict[str, str]:
    backend = Lenient(ROOT / "scenarios" / scenario.id / "recording")
    replayed(replace(scenario, cases=()), into, backend=backend)
    assert backend.cassette.unused() == ()
    return backend.changed


def slots_that_quote(sentence: str) -> set[str]:
    """The slots of abp whose recorded requests hold a text."""
    folder = ROOT / "scenarios" / "abp" / "recording"
    return {
        path.relative_to(folder).with_suffix("").as_posix()
        for path in folder.rglob("*.json")
        if sentence in json.dumps(recording.read(path).question, ensure_ascii=False)
    }


def test_nothing_has_changed_since_it_was_recorded(tmp_path):
    assert changed_slots(scenario_of("abp"), tmp_path / "abp") == {}


def test_a_changed_sentence_concerns_the_plan_and_whoever_keeps_it(tmp_path):
    scenario = scenario_of("abp")
    before, after = "has the bit that the acknowledgement carries", "has another bit than the acknowledgement"
    text = scenario.specification.replace("has the bit that the\n  ack", "has the bit that the ack")
    (sentence,) = (one for one in cut(text).sentences if before in one)

    changed = changed_slots(
        replace(scenario, specification=scenario.specification.replace(before, after)), tmp_path / "abp"
    )

    assert after not in scenario.specification
    assert set(changed) == slots_that_quote(before)
    assert set(changed) == {"plan/a1", "component/sender/a1"}
    told = changed["component/sender/a1"].splitlines()
    assert any(line.startswith("-") and sentence in line for line in told)
    assert any(line.startswith("+") and after in line for line in told)


def test_a_changed_argument_concerns_the_plan_and_whoever_gets_it(tmp_path):
    scenario = scenario_of("abp")
    argument = scenario.contract.arguments["receiver_delay"]
    contract = scenario.contract.model_copy(
        update={
            "arguments": {
                **scenario.contract.arguments,
                "receiver_delay": argument.model_copy(update={"help": "changed"}),
            }
        }
    )

    changed = changed_slots(replace(scenario, contract=contract), tmp_path / "abp")

    assert set(changed) == {"plan/a1", "component/receiver/a1"}


def test_a_changed_line_of_a_prompt_concerns_everybody_who_is_asked_with_it(tmp_path, monkeypatch):
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    for path in asking._PROMPTS.glob("*.md"):
        (prompts / path.name).write_text(
            path.read_text().replace("# Where its arguments come from", "# Values")
        )
    monkeypatch.setattr(asking, "_PROMPTS", prompts)

    changed = changed_slots(scenario_of("abp"), tmp_path / "abp")

    assert set(changed) == {slot for slot in slots_that_quote("") if slot.startswith("component/")}
    for told in changed.values():
        lines = [line for line in told.splitlines() if line.startswith(("- ", "+ "))]
        assert [(line[0], line.split('"')[1]) for line in lines] == [
            ("-", "# Where its arguments come from"),
            ("+", "# Values"),
        ]


def test_the_difference_and_the_command_that_records_it_anew_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(lay_out(tmp_path))
    specification = Path("specs/abp.md")
    specification.write_text(
        specification.read_text().replace("The packets are numbered 1, 2,", "Packets are")
    )

    code = main(["build", "abp", "--llm", "replay:scenarios/abp/recording", "--progress", "plain"])

    told = capsys.readouterr().err
    assert code == 1
    assert "scenarios/abp/recording/plan/a1.json: the recording answers another request" in told
    assert "The packets are numbered 1, 2," in told
    assert "To record it again: gsim-devs build abp --record scenarios/abp/recording --progress plain" in told
    assert json.loads((run_of(tmp_path) / "run.json").read_text())["status"] == "failed"


def run_of(place: Path) -> Path:
    (folder,) = (place / "runs").glob("[!.]*")
    return folder


# What was mended.


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.after(self.sender_delay,", "self.after(self.sender_delay + 1,"),
        ("is_valid = self.was_sent and", "is_valid = 1 / (3 - self.current) and"),
        ("            self._go_on()", "            {}[self]"),
        ("self.total_packets = total_packets", "self.total_packets = total_packets + {}[self]"),
    ],
)
def test_what_was_sent_back_is_the_same_wherever_and_whenever_it_is_tried(tmp_path, old, new):
    assert SOURCES["Sender"].count(old) == 1
    bad = SOURCES["Sender"].replace(old, new)
    script = Script({slot: [text] for slot, text in answers(Sender=[bad, SOURCES["Sender"]]).items()})
    found = load_scenario(ROOT, "abp")
    scenario = replace(found, cases=tuple(found.case(name) for name in ("abp-03", "abp-04", "abp-05")))
    levels = ("normal", "edge")
    recorded = Cassette(tmp_path / "recording", script, mode="record")
    first = asyncio.run(
        build(Job(scenario=scenario, into=tmp_path / "here" / "abp", levels=levels, jobs=1), recorded)
    )

    again = Cassette(tmp_path / "recording")
    second = asyncio.run(build(Job(scenario=scenario, into=tmp_path / "there", levels=levels, jobs=8), again))

    assert first.versions["Sender"].attempt == second.versions["Sender"].attempt == 2
    assert first.unresolved == second.unresolved == []
    assert again.unused() == ()
    assert contents(first.simulator) == contents(second.simulator)
