"""Everything a service may do, over real HTTP: the error, how many calls are made, and what they took."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from random import Random
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from gsim_devs.llm import Reply, Usage
from gsim_devs.llm import failures as f
from gsim_devs.llm import retrying as retrying_module
from gsim_devs.llm.gate import Gate
from gsim_devs.llm.openai_service import OpenaiService
from gsim_devs.llm.retrying import Retrying
from tests.llm.asking import ask
from tests.llm.fault_server import FaultServer, Step, answer, completion, refusal

GOOD = Usage(input=10, output=5)
FREE = Usage(calls=1)
GUESSED = Usage(input=4, estimated=True)  # `What is 6 x 7?` has 14 characters
FORM = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(retrying_module, "_FIRST_PAUSE", 0.001)


def talk(server, *requests, key="sk-secret-1234", seconds=5.0, at_once=True, **more):
    """The replies or errors of some requests."""

    async def led():
        service = OpenaiService(server.url, "asked-model", SecretStr(key) if key else None, seconds=seconds)
        backend = Retrying(service, Gate(), random=Random(1), **more)
        try:
            if at_once:
                return await asyncio.gather(*map(backend.complete, requests), return_exceptions=True)
            return [await backend.complete(request) for request in requests]
        finally:
            await service.close()

    return asyncio.run(led())


def ask_once(*steps, request=None, **more):
    with FaultServer(steps) as server:
        [result] = talk(server, request or ask(), **more)
    return result, server


def test_a_reply_says_who_gave_it_and_what_it_took():
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8}}

    reply, server = ask_once(answer("42", usage=usage))

    assert (reply.text, reply.model) == ("42", "served-model")
    assert reply.usage == Usage(input=10, output=5, cached=8)
    [request] = server.requests
    assert request["messages"] == [{"role": "user", "content": "What is 6 x 7?"}]
    assert (request["model"], request["max_tokens"]) == ("asked-model", 16_000)
    assert request["_authorization"] == "Bearer sk-secret-1234"


def test_half_a_character_does_no_harm():
    reply, _ = ask_once(Step(body=json.dumps(completion("4\ud8002 \U0001f600"))))

    assert reply.text == "4\ufffd2 \U0001f600"


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        {"prompt_tokens": -1, "completion_tokens": 5},
        {"prompt_tokens": "10"},
        {"completion_tokens": True},
    ],
)
def test_what_the_service_does_not_say_is_estimated_and_marked(usage):
    reply, _ = ask_once(answer("x" * 20, usage=usage))

    assert reply.usage == Usage(input=4, output=5, estimated=True)


RECOVERING = [
    ("429, a moment", refusal(429, headers={"retry-after-ms": "20"}), FREE),
    ("429, at once", refusal(429, headers={"Retry-After": "0"}), FREE),
    (
        "429, a date that is past",
        refusal(429, headers={"Retry-After": "Sat, 21 Nov 2020 12:00:00 GMT"}),
        FREE,
    ),
    ("429, rubbish", refusal(429, headers={"Retry-After": "soon"}), FREE),
    ("429, no number", refusal(429, headers={"Retry-After": "nan", "retry-after-ms": "inf"}), FREE),
    ("429, a date that never was", refusal(429, headers={"Retry-After": "Sat, 31 Feb 0000 12:00:00"}), FREE),
    ("500 with half a character", Step(status=500, body='{"error": "\\ud800"}'), FREE),
    ("500 with rubbish", Step(status=500, body=b"\xff\x00"), FREE),
    ("500", refusal(500), FREE),
    ("503 with a web page", Step(status=503, body="<html>down</html>"), FREE),
    ("408", refusal(408), FREE),
    ("cut off", Step(body=completion("42"), cut=30), FREE),
    ("hung up", Step(hang_up=True), FREE),
    ("half a JSON text", Step(body='{"choices": [{"mess'), GUESSED),
    ("not UTF-8", Step(body=b"\xff\xfe\x00"), GUESSED),
    ("a list", Step(body="[1]"), GUESSED),
    ("nested too deep", Step(body="[" * 100_000), GUESSED),
    ("200, but overloaded", Step(body={"error": {"code": 502, "message": "upstream"}}), FREE),
    ("200, but too many", Step(body={"error": {"type": "rate_limit_exceeded"}}), FREE),
    ("no choices", Step(body={**completion("x"), "choices": []}), GOOD),
    ("null", answer(None), GOOD),
    ("blank", answer(" \n"), GOOD),
    ("only reasoning", answer(None, reasoning_content="hm"), GOOD),
    ("choices of a wrong type", Step(body={**completion("x"), "choices": "none"}), GOOD),
    ("content of a wrong type", answer([1]), GOOD),
]


@pytest.mark.parametrize(
    ("fault", "took"), [row[1:] for row in RECOVERING], ids=[row[0] for row in RECOVERING]
)
def test_what_passes_is_asked_again_and_counted(fault, took):
    reply, server = ask_once(fault, answer())

    assert isinstance(reply, Reply), reply
    assert reply.text == "42"
    assert server.calls == 2
    assert reply.usage == took + GOOD


LASTING = [
    ("500", refusal(500), f.UnavailableError, 6, FREE),
    ("hung up", Step(hang_up=True), f.UnavailableError, 6, FREE),
    ("half a JSON text", Step(body='{"choi'), f.GarbledError, 3, GUESSED),
    ("null", answer(None), f.EmptyError, 2, GOOD),
    ("429, five minutes", refusal(429, headers={"Retry-After": "300"}), f.RateLimitError, 1, FREE),
    ("account used up", refusal(429, code="insufficient_quota"), f.QuotaError, 1, FREE),
    ("200, account used up", Step(body={"error": {"code": "insufficient_quota"}}), f.QuotaError, 1, FREE),
    ("400", refusal(400, "context too long"), f.RefusedError, 1, FREE),
    ("401", refusal(401), f.AccessError, 1, FREE),
    ("403", refusal(403), f.AccessError, 1, FREE),
    ("404", refusal(404), f.RefusedError, 1, FREE),
    ("a web page", Step(body=" <!doctype html><p>hello"), f.RefusedError, 1, FREE),
    ("200, error", Step(body={"error": {"message": "what?"}}), f.RefusedError, 1, FREE),
    (
        "200, error after half a reply",
        Step(body={**completion("half a"), "error": {"message": "gone"}}),
        f.RefusedError,
        1,
        FREE,
    ),
    ("200, error as text", Step(body={"error": "what?"}), f.RefusedError, 1, FREE),
    ("limit of length", answer("4", finish="length"), f.TruncatedError, 1, GOOD),
    ("filtered", answer(None, finish="content_filter"), f.FilteredError, 1, GOOD),
    ("declined", answer(None, refusal="I will not."), f.DeclinedError, 1, GOOD),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "kind", "calls", "each"), [row[1:] for row in LASTING], ids=[row[0] for row in LASTING]
)
def test_what_lasts_ends_in_its_error_after_so_many_calls(fault, kind, calls, each):
    error, server = ask_once(fault)

    assert type(error) is kind, repr(error)
    assert server.calls == calls
    assert error.usage == sum([each] * calls, Usage(calls=0))
    assert len(str(error).splitlines()) == 1
    assert ("times)" in str(error)) == (calls > 1)


@pytest.mark.parametrize(
    "step", [Step(body=completion("42"), delay=0.3), Step(body=completion("42"), drip=0.01)]
)
def test_the_deadline_is_for_the_whole_reply(step):
    error, server = ask_once(step, seconds=0.1)

    assert type(error) is f.DeadlineError
    assert server.calls == 3
    assert error.usage == GUESSED + GUESSED + GUESSED


def test_nobody_there_is_a_sentence_with_the_address():
    with FaultServer([answer()]) as server:
        url = server.url

    [error] = talk(SimpleNamespace(url=url), ask())

    assert type(error) is f.UnavailableError
    assert url in str(error)


def test_a_key_that_the_service_repeats_is_not_told():
    for fault in (
        refusal(401, "Incorrect API key provided: sk-secret-1234."),
        Step(body={"error": {"message": "bad key sk-secret-1234"}}),
    ):
        error, _ = ask_once(fault)

        assert "sk-secret-1234" not in f"{error} {error!r}"
        assert "***" in str(error)


def only(*forms):
    """A service that takes only some ways of asking."""

    def treat(request):
        form = request.get("response_format", {}).get("type", "prompted")
        if form not in forms:
            return refusal(400, f"'response_format' of type {form} is not supported")
        return answer('{"n": 42}')

    return treat


@pytest.mark.parametrize(
    ("takes", "asked"),
    [
        (["json_schema"], ["json_schema"]),
        (["json_object"], ["json_schema", "json_object"]),
        (["prompted"], ["json_schema", "json_object", "prompted"]),
    ],
)
def test_json_is_asked_for_in_the_best_way_that_the_service_takes(takes, asked):
    with FaultServer(only(*takes)) as server:
        first, second = talk(
            server, ask("a1", reply_schema=FORM), ask("a2", reply_schema=FORM), at_once=False
        )

    tried = [request.get("response_format", {}).get("type", "prompted") for request in server.requests]
    assert tried == [*asked, asked[-1]]
    assert (first.text, second.text) == ('{"n": 42}',) * 2
    assert (first.usage.calls, second.usage.calls) == (len(asked), 1)
    words = server.requests[-1]["messages"][0]["content"]
    assert ('"additionalProperties": false' in words) == (takes != ["json_schema"])


def test_calls_that_are_refused_at_once_step_down_once():
    with FaultServer(only("json_object", "prompted")) as server:
        replies = talk(server, *(ask(f"a{n}", reply_schema=FORM) for n in range(8)))

    assert [reply.text for reply in replies] == ['{"n": 42}'] * 8
    assert "prompted" not in [r.get("response_format", {}).get("type", "prompted") for r in server.requests]


def test_a_service_that_ignores_the_form_is_asked_in_another_way_next_time():
    with FaultServer([answer("It is 42."), answer('{"n": 42}')]) as server:
        first, second = talk(
            server, ask("a1", reply_schema=FORM), ask("a2", reply_schema=FORM), at_once=False
        )

    assert (first.text, second.text) == ("It is 42.", '{"n": 42}')
    assert [request["response_format"]["type"] for request in server.requests] == [
        "json_schema",
        "json_object",
    ]


def test_a_fenced_object_is_an_object():
    with FaultServer([answer('```json\n{"n": 42}\n```')]) as server:
        talk(server, ask("a1", reply_schema=FORM), ask("a2", reply_schema=FORM), at_once=False)

    assert [request["response_format"]["type"] for request in server.requests] == ["json_schema"] * 2


def test_a_refusal_of_anything_else_is_no_reason_to_step_down():
    error, server = ask_once(refusal(400, "too long"), request=ask(reply_schema=FORM))

    assert type(error) is f.RefusedError
    assert server.calls == 1


def test_strictness_is_only_asked_for_where_the_schema_allows_it():
    loose = {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}}

    for schema, strict in ((FORM, True), (loose, False)):
        _, server = ask_once(answer("{}"), request=ask(reply_schema=schema))

        form = server.requests[0]["response_format"]["json_schema"]
        assert form == {"name": "reply", "schema": schema, "strict": strict}


def test_the_other_name_for_the_limit_of_length_is_found():
    def treat(request):
        if "max_tokens" in request:
            return refusal(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return answer()

    with FaultServer(treat) as server:
        talk(server, ask("a1"), ask("a2"), at_once=False)

    assert [request.get("max_completion_tokens") for request in server.requests] == [None, 16_000, 16_000]


def test_a_service_that_refuses_both_names_is_not_asked_for_ever():
    error, server = ask_once(refusal(400, "neither max_tokens nor max_completion_tokens"))

    assert type(error) is f.RefusedError
    assert server.calls == 2


def test_a_refusal_that_comes_late_undoes_nothing_that_was_learnt_since():
    def treat(request):
        step = only("prompted")(request)
        is_late = request["messages"][0]["content"].startswith("late")
        return replace(step, delay=0.2) if is_late and "response_format" in request else step

    async def led(url):
        service = OpenaiService(url, "m")
        backend = Retrying(service, Gate())
        late = asyncio.ensure_future(backend.complete(ask("a1", "late", reply_schema=FORM)))
        await asyncio.sleep(0.02)
        await backend.complete(ask("a2", "early", reply_schema=FORM))
        await late
        rung = service.rung
        await service.close()
        return rung

    with FaultServer(treat) as server:
        assert asyncio.run(led(server.url)) == "prompted"
        assert server.calls == 3 + 2


def test_many_clients_at_once_are_all_answered():
    with FaultServer(lambda request: answer(request["messages"][0]["content"])) as server:
        replies = talk(server, *(ask(f"a{n}", f"question {n}") for n in range(64)))

    assert [reply.text for reply in replies] == [f"question {n}" for n in range(64)]
    assert server.calls == 64
    assert server.most_at_once <= 32


def test_a_service_that_bears_four_at_once_is_not_stormed():
    def treat(request):
        too_many = server.at_once > 4
        return refusal(429, headers={"retry-after-ms": "1"}) if too_many else answer(delay=0.005)

    with FaultServer(treat) as server:
        replies = talk(server, *(ask(f"a{n}") for n in range(64)))

    assert [reply.text for reply in replies] == ["42"] * 64
    assert server.calls <= 1.2 * 64
