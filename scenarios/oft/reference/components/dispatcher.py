"""The dispatcher of the offline file transfer: passes commands on to the part that each concerns."""

from __future__ import annotations

from collections import deque

from messages import Command, Control, Request
from runtime import Atomic, Input, Output


class Dispatcher(Atomic):
    """Passes on commands of one instant one after the other, so that they take effect in their order."""

    command = Input(Command)
    control_out = Output(Control)
    request_out = Output(Request)

    def __init__(self) -> None:
        self.waiting: deque[Command] = deque()

    def on_command(self, command: Command) -> None:
        self.waiting.append(command)
        if len(self.waiting) == 1:
            self.after(0, self.on_next, order=1)

    def on_next(self) -> None:
        command = self.waiting.popleft()
        if command.type == "control":
            self.send(self.control_out, Control(added=command.value))
        else:
            self.send(self.request_out, Request(allowed=bool(command.value)))
        if self.waiting:
            self.after(0, self.on_next, order=1)
