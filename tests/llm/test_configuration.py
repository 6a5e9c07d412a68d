"""Where settings come from, which of them win, and that a key stays where it is."""

from __future__ import annotations

import asyncio

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.llm import Cassette, Configuration, Script, load_configuration, open_backend
from gsim_devs.llm.configuration import key_from
from gsim_devs.llm.failures import UnusedRecordingsError
from tests.llm.asking import ask, without_waiting

FILE = """
[llm]
model = "of-the-file"
base_url = "http://file/v1"
[llm.limits]
max_calls = 5
max_tokens = 7
[llm.prices.of-the-file]
input = 0.25
output = 2
"""


def loaded(folder, environment=None, **flags):
    return load_configuration(folder, environment or {}, flags)


def test_the_environment_beats_the_file_and_flags_beat_both(tmp_path):
    (tmp_path / "gsim-devs.toml").write_text(FILE)
    environment = {"GSIM_DEVS_MODEL": "of-the-environment", "OPENAI_BASE_URL": "http://environment/v1"}

    assert loaded(tmp_path).model == "of-the-file"
    both = loaded(tmp_path, environment, base_url="http://flag/v1", max_tokens=8, model=None)
    assert (both.model, both.base_url) == ("of-the-environment", "http://flag/v1")
    assert (both.limits.max_calls, both.limits.max_tokens) == (5, 8)


def test_without_a_file_there_are_defaults(tmp_path):
    assert loaded(tmp_path) == Configuration()


def test_a_price_is_known_or_not_and_never_guessed(tmp_path):
    (tmp_path / "gsim-devs.toml").write_text(FILE)

    assert loaded(tmp_path).price.output == 2
    assert loaded(tmp_path, model="of-the-file-2").price is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[llm", "not TOML"),
        ("llm = 1", "must be a section"),
        ("[llm]\napi_key = 'sk-1234'", "set OPENAI_API_KEY"),
        ("[llm]\nmodle = 'x'", "did you mean 'model'"),
        ("[llm]\ntimeout = -1", "timeout: found -1"),
        ("[llm.limits]\nmax_calls = 0", "limits.max_calls: found 0"),
        ("[llm]\ntimeout = 2026-11-21", "timeout: found '2026-11-21'"),
        ("[llm]\ntimeout = inf", "timeout"),
        ("[llm]\nlimits = 1", "limits"),
        ("\xff".encode("latin-1"), "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(tmp_path, text, sentence):
    path = tmp_path / "gsim-devs.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)

    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, max_tokens=3)
    assert sentence in str(caught.value)
    assert "sk-1234" not in str(caught.value)


def test_a_key_does_not_show():
    key = key_from({"OPENAI_API_KEY": " sk-1234 "})

    assert "sk-1234" not in f"{key} {key!r}"
    assert key.get_secret_value() == "sk-1234"
    assert key_from({"OPENAI_API_KEY": " "}) is None


@pytest.mark.parametrize("key", ["sk-\u00fc", "sk-12\n34"])
def test_what_cannot_be_a_key_is_refused_without_being_told(key):
    with pytest.raises(UsageError, match="no key") as caught:
        key_from({"OPENAI_API_KEY": key})
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "api.openai.com", "file:///etc/passwd", "http://", "http:// /v1"])
def test_an_address_must_be_one(tmp_path, url):
    with pytest.raises(UsageError, match="base_url"):
        loaded(tmp_path, base_url=url)


@pytest.mark.parametrize("choice", ["", "gpt", "manual", "manual:", "replay:", "openai:gpt"])
def test_an_unknown_choice_is_told_what_there_is(choice):
    with pytest.raises(UsageError, match="openai, manual:DIR"):
        open_backend(choice, Configuration(), environment={})


def test_a_service_needs_a_model_and_the_one_of_openai_a_key():
    with pytest.raises(UsageError, match="--model"):
        open_backend("openai", Configuration(), environment={"OPENAI_API_KEY": "k"})
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        open_backend("openai", Configuration(model="m"), environment={})


def test_replaying_needs_no_key_and_refuses_what_nobody_asked_for(tmp_path):
    async def record(slot):
        await Cassette(tmp_path, Script(["42"]), mode="record").complete(ask(slot))

    async def replay(whole=True):
        choice = f"replay:{tmp_path}"
        async with open_backend(choice, Configuration(), whole=whole, environment={}) as backend:
            return await backend.complete(ask("a1"))

    asyncio.run(record("a1"))
    reply = asyncio.run(replay())
    assert (reply.text, reply.replayed) == ("42", True)

    asyncio.run(record("a2"))
    with pytest.raises(UnusedRecordingsError, match=r"a2\.json"):
        asyncio.run(replay())
    assert asyncio.run(replay(whole=False)) == reply


def test_what_went_wrong_is_not_hidden_by_recordings_that_were_not_reached(tmp_path):
    async def record_and_fail():
        await Cassette(tmp_path, Script(["42"]), mode="record").complete(ask("a1"))
        async with open_backend(f"replay:{tmp_path}", Configuration(), environment={}):
            raise KeyError("something else")

    with pytest.raises(KeyError):
        asyncio.run(record_and_fail())


def test_what_a_person_answers_is_recorded(tmp_path):
    answers, kept = tmp_path / "answers", tmp_path / "kept"
    settings = Configuration(answered_by="somebody, 2026-11")

    async def answer():
        async with open_backend(f"manual:{answers}", settings, recordings=kept) as backend:
            task = asyncio.ensure_future(backend.complete(ask("a1")))
            await asyncio.sleep(0.1)
            (answers / "a1.answer.md").write_text("42")
            return await task, backend.budget.spent

    reply, spent = without_waiting(answer())

    assert spent == reply.usage
    again = asyncio.run(Cassette(kept).complete(ask("a1")))
    assert (again.text, again.model) == ("42", "somebody, 2026-11")
