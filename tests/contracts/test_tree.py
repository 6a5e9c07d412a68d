"""Plans are read with paths, whatever their depth."""

from __future__ import annotations

from gsim_devs.contracts import atomics, coupled_nodes, emitters, speakers
from gsim_devs.contracts.checks.graphs import cycles, reached


def test_components_are_named_by_their_path(plan):
    assert [place.path for place in atomics(plan)] == ["desk", "hall.worker"]
    assert [path for path, _ in coupled_nodes(plan)] == ["", "hall"]


def test_every_event_is_traced_to_those_who_report_it(plan):
    assert emitters(plan) == {("desk", "taken"): ["desk"], ("clerk", "served"): ["hall.worker"]}


def test_copies_speak_for_their_name_without_number(plan_with):
    plan = plan_with({("models", "Clerk", "emits"): ["served"]})

    assert ("worker", "served") in emitters(plan)


def test_what_feeds_a_component_and_reports_nothing_is_behind_it(plan, plan_with):
    mute = plan_with({("models", "Desk", "emits"): []})

    assert speakers(mute).unheard == {"desk": [], "hall.worker": ["desk"]}
    assert speakers(plan).unheard == {"desk": [], "hall.worker": []}
    assert speakers(plan).emitters == emitters(plan)


def test_cycles_are_shortest_and_told_once():
    graph = {"a": ["b"], "b": ["c", "a"], "c": ["a"], "d": ["d"], "e": ["a"]}

    assert cycles(graph) == [["a", "b"], ["d"]]


def test_everything_that_can_be_reached_is():
    assert reached({"a": ["b"], "b": ["a", "c"], "d": ["a"]}, ["a"]) == {"a", "b", "c"}
