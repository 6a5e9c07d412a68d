"""The inside of a model in the place of its component: what that was given, its parts are given."""

from __future__ import annotations

import pytest

from gsim_devs.contracts import PlanTree, atomics, coupled_nodes, from_data
from gsim_devs.errors import UsageError
from gsim_devs.planning import Draft, Inside, Part, cut


def model(**arguments: str) -> dict:
    return {"function": "works", "arguments": arguments}


def plan(models: dict, children: list) -> PlanTree:
    root = {"name": "System", "children": children}
    return from_data(PlanTree, {"system": "shop", "models": models, "root": root}, "plan")


def draft(*names: str, **bound: dict) -> Draft:
    """A component of each of these models, all bound alike."""
    children = [{"name": name.lower(), "model": name, "arguments": bound} for name in names]
    models = {name: model(**dict.fromkeys(bound, "int")) for name in names}
    parts = {name: Part((), split=True) for name in names}
    return Draft(plan(models, children), cut("It works."), parts, {})


def inside(name: str, *children: dict) -> Inside:
    return Inside(
        plan({f"{name}Clerk": model()}, list(children)), {f"{name}Clerk": Part((1,), split=False)}, {}
    )


@pytest.mark.parametrize(
    ("bound", "copies"),
    [({"argument": "clerks"}, {"argument": "clerks"}), ({"value": 3}, 3)],
)
def test_a_number_of_copies_comes_from_what_the_whole_was_given(bound, copies):
    counter = {"name": "clerk", "model": "HallClerk", "copies": {"argument": "staff"}}

    whole = draft("Hall", staff=bound).with_inside("Hall", inside("Hall", counter))

    (node,) = [node for _, node, _ in atomics(whole.plan)]
    assert node.model_dump(mode="json")["copies"] == copies


def test_a_number_of_copies_that_nobody_knows_beforehand_is_refused():
    counter = {"name": "clerk", "model": "HallClerk", "copies": {"argument": "staff"}}

    with pytest.raises(UsageError, match="clerk has as many copies as staff says"):
        draft("Hall", staff={"parameter": "staff"}).with_inside("Hall", inside("Hall", counter))


def test_parts_of_one_name_in_two_insides_are_two_classes():
    front = {"name": "front", "class": "Front"}
    whole = draft("Hall", "Yard")
    for name in ("Hall", "Yard"):
        whole = whole.with_inside(
            name, inside(name, front | {"children": [{"name": "clerk", "model": f"{name}Clerk"}]})
        )

    names = [node.class_name for path, node in coupled_nodes(whole.plan) if path]

    assert sorted(names) == ["Hall", "HallFront", "Yard", "YardFront"]
