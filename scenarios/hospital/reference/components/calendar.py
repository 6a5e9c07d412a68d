"""The calendar of the hospital: when updates take place."""

from __future__ import annotations

from messages import Update
from runtime import Atomic, Output


class Calendar(Atomic):
    """Announces an update at each whole day."""

    update_out = Output(Update)

    def __init__(self) -> None:
        self.day = 0

    def start(self) -> None:
        self._await_next()

    def on_day(self) -> None:
        self.send(self.update_out, Update())
        self._await_next()

    def _await_next(self) -> None:
        self.day += 1
        self.at(self.day, self.on_day)
