"""Models that were written for xdevs run as they are, and do what they do there."""

from __future__ import annotations

import math
from typing import Any

import pytest
import xdevs.models
from xdevs.examples.gpt.models import Efp, Gpt
from xdevs.examples.store.models.store import Store
from xdevs.models import Port
from xdevs.sim import Coordinator

from gsim_devs.runtime import Kernel
from tests.runtime.probes import Classic, System


def jobs(transducer: Any) -> tuple[Any, ...]:
    """All that the transducer of the examples has seen."""
    arrived, solved = (
        [job.name for job in seen] for seen in (transducer.jobs_arrived, transducer.jobs_solved)
    )
    return arrived, solved, transducer.total_ta, transducer.clock, transducer.phase


def told(message: Any) -> tuple[Any, ...]:
    """A message of the store, less the state that its sender goes on changing."""
    return tuple(
        (name, value)
        for name, value in vars(message).items()
        if name in {"t_entered", "t_exited", "employee_id"}
    )


def under_xdevs(model: Any, until: float) -> list[tuple[Any, ...]]:
    """What leaves a model under xdevs' Coordinator: time, port, message."""
    coordinator = Coordinator(model)
    coordinator.initialize()
    coordinator.clock.time = coordinator.time_next
    found = []
    while coordinator.clock.time <= until:
        coordinator.lambdaf()
        found += [
            (coordinator.clock.time, port.name, told(m)) for port in model.out_ports for m in port.values
        ]
        coordinator.deltfcn()
        coordinator.clear()
        coordinator.clock.time = coordinator.time_next
    return found


def under_kernel(model: Any, until: float) -> list[tuple[Any, ...]]:
    """What leaves a model under our kernel: time, port, message."""
    found: list[tuple[Any, ...]] = []
    kernel = Kernel(model, on_output=lambda time, port, message: found.append((time, port, told(message))))
    kernel.run(until)
    return found


@pytest.mark.parametrize(
    ("generation", "processing", "observed"), [(3, 5, 100), (2, 1, 60), (4, 4, 64), (1, 9, 41)]
)
def test_generator_processor_transducer(generation: float, processing: float, observed: float) -> None:
    ours, theirs = (Gpt("gpt", generation, processing, observed) for _ in range(2))
    under_xdevs(theirs, 1000)

    Kernel(ours).run(1000)

    assert jobs(ours.components[2]) == jobs(theirs.components[2])
    # The last arrival coincides with the end where the period divides it; the transducer's phase is over by then.
    assert len(jobs(ours.components[2])[0]) in {math.ceil(observed / generation) - 1, observed // generation}


def test_experimental_frame_and_processor() -> None:
    ours, theirs = (Efp("efp", 3, 5, 100) for _ in range(2))
    under_xdevs(theirs, 1000)

    Kernel(ours).run(1000)

    frame: Any = ours.components[0]
    reference: Any = theirs.components[0]
    assert jobs(frame.components[1]) == jobs(reference.components[1])
    assert len(jobs(frame.components[1])[1]) > 10


@pytest.mark.parametrize(("employees", "serving", "arriving"), [(3, 5, 3), (1, 4, 2), (2, 3, 3), (4, 10, 1)])
def test_store(employees: int, serving: float, arriving: float) -> None:
    ours = under_kernel(Store(employees, serving, arriving), 100)

    assert ours == under_xdevs(Store(employees, serving, arriving), 100)
    assert {port for _, port, _ in ours} == {"OP_LeavingQueue", "OP_LeavingGenerator", "OP_LeavingEmployee"}


def test_a_single_classic_component_is_a_model() -> None:
    classic = Classic(1, 2)
    seen: list[Any] = []
    kernel = Kernel(classic, on_output=lambda *output: seen.append(output))
    kernel.inject("a", 7, 0.5)
    kernel.inject("a", 8, 0.5)
    kernel.inject("a", 9, 3)

    kernel.run(10)

    assert classic.log == [("ext", 0.5, [7, 8]), "int", ("con", [9])]
    assert seen == [(1, "x", 1), (3, "x", 2)]


def test_what_is_written_to_a_port_is_there_for_one_round_only() -> None:
    loose, bound = Classic(1, 1), Classic(1, 1)
    receiver = Classic()
    kernel = Kernel(System("bound.x > receiver.a", loose=loose, bound=bound, receiver=receiver))

    kernel.run(1)

    assert loose.x.empty()
    assert bound.x.empty()
    assert receiver.a.empty()
    kernel.run(5)
    assert receiver.log == [("ext", 1, [1]), ("ext", 1, [2])]


def test_rounding_in_a_models_own_arithmetic_does_no_harm() -> None:
    class Patient(xdevs.models.Atomic):
        """Counts down from 0.3 and is interrupted on the way."""

        def __init__(self) -> None:
            super().__init__("patient")
            self.a: Port[int] = Port(int, "a")
            self.add_in_port(self.a)
            self.log: list[Any] = []

        def initialize(self) -> None:
            self.hold_in("waiting", 0.3)

        def exit(self) -> None: ...

        def lambdaf(self) -> None: ...

        def deltint(self) -> None:
            self.log.append("int")
            self.passivate()

        def deltext(self, e: float) -> None:
            self.log.append("ext")
            self.continuef(e)

        def deltcon(self) -> None:
            self.log.append("con")
            self.passivate()

    patient = Patient()
    kernel = Kernel(patient)
    for time in (0.1, 0.3):
        kernel.inject("a", 1, time)

    kernel.run(1)

    assert 0.3 - 0.1 != 0.2
    assert patient.log == ["ext", "con"]
