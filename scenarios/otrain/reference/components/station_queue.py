"""The line of one station of the light rail."""

from __future__ import annotations

from collections import deque

from messages import Passenger, Stop
from runtime import Atomic, Input, Output

BOARDING_TIME = 0.025


class StationQueue(Atomic):
    """Lets those who wait board one by one while the train is there."""

    stop_in = Input(Stop)
    passenger_in = Input(Passenger)
    boarded_out = Output(Passenger)

    def __init__(self, station: int) -> None:
        self.station = station
        self.line: deque[Passenger] = deque()

    def on_passenger_in(self, passenger: Passenger) -> None:
        # The id of an initial passenger codes no origin.
        coded_origin = passenger.passenger_id // 10 % 10
        if coded_origin == self.station != passenger.destination:
            self.line.append(passenger)

    def on_stop_in(self, stop: Stop) -> None:
        if stop.station == self.station:
            self._go_on(stop)

    def on_boarding(self, stop: Stop) -> None:
        passenger = self.line.popleft()
        self.emit(
            "passenger_boarding",
            station_id=self.station,
            station_name=stop.name,
            passenger_id=passenger.passenger_id,
            passenger_num=passenger.passenger_num,
            origin=passenger.origin,
            destination=passenger.destination,
        )
        self.send(self.boarded_out, passenger)
        self._go_on(stop)

    def _go_on(self, stop: Stop) -> None:
        if self.line:
            self.after(BOARDING_TIME, self.on_boarding, stop)
