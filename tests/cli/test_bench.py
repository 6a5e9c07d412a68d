"""`gsim-devs bench generation`: a small system is built from scripted answers; nobody else is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gsim_devs.cli import build, main
from gsim_devs.cli.bench_table import mean_of, report, table
from gsim_devs.llm import Budget, Limits, Opened, Request
from gsim_devs.llm.budget import Budgeted
from gsim_devs.llm.scripted import Script
from tests.pipeline.metronome import COMPONENT, ONE_FILE, PLAN_REPLY, SPECIFICATION, code, write


def answers(**changed: list[str]) -> dict[str, list[str]]:
    """Of one build of each sort."""
    return {
        "plan/a1": [PLAN_REPLY],
        "component/metronome/a1": [code(COMPONENT)],
        "single/a1": [code(ONE_FILE)],
        **{slot.replace("_", "/"): texts for slot, texts in changed.items()},
    }


class Everyone:
    """Answers every build with the same words, and counts."""

    def __init__(self, **changed: list[str]) -> None:
        self.texts = answers(**changed)
        self.asked: list[str] = []

    async def complete(self, request: Request):
        self.asked.append(request.slot)
        return await Script({request.slot: list(self.texts[request.slot])}).complete(request)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two systems that differ in their names alone."""
    for system in ("tick", "tock"):
        write(tmp_path, system)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def everyone(monkeypatch):
    """Whoever would be asked over the network."""

    def use(most_calls: int | None = None, **changed: list[str]) -> Everyone:
        asked = Everyone(**changed)

        def opened(options, recordings=None, again=None):
            budget = Budget(Limits(max_calls=options.max_calls or most_calls))
            return Opened(Budgeted(asked, budget), budget)

        monkeypatch.setattr(build, "opened", opened)
        return asked

    return use


def bench(*words: str) -> int:
    return main(["bench", "generation", *words])


def told(path: str = "bench.json"):
    return json.loads(Path(path).read_text())


def test_every_system_is_built_and_measured(folder, everyone, capsys):
    asked = everyone()

    code = bench("--llm", "openai", "--json", "bench.json")

    assert code == 0
    data = told()
    assert [row["scenario"] for row in data["scenarios"]] == ["tick", "tock"]
    for row in [*data["scenarios"], data["means"]]:
        assert row["operational"] == row["behavioural"] == 1.0
        assert set(row["first_attempt"].values()) == {1.0}
        assert row["calls"] == 2
        assert row["repair_turns"] == 0
    assert data["means"]["tokens"] == sum(row["tokens"] for row in data["scenarios"]) / 2 > 0
    assert len(asked.asked) == 4
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:5] for line in lines[1:4]] == [
        [name, "plan", built, "1.000", "1.000"]
        for name, built in (("tick", "1/1"), ("tock", "1/1"), ("mean", "2/2"))
    ]


def test_what_is_built_is_not_built_again_unless_it_is_to_be(folder, everyone, capsys):
    asked = everyone()
    assert bench("--llm", "openai", "--scenario", "tick") == 0
    first = capsys.readouterr().out

    assert bench("--llm", "openai", "--scenario", "tick") == 0
    assert len(asked.asked) == 2
    assert capsys.readouterr().out == first
    assert bench("--llm", "openai", "--scenario", "tick", "--redo") == 0
    assert len(asked.asked) == 4


def test_what_was_built_from_something_else_is_neither_taken_nor_removed(folder, everyone, capsys):
    everyone()
    bench("--llm", "openai", "--scenario", "tick")
    (folder / "specs" / "tick.md").write_text(SPECIFICATION + "\nIt never stops.\n")

    code = bench("--llm", "openai", "--scenario", "tick")

    assert code == 2
    assert "runs/bench/tick.1 was built from other files" in capsys.readouterr().err
    assert (folder / "runs" / "bench" / "tick.1" / "report.json").is_file()


def test_a_replay_never_takes_the_place_of_what_was_answered_for_it(folder, everyone, capsys):
    everyone()
    bench("--llm", "openai", "--scenario", "tick")
    (folder / "scenarios" / "tick" / "recording").mkdir()

    assert bench("--scenario", "tick") == 2
    assert (folder / "runs" / "bench" / "tick.1" / "report.json").is_file()


def test_a_limit_is_for_all_builds_and_the_same_command_goes_on(folder, everyone, capsys):
    asked = everyone(most_calls=3)

    code = bench("--llm", "openai", "--json", "bench.json")
    assert code == 1
    assert [row["scenario"] for row in told()["scenarios"]] == ["tick"]
    assert "max_calls = 3" in capsys.readouterr().err
    code = bench("--llm", "openai", "--json", "bench.json")
    assert code == 1
    assert len(asked.asked) == 3

    assert bench("--llm", "openai", "--max-calls", "5", "--json", "bench.json") == 0
    assert [row["scenario"] for row in told()["scenarios"]] == ["tick", "tock"]


def test_a_build_that_fails_is_a_row_with_its_reason(folder, everyone, capsys):
    everyone(plan_a1=["I would rather not."], plan_a2=["No."], plan_a3=["No."])

    code = bench("--llm", "openai", "--json", "bench.json")

    assert code == 1
    data = told()
    assert len(data["builds"]) == 2
    for row in data["builds"]:
        assert (row["built"], row["operational"], row["behavioural"], row["calls"]) == (False, 0, 0, 3)
        assert row["tokens"] > 0
        assert "holds no JSON object" in row["reason"]
    assert "tock (plan, 1) was not built" in capsys.readouterr().out


