"""Those on board of the train of the light rail."""

from __future__ import annotations

from collections import defaultdict, deque

from messages import Passenger, Stop
from runtime import Atomic, Input

LEAVING_TIME = 0.025


class TrainQueue(Atomic):
    """Lets those leave one by one who are bound for the station at which the train is."""

    stop_in = Input(Stop)
    boarded_in = Input(Passenger)

    def __init__(self) -> None:
        self.bound_for: defaultdict[int, deque[Passenger]] = defaultdict(deque)

    def on_boarded_in(self, passenger: Passenger) -> None:
        self.bound_for[passenger.destination].append(passenger)

    def on_stop_in(self, stop: Stop) -> None:
        self._go_on(stop)

    def on_leaving(self, stop: Stop) -> None:
        passenger = self.bound_for[stop.station].popleft()
        self.emit(
            "passenger_exiting",
            station_id=stop.station,
            station_name=stop.name,
            passenger_id=passenger.passenger_id,
            passenger_num=passenger.passenger_num,
            origin=passenger.origin,
            destination=passenger.destination,
        )
        self._go_on(stop)

    def _go_on(self, stop: Stop) -> None:
        if self.bound_for[stop.station]:
            self.after(LEAVING_TIME, self.on_leaving, stop)
