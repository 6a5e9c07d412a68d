"""A channel of the alternating bit protocol: a fixed travel time, and losses by arithmetic."""

from __future__ import annotations

from messages import Frame
from runtime import Atomic, Input, Output


class Channel(Atomic):
    """Decides the fate of what enters at once; what passes arrives later."""

    entered = Input(Frame)
    passed = Output(Frame)

    def __init__(self, label: str, noise: int, channel_delay: float) -> None:
        self.label = label
        self.noise = noise
        self.channel_delay = channel_delay

    def on_entered(self, frame: Frame) -> None:
        self.noise = (17 * self.noise + 11) % 100
        is_lost = self.noise < 10
        behavior = "drop" if is_lost else "pass"
        self.emit("packet_get", behavior=behavior, channel=self.label, noise_value=self.noise)
        if not is_lost:
            self.after(self.channel_delay, self.on_arrived, frame, order=2)

    def on_arrived(self, frame: Frame) -> None:
        self.send(self.passed, frame)
