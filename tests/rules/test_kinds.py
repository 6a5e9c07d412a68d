"""Each kind of rule is shown a trace that keeps it, one that breaks it, and one in which nothing is due."""

from __future__ import annotations

import pytest

from gsim_devs.contracts import from_data
from gsim_devs.errors import UsageError
from gsim_devs.rules import RuleSet, rule_defects
from tests.rules.checking import CONTRACT, result, rules_of

COME, GO, PAY = "door.come", "door.go", "till.pay"
DELAY = {"kind": "delay", "trigger": COME, "target": GO, "delay": "args.service"}
PERIODIC = {"kind": "periodic", "event": COME, "interval": 40}
FOLD = {
    "kind": "fold",
    "state": {"inside": 0},
    "steps": [
        {"on": COME, "set": {"inside": "inside + 1"}},
        {"on": GO, "check": "inside > 0", "set": {"inside": "inside - 1"}},
    ],
}
LIFE = {
    "kind": "lifecycle",
    "by": "id",
    "start": "away",
    "edges": [
        {"on": COME, "from": "away", "to": "inside"},
        {"on": PAY, "from": "inside", "to": "paid"},
        {"on": GO, "from": "paid", "to": "gone"},
    ],
}

CASES = [
    # rule, a trace that keeps it, one that breaks it and the line where, one in which nothing is due
    ({"kind": "exists", "event": PAY}, "0 come; 1 pay", "0 come", 0, None),
    ({"kind": "exists", "event": PAY, "until": 50}, "1 pay", "60 pay", 1, None),
    ({"kind": "absent", "event": PAY}, "0 come", "0 come; 1 pay", 2, ""),
    ({"kind": "count", "event": COME, "exactly": 2}, "0 come; 1 come", "0 come; 1 come; 2 come", 3, None),
    (
        {"kind": "count", "event": COME, "at_most": 1, "by": "id"},
        "0 come 1; 1 come 2",
        "0 come; 1 come",
        2,
        "",
    ),
    ({"kind": "count", "event": COME, "at_least": 2}, "0 come; 1 come", "0 come", 0, None),
    ({"kind": "unique", "on": COME, "value": "id"}, "0 come 1; 1 come 2", "0 come 1; 1 come 1", 2, "0 go"),
    (
        {"kind": "sequence", "on": COME, "value": "id", "equals": "index + 1"},
        "0 come 1; 1 come 2",
        "0 come 1; 1 come 3",
        2,
        "",
    ),
    (
        {"kind": "precedence", "first": COME, "then": GO, "by": "id"},
        "0 come 1; 1 go 1",
        "0 come 2; 1 go 1",
        2,
        "",
    ),
    (
        {"kind": "precedence", "first": COME, "then": GO, "once": True},
        "0 come; 1 go",
        "0 come; 1 go; 2 go",
        3,
        "0 come",
    ),
    (
        {"kind": "precedence", "first": COME, "then": GO, "strictly": True},
        "0 come; 1 go",
        "1 come; 1 go",
        2,
        "",
    ),
    (
        {"kind": "response", "trigger": COME, "target": GO},
        "0 come; 1 come; 2 go",
        "0 come; 2 go; 3 come",
        3,
        "0 go",
    ),
    (
        {"kind": "response", "trigger": COME, "target": GO, "within": 5},
        "0 come; 5 go",
        "0 come; 6 go",
        2,
        "98 come",
    ),
    (
        {"kind": "response", "trigger": COME, "target": GO, "within": 5, "unless": [PAY]},
        "0 come; 5 go; 9 come; 10 pay",
        "0 come; 6 pay",
        1,
        "0 come; 1 pay",
    ),
    (DELAY, "0 come; 2 come; 5 go; 7 go", "0 come; 6 go", 2, "96 come"),
    (DELAY, "0 come; 5 go", "0 come; 4 go", 2, ""),
    (DELAY, "0 come; 5 go", "0 come; 40 come; 45 go", 1, ""),
    (DELAY, "0 come; 5 go", "5 go", 1, ""),
    ({**DELAY, "delay": "trigger.n"}, "0 come 1 3; 3 go 1", "0 come 1 3; 4 go 1", 2, ""),
    ({**DELAY, "delay": "target.n"}, "0 come 1; 3 go 1 3", "0 come 1; 3 go 1 4", 2, "0 come"),
    (
        {**DELAY, "by": "id"},
        "0 come 1; 1 come 2; 5 go 1; 6 go 2",
        "0 come 1; 1 come 2; 5 go 2; 6 go 1",
        3,
        "",
    ),
    (
        {"kind": "within", "trigger": COME, "target": GO, "at_least": 2, "at_most": 4},
        "0 come; 3 go",
        "0 come; 1 go",
        2,
        "97 come",
    ),
    (PERIODIC, "0 come; 40 come; 80 come", "0 come; 41 come; 80 come", 2, None),
    ({**PERIODIC, "until": 80}, "0 come; 40 come", "0 come; 40 come; 80 come", 3, None),
    ({**PERIODIC, "start": None}, "7 come; 47 come; 87 come", "7 come; 40 come; 87 come", 2, ""),
    ({"kind": "invariant", "on": COME, "expect": "n > 0"}, "0 come 1 1", "0 come 1 1; 1 come 1 0", 2, ""),
    (
        {"kind": "derived", "on": COME, "value": "n", "equals": "time + id"},
        "2 come 1 3.0000000001",
        "2 come 1 3.1",
        1,
        "",
    ),
    (
        {"kind": "monotone", "on": COME, "value": "n", "direction": "increasing"},
        "0 come 1 1; 0 come 1 2",
        "0 come 1 1; 0 come 1 1",
        2,
        "0 come",
    ),
    (
        {"kind": "monotone", "on": COME, "value": "n", "direction": "nonincreasing"},
        "0 come 1 1; 0 come 1 1",
        "0 come 1 1; 0 come 1 2",
        2,
        "0 come",
    ),
    (
        {"kind": "alternate", "first": COME, "then": GO, "by": "id"},
        "0 come 1; 0 come 2; 1 go 1; 2 come 1",
        "0 come 1; 1 come 1",
        2,
        "",
    ),
    ({"kind": "alternate", "first": COME, "then": GO}, "0 come; 1 go", "0 come; 1 go; 2 go", 3, ""),
    (
        {"kind": "capacity", "enter": COME, "leave": GO, "limit": 2},
        "0 come; 0 come; 1 go; 1 come",
        "0 come; 0 come; 1 come",
        3,
        "",
    ),
    (
        {"kind": "capacity", "enter": COME, "leave": GO, "limit": 1},
        "0 come; 1 go",
        "0 come; 1 go; 1 go",
        3,
        "",
    ),
    (
        {"kind": "fifo", "enter": COME, "leave": GO, "item": "id"},
        "0 come 1; 0 come 2; 1 go 1; 1 go 2",
        "0 come 1; 0 come 2; 1 go 2",
        3,
        "0 come 1",
    ),
    (
        {"kind": "fifo", "enter": COME, "leave": GO, "item": "id", "removed": PAY},
        "0 come 1; 0 come 2; 1 pay 1; 1 go 2",
        "0 come 1; 1 pay 1; 1 go 1",
        3,
        "0 come 1",
    ),
    (
        {"kind": "not_between", "event": PAY, "start": COME, "end": GO, "by": "id"},
        "0 pay 1; 1 come 1; 1 pay 2; 2 go 1; 3 pay 1",
        "0 come 1; 1 pay 1",
        2,
        "0 pay 1",
    ),
    (
        {"kind": "exclusive", "acquire": COME, "release": GO, "holder": "id"},
        "0 come 1; 1 go 1; 1 come 2",
        "0 come 1; 1 come 2",
        2,
        "",
    ),
    (
        {"kind": "exclusive", "acquire": COME, "release": GO, "holder": "id"},
        "0 come 1; 1 go 1",
        "0 come 1; 1 go 2",
        2,
        "",
    ),
    (LIFE, "0 come 1; 1 pay 1; 2 go 1; 3 come 2", "0 come 1; 1 go 1", 2, ""),
    (LIFE, "0 come 1", "0 come 1; 1 come 1", 2, ""),
    (FOLD, "0 come; 1 go", "0 come; 1 go; 2 go", 3, "0 come"),
    ({**FOLD, "finally": "inside == 0"}, "0 come; 1 go", "0 come; 1 go; 2 come", 0, ""),
    ({**FOLD, "by": "id", "finally": "inside == 0"}, "0 come 1; 1 go 1", "0 come 1; 1 come 2; 2 go 1", 0, ""),
]


