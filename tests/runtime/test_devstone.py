"""DEVStone: as many transitions as the published formulas say, and as many as under xdevs' Coordinator."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from xdevs.examples.devstone.devstone import DEVStone
from xdevs.sim import Coordinator

from gsim_devs.runtime import Kernel

SIZES = [(1, 1), (1, 4), (2, 2), (3, 4), (5, 3), (8, 5)]
KINDS = ["LI", "HI", "HO", "HOmod"]


def published(kind: str, width: int, depth: int) -> int:
    """Transitions after one message at each input; internal and external ones are as many."""
    triangle = width * (width - 1) // 2
    if kind == "LI":
        return 1 + (width - 1) * (depth - 1)
    if kind in {"HI", "HO"}:
        return 1 + triangle * (depth - 1)
    arriving = [1 + level * (width - 1) for level in range(depth - 1)]
    return 1 + sum(count * triangle + (width - 1) * (count + width - 1) for count in arriving)


def counts(model: DEVStone) -> tuple[int, int, int]:
    return model.n_internals, model.n_externals, model.n_events


@pytest.mark.parametrize(("width", "depth"), SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_transitions_are_those_of_the_formula_and_of_xdevs(kind: str, width: int, depth: int) -> None:
    ours, theirs = (DEVStone("root", kind, width, depth, 0, 0, test=True) for _ in range(2))
    coordinator = Coordinator(theirs)
    coordinator.initialize()
    coordinator.simulate()

    Kernel(ours).run()

    assert counts(ours) == counts(theirs)
    assert counts(ours)[:2] == (published(kind, width, depth),) * 2


@pytest.mark.parametrize("kind", KINDS)
def test_confluent_transitions_are_as_many_as_under_xdevs(kind: str) -> None:
    ours, theirs = (DEVStone("root", kind, 4, 3, 0, 0, test=True) for _ in range(2))
    ours_confluent, theirs_confluent = _count_confluent(ours), _count_confluent(theirs)
    coordinator = Coordinator(theirs)
    coordinator.initialize()
    coordinator.simulate()

    Kernel(ours).run()

    # Components of one round take their transitions in no particular order.
    assert Counter(ours_confluent) == Counter(theirs_confluent)
    assert bool(ours_confluent) == (kind != "LI")


def _count_confluent(model: Any) -> list[str]:
    """The list in which the names of components that take a confluent transition are going to be."""
    found: list[str] = []

    class Counting(type(model.devstone.components[-1])):  # type: ignore[misc]
        def deltcon(self) -> None:
            found.append(self.name)
            super().deltcon()

    waiting = [model.devstone]
    while waiting:
        for part in waiting.pop().components:
            if hasattr(part, "components"):
                waiting.append(part)
            else:
                part.__class__ = Counting
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_injected_message_does_what_the_seeder_does(kind: str) -> None:
    seeded = DEVStone("root", kind, 4, 4, 0, 0, test=True)
    bare = DEVStone("root", kind, 4, 4, 0, 0, test=True).devstone
    bare.parent = None
    Kernel(seeded).run()
    kernel = Kernel(bare)

    for port in bare.in_ports:
        kernel.inject(port.name, 0, 3.5)
    kernel.run()

    assert (bare.n_internals, bare.n_externals, bare.n_events) == counts(seeded)
    assert kernel.time == 3.5
