"""Show a run while it goes on: a tree that is drawn again, a line for each event, or the events themselves.

It goes to stderr: stdout carries results. Whoever closes the terminal does not stop the run.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, TextIO

from gsim_devs.trace.wording import cut

from .events import Event, read_events
from .progress import Progress
from .run import Run, Watcher
from .telling import line, tree

How = Literal["auto", "tree", "plain", "json"]
HOWS: tuple[How, ...] = ("auto", "plain", "json")
"""What can be asked for."""
_INTERVAL = 0.25
"""Seconds between two drawings, at least."""


@contextlib.contextmanager
def show_live(run: Run, stream: TextIO, how: str = "auto") -> Iterator[None]:
    """Show what happens in a run from now on; `auto` draws a tree on a terminal, and else writes lines."""
    if how == "json":
        run.watch(_quietly(stream, lambda event: event.line.decode("utf-8")))
        yield
    elif how == "plain" or not stream.isatty() or os.environ.get("TERM") == "dumb":
        run.watch(_quietly(stream, lambda event: f"{line(event)}\n"))
        yield
    else:
        progress = Progress()
        for event in read_events(run.paths.events):
            if isinstance(event, Event):
                progress.take(event)
        with Tree(stream, run.folder.name, progress) as drawn:
            run.watch(drawn.take)
            yield


class Tree:
    """A tree of the run that is drawn again where it stands, at most four times in a second."""

    def __init__(
        self,
        stream: TextIO,
        title: str,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
        size: Callable[[], os.terminal_size] | None = None,
    ) -> None:
        self._stream, self._title, self._progress, self._clock = stream, title, progress, clock
        self._size = size or (lambda: os.get_terminal_size(stream.fileno()))
        self._heard = clock()
        self._drawn_at = -_INTERVAL + self._heard
        self._height = 0
        self._turn = threading.Lock()
        self._end = threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)

    def take(self, event: Event) -> None:
        """Draw what an event changes, soon."""
        with self._turn:
            self._progress.take(event)
            self._heard = self._clock()
        self.draw()

    def draw(self, *, last: bool = False) -> None:
        """Draw, unless that was done a moment ago; the last drawing is done in any case, and stays in full."""
        with self._turn:
            now = self._clock()
            if not last and now - self._drawn_at < _INTERVAL:
                return
            self._drawn_at = now
            with contextlib.suppress(OSError, ValueError):
                columns, rows = self._size()
                # Some terminals do not know how large they are.
                columns, rows = columns or 80, rows or 24
                lines = self.lines(None if last else rows - 1)
                # Back to the first line; each is erased behind its text, and what is below the last one too.
                back = f"\x1b[{self._height}F" if self._height else ""
                body = "".join(f"{cut(one, columns - 1)}\x1b[K\n" for one in lines)
                self._stream.write(f"{back}{body}\x1b[J")
                self._stream.flush()
                self._height = len(lines)

    def lines(self, most: int | None = None) -> list[str]:
        """What is drawn now; of more than fit, those that nothing happens in are left out."""
        state = self._progress.state
        at = state.at + self._clock() - self._heard
        head = f"{self._title}  {at:.0f} s  {state.where}"
        if state.operational is not None:
            behavioural = "-" if state.behavioural is None else f"{state.behavioural:.3f}"
            head += f"  operational {state.operational:.3f}, behavioural {behavioural}"
        body = tree(state, at)
        if most is None or len(body) < most:
            return [head, *body]
        busy = tree(state, at, idle=False)[: max(0, most - 2)]
        return [head, *busy, f"… and {len(body) - len(busy)} more"][:most]

    def __enter__(self) -> Tree:
        self.draw()
        self._ticking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._ticking.join()
        self.draw(last=True)

    def _tick(self) -> None:
        """Seconds pass without any event."""
        while not self._end.wait(_INTERVAL):
            self.draw()


def _quietly(stream: TextIO, text: Callable[[Event], str]) -> Watcher:
    def write(event: Event) -> None:
        with contextlib.suppress(OSError, ValueError):
            stream.write(text(event))
            stream.flush()

    return write