@pytest.mark.parametrize(("rule", "kept", "broken", "line", "idle"), CASES)
def test_kept_broken_and_not_exercised(rule, kept, broken, line, idle):
    wrong = result(broken, **rule)

    assert rule_defects(rules_of(**rule), CONTRACT) == []
    assert (result(kept, **rule).verdict, result(kept, **rule).score) == ("held", 1.0)
    assert wrong.verdict == "violated"
    assert wrong.violations[0].line == line
    assert wrong.score < 1
    if idle is not None:
        assert result(idle, **rule).verdict == "not_exercised"


@pytest.mark.parametrize("rule", [rule for rule, *_ in CASES])
def test_an_empty_trace_satisfies_nothing(rule):
    assert result("", **rule).verdict != "held"


def test_a_score_is_what_was_met_of_what_was_due():
    kept = result("0 come; 5 go; 10 come; 15 go; 20 come; 26 go; 98 come", **DELAY)

    assert (kept.met, kept.due, kept.pending) == (2, 3, 1)


def test_what_is_due_at_exactly_the_horizon_may_be_missing_unless_the_rule_says_otherwise():
    assert result("95 come", **DELAY).verdict == "not_exercised"
    assert result("95 come", at_horizon="due", **DELAY).verdict == "violated"


def test_what_is_due_after_the_horizon_need_not_happen_however_tolerant_the_rule_is():
    tolerant = {**DELAY, "at_horizon": "due", "tolerance": 0.5}

    assert result("95.1 come", **tolerant).verdict == "not_exercised"
    assert result("94.9 come", **tolerant).verdict == "violated"


