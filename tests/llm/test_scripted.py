"""The script that tests are given instead of a service."""

from __future__ import annotations

import asyncio

import pytest

from gsim_devs.errors import BackendError
from gsim_devs.llm import Reply, Script, Usage
from tests.llm.asking import ask


def complete(script, slot):
    return asyncio.run(script.complete(ask(slot)))


def test_a_list_answers_in_its_order_and_remembers_what_was_asked():
    script = Script(["one", Reply(text="two", model="m", usage=Usage())])

    assert [complete(script, "b").text, complete(script, "a").text] == ["one", "two"]
    assert [request.slot for request in script.requests] == ["b", "a"]


def test_a_mapping_answers_by_slot():
    script = Script({"a": "one", "b": ["two", "three"]})

    assert [complete(script, slot).text for slot in ("b", "a", "b")] == ["two", "one", "three"]


def test_errors_are_raised_in_their_turn():
    script = Script([BackendError("down"), "up"])

    with pytest.raises(BackendError, match="down"):
        complete(script, "a")
    assert complete(script, "a").text == "up"


@pytest.mark.parametrize("replies", [[], {"b": "one"}, {"a": []}])
def test_a_script_that_is_used_up_says_so(replies):
    with pytest.raises(BackendError, match="no reply left for a, request 1"):
        complete(Script(replies), "a")
