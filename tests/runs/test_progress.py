"""Where a run is, by its events; and how that is drawn."""

from __future__ import annotations

import io
import os

import pytest

from gsim_devs.runs import Event, Progress, cost_of, line, reduce, show_live, tree
from gsim_devs.runs.live import Tree


def told(*happened):
    """Events from (kind, node, data), a second apart."""
    return [
        Event(number, float(number), kind, node, data.pop("attempt", None), data)
        for number, (kind, node, data) in enumerate(((k, n, dict(d)) for k, n, d in happened), 1)
    ]


def reply(slot, tokens=15, **data):
    given = {"model": "m", "input": tokens - 5, "output": 5, "seconds": 2.0, "cost": 0.25, "replayed": False}
    return ("answered", slot, {**given, **data})


PLANNED = [
    ("asked", "plan/a1", {}),
    reply("plan/a1"),
    ("planned", None, {"models": ["Sender", "AckChannel"]}),
]
FAULTY = ("examined", "AckChannel", {"attempt": 1, "stage": "policy", "findings": ["no os", "no sys"]})
SOUND = ("examined", "AckChannel", {"attempt": 2, "stage": "ok", "findings": []})


def stands(*happened):
    state = reduce(told(*PLANNED, *happened))
    return [part.stand for part in state.components.values()]


def test_a_component_goes_from_queued_to_accepted():
    ask = [("asked", "component/ack_channel/a1", {})]
    answer = [*ask, reply("component/ack_channel/a1")]
    repair = [*answer, FAULTY, ("asked", "component/ack_channel/a2", {})]

    assert stands() == ["queued", "queued"]
    assert stands(*ask) == ["queued", "asked"]
    assert stands(*answer) == ["queued", "examined"]
    assert stands(*answer, FAULTY) == ["queued", "examined"]
    assert stands(*repair) == ["queued", "repaired"]
    assert stands(*repair, reply("component/ack_channel/a2"), SOUND) == ["queued", "accepted"]


def test_what_it_took_and_what_was_found_last_are_known():
    state = reduce(
        told(*PLANNED, reply("component/ack_channel/a1", 20), FAULTY, reply("component/ack_channel/a2", 30))
    )

    part = state.components["ack_channel"]
    assert (part.name, part.attempt, part.replies, part.tokens, part.seconds) == ("AckChannel", 2, 2, 50, 4.0)
    assert (part.stage, part.findings, part.found) == ("policy", ("no os", "no sys"), 2)
    assert state.where == "writing components, 0 of 2 accepted"


def test_what_the_whole_does_wrong_sends_a_component_back():
    tried = ("tried", None, {"operational": 1.0, "behavioural": 0.5})

    state = reduce(told(*PLANNED, SOUND, tried, ("mending", None, {"number": 1, "models": ["AckChannel"]})))

    assert state.components["ack_channel"].stand == "repaired"
    assert (state.operational, state.behavioural, state.where) == (1.0, 0.5, "mending, round 1")


def test_what_was_not_accepted_when_it_ended_has_failed():
    state = reduce(told(*PLANNED, SOUND, ("finished", None, {"status": "budget", "reason": "40 calls"})))

    assert [part.stand for part in state.components.values()] == ["failed", "accepted"]
    assert (state.where, state.reason) == ("budget", "40 calls")


def test_a_model_that_is_planned_further_stands_above_its_inside():
    events = told(
        *PLANNED,
        ("asked", "plan/ack_channel/a1", {}),
        reply("plan/ack_channel/a1"),
        ("split", "AckChannel", {"models": ["Line", "Loss"]}),
    )

    before, after = (tree(reduce(some)) for some in (events[:4], events))

    assert [one.partition("  ")[0].rstrip() for one in before] == ["plan", "Sender", "AckChannel", ""]
    assert [one[:9].rstrip() for one in after] == ["plan", "Sender", "AckChanne", "  Line", "  Loss"]
    assert "accepted" in after[2]


def test_a_model_that_is_kept_whole_says_why():
    kept = ("kept whole", "AckChannel", {"reason": "its ports do not fit"})

    state = reduce(told(*PLANNED, ("asked", "plan/ack_channel/a1", {}), kept))

    assert state.components["ack_channel"].stand == "queued"
    assert any("its ports do not fit" in one for one in tree(state))


def test_a_replayed_reply_costs_nothing_now():
    table = cost_of(
        told(
            reply("plan/a1"),
            reply("plan/a2", replayed=True),
            reply("component/x/a1", model="n", cost=None),
            ("asked", "plan/a3", {}),
        )
    )

    plan, component = table.rows
    assert (plan.stage, plan.model, plan.replies, plan.replayed) == ("plan", "m", 2, 1)
    assert (plan.input, plan.output, plan.spent, plan.recorded) == (20, 10, 0.25, 0.25)
    assert (component.spent, table.total.spent, table.total.replies) == (None, None, 3)


