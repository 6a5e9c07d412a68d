"""Recordings come back as they were given, notice what changed, and need nobody to answer."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.errors import UsageError
from gsim_devs.llm import Cassette, Message, Reply, Request, Script, Usage
from gsim_devs.llm.failures import (
    ChangedRequestError,
    DamagedRecordingError,
    MissingRecordingError,
    ScriptError,
    UnusedRecordingsError,
)
from gsim_devs.llm.recording import Recording, question_of, read, write
from tests.llm.asking import ask


def complete(backend, *requests):
    async def all_of_them():
        return [await backend.complete(request) for request in requests]

    return asyncio.run(all_of_them())


def recorded(folder, replies, *requests, **more):
    return complete(Cassette(folder, Script(replies), mode="record-missing", **more), *requests)


@pytest.fixture
def offline(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_what_was_recorded_is_replayed_and_marked(tmp_path, offline):
    given = Reply(text="42\n", model="m-1", usage=Usage(calls=2, input=9, output=1), seconds=3.5, cost=0.25)
    recorded(tmp_path, [given], ask("plan/a1"), today=lambda: "2026-11-21")

    [reply] = complete(Cassette(tmp_path), ask("plan/a1"))

    assert reply == given.model_copy(update={"replayed": True, "recorded": "2026-11-21"})


def test_the_file_says_who_answered_and_shows_long_texts_line_by_line(tmp_path):
    recorded(tmp_path, ["x = 1  \ny = 2\n"], ask("component/sender/a1"), today=lambda: "2026-11-21")

    text = (tmp_path / "component/sender/a1.json").read_text()

    assert '"x = 1  ",\n' in text
    assert text.endswith("}\n")
    data = json.loads(text)
    assert (data["answered_by"], data["recorded"]) == ("script", "2026-11-21")
    assert list(data) == sorted(data)


def test_a_recording_of_a_recording_keeps_who_answered_and_when(tmp_path):
    recorded(tmp_path / "first", ["42"], ask(), today=lambda: "2026-11-21")
    copy = Cassette(
        tmp_path / "second", Cassette(tmp_path / "first"), mode="record", today=lambda: "2027-01-01"
    )
    complete(copy, ask())

    assert (tmp_path / "second/a1.json").read_bytes() == (tmp_path / "first/a1.json").read_bytes()


def test_a_changed_request_is_refused_with_the_change_and_what_to_do(tmp_path):
    recorded(tmp_path, ["42"], ask("plan/a1", "Plan this.\nIt is small.\nUse few words."))

    with pytest.raises(ChangedRequestError) as caught:
        complete(
            Cassette(tmp_path, again=lambda slot: f"build --record {slot}"),
            ask("plan/a1", "Plan this.\nIt is large.\nUse few words."),
        )

    lines = str(caught.value).splitlines()
    assert [line.strip() for line in lines if line.startswith(("-  ", "+  "))] == [
        '-     "It is small.",',
        '+     "It is large.",',
    ]
    assert "plan/a1.json" in lines[0]
    assert lines[-1].endswith("build --record plan/a1")


@pytest.mark.parametrize(
    "other",
    [
        ask(text="What is 6 x 8?"),
        ask(most_tokens=7),
        ask(reply_schema={"type": "object"}),
        Request(slot="a1", messages=(Message(role="system", text="What is 6 x 7?"),)),
    ],
)
def test_all_that_a_reply_depends_on_is_compared(tmp_path, other):
    recorded(tmp_path, ["42"], ask())

    with pytest.raises(ChangedRequestError):
        complete(Cassette(tmp_path), other)


def test_a_missing_recording_names_the_nearest(tmp_path):
    recorded(tmp_path, ["1", "2"], ask("component/sender/a1"), ask("plan/a1"))

    with pytest.raises(
        MissingRecordingError, match=r"component/sender/a2; the nearest are component/sender/a1"
    ):
        complete(Cassette(tmp_path), ask("component/sender/a2"))


def test_recordings_that_nobody_asked_for_are_told(tmp_path):
    recorded(tmp_path, ["1", "2"], ask("plan/a1"), ask("plan/a2"))
    cassette = Cassette(tmp_path)
    complete(cassette, ask("plan/a1"))

    assert cassette.unused() == ("plan/a2",)
    with pytest.raises(UnusedRecordingsError, match=r"1 of the recordings.*\n.*plan/a2\.json"):
        cassette.refuse_unused()
    complete(cassette, ask("plan/a2"))
    cassette.refuse_unused()


def test_an_interrupted_recording_goes_on_where_it_stopped(tmp_path):
    requests = [ask(f"a{number}", f"question {number}") for number in range(4)]
    with pytest.raises(ScriptError):
        recorded(tmp_path, ["0", "1"], *requests)

    second = Script(["2", "3"])
    replies = complete(Cassette(tmp_path, second, mode="record-missing"), *requests)

    assert [reply.text for reply in replies] == ["0", "1", "2", "3"]
    assert [request.slot for request in second.requests] == ["a2", "a3"]


def test_what_changed_is_recorded_anew_when_recording_goes_on(tmp_path):
    recorded(tmp_path, ["1", "2"], ask("a1", "old"), ask("a2", "same"))

    replies = recorded(tmp_path, ["3"], ask("a1", "new"), ask("a2", "same"))

    assert [reply.text for reply in replies] == ["3", "2"]


def test_recording_asks_again_for_the_slots_that_fit_and_once_for_each(tmp_path):
    recorded(tmp_path, ["1", "2"], ask("plan/a1"), ask("component/a1"))
    script = Script(["3"])
    cassette = Cassette(tmp_path, script, mode="record", slots="plan/*")

    replies = complete(cassette, ask("plan/a1"), ask("component/a1"), ask("plan/a1"))

    assert [reply.text for reply in replies] == ["3", "2", "3"]
    assert [request.slot for request in script.requests] == ["plan/a1"]


def test_one_slot_cannot_stand_for_two_requests_of_one_run(tmp_path):
    with pytest.raises(ChangedRequestError):
        recorded(tmp_path, ["1", "2"], ask("a1", "one"), ask("a1", "other"))


def test_a_failure_is_not_recorded(tmp_path):
    with pytest.raises(ScriptError):
        recorded(tmp_path, [], ask())

    assert list(tmp_path.iterdir()) == []


WRITER = """
import asyncio, pathlib, sys
from gsim_devs.llm import Cassette, Message, Request, Script

