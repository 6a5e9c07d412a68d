"""A line of the offline file transfer: a fixed travel time, no losses."""

from __future__ import annotations

from messages import Frame
from runtime import Atomic, Input, Output


class Line(Atomic):
    """Delivers everything in its order; any number of things may be on their way."""

    entered = Input(Frame)
    delivered = Output(Frame)

    def __init__(self, delay: float) -> None:
        self.delay = delay

    def on_entered(self, frame: Frame) -> None:
        self.after(self.delay, self.on_delivered, frame)

    def on_delivered(self, frame: Frame) -> None:
        self.send(self.delivered, frame)