def test_a_missing_record_is_due_at_its_time():
    [violation] = result("0 come", **DELAY).violations

    assert violation.target is None
    assert (violation.trigger.line, violation.due, violation.actual) == (1, 5.0, "missing, due at 5.0")


@pytest.mark.parametrize(
    ("steps", "entity"),
    [
        ([{"on": COME, "set": {"open": "open + 1"}}, {"on": PAY, "check": "open > 0"}], "till"),
        ([{"on": COME, "check": "open == 0", "set": {"open": 1}}, {"on": PAY, "set": {"open": 0}}], "door"),
        (
            [{"on": COME, "set": {"open": "open + 1"}}, {"on": PAY, "set": {"open": "open - 1"}}],
            "door or till",
        ),
    ],
)
def test_what_is_left_open_at_the_end_is_blamed_on_who_reports_what_is_checked(steps, entity):
    found = result("0 come", kind="fold", state={"open": 0}, steps=steps, **{"finally": "open == 0"})

    assert [violation.entity for violation in found.violations] == [entity]


@pytest.mark.parametrize(
    ("scope", "line"),
    [
        ({"after": COME}, 4),
        ({"before": GO}, 1),
        ({"after": COME, "before": GO}, None),
    ],
)
def test_scopes(scope, line):
    rule = {"kind": "absent", "event": PAY, "scope": scope}

    found = result("0 pay; 1 come; 2 go; 3 pay", **rule)

    assert [one.line for one in found.violations][:1] == ([line] if line else [])


def test_a_rule_for_other_arguments_is_not_exercised():
    assert result("0 come", kind="absent", event=COME, when="args.service > 5").verdict == "not_exercised"


def test_an_expression_that_fails_is_a_finding():
    found = result("0 come 1 0; 1 come 1 1", kind="invariant", on=COME, expect="id / n == 1")

    assert (found.due, found.met) == (2, 1)
    assert "division by zero" in found.violations[0].actual


@pytest.mark.parametrize(
    ("rule", "defect"),
    [
        ({"kind": "exists", "event": "door.comes"}, "did you mean 'door.come'?"),
        ({"kind": "exists", "event": {"entity": "dor"}}, "did you mean 'door'?"),
        ({"kind": "invariant", "on": COME, "expect": "m > 1"}, "unknown name 'm'"),
        ({"kind": "invariant", "on": COME, "expect": "n"}, "wanted is true or false"),
        ({**DELAY, "delay": "args.servic"}, "did you mean 'service'?"),
        ({**DELAY, "by": "idd"}, "did you mean 'id'?"),
        ({**DELAY, "by": "[id, n]"}, "by: '[id, n]': a list is no key; write (id, n)"),
        ({**DELAY, "by": "[one for one in (id, n)]"}, "a list is no key"),
        ({"kind": "absent", "event": {"event": "pay", "where": "x == 1"}}, "unknown name 'x'"),
        ({"kind": "absent", "event": PAY, "when": "args.x"}, "args has no 'x'"),
        ({"kind": "absent", "event": PAY, "scope": {"after": "a.b"}}, "no event 'a.b'"),
        ({**FOLD, "state": {"n": 0, "inside": 0}}, "means something in these records already"),
        ({**FOLD, "state": {"outside": 0}}, "no accumulator 'inside'"),
    ],
)
def test_what_does_not_agree_with_the_contract_is_told_when_rules_are_read(rule, defect):
    assert defect in " ".join(rule_defects(rules_of(**rule), CONTRACT))


@pytest.mark.parametrize("by", ["(id, n)", "{id, n}", "(id, n) if n > 0 else id"])
def test_a_key_may_have_several_parts(by):
    rule = {**DELAY, "by": by}

    assert rule_defects(rules_of(**rule), CONTRACT) == []
    assert result("0 come 1 2; 1 come 3 4; 5 go 1 2; 6 go 3 4", **rule).verdict == "held"
    assert result("0 come 1 2; 5 go 1 3", **rule).verdict == "violated"


@pytest.mark.parametrize("place", ["by", "target"])
def test_a_key_that_is_written_as_a_list_is_refused_with_its_place(place):
    by = ["id", "n"]
    rule = {**DELAY, **({"by": by} if place == "by" else {"target": {"event": "go", "by": by}})}

    with pytest.raises(UsageError) as caught:
        rules_of(**rule)

    where = "rules[0].by" if place == "by" else "rules[0].target.by"
    told = "found a list of 2; a key of several parts is one expression: (id, n)"
    assert str(caught.value) == f"shop.yaml: {where}: {told}"


def test_two_rules_of_one_name_are_refused():
    rule = {"id": "r1", "clause": "1.1", "level": "component", "kind": "absent", "event": "shop.sold"}

    with pytest.raises(
        UsageError, match=r"rules\[1\]\.id: there is already one with the id 'r1' at rules\[0\]"
    ):
        from_data(RuleSet, {"system": "shop", "rules": [rule, rule]}, "f")