async def record():
    cassette = Cassette(pathlib.Path(sys.argv[1]), Script(["x\\n" * 20_000] * 1000), mode="record-missing")
    for number in range(1000):
        message = Message(role="user", text=f"question {number}")
        await cassette.complete(Request(slot=f"a{number}", messages=(message,)))
        print(number, flush=True)

asyncio.run(record())
"""


@pytest.mark.parametrize("recordings", [1, 2, 5])
def test_killed_while_it_writes_it_leaves_whole_recordings_only(tmp_path, recordings):
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    for _ in range(recordings):
        process.stdout.readline()
    process.kill()
    process.communicate()

    whole = [read(path) for path in tmp_path.glob("*.json")]

    assert len(whole) >= recordings
    assert {len(one.reply.text) for one in whole} == {40_000}


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"form": 2}',
        b'{"form": 1, "request": {"$lines": [1]}}',
        b'{"form": 1, "request": {}, "request_sha256": "0"}',
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path, damage):
    (tmp_path / "a1.json").write_bytes(damage)

    with pytest.raises(DamagedRecordingError, match=r"a1\.json: no recording that can be read") as caught:
        complete(Cassette(tmp_path), ask())
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [("6 x 7", "6 x 8"), ('"seconds": 0.0', '"seconds": -1'), ('"text": "42"', '"text": 42')],
)
def test_an_edited_file_is_noticed(tmp_path, old, new):
    recorded(tmp_path, ["42"], ask())
    path = tmp_path / "a1.json"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(DamagedRecordingError):
        complete(Cassette(tmp_path), ask())


def test_there_must_be_something_to_replay_or_somebody_to_record(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        Cassette(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="nobody to ask"):
        Cassette(tmp_path, mode="record")


@pytest.mark.parametrize("slot", ["../a1", "/a1", "a/../b", ".hidden", "a//b", "a1\n", "A1", ""])
def test_a_slot_is_never_a_path_that_leads_away(slot):
    with pytest.raises(ValueError, match="slot"):
        ask(slot)


def test_half_a_character_makes_the_round_trip(tmp_path):
    request = ask(reply_schema={"pattern": "\ud800"})

    recorded(tmp_path, ["42"], request)

    assert complete(Cassette(tmp_path), request)[0].text == "42"


texts = st.text(alphabet=st.characters() | st.sampled_from("\n\r\u2028 \t$"), max_size=30)
keys = st.sampled_from(["$lines", "$$lines", "$$$lines", "lines", "a\nb"]) | st.text(max_size=5)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(
    texts=st.lists(texts, min_size=1, max_size=3),
    schema=st.none() | st.dictionaries(keys, plain, max_size=3),
    answer=texts,
)
def test_every_request_and_reply_makes_the_round_trip(tmp_path_factory, texts, schema, answer):
    path = tmp_path_factory.getbasetemp() / "round-trip.json"
    messages = tuple(Message(role="user", text=text) for text in texts)
    request = Request(slot="round-trip", messages=messages, reply_schema=schema)
    reply = Reply(text=answer, model="m", usage=Usage())

    write(path, Recording(question_of(request), reply, "2026-11-21"))
    found = read(path)

    assert found.answers(request)
    assert found.question == question_of(request)
    assert found.reply.text == answer
