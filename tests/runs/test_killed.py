"""A process that is killed at any moment leaves a directory that opens again and says where it was."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsim_devs.contracts import load_plan
from gsim_devs.runs import Event, Run, attempts, read_events, read_run

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "scenarios" / "abp" / "reference" / "plan.yaml"


def killed(root, seconds):
    """What a writer had said when it was killed."""
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), str(root), str(PLAN)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        said = [process.stdout.readline()]
        time.sleep(seconds)
        process.kill()
        said += process.stdout.readlines()
    assert said[0] == "begun\n"
    return [int(line) for line in said[1:]]


@pytest.mark.parametrize("seed", range(3))
def test_what_was_settled_is_there_and_what_was_not_does_no_harm(tmp_path, seed):
    chance = random.Random(seed)
    settled = []
    for _ in range(2):
        settled += killed(tmp_path, chance.uniform(0.0, 0.15))
        (folder,) = tmp_path.glob("[!.]*")
        account = read_run(folder)

        assert (account.status, account.damages) == ("crashed", ())
        assert {one.number for one in attempts(account).get("sender", [])} >= set(settled)
        for source in folder.glob("components/sender/a[0-9]*.py"):
            assert source.read_text() == f"# {source.stem[1:]}\n" + "x = 1\n" * 5000
        if settled:
            assert json.loads((folder / "report.json").read_text())["attempt"] >= settled[-1]
            assert load_plan(folder / "plan.json") == load_plan(PLAN)

    with Run.open(folder) as run:
        events = list(read_events(run.paths.events))
        assert [one.seq for one in events] == list(range(1, len(events) + 1))
        assert events[-2].kind == "taken over"
        assert (events[-1].kind, events[-1].data) == ("resumed", {"before": "crashed"})
        for event in events:
            if event.kind == "examined":
                assert run.paths.source("Sender", event.attempt).exists()
        assert not list(folder.rglob(".*.partial"))
        if settled:
            accepted = run.paths.accepted("Sender").read_text()
            number = int(accepted.partition("\n")[0][2:])
            assert number >= settled[-1]
            step = run.step("sender", run.paths.accepted("Sender"), [accepted])
            assert step.is_done or number > settled[-1]
    assert read_run(folder).status == "done"


def test_what_an_event_tells_of_is_there_before_it(created):
    run = created()
    there = []
    run.watch(lambda event: there.append((event.kind, run.paths.source("Sender", 1).exists())))

    run("asked", "component/sender/a1")
    run("examined", "Sender", attempt=1, stage="ok", findings=[], source="x = 1\n")

    assert there == [("asked", False), ("examined", True)]


def test_what_a_killed_process_was_writing_is_swept_away(created):
    run = created()
    run.save_component("Sender", 1, "x = 1\n", [])
    run.close()
    half = run.paths.component("Sender") / ".a2.py.0a1b2c3d.partial"
    half.write_text("x = ")

    Run.open(run.folder).close()

    assert not half.exists()
    assert run.paths.source("Sender", 1).exists()


@pytest.mark.parametrize("length", [0, 1, 40, 89, 90, 91, 150])
def test_an_event_that_was_cut_off_is_dropped_and_the_next_one_is_whole(created, length):
    run = created()
    run("asked", "plan/a1")
    run("asked", "plan/a2")
    run.close()
    whole = run.paths.events.read_bytes()
    run.paths.events.write_bytes(whole[:length])
    complete = whole[:length].count(b"\n")

    assert len(list(read_events(run.paths.events))) == complete
    with Run.open(run.folder) as again:
        again("asked", "plan/a3")

    events = list(read_events(run.paths.events))
    assert all(isinstance(one, Event) for one in events)
    assert [one.seq for one in events] == list(range(1, complete + 4))


def test_a_process_that_did_not_say_goodbye_is_named(created):
    run = created()
    # What a killed process leaves: the system takes the lock from it, and nobody empties the file.
    run.close()
    run.paths.lock.write_text("process 4242\n")

    with Run.open(run.folder) as again:
        pass

    assert [(one.kind, one.data) for one in read_events(again.paths.events)][:2] == [
        ("taken over", {"owner": "process 4242"}),
        ("resumed", {"before": "crashed"}),
    ]
