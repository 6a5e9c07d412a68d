"""The queue of strategic airlift: pallets that wait, until they are claimed or thrown away."""

from __future__ import annotations

from collections import deque

from messages import Claim, Offer, Pallet
from runtime import Atomic, Input, Output


class Queue(Atomic):
    """First in, first out; a pallet leaves when it is claimed for an aircraft, or at its deadline."""

    pallet_in = Input(Pallet)
    offer_in = Input(Offer)
    claim_out = Output(Claim)

    def __init__(self) -> None:
        self.waiting: deque[Pallet] = deque()
        self.offers = 0
        self.expired = 0

    def on_pallet_in(self, pallet: Pallet) -> None:
        self.waiting.append(pallet)
        self.emit("pallet_queued", pallet_id=pallet.pallet_id, queue_size=len(self.waiting))
        self.after(pallet.longest_stay, self.on_expired, pallet, order=1)
        self._match_later()

    def on_offer_in(self, offer: Offer) -> None:
        self.offers += 1
        self._match_later()

    def on_expired(self, pallet: Pallet) -> None:
        self.waiting.remove(pallet)
        self.expired += 1
        self.emit("pallet_expired", pallet_id=pallet.pallet_id, total_expired=self.expired)

    def on_match(self) -> None:
        while self.waiting and self.offers:
            pallet = self.waiting.popleft()
            self.offers -= 1
            self.cancel(self.on_expired, pallet)
            self.send(self.claim_out, Claim(pallet_id=pallet.pallet_id, generated_at=pallet.generated_at))

    def _match_later(self) -> None:
        """Claim when everything else of this instant is over."""
        if self.waiting and self.offers:
            self.after(0, self.on_match, order=3)
