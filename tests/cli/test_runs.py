"""`gsim-devs runs`: list, show, compare, resume, remove."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gsim_devs.cli import main, runs
from gsim_devs.contracts import load_plan
from gsim_devs.llm import Message, Reply, Request, Usage, recording
from gsim_devs.runs import Manifest, Run

ROOT = Path(__file__).parents[2]
PLAN = load_plan(ROOT / "scenarios" / "abp" / "reference" / "plan.yaml")
DAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def built(source="x = 1\n", rounds=3, behavioural=0.5, status="done", reason=""):
    """A run below ./runs, as a build leaves it."""
    manifest = Manifest(
        system="abp", command=("build", "abp"), model="m-1", mode="replay", configuration={"rounds": rounds}
    )
    run = Run.create(Path("runs"), manifest, now=lambda: DAY, clock=lambda: 0.0)
    for slot in ("plan/a1", "component/sender/a1"):
        run("asked", slot)
        run(
            "answered", slot, model="m-1", input=1000, output=200, cached=0, seconds=2.0, cost=0.25, replayed=False
        )  # fmt: skip
    run("planned", models=["Sender"], open=[])
    run("examined", "Sender", attempt=1, stage="policy", findings=["no \x1b[2J os"], source="import os\n")
    run("examined", "Sender", attempt=2, stage="ok", findings=[], source=source)
    run.accept_component("Sender", source)
    run.save_plan(PLAN)
    run.save_report(
        {"operational": 1.0, "behavioural": behavioural, "cases": [{"id": "abp-01", "behavioural": 0.25}]}
    )
    run.finish(status, reason)
    return run.folder


def recorded(folder, slot, *said, answer):
    roles = ("system", "user", "assistant", "user")
    messages = tuple(Message(role=role, text=text) for role, text in zip(roles, said, strict=False))
    question = recording.question_of(Request(slot=slot, messages=messages))
    reply = Reply(text=answer, model="m-1", usage=Usage())
    recording.write(folder / "llm" / f"{slot}.json", recording.Recording(question, reply, "2026-11-21"))


def test_no_runs_are_no_error(capsys):
    assert main(["runs", "ls"]) == 0
    assert capsys.readouterr().out == ""


def test_runs_are_listed_with_what_they_took_and_how_they_did(capsys):
    built()
    built(behavioural=1.0)
    Path("runs/broken").mkdir()

    assert main(["runs", "ls", "--json", "out.json"]) == 0

    out = capsys.readouterr().out.splitlines()
    assert out[1].split() == [
        "2026-11-21-abp-1",
        "abp",
        "done",
        "m-1",
        "0.0",
        "2,400",
        "$0.5000",
        "1.000",
        "0.500",
    ]
    assert out[2].endswith("1.000")
    assert out[3].startswith("broken")
    assert "no run.json" in out[3]
    first, _, broken = json.loads(Path("out.json").read_text())["runs"]
    assert first["scores"] == {"operational": 1.0, "behavioural": 0.5, "abp-01": 0.25}
    assert first["cost"]["input"] == 2000
    assert broken["status"] == "unreadable"


def test_a_run_is_shown_with_its_tree_findings_scores_and_cost(capsys):
    folder = built(status="budget", reason="40 calls")

    assert main(["runs", "show", folder.name]) == 0

    out = capsys.readouterr().out
    assert out.startswith("2026-11-21-abp-1: budget, 40 calls\n")
    assert "gsim-devs build abp\n" in out
    assert "\nplan    accepted  1,200 tokens, 2.0 s\nSender  accepted  attempt 2" in out
    assert "\nsender, attempt 1, policy:\n  no \\x1b[2J os\n" in out
    assert "behavioural    0.500\n" in out
    assert out.splitlines()[-1].split() == ["total", "2", "0", "2,000", "0", "400", "4.0", "$0.5000"]


def test_a_run_that_was_killed_has_crashed(capsys):
    run = Run.create(Path("runs"), Manifest(system="abp"), now=lambda: DAY)
    run("asked", "plan/a1")
    main(["runs", "show", run.folder.name])
    running = capsys.readouterr().out
    run.close()
    main(["runs", "show", run.folder.name])
    crashed = capsys.readouterr().out

    assert running.startswith("2026-11-21-abp-1: running\n")
    assert crashed.startswith("2026-11-21-abp-1: crashed, its process ended without a word\n")
    assert "\n  where          planning\n" in crashed


def test_a_slot_shows_what_was_said_answered_and_found(capsys):
    folder = built()
    recorded(
        folder, "component/sender/a1", "You write code.", "Write\nSender.", answer="```python\nimport os\n```"
    )

    assert main(["runs", "show", str(folder.resolve()), "--slot", "component/sender/a1"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "──── system", "You write code.", "──── user", "Write", "Sender.", "──── reply of m-1, 2026-11-21",
        "```python", "import os", "```", "──── found: policy", "no \\x1b[2J os",
    ]  # fmt: skip


def test_a_slot_that_is_not_there_is_refused_with_those_that_are(capsys):
    folder = built()

    assert main(["runs", "show", folder.name, "--slot", "plan/a1"]) == 2
    assert "holds no reply for plan/a1; it kept none" in capsys.readouterr().err
    recorded(folder, "plan/a1", "Plan.", answer="{}")
    assert main(["runs", "show", folder.name, "--slot", "plan/a2"]) == 2
    assert "there are plan/a1" in capsys.readouterr().err
    assert main(["runs", "show", folder.name, "--slot", "../run"]) == 2
    assert "is no name for a slot" in capsys.readouterr().err
    (folder / "llm/plan/a1.json").write_bytes(b"\xff\x00")
    assert main(["runs", "show", folder.name, "--slot", "plan/a1"]) == 1
    assert "no recording that can be read" in capsys.readouterr().err


def test_two_runs_are_compared(capsys):
    names = [built().name, built(source="x = 2\n", rounds=1, behavioural=1.0).name]

    assert main(["runs", "diff", *names]) == 1

    assert capsys.readouterr().out.splitlines() == [
        "configuration.rounds: 3 -> 1",
        "--- 2026-11-21-abp-1/components/sender",
        "+++ 2026-11-21-abp-2/components/sender",
        "@@ -1 +1 @@",
        "-x = 1",
        "+x = 2",
        "behavioural: 0.5 -> 1.0",
    ]


def test_runs_that_did_the_same_do_not_differ(capsys):
    assert main(["runs", "diff", built().name, built().name]) == 0
    assert capsys.readouterr().out == ""


def test_plans_are_compared_line_by_line_and_what_is_only_in_one_is_told(capsys):
    first, second = built(), built()
    plan = second / "plan.json"
    plan.write_text(plan.read_text().replace('"name": "sender"', '"name": "speaker"'))
    (first / "components/sender/accepted.py").unlink()
    (second / "components/receiver").mkdir()
    (second / "components/receiver/accepted.py").write_text("y = 1\n")

    assert main(["runs", "diff", first.name, second.name]) == 1

    out = [line.replace(" ", "") for line in capsys.readouterr().out.splitlines()]
    assert '-"name":"sender",' in out
    assert '+"name":"speaker",' in out
    assert "+y=1" in out
    # Its latest attempt is what the other has accepted.
    assert not any("components/sender" in line for line in out)


def test_sources_that_are_too_long_to_be_compared_are_said_to_differ(capsys):
    names = [built("x = 1\n" * 6000).name, built("x = 2\n" * 6000).name]

    assert main(["runs", "diff", *names]) == 1
    assert "components/sender: not the same, and too long" in capsys.readouterr().out


def test_runs_are_removed_all_or_none(capsys):
    first, second = built(), built()

    assert main(["runs", "rm", first.name, "mistaken"]) == 2
    assert "there is no run mistaken" in capsys.readouterr().err
    assert first.exists()
    assert main(["runs", "rm", first.name, second.name]) == 0
    assert list(Path("runs").iterdir()) == []


def test_what_is_done_or_running_is_not_resumed(capsys):
    done = built()
    running = Run.create(Path("runs"), Manifest(system="abp"), now=lambda: DAY)

    assert main(["runs", "resume", done.name]) == 2
    assert "is done" in capsys.readouterr().err
    assert main(["runs", "resume", running.folder.name]) == 2
    assert "is running" in capsys.readouterr().err
    running.close()


def test_a_run_goes_on_by_the_command_that_began_it(capsys, monkeypatch):
    folder = built(status="interrupted")
    monkeypatch.setattr(runs, "RESUMERS", {})
    assert main(["runs", "resume", folder.name]) == 2
    assert "was begun by `gsim-devs build abp`, which cannot go on with a run" in capsys.readouterr().err

    resumed = []
    monkeypatch.setattr(runs, "RESUMERS", {"build": lambda one, options: resumed.append(one) or 7})
    assert main(["runs", "resume", folder.name]) == 7
    assert resumed == [Path("runs", folder.name)]


def test_runs_may_be_elsewhere(capsys):
    built()
    Path("runs").rename("archive")

    assert main(["runs", "ls", "--runs", "archive"]) == 0
    assert "2026-11-21-abp-1" in capsys.readouterr().out
    assert main(["runs", "show", "2026-11-21-abp-1"]) == 2
    assert "there is no run 2026-11-21-abp-1 in runs" in capsys.readouterr().err


def test_runs_are_listed_and_shown_without_anything_heavy():
    folder = built()
    text = (
        "import sys; from gsim_devs.cli import main; main(['runs', 'ls']); main(['runs', 'show', sys.argv[1]]); "
        "print('MODULES', *sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", text, folder.name], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    modules = set(done.stdout.rpartition("MODULES ")[2].split())
    assert "gsim_devs.runs" in modules
    assert not modules & {"torch", "openai", "numpy", "scipy", "jsonschema"}
