"""Directories that are damaged, or that somebody made to do harm: one sentence for each thing, and the rest is read."""

from __future__ import annotations

import json
import os
import random

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.runs import (
    BadEvent,
    Event,
    Run,
    Unreadable,
    attempts,
    compare,
    find_run,
    list_runs,
    plan_text,
    read_events,
    read_run,
    remove_run,
    slots,
    sources,
    tree,
)

GOOD = {"seq": 1, "at": 0.0, "kind": "asked", "node": "plan/a1", "attempt": None, "data": {}}


@pytest.fixture
def folder(created):
    """A sound run."""
    run = created()
    run("asked", "plan/a1")
    run.save_component("Sender", 1, "x = 1\n", ["no os"], "policy")
    run.accept_component("Sender", "x = 1\n")
    run.save_report({"operational": 1.0})
    run.paths.plan.write_text("{}")
    run.finish("done")
    return run.folder


def everything(folder):
    """Whatever can be read of a run."""
    account = read_run(folder)
    compare(account, account)
    return (
        account,
        attempts(account),
        sources(account),
        plan_text(account),
        slots(account),
        tree(account.state),
    )


RUBBISH = [
    b"", b"\x00\xff\xfe" * 50, b"[]", b"null", b"7", b'"x"', b"{}", b'{"format": 2}', b"{" * 100_000, b"[" * 100_000,
    b'{"system": "abp", "status": "so so"}', b'{"system": "../x"}', b'{"system": "abp", "seeds": [1e400]}',
    b'{"system": "abp", "surprise": 1}', b'{"system": "abp", "reason": NaN}', b'{"a":' + b"9" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_a_manifest_of_rubbish_is_told_in_sentences(folder, rubbish):
    (folder / "run.json").write_bytes(rubbish)

    for read in (read_run, Run.open):
        with pytest.raises(UsageError, match=r"run\.json") as caught:
            read(folder)
        assert "Traceback" not in str(caught.value)
    (found,) = list_runs(folder.parent)
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize(
    "name",
    [
        "events.jsonl",
        "report.json",
        "cost.json",
        "plan.json",
        "components/sender/a1.py",
        "components/sender/a1.findings.json",
        "components/sender/accepted.py",
        "lock",
    ],
)
@pytest.mark.parametrize("rubbish", [*RUBBISH, None], ids=[*range(len(RUBBISH)), "absent"])  # fmt: skip
def test_any_other_file_of_rubbish_leaves_the_rest_readable(folder, name, rubbish):
    (folder / name).unlink(missing_ok=True)
    if rubbish is not None:
        (folder / name).write_bytes(rubbish)

    account, *_ = everything(folder)

    assert account.status == "done"
    assert all(isinstance(one, str) and "\n" not in one for one in account.damages)
    Run.open(folder).close()


@pytest.mark.parametrize(
    "name",
    [
        "run.json",
        "events.jsonl",
        "report.json",
        "components",
        "components/sender",
        "lock",
        "components/sender/a1.py",
        "components/sender/accepted.py",
        "plan.json",
        "components/sender/a1.findings.json",
    ],
)
@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "endless"])  # fmt: skip
def test_what_is_no_plain_file_is_not_read(folder, name, kind, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    (folder / name).rename(tmp_path / "before")
    if kind == "folder":
        (folder / name).mkdir()
    elif kind == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to(secret if kind == "link" else "/dev/zero")

    for look in (everything, Run.open):
        try:
            found = look(folder)
        except (UsageError, OSError) as error:
            found = error
        assert "hunter2" not in f"{found} {found!r}"
        if isinstance(found, Run):
            found.close()


BAD_LINES = [
    (b"\xff\xfe", "not JSON"),
    (b"", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b'{"seq": NaN}', "not JSON"),
    (b"[1]", "no event"),
    (b"{}", "no event"),
    *(
        (json.dumps({**GOOD, **change}).encode(), "wrong type")
        for change in (
            {"seq": True}, {"seq": "1"}, {"seq": 10**400}, {"at": None}, {"at": -1}, {"at": 10**400}, {"kind": 1},
            {"node": []}, {"attempt": 1.5}, {"attempt": 10**400}, {"data": []},
        )
    ),
    (json.dumps({**GOOD, "at": 7}).replace("7", "1e999").encode(), "wrong type"),
    (json.dumps({**GOOD, "seq": 0}).encode(), "out of order"),
    (json.dumps({**GOOD, "more": 0}).encode(), "no event"),
    (b" " * 2_100_000, "longer than"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "why"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_is_told_with_its_number_and_the_next_ones_are_read(tmp_path, line, why):
    path = tmp_path / "events.jsonl"
    path.write_bytes(line + b"\n" + json.dumps(GOOD).encode() + b"\n")

    bad, good = read_events(path)

    assert isinstance(bad, BadEvent)
    assert str(bad).startswith("events.jsonl, line 1: ")
    assert why in bad.why
    assert good == Event(**GOOD)


def test_of_many_bad_lines_the_first_are_told_and_the_others_counted(folder):
    (folder / "events.jsonl").write_bytes(b"rubbish\n" * 500)

    damages = read_run(folder).damages

    assert damages[0] == "events.jsonl, line 1: not JSON"
    assert damages[-1] == "events.jsonl: 490 more lines that are no events"
    assert len(damages) == 11


def test_any_bytes_may_stand_in_the_events(folder):
    chance = random.Random(7)
    sound = (folder / "events.jsonl").read_bytes()
    for _ in range(150):
        spoiled = bytearray(sound)
        for _ in range(chance.randint(1, 6)):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        (folder / "events.jsonl").write_bytes(spoiled)

        everything(folder)
    with Run.open(folder) as run:
        run("asked", "plan/a2")
    assert list(read_events(run.paths.events))[-1].kind == "finished"


def test_a_file_that_is_too_large_is_not_read(folder):
    with (folder / "report.json").open("wb") as file:
        file.truncate(10**10)

    account = read_run(folder)

    assert account.report == {}
    assert "too large" in account.damages[0]


def test_runs_that_cannot_be_read_stand_among_the_others(folder):
    (folder.parent / "empty").mkdir()
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "run.json").write_text("{}")
    (folder.parent / "a file").write_text("")
    (folder.parent / ".half.partial").mkdir()

    found = {one.folder.name: one for one in list_runs(folder.parent)}

    assert list(found) == ["2026-11-21-abp-1", "broken", "empty"]
    assert isinstance(found["empty"], Unreadable)
    assert "no run.json" in found["empty"].why
    assert found["2026-11-21-abp-1"].status == "done"


def test_the_tenth_run_comes_after_the_ninth(created):
    names = [created().folder.name for _ in range(11)]

    assert [one.folder.name for one in list_runs(created().folder.parent)][:11] == names


def test_only_runs_are_removed_and_only_when_nobody_writes_them(created, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    run = created()
    link = run.folder.parent / "link"
    link.symlink_to(run.folder)
    (run.folder / "out").symlink_to(precious)

    for folder in (precious, link, tmp_path):
        with pytest.raises(UsageError, match="is no run, so it is not removed"):
            remove_run(folder)
    with pytest.raises(UsageError, match="is being written"):
        remove_run(run.folder)
    run.finish("done")
    remove_run(run.folder)

    assert not run.folder.exists()
    assert (precious / "thesis.txt").exists()


def test_a_run_is_found_by_name_or_path_and_a_misspelt_one_is_guessed(folder):
    root = folder.parent

    assert find_run(root, folder.name) == folder
    assert find_run(root / "elsewhere", str(folder)) == folder
    for name in ("2026-11-21-apb-1", "", "..", "."):
        with pytest.raises(UsageError, match="there is no run"):
            find_run(root, name)
    with pytest.raises(UsageError, match="did you mean 2026-11-21-abp-1"):
        find_run(root, "2026-11-21-apb-1")


def test_a_full_disk_leaves_no_half_event(created, monkeypatch):
    run = created()
    run("asked", "plan/a1")
    real = os.write

    def full(file, content):
        monkeypatch.setattr(os, "write", fails)
        return real(file, content[:20])

    def fails(file, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        run("asked", "plan/a2")
    monkeypatch.setattr(os, "write", real)
    run("asked", "plan/a3")

    assert [(one.seq, one.node) for one in read_events(run.paths.events)] == [(1, "plan/a1"), (2, "plan/a3")]
