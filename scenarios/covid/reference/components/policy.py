"""The policy of the epidemic: lockdowns."""

from __future__ import annotations

from messages import Lockdown
from runtime import Atomic, Input, Output


class Policy(Atomic):
    """Announces each lockdown at once."""

    lockdown_in = Input(Lockdown)
    lockdown_out = Output(Lockdown)

    def __init__(self) -> None:
        pass

    def on_lockdown_in(self, lockdown: Lockdown) -> None:
        self.emit("lockdown", strength=lockdown.strength)
        self.send(self.lockdown_out, lockdown)