def test_builds_of_one_system_are_one_line(folder, everyone, capsys):
    everyone()

    assert bench("--llm", "openai", "--scenario", "tock", "--times", "2", "--json", "bench.json") == 0
    data = told()
    assert [(row["scenario"], row["builds"]) for row in data["scenarios"]] == [("tock", 2)]
    assert [row["repetition"] for row in data["builds"]] == [1, 2]
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["tock", "plan", "2/2"]


def test_nobody_is_asked_who_was_not_named(folder, everyone, capsys):
    asked = everyone()

    code = bench()

    assert code == 2
    said = capsys.readouterr().err
    assert "scenarios/tick/recording, scenarios/tock/recording" in said
    assert "--llm openai asks a service, which costs money" in said
    assert asked.asked == []
    assert not (folder / "runs").exists()


def test_without_a_key_nothing_is_begun(folder, monkeypatch, capsys):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    code = bench("--llm", "openai", "--model", "m-1")

    assert code == 2
    assert "OPENAI_API_KEY is not set" in capsys.readouterr().err
    assert not (folder / "runs").exists()


def test_recorded_replies_are_the_default_and_what_no_longer_fits_is_a_failure(folder, everyone, capsys):
    with pytest.MonkeyPatch.context() as replaced:
        replaced.setattr("gsim_devs.llm.opening.service_of", lambda *_: Service())
        words = ("build", "tick", "--model", "m-1", "--isolation", "process")
        assert main([*words, "--record", "scenarios/tick/recording", "--progress", "plain"]) == 0

    assert bench("--scenario", "tick", "--json", "bench.json") == 0
    assert told()["scenarios"][0]["calls"] == 2
    (folder / "specs" / "tick.md").write_text(SPECIFICATION + "\nIt never stops.\n")
    assert bench("--scenario", "tick", "--json", "bench.json") == 1
    (row,) = told()["builds"]
    assert "the recording answers another request" in row["reason"]
    assert "gsim-devs build tick --record scenarios/tick/recording" in row["reason"]

    assert bench("--llm", "replay", "--redo") == 1
    assert [row["scenario"] for row in told()["builds"]] == ["tick"]
    assert "left out, nothing is recorded: scenarios/tock/recording" in capsys.readouterr().err


class Service(Everyone):
    """In place of the service that speaks over the network."""

    async def close(self) -> None:
        pass


def test_simulators_in_one_file_stand_beside_the_others(folder, everyone, capsys):
    asked = everyone()

    code = bench("--llm", "openai", "--scenario", "tick", "--baseline", "single", "--json", "bench.json")

    assert code == 0
    data = told()
    assert [row["way"] for row in data["scenarios"]] == ["plan"]
    (row,) = data["baseline"]["scenarios"]
    assert (row["operational"], row["behavioural"], row["calls"]) == (1.0, 1.0, 1)
    assert row["first_attempt"]["smoke_clean"] == 1.0
    assert row["first_attempt"]["policy_clean"] is None
    assert asked.asked.count("single/a1") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:5]] == [
        ["tick", "plan"], ["tick", "single"], ["mean", "plan"], ["mean", "single"],
    ]  # fmt: skip


def test_one_file_that_does_harm_does_none(folder, everyone):
    victim = folder / "victim"
    victim.write_text("whole")
    everyone(single_a1=[code(f"open({str(victim)!r}, 'r+').write('spoiled')\n{ONE_FILE}")])

    bench("--llm", "openai", "--scenario", "tick", "--baseline", "single", "--json", "bench.json")

    assert victim.read_text() == "whole"
    assert told()["baseline"]["means"]["operational"] == 0.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--times", "0"], "--times must be at least 1"),
        (["--repairs", "1"], "--repairs is"),
        (["--scenario", "tack"], "there is no scenario 'tack'"),
        (["--llm", "somebody"], "unknown language model 'somebody'"),
    ],
)
def test_a_wrong_call_is_refused(folder, capsys, words, said):
    assert bench("--llm", "openai", *words) == 2
    assert said in capsys.readouterr().err


def test_means_are_over_scenarios_and_leave_out_what_is_not_known():
    rows = [
        built("a", operational=1.0, smoke=1.0),
        built("a", operational=0.0, smoke=None),
        built("b", operational=1.0, smoke=0.0),
        built("b", operational=0.0, smoke=0.0, way="single"),
    ]

    means = mean_of(rows, "plan")

    assert means["operational"] == 0.75
    assert means["first_attempt"]["smoke_clean"] == 0.5
    assert report(rows)["baseline"]["means"]["operational"] == 0.0
    assert "-" in table([built("c", operational=1.0, smoke=None)]).splitlines()[1].split()


def test_a_reason_does_nothing_to_a_terminal():
    row = {**built("a", operational=0.0, smoke=0.0), "built": False, "reason": "bad\x1b[2Jword " + "x" * 1000}

    text = table([row])

    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 300


def built(scenario: str, operational: float, smoke: float | None, way: str = "plan"):
    numbers = ("repair_turns", "most_repair_turns", "calls", "tokens", "input_tokens", "output_tokens")
    rates = ("parsed", "policy_clean", "interface_clean", "trial_clean")
    return {
        "scenario": scenario,
        "way": way,
        "repetition": 1,
        "built": True,
        "reason": "",
        "operational": operational,
        "behavioural": None,
        **dict.fromkeys((*numbers, "cached_tokens", "seconds", "critical_path_seconds"), 0),
        "first_attempt": {**dict.fromkeys(rates, 1.0), "smoke_clean": smoke},
        "tokens_estimated": False,
    }
