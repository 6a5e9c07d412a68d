"""A conversation is led to its end: requests are answered, work is done, errors arrive where they were caused."""

from __future__ import annotations

import asyncio

import pytest

from gsim_devs.errors import BackendError, UsageError
from gsim_devs.llm import Message, Reply, Request, Usage, Work, converse


class Echo:
    """Answers with what it is asked; to `fail` it has no answer."""

    async def complete(self, request: Request) -> Reply:
        if request.text == "fail":
            raise BackendError("nobody answers")
        return Reply(text=request.text.upper(), model="echo", usage=Usage(input=2, output=3))


def ask(text: str) -> Request:
    return Request(slot="a1", messages=(Message(role="user", text=text),))


def lead(conversation):
    return asyncio.run(converse(conversation, Echo()))


def test_replies_and_results_come_back_where_they_were_asked_for():
    def conversation():
        reply = yield ask("five")
        number = yield Work(lambda: 5)
        return reply.text, number

    assert lead(conversation()) == ("FIVE", 5)


def test_a_conversation_may_end_without_asking():
    def conversation():
        return 7
        yield

    assert lead(conversation()) == 7


def test_an_error_is_raised_at_the_request_and_can_be_handled_there():
    def conversation():
        try:
            yield ask("fail")
        except BackendError as error:
            reply = yield ask(str(error))
            return reply.text

    assert lead(conversation()) == "NOBODY ANSWERS"


def test_an_error_that_is_not_handled_ends_the_conversation():
    def refuse():
        raise UsageError("no")

    def conversation():
        yield Work(refuse)

    with pytest.raises(UsageError, match="no"):
        lead(conversation())


def test_usage_adds_up():
    both = Usage(input=2, output=3, cached=1) + Usage(input=5, output=7, estimated=True)

    assert both == Usage(calls=2, input=7, output=10, cached=1, estimated=True)
    assert both.tokens == 17
