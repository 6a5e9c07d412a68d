"""Recordings: a folder with one file for each slot, asked before whoever answers. Knows no service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from gsim_devs.errors import UsageError

from . import recording
from .failures import ChangedRequestError, MissingRecordingError, UnusedRecordingsError
from .messages import Backend, Reply, Request
from .recording import Recording

Mode = Literal["replay", "record-missing", "record"]


def _today() -> str:
    return date.today().isoformat()  # noqa: DTZ011  (the day at the place of whoever records)


class Cassette:
    """Answers from recordings, and records what it has to ask for.

    `replay` never asks. `record-missing` asks for what has no recording, or one for another request: so an
    interrupted run goes on. `record` asks for every slot that fits the glob `slots`, once, and replays the others.
    """

    def __init__(
        self,
        folder: Path,
        beneath: Backend | None = None,
        *,
        mode: Mode = "replay",
        slots: str = "*",
        again: Callable[[str], str] | None = None,
        today: Callable[[], str] = _today,
    ) -> None:
        if beneath is None and mode != "replay":
            raise UsageError(f"{folder}: there is nobody to ask, so nothing can be recorded; use replay")
        if mode == "replay" and not folder.is_dir():
            raise UsageError(f"{folder}: there is no such folder of recordings")
        self.folder = folder
        self._beneath = beneath
        self._mode = mode
        self._slots = slots
        self._again = again or (lambda slot: f"--record {slot}")
        self._today = today
        self._asked: set[str] = set()

    async def complete(self, request: Request) -> Reply:
        """Replay or record."""
        path = self._path(request.slot)
        if self._must_ask(request, path):
            return await self._recorded(request, path)
        self._asked.add(request.slot)
        if not path.is_file():
            raise self._missing(request.slot)
        found = recording.read(path)
        if not found.answers(request):
            raise self._changed(request, found)
        return found.reply

    def unused(self) -> tuple[str, ...]:
        """The slots that have a recording and were not asked for, in their order."""
        return tuple(slot for slot in self._recordings() if slot not in self._asked)

    def refuse_unused(self) -> None:
        """Raise UnusedRecordingsError if there are recordings that nobody asked for."""
        if unused := self.unused():
            first = f"{self.folder}: nobody asked for {len(unused)} of the recordings; delete them if they are stale:"
            raise UnusedRecordingsError("\n".join((first, *(f"  {self._path(slot)}" for slot in unused))))

    def _must_ask(self, request: Request, path: Path) -> bool:
        if self._mode == "replay" or request.slot in self._asked:
            return False
        if self._mode == "record":
            return fnmatchcase(request.slot, self._slots)
        return not path.is_file() or not recording.read(path).answers(request)

    async def _recorded(self, request: Request, path: Path) -> Reply:
        assert self._beneath is not None
        reply = await self._beneath.complete(request)
        self._asked.add(request.slot)
        # A reply that was itself replayed keeps its day.
        day = reply.recorded or self._today()
        recording.write(path, Recording(recording.question_of(request), reply, day))
        return reply

    def _path(self, slot: str) -> Path:
        return self.folder / f"{slot}.json"

    def _recordings(self) -> list[str]:
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*.json"))
        return sorted(
            one.with_suffix("").as_posix() for one in found if not any(part[0] == "." for part in one.parts)
        )

    def _missing(self, slot: str) -> MissingRecordingError:
        near = get_close_matches(slot, self._recordings(), n=3, cutoff=0.5)
        there_are = f"the nearest are {', '.join(near)}" if near else "there is none with a similar name"
        return MissingRecordingError(
            f"{self.folder}: there is no recording for {slot}; {there_are}. To record it: {self._again(slot)}"
        )

    def _changed(self, request: Request, found: Recording) -> ChangedRequestError:
        return ChangedRequestError(
            f"{self._path(request.slot)}: the recording answers another request. What changed:\n"
            f"{found.difference(request)}To record it again: {self._again(request.slot)}"
        )
