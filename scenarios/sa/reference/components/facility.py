"""The facility of strategic airlift: where pallets come from."""

from __future__ import annotations

from messages import Pallet
from runtime import Atomic, Output


class Facility(Atomic):
    """Makes a pallet every interval, from time 0 on."""

    pallet_out = Output(Pallet)

    def __init__(self, pallet_interval: float, pallet_expiration_time: float) -> None:
        self.pallet_interval = pallet_interval
        self.pallet_expiration_time = pallet_expiration_time
        self.made = 0

    def start(self) -> None:
        self.at(0, self.on_due, order=2)

    def on_due(self) -> None:
        self.made += 1
        deadline = self.now + self.pallet_expiration_time
        self.emit("pallet_generated", pallet_id=self.made, expiration_time=deadline)
        pallet = Pallet(pallet_id=self.made, generated_at=self.now, longest_stay=self.pallet_expiration_time)
        self.send(self.pallet_out, pallet)
        # A multiple, not a sum: the rounding of the interval does not add up.
        self.at(self.made * self.pallet_interval, self.on_due, order=2)
