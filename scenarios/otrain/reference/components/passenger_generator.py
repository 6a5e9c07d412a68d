"""Where the passengers of one station of the light rail come from."""

from __future__ import annotations

from messages import Passenger
from runtime import Atomic, Output


class PassengerGenerator(Atomic):
    """Makes an initial passenger, and then one after each interval."""

    passenger_out = Output(Passenger)

    def __init__(self, station: int, names: tuple[str, ...]) -> None:
        self.station = station
        self.name_of_station = names[station - 1]
        self.others = [other for other in range(1, len(names) + 1) if other != station]
        self.number = 0

    def start(self) -> None:
        self.at(0.5, self.on_generation, order=1)

    def on_generation(self) -> None:
        destination = self.draw.choice(self.others)
        coded = 100 * self.number + 10 * self.station + destination
        passenger = Passenger(
            passenger_id=coded if self.number else 0,
            passenger_num=self.number,
            origin=self.station,
            destination=destination,
        )
        self.emit(
            "passenger_generated",
            station_id=self.station,
            station_name=self.name_of_station,
            passenger_id=passenger.passenger_id,
            passenger_num=passenger.passenger_num,
            origin=passenger.origin,
            destination=passenger.destination,
        )
        self.send(self.passenger_out, passenger)
        self.number += 1
        self.after(self._interval(), self.on_generation, order=1)

    def _interval(self) -> int:
        """The time to the next passenger, in whole seconds."""
        minutes = self.draw.normal(mean=5.0, sd=5.0)
        return round(60 * min(max(minutes, 1.0), 9.0))
