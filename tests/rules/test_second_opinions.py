"""Where other checkers can say what a rule says, they say the same of any trace: reelay (past formulas with
bounds) and PM4Py (Declare). Nothing else needs them: where they are not installed, nothing is compared here.
"""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.checking import result

A, B, C = "door.come", "door.go", "till.pay"
EVENTS = {"a": A, "b": B, "c": C}
WORDS = {"a": "come", "b": "go", "c": "pay"}

# Never two at one instant: formulas do not know which of them comes first.
TRACES = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc")), max_size=12).map(
    lambda steps: list(zip(accumulate(gap for gap, _ in steps), (name for _, name in steps), strict=True))
)


def is_violated(trace: list[tuple[int, str]], horizon: int, *rules: dict[str, object]) -> bool:
    text = "; ".join(f"{time} {WORDS[name]}" for time, name in trace)
    return any(result(text, float(horizon), **rule).verdict == "violated" for rule in rules)


TAKE_TURNS = "({a} -> !(pre(!{b} since {a}))) and ({b} -> pre(!{b} since {a}))"
FORMULAS = [
    # rule, what holds at each time before the horizon
    ({"kind": "absent", "event": B}, "!{b}"),
    ({"kind": "precedence", "first": A, "then": B}, "{b} -> once{a}"),
    ({"kind": "alternate", "first": A, "then": B}, TAKE_TURNS),
    ({"kind": "capacity", "enter": A, "leave": B, "limit": 1}, TAKE_TURNS),
    ({"kind": "not_between", "event": C, "start": A, "end": B}, "{c} -> !(!{b} since {a})"),
    ({"kind": "response", "trigger": A, "target": B, "within": 5}, "!(!{b} since[5:5] {a})"),
    (
        {"kind": "response", "trigger": A, "target": B, "within": 5, "unless": [C]},
        "!((!{b} and !{c}) since[5:5] {a})",
    ),
    ({"kind": "delay", "trigger": A, "target": B, "delay": 3}, "({b} -> once[3:3]{a}) and (once[3:3]{a} -> {b})"),
    ({"kind": "absent", "event": B, "scope": {"after": A}}, "{b} -> !(once{a})"),
    ({"kind": "absent", "event": B, "scope": {"before": A}}, "{b} -> once{a}"),
    ({"kind": "absent", "event": B, "scope": {"after": A, "before": C}}, "{b} -> !(!{c} since {a})"),
]  # fmt: skip


def test_reelay_understands_the_formulas(capfd):
    reelay = pytest.importorskip("reelay")
    for _, formula in FORMULAS:
        reelay.discrete_timed_monitor(pattern=formula, condense=False)

    # It only complains, and goes on with a part of what it has read.
    assert "error" not in capfd.readouterr().err


@pytest.mark.parametrize(("rule", "formula"), FORMULAS)
@settings(max_examples=40)
@given(trace=TRACES, rest=st.integers(1, 7))
def test_reelay_says_the_same(rule, formula, trace, rest):
    reelay = pytest.importorskip("reelay")
    horizon = (trace[-1][0] if trace else 0) + rest
    monitor = reelay.discrete_timed_monitor(pattern=formula, condense=False)
    happens = dict(trace)

    # What is due at exactly the horizon may be missing, so that the formula is not asked there.
    held = [
        monitor.update({name: happens.get(time) == name for name in EVENTS})["value"]
        for time in range(horizon)
    ]

    assert is_violated(trace, horizon, rule) == (not all(held))


PAIR = {"first": A, "then": B}
ANSWER = {"kind": "response", "trigger": A, "target": B}
SOMETHING = {"kind": "exists", "event": {"entity": ["door", "till"]}}
A_BEFORE_ALL = {"kind": "precedence", "first": A, "then": {"event": ["go", "pay"]}}
TEMPLATES = [
    # template, of what, the rules that say the same together
    ("existence", "a", [{"kind": "exists", "event": A}]),
    ("absence", "a", [{"kind": "absent", "event": A}]),
    ("exactly_one", "a", [{"kind": "count", "event": A, "exactly": 1}]),
    ("init", "a", [SOMETHING, A_BEFORE_ALL]),
    ("response", ("a", "b"), [ANSWER]),
    ("precedence", ("a", "b"), [{"kind": "precedence", **PAIR}]),
    ("succession", ("a", "b"), [ANSWER, {"kind": "precedence", **PAIR}]),
    ("altsuccession", ("a", "b"), [{"kind": "alternate", **PAIR}, {"kind": "succession", **PAIR}]),
    (
        "noncoexistence",
        ("a", "b"),
        [{"kind": "absent", "event": x, "scope": {"after": y}} for x, y in ((A, B), (B, A))],
    ),
]


def deviates(trace: list[tuple[int, str]], template: str, what: object) -> bool:
    classic = pytest.importorskip("pm4py.algo.conformance.declare.variants.classic")
    [found] = classic.apply_list([[name for _, name in trace]], {template: {what: {}}})
    return bool(found["deviations"])


@pytest.mark.parametrize(("template", "what", "rules"), TEMPLATES)
@settings(max_examples=40)
@given(trace=TRACES)
def test_pm4py_says_the_same(template, what, rules, trace):
    assert is_violated(trace, 100, *rules) == deviates(trace, template, what)


@given(trace=TRACES)
def test_pairs_that_follow_one_to_one_follow_each_other_as_declare_means_it(trace):
    if deviates(trace, "succession", ("a", "b")):
        assert is_violated(trace, 100, {"kind": "succession", **PAIR})
