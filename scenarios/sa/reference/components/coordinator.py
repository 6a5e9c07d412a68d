"""The coordinator of strategic airlift: which aircraft carries which pallet."""

from __future__ import annotations

from heapq import heappop, heappush

from messages import Assignment, Claim, Idle, Offer
from runtime import Atomic, Input, Output


class Coordinator(Atomic):
    """Gives each pallet that is claimed to the aircraft that has been idle longest."""

    idle_in = Input(Idle)
    claim_in = Input(Claim)
    offer_out = Output(Offer)
    assignment_out = Output(Assignment)

    def __init__(self) -> None:
        self.idle: list[tuple[float, int]] = []  # a heap of (idle since, number)

    def on_idle_in(self, idle: Idle) -> None:
        heappush(self.idle, (self.now, idle.aircraft_id))
        self.send(self.offer_out, Offer())

    def on_claim_in(self, claim: Claim) -> None:
        _, aircraft_id = heappop(self.idle)
        self.emit("assignment_created", aircraft_id=aircraft_id, pallet_id=claim.pallet_id)
        assignment = Assignment(
            aircraft_id=aircraft_id, pallet_id=claim.pallet_id, generated_at=claim.generated_at
        )
        self.send(self.assignment_out, assignment)
