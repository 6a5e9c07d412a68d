"""The run directory: what is told is there afterwards, as a whole, whoever else tells something meanwhile."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext

import pytest

from gsim_devs.errors import GenerationError, UsageError
from gsim_devs.runs import Event, Manifest, Run, inputs_of, read_events


def data_of(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_runs_are_named_by_day_system_and_number(created):
    names = [created(system).folder.name for system in ("abp", "abp", "sa", "abp")]

    assert names == ["2026-11-21-abp-1", "2026-11-21-abp-2", "2026-11-21-sa-1", "2026-11-21-abp-3"]


def test_a_name_of_ones_own_is_taken_once(created):
    assert created(id="first").folder.name == "first"
    with pytest.raises(UsageError, match="first is there already"):
        created(id="first")
    with pytest.raises(UsageError, match="no name for a run"):
        created(id="../first")


def test_what_is_told_is_in_the_events_in_order_with_the_seconds(created, clock):
    run = created()
    run("asked", "plan/a1")
    clock.now += 2.5
    run(
        "answered", "plan/a1", model="m", input=10, output=5, cached=0, seconds=2.5, cost=None, replayed=False
    )

    events = list(read_events(run.paths.events))

    assert [(one.seq, one.at, one.kind, one.node) for one in events] == [
        (1, 0.0, "asked", "plan/a1"),
        (2, 2.5, "answered", "plan/a1"),
    ]
    assert events[1].data["output"] == 5


def test_an_examined_source_becomes_an_attempt_with_its_findings(created):
    run = created()

    run(
        "examined",
        "AckChannel",
        attempt=1,
        stage="policy",
        findings=["os may not be imported"],
        source="import os\n",
    )
    run("examined", "AckChannel", attempt=2, stage="ok", findings=[], source="x = 1\n")
    run.accept_component("AckChannel", "x = 1\n")

    folder = run.folder / "components" / "ack_channel"
    assert (folder / "a1.py").read_text() == "import os\n"
    assert data_of(folder / "a1.findings.json") == {
        "attempt": 1, "stage": "policy", "findings": ["os may not be imported"],
    }  # fmt: skip
    assert (folder / "accepted.py").read_text() == "x = 1\n"
    events = list(read_events(run.paths.events))
    assert [(one.kind, one.attempt) for one in events] == [("examined", 1), ("examined", 2), ("accepted", 2)]
    assert "source" not in events[0].data


def test_names_that_lead_out_of_the_folder_are_refused(created):
    run = created()

    for model in ("../x", "a/b", "", ".hidden", "x" * 101):
        with pytest.raises(UsageError, match="no name for a model"):
            run.save_component(model, 1, "", [])
    with pytest.raises(UsageError, match="no name for a case"):
        run.save_trace("..", 1, b"")
    with pytest.raises(UsageError, match="no name for a slot"):
        run.paths.reply("component/../../x")


def test_keys_of_a_service_are_never_written(created):
    run = created(
        command=("generate", "abp", "--api-key", "hunter2", "--model", "m"),
        configuration={
            "llm": {"api_key": "hunter2", "max_tokens": 5, "header": "Bearer sk-abcdefghijklmnop1234"}
        },
    )
    run.finish("failed", "refused: sk-abcdefghijklmnop1234 is unknown")

    text = run.paths.manifest.read_text()
    assert "hunter2" not in text
    assert "abcdefghijklmnop" not in text
    assert data_of(run.paths.manifest)["configuration"]["llm"]["max_tokens"] == 5


def test_the_manifest_says_what_went_in_and_how_it_ended(created, tmp_path):
    spec = tmp_path / "abp.md"
    spec.write_bytes(b"abc")
    run = created(inputs=inputs_of({"specification": spec, "rules": tmp_path / "none"}), seeds=(1, 2))
    run.finish("budget", "40 calls")

    held = data_of(run.paths.manifest)
    # The published hash of the three letters.
    assert held["inputs"] == {
        "specification": {
            "path": str(spec),
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        }
    }
    assert (held["status"], held["reason"], held["seeds"]) == ("budget", "40 calls", [1, 2])
    assert held["started"] == "2026-11-21T09:30:00+00:00"
    assert set(held["versions"]) == {"python", "gsim-devs", "xdevs", "code"}


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (None, "done", ""),
        (KeyboardInterrupt(), "interrupted", "stopped by the user"),
        (UsageError("no such thing"), "failed", "no such thing"),
        (
            ExceptionGroup("many", [GenerationError("a plan", ["empty"])]),
            "failed",
            "a plan could not be generated:\n  empty",
        ),
        (ZeroDivisionError("oh"), "crashed", "ZeroDivisionError: oh"),
    ],
)
def test_an_unfinished_run_ends_by_what_is_on_its_way_out(created, error, status, reason):
    run = created()

    with pytest.raises(type(error)) if error else nullcontext(), run:
        if error:
            raise error

    held = data_of(run.paths.manifest)
    assert (held["status"], held["reason"]) == (status, reason)
    assert run.state.status == status


def test_many_threads_tell_at_once(created):
    run = created()
    shown = []
    run.watch(shown.append)

    def tell(number):
        for attempt in range(1, 26):
            run("examined", f"M{number}", attempt=attempt, stage="ok", findings=[], source=f"{attempt}")

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    events = list(read_events(run.paths.events))
    assert [one.seq for one in events] == list(range(1, 201))
    assert shown == events
    assert sorted((one.node, one.attempt) for one in events) == sorted(
        (f"M{number}", attempt) for number in range(8) for attempt in range(1, 26)
    )


def test_a_run_that_ended_goes_on_where_it_was(created, clock, tmp_path):
    run = created()
    clock.now += 10
    run("asked", "plan/a1")
    run.finish("interrupted")
    clock.now += 3600

    with Run.open(run.folder, clock=clock) as again:
        assert again.manifest.status == "running"
        clock.now += 1
        again("answered", "plan/a1")

    events = list(read_events(run.paths.events))
    assert [(one.seq, one.kind, one.at) for one in events] == [
        (1, "asked", 10.0),
        (2, "finished", 10.0),
        (3, "resumed", 10.0),
        (4, "answered", 11.0),
        (5, "finished", 11.0),
    ]
    assert events[2].data == {"before": "interrupted"}


def test_one_process_at_a_time_writes_a_run(created):
    run = created()

    with pytest.raises(UsageError, match="is being written by process [0-9]+"):
        Run.open(run.folder)
    run.close()
    Run.open(run.folder).close()


def test_a_closed_run_takes_nothing_more(created):
    run = created()
    run.finish("done")

    with pytest.raises(UsageError, match="is closed"):
        run("asked", "plan/a1")


def test_a_step_is_done_while_its_output_inputs_and_code_are_the_same(created, monkeypatch):
    run = created()
    output = run.paths.plan
    step = run.step("plan", output, ["specification", b"contract"])

    assert not step.is_done
    step.done()
    assert not step.is_done, "there is no output"
    output.write_text("{}")
    assert step.is_done
    assert run.step("plan", output, ["specification", b"contract"]).is_done
    assert not run.step("plan", output, ["specification", b"contract "]).is_done
    assert not run.step("plan", output, ["specificationcontract"]).is_done
    assert not run.step("other", output, ["specification", b"contract"]).is_done
    monkeypatch.setattr("gsim_devs.runs.steps.code_version", lambda: "newer")
    assert not run.step("plan", output, ["specification", b"contract"]).is_done


def test_a_damaged_note_of_a_step_means_that_it_is_not_done(created):
    run = created()
    run.paths.plan.write_text("{}")
    step = run.step("plan", run.paths.plan, [])
    step.done()
    step.note.write_bytes(b"\xff\x00")

    assert not step.is_done


def test_anything_can_be_told_and_is_read_back_as_plain_data(created):
    run = created()
    half = "\udc80"
    run("odd", "Sender", number=float("nan"), path=run.folder, text=half, deep={1: (2, {3})}, lines="a\nb")

    (event,) = read_events(run.paths.events)

    assert event.data == {
        "number": "nan", "path": str(run.folder), "text": half, "deep": {"1": [2, "{3}"]}, "lines": "a\nb",
    }  # fmt: skip


def test_an_event_that_is_too_large_leaves_out_what_it_says(created):
    run = created()
    run("odd", text="x" * 3_000_000)
    run("next")

    events = list(read_events(run.paths.events))
    assert [one.kind for one in events if isinstance(one, Event)] == ["odd", "next"]
    assert "left_out" in events[0].data


def test_a_source_with_half_a_character_is_kept(created):
    run = created()
    run.save_component("Sender", 1, "x = '\udc80'\n", [])

    kept = run.paths.source("Sender", 1).read_text()

    assert kept == "x = '\\udc80'\n"


def test_a_new_run_says_nothing_of_its_ending(created):
    manifest = Manifest(system="abp", status="crashed")
    assert created(**manifest.model_dump(exclude={"system"})).manifest.status == "running"
