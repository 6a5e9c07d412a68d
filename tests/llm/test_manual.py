"""Requests that a person answers: what is written, and when an answer counts as complete."""

from __future__ import annotations

import asyncio

import pytest

from gsim_devs.errors import BackendError
from gsim_devs.llm import Message, Request
from gsim_devs.llm.manual import Manual
from tests.llm.asking import ask, without_waiting


def answered(manual, request, *steps):
    """Complete a request while the steps happen, one between any two looks."""

    async def both():
        task = asyncio.ensure_future(manual.complete(request))
        await asyncio.sleep(0.01)
        for step in steps:
            step()
            await asyncio.sleep(0.5)
            assert step is steps[-1] or not task.done()
        return await task

    return without_waiting(both())


def test_a_request_can_be_pasted_and_its_answer_comes_back(tmp_path):
    told = []
    manual = Manual(tmp_path, answered_by="somebody, 2026-11", told=told.append)
    request = ask("plan/a1", "What is 6 x 7?")

    reply = answered(manual, request, lambda: (tmp_path / "plan/a1.answer.md").write_text("42\n"))

    page = (tmp_path / "plan/a1.md").read_text()
    assert page.endswith("What is 6 x 7?\n")
    assert "a1.answer.md" in page.splitlines()[0]
    assert (reply.text, reply.model) == ("42\n", "somebody, 2026-11")
    assert (reply.usage.input, reply.usage.output, reply.usage.estimated) == (4, 1, True)
    assert "plan/a1.answer.md" in told[0]


def test_all_turns_and_the_form_of_the_reply_stand_in_the_page(tmp_path):
    turns = (("system", "Be brief."), ("user", "Plan it."), ("assistant", "A plan."), ("user", "Mend it."))
    request = Request(
        slot="a1",
        messages=tuple(Message(role=role, text=text) for role, text in turns),
        reply_schema={"type": "object", "title": "Plan"},
    )

    answered(Manual(tmp_path), request, lambda: (tmp_path / "a1.answer.md").write_text("{}"))

    page = (tmp_path / "a1.md").read_text()
    places = [page.index(text) for _, text in turns]
    assert places == sorted(places)
    assert page.rstrip().endswith('{"type": "object", "title": "Plan"}')


def test_an_answer_that_still_grows_is_not_taken(tmp_path):
    path = tmp_path / "a1.answer.md"

    reply = answered(
        Manual(tmp_path),
        ask(),
        path.touch,
        lambda: path.write_text("4"),
        lambda: path.write_text("42"),
        lambda: path.write_text("42, as"),
        lambda: path.write_text("42, as you know"),
    )

    assert reply.text == "42, as you know"


def test_many_requests_wait_at_once_and_are_answered_in_any_order(tmp_path):
    manual = Manual(tmp_path)

    async def all_of_them():
        tasks = [asyncio.ensure_future(manual.complete(ask(f"a{n}", f"{n}?"))) for n in range(20)]
        await asyncio.sleep(0.01)
        for number in reversed(range(20)):
            (tmp_path / f"a{number}.answer.md").write_text(f"answer {number}")
        return [reply.text for reply in await asyncio.gather(*tasks)]

    assert without_waiting(all_of_them()) == [f"answer {number}" for number in range(20)]


def test_an_answer_that_was_there_is_taken_again_for_the_same_request_only(tmp_path):
    path = tmp_path / "a1.answer.md"
    answered(Manual(tmp_path), ask(text="old"), lambda: path.write_text("to the old one"))

    assert answered(Manual(tmp_path), ask(text="old")).text == "to the old one"
    assert answered(Manual(tmp_path), ask(text="new"), lambda: path.write_text("new")).text == "new"
    assert (tmp_path / "a1.earlier-answer.md").read_text() == "to the old one"


@pytest.mark.parametrize(
    ("content", "cause"), [(b"\xff\xfe4\x002\x00", "UTF-8"), (b"x" * 4_000_001, "bytes")]
)
def test_an_answer_that_cannot_be_read_is_refused_in_a_sentence(tmp_path, content, cause):
    path = tmp_path / "a1.answer.md"

    with pytest.raises(BackendError, match=rf"a1\.answer\.md: .*{cause}"):
        answered(Manual(tmp_path), ask(), lambda: path.write_bytes(content))