ODD = [None, True, -1, float("nan"), 10**30, 10**400, "x", "a/b/a1", [], [1], ["A", "A"], {}, {"a": []}]


KINDS = [
    "planned", "split", "kept whole", "asked", "answered", "examined", "accepted", "mending", "tried", "resumed",
    "finished", "taken over", "plan saved", "never heard of",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_any_type_are_taken_and_told(kind):
    keys = "models findings stage input output seconds cost number operational behavioural status reason replayed"
    for value in ODD:
        for node in (None, "", "Sender", "plan/x/a1", "component//a999999999999", "\x1b[2J"):
            event = Event(1, 0.0, kind, node, None, dict.fromkeys(keys.split(), value))

            state = reduce([*told(*PLANNED), event])

            assert state.events == 4
            assert all(text.isprintable() for text in (*tree(state), line(event)))
            assert cost_of([event]).total.replies == (kind == "answered")


def test_models_inside_of_themselves_are_shown_once():
    state = reduce(told(("split", "A", {"models": ["B"]}), ("split", "B", {"models": ["A", "B"]})))

    assert sorted(one.split()[0] for one in tree(state)) == ["A", "A", "B", "B"]


def test_what_a_stranger_claims_takes_bounded_room():
    many = [f"M{number}" for number in range(5000)]
    state = reduce(
        told(("planned", None, {"models": many}), ("examined", "M1", {"findings": ["x" * 5000] * 5000}))
    )

    assert len(state.components) == 2000
    assert state.components["m1"].found == 5000
    assert sum(map(len, state.components["m1"].findings)) == 20_000


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def drawn(clock):
    stream = Terminal()
    return Tree(stream, "abp-1", Progress(), clock, lambda: os.terminal_size((60, 5))), stream


def test_the_tree_is_drawn_at_most_four_times_a_second(drawn, clock):
    picture, stream = drawn
    draws = 0
    for event in told(*[("odd", None, {})] * 1000):
        clock.now += 0.01
        before = stream.tell()
        picture.take(event)
        draws += stream.tell() > before

    assert 36 <= draws <= 40


def test_a_drawing_goes_over_the_one_before(drawn, clock):
    picture, stream = drawn
    for event in told(*PLANNED):
        clock.now += 1
        picture.take(event)

    last = stream.getvalue().rpartition("\x1b[2F")[2]
    assert [one.removesuffix("\x1b[K").rstrip() for one in last.split("\n")] == [
        "abp-1  3 s  writing components, 0 of 2 accepted",
        "plan        accepted  15 tokens, 2.0 s",
        "Sender      queued",
        "AckChannel  queued",
        "\x1b[J",
    ]


def test_of_more_than_fits_those_are_shown_that_something_happens_to(drawn):
    picture, _ = drawn
    models = [f"M{number}" for number in range(50)]
    for event in told(("planned", None, {"models": models}), ("asked", "component/m40/a1", {})):
        picture.take(event)

    lines = picture.lines(4)

    assert len(lines) == 3
    assert "M40" in lines[1]
    assert lines[2] == "… and 50 more"
    assert len(picture.lines()) == 52


def test_nothing_is_wider_than_the_terminal(drawn, clock):
    picture, stream = drawn
    clock.now += 1
    picture.take(*told(("examined", "Sender", {"findings": ["\x1b[2J" + "long " * 100]})))

    shown = [one.removesuffix("\x1b[K") for one in stream.getvalue().split("\n")[:-1]]
    assert all(len(one) < 60 for one in shown)
    assert "\x1b[2J" not in stream.getvalue()


def test_on_a_terminal_the_last_picture_stays(created, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    run = created()
    for event in PLANNED:
        run(event[0], event[1], **event[2])
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((0, 0)))
    monkeypatch.setattr(stream, "fileno", lambda: 2, raising=False)

    with show_live(run, stream):
        run("examined", "Sender", attempt=1, stage="ok", findings=[], source="")

    assert stream.getvalue().rpartition("\x1b[4F")[2].split("\n")[2].startswith("Sender      accepted")


def test_where_there_is_no_terminal_every_event_is_a_line(created, clock):
    stream = io.StringIO()
    run = created()

    with show_live(run, stream):
        clock.now += 1.5
        run("examined", "Sender", attempt=2, stage="policy", findings=["no os", "no sys"], source="")

    assert stream.getvalue() == "     1.5 s  Sender: examined, attempt 2: policy: no os (and 1 more)\n"


def test_as_json_the_events_are_those_of_the_file(created):
    stream = io.StringIO()
    run = created()

    with show_live(run, stream, "json"):
        run("asked", "plan/a1")
        run("odd", text="ü\n")

    assert stream.getvalue() == run.paths.events.read_text()


def test_a_terminal_that_is_gone_does_not_stop_the_run(created):
    stream = io.StringIO()
    run = created()

    with show_live(run, stream, "json"), show_live(run, stream, "plain"):
        stream.close()
        run("asked", "plan/a1")

    assert run.state.events == 1
