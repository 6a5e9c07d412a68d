"""`gsim-devs build`: its options, its exit codes, what it prints, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsim_devs.cli import main
from gsim_devs.runs import read_run
from tests.llm.fault_server import answer
from tests.pipeline.answers import SLOTS, answers, contents, lay_out, serving

REPLAY = ("build", "abp", "--llm", "replay:scenarios/abp/recording")


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder in which `gsim-devs build abp` can be said, and where no service is known."""
    monkeypatch.chdir(lay_out(tmp_path))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GSIM_DEVS_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def only_run(place: Path) -> Path:
    (folder,) = place.glob("runs/[!.]*")
    return folder


def test_a_build_prints_its_plan_its_scores_and_what_it_took(place, capsys):
    assert main([*REPLAY, "--json", "out.json", "--out", "made"]) == 0

    said = capsys.readouterr()
    for part in (
        "sender",
        "operational  1.000  (1 of 1 cases)",
        "behavioural  1.000",
        "calls        4, about ",
    ):
        assert part in said.out
    assert "unresolved" not in said.out
    assert f"gsim-devs: runs/{only_run(place).name} holds everything of this build" in said.err
    data = json.loads(Path("out.json").read_text())
    assert (data["holds"], data["components"], data["calls"], data["repair_turns"]) == (True, 3, 4, 0)
    assert data["critical_path_seconds"] > 0
    done = subprocess.run(
        [sys.executable, "made", "--total_packets", "1", "--seed", "31"], capture_output=True, check=True
    )
    assert done.stdout.count(b"\n") == 7


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("build", "nobody"), "nobody"),
        (("build", "abp"), "which model? name it with --model, GSIM_DEVS_MODEL"),
        (("build", "abp", "--model", "m-1"), "OPENAI_API_KEY is not set"),
        (("build", "abp", "--llm", "oracle"), "unknown language model 'oracle'"),
        ((*REPLAY, "--jobs", "0"), "--jobs must be at least 1, not 0"),
        ((*REPLAY, "--attempts", "0"), "--attempts must be at least 1, not 0"),
        ((*REPLAY, "--rounds", "-1"), "--rounds must not be negative, but is -1"),
        (
            (*REPLAY, "--examine-on", "smoke,smok"),
            "there is no level 'smok'; there are smoke, normal, edge, stress",
        ),
        ((*REPLAY, "--save-plan", "no/plan.yaml"), "--save-plan: no/plan.yaml is in no folder; make no"),
        ((*REPLAY, "--save-plan", "specs"), "--save-plan: specs is a folder"),
        (
            (*REPLAY, "--draft-rules", "--save-rules", "no/rules.yaml"),
            "no/rules.yaml is in no folder; make no",
        ),
        ((*REPLAY, "--max-calls", "0"), "max_calls"),
        (("build", "abp", "--llm", "manual:by_hand", "--max-cost", "0.5"), "max_cost needs the price"),
        ((*REPLAY, "--isolation", "prayer"), "there is no isolation 'prayer'"),
        (("build", "abp", "--llm", "replay:nowhere"), "nowhere: there is no such folder of recordings"),
    ],
)
def test_what_the_caller_must_change_is_said(place, capsys, words, said):
    assert main(list(words)) == 2

    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_plan_can_be_had_alone_and_is_examined_when_it_was_edited(place, capsys, monkeypatch):
    assert main([*REPLAY, "--plan-only", "--save-plan", "plan.yaml"]) == 0
    assert "Sender" in capsys.readouterr().out
    assert not Path("build").exists()
    assert not Path("runs").exists()

    Path("plan.yaml").write_text(Path("plan.yaml").read_text().replace("name: sender\n", "name: talker\n"))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    code = main(["build", "abp", "--model", "m-1", "--plan", "plan.yaml"])

    assert code == 2
    assert "talker" in capsys.readouterr().err


def test_replies_are_recorded_where_they_are_wanted_and_replayed_from_there(place, monkeypatch):
    with serving(answers()) as service:
        monkeypatch.setenv("OPENAI_BASE_URL", service.server.url)
        assert main(["build", "abp", "--model", "m-1", "--record", "kept", "--out", "one"]) == 0
    monkeypatch.delenv("OPENAI_BASE_URL")

    assert {name.removesuffix(".json") for name in contents(Path("kept"))} == SLOTS
    assert main(["build", "abp", "--llm", "replay:kept", "--out", "two"]) == 0
    assert contents(Path("one")) == contents(Path("two"))


def test_recordings_that_nobody_asked_for_are_refused(place, capsys):
    source = Path("scenarios/abp/recording/component/sender")
    (source / "a7.json").write_bytes((source / "a1.json").read_bytes())

    assert main([*REPLAY]) == 1

    assert "nobody asked for 1 of the recordings" in capsys.readouterr().err
    assert read_run(only_run(place)).status == "failed"


def test_ctrl_c_lets_a_reply_under_way_come_in_and_the_run_goes_on(place, monkeypatch):
    with serving(answers(), lambda slot, text: answer(text, delay=0.5)) as service:
        monkeypatch.setenv("OPENAI_BASE_URL", service.server.url)
        monkeypatch.setenv("GSIM_DEVS_MODEL", "m-1")
        process = subprocess.Popen(
            [sys.executable, "-m", "gsim_devs", "build", "abp"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not service.asked:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        run = only_run(place)
        kept = set(contents(run / "llm"))
        status = read_run(run).status
        resumed = main(["runs", "resume", run.name])

    assert (process.returncode, status) == (1, "interrupted")
    assert "stopped by Ctrl-C; what was answered is kept" in said
    assert f"to go on: gsim-devs runs resume runs/{run.name}" in said
    assert "Traceback" not in said
    assert kept == {"plan/a1.json"}
    assert resumed == 0
    assert sorted(service.asked) == sorted(SLOTS)
