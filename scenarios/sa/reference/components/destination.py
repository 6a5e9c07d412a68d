"""The destination of strategic airlift: where pallets go."""

from __future__ import annotations

from messages import Delivery
from runtime import Atomic, Input


class Destination(Atomic):
    """Reports what is delivered."""

    delivery_in = Input(Delivery)

    def on_delivery_in(self, delivery: Delivery) -> None:
        self.emit(
            "pallet_delivered",
            pallet_id=delivery.pallet_id,
            aircraft_id=delivery.aircraft_id,
            latency=self.now - delivery.generated_at,
        )
