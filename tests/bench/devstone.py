"""DEVStone as xdevs ships it, unmodified, under both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdevs.examples.devstone.devstone import HI, HO, LI, HOmod
from xdevs.sim import Coordinator

from gsim_devs.runtime import Kernel

KINDS: dict[str, Any] = {"LI": LI, "HI": HI, "HO": HO, "HOmod": HOmod}


def under_coordinator(kind: str, width: int, depth: int) -> Callable[[], None]:
    model = KINDS[kind]("root", width, depth, 0, 0)
    coordinator = Coordinator(model)
    coordinator.initialize()

    def run() -> None:
        for port in model.in_ports:
            port.add(0)
        coordinator.clock.time = 0
        coordinator.deltfcn()
        coordinator.clear()
        coordinator.simulate(10**9)

    return run


def under_kernel(kind: str, width: int, depth: int) -> Callable[[], None]:
    model = KINDS[kind]("root", width, depth, 0, 0)
    kernel = Kernel(model, max_rounds=10**9)

    def run() -> None:
        for port in model.in_ports:
            kernel.inject(port.name, 0)
        kernel.run()

    return run
