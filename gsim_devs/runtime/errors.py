"""What can go wrong in a simulator, by who must act. Nothing here knows how errors are printed.

GsimError
├── UsageError          the caller: an argument, a line of input, a file
│   └── ModelError      the modeller: a model that cannot be built
└── SimulationError     a component, while the simulation ran
"""

from __future__ import annotations


class GsimError(Exception):
    """Everything that this project raises on purpose."""


class UsageError(GsimError):
    """Something that the caller gave cannot be used; the message says what, where, and what to try."""


class ModelError(UsageError):
    """A model that cannot be built; one sentence for each defect."""

    def __init__(self, *defects: str) -> None:
        super().__init__("\n".join(defects))
        self.defects = defects


class SimulationError(GsimError):
    """A component failed while the simulation ran."""

    def __init__(self, cause: str, *, component: str, time: float, event: str) -> None:
        super().__init__(f"{component} failed at time {time!r} in {event}: {cause}")
        self.cause = cause
        self.component = component
        self.time = time
        self.event = event

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.cause, self.component, self.time, self.event)


def _rebuilt(cause: str, component: str, time: float, event: str) -> SimulationError:
    return SimulationError(cause, component=component, time=time, event=event)
