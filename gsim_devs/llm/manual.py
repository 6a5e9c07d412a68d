"""A person with a chat window as backend: each request becomes a file to paste, each reply is a file to save.

The request to `component/sender/a1` stands in `component/sender/a1.md`, its reply belongs in
`component/sender/a1.answer.md`. Many may wait at once; they are answered in any order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gsim_devs.errors import BackendError

from .estimates import estimated_usage
from .messages import Message, Reply, Request

_MOST_BYTES = 4_000_000
_SPEAKERS = {"system": "Instructions", "user": "Request", "assistant": "What you answered before"}


class Manual:
    """Writes requests into a folder and waits for the answers."""

    def __init__(
        self,
        folder: Path,
        *,
        answered_by: str = "by hand",
        told: Callable[[str], None] = lambda sentence: None,
        poll: float = 0.5,
    ) -> None:
        self._folder = folder
        self._answered_by = answered_by
        self._told = told
        self._poll = poll
        self._waiting = 0

    async def complete(self, request: Request) -> Reply:
        """The answer, once its file is there and has stopped changing."""
        asked = self._folder / f"{request.slot}.md"
        answer = self._folder / f"{request.slot}.answer.md"
        begun = asyncio.get_running_loop().time()
        _write(asked, answer, _page(request, answer))
        self._waiting += 1
        try:
            self._told(f"{self._waiting} waiting for an answer; the latest: paste {asked}, save {answer}")
            text = await self._awaited(answer)
        finally:
            self._waiting -= 1
        return Reply(
            text=text,
            model=self._answered_by,
            usage=estimated_usage(request, text),
            seconds=asyncio.get_running_loop().time() - begun,
        )

    async def _awaited(self, answer: Path) -> str:
        before: tuple[int, int] | None = None
        while True:
            now = _state(answer)
            # An editor may write in pieces: it is whole once it is the same twice.
            if now is not None and now == before:
                return _text(answer)
            before = now
            await asyncio.sleep(self._poll)


def _state(answer: Path) -> tuple[int, int] | None:
    """Size and time of the last change; None while there is nothing in it."""
    with suppress(FileNotFoundError):
        found = answer.stat()
        if found.st_size > 0:
            return found.st_size, found.st_mtime_ns
    return None


def _text(answer: Path) -> str:
    if answer.stat().st_size > _MOST_BYTES:
        raise BackendError(f"{answer}: more than {_MOST_BYTES} bytes; save the reply alone")
    try:
        return answer.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BackendError(
            f"{answer}: not UTF-8 text; save it as UTF-8 and run the same command again"
        ) from None


def _write(asked: Path, answer: Path, page: str) -> None:
    """An answer to another request of the same name is set aside: it must not be taken for one to this."""
    if answer.exists() and (not asked.exists() or asked.read_bytes() != page.encode()):
        answer.replace(asked.with_suffix(".earlier-answer.md"))
    asked.parent.mkdir(parents=True, exist_ok=True)
    unfinished = asked.with_name(f".{asked.name}.unfinished")
    unfinished.write_bytes(page.encode())
    unfinished.replace(asked)


def _page(request: Request, answer: Path) -> str:
    what_to_do = (
        f"<!-- {request.slot}: paste all that follows this line into a new chat, and save the whole reply, "
        f"unchanged, as {answer.name} beside this file. -->"
    )
    alone = len(request.messages) == 1
    parts = [what_to_do, *(one.text.strip() if alone else _turn(one) for one in request.messages)]
    if request.reply_schema is not None:
        schema = json.dumps(request.reply_schema, ensure_ascii=False)
        parts.append(
            f"Answer with one JSON object, and nothing else, that fits this JSON Schema:\n\n{schema}"
        )
    return "\n\n".join(parts) + "\n"


def _turn(message: Message) -> str:
    return f"# {_SPEAKERS[message.role]}\n\n{message.text.strip()}"
