"""The train of the light rail: a timetable that waits for nobody."""

from __future__ import annotations

from messages import Stop
from runtime import Atomic, Output


class Train(Atomic):
    """Goes along the stations and back, with equal intervals."""

    stop_out = Output(Stop)

    def __init__(self, names: tuple[str, ...], interval: float) -> None:
        self.names = names
        self.interval = interval
        last = len(names)
        self.route = [*range(1, last), *range(last, 1, -1)]
        self.arrivals = 0

    def start(self) -> None:
        self.at(0, self.on_arrival)

    def on_arrival(self) -> None:
        place = self.arrivals % len(self.route)
        station = self.route[place]
        name = self.names[station - 1]
        direction = int(place >= len(self.route) // 2)
        self.emit(
            "train_arrival", station_id=station, station_name=name, station=station, direction=direction
        )
        self.send(self.stop_out, Stop(station=station, name=name))
        self.arrivals += 1
        self.at(self.arrivals * self.interval, self.on_arrival)
