"""Pairs, balances, references, rules in Python: shown what keeps them, what breaks them, and nothing that is due."""

from __future__ import annotations

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.rules import rule_defects
from tests.rules.checking import CONTRACT, result, rules_of

COME, GO, PAY = "door.come", "door.go", "till.pay"
PAIRS = {"kind": "succession", "first": COME, "then": GO, "by": "id"}
STOCK = {"kind": "balance", "steps": [{"on": COME, "add": "n"}, {"on": GO, "add": "-n"}]}
STATED = {**STOCK, "reported": [{"on": PAY, "value": "n"}]}

CASES = [
    # rule, a trace that keeps it, one that breaks it and the line where, one in which nothing is due
    (PAIRS, "0 come 1; 0 come 2; 1 go 2; 9 go 1", "0 come 1; 1 go 2", 2, "0 pay"),
    (PAIRS, "0 come 1; 0 come 1; 1 go 1; 1 go 1", "0 come 1; 1 go 1; 2 go 1", 3, ""),
    (PAIRS, "0 come 1; 1 go 1", "0 come 1; 0 come 1; 1 go 1", 2, ""),
    ({**PAIRS, "within": "args.service"}, "0 come 1; 5 go 1", "0 come 1; 6 go 1", 2, "96 come 1"),
    ({**PAIRS, "within": "trigger.n"}, "0 come 1 3; 3 go 1", "0 come 1 3; 4 go 1", 2, "98 come 1 3"),
    ({**PAIRS, "unless": [PAY]}, "0 come 1; 1 pay 1; 2 come 1; 3 go 1", "0 come 1; 1 pay 1; 2 go 1", 3, "0 pay 1"),
    (STATED, "0 come 1 3; 1 pay 1 3; 2 go 1 2; 3 pay 1 1", "0 come 1 3; 1 go 1 2; 2 pay 1 2", 3, "0 come 1 3"),
    ({**STATED, "start": "args.service"}, "0 pay 1 5; 1 go 1 2; 2 pay 1 3", "0 pay 1 0", 1, ""),
    ({**STATED, "by": "id"}, "0 come 1 3; 0 come 2 4; 1 pay 1 3; 1 pay 2 4", "0 come 1 3; 1 pay 2 3", 2, ""),
    ({**STOCK, "at_least": 0}, "0 come 1 3; 1 go 1 3", "0 come 1 3; 1 go 1 4", 2, "0 pay"),
    ({**STOCK, "at_most": "args.service"}, "0 come 1 5", "0 come 1 5; 1 come 1 1", 2, ""),
    ({**STOCK, "finally": 1}, "0 come 1 3; 1 go 1 2", "0 come 1 3", 0, None),
    ({**STOCK, "finally": 0, "by": "id"}, "0 come 1 3; 0 go 1 3", "0 come 1 3; 0 go 2 3", 0, ""),
]  # fmt: skip


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


def test_pairs_that_are_open_when_their_scope_closes_are_due():
    rule = {**PAIRS, "scope": {"before": PAY}}

    assert result("0 come 1; 1 go 1; 2 pay; 3 come 1", **rule).verdict == "held"
    assert [one.line for one in result("0 come 1; 1 pay; 2 go 1", **rule).violations] == [1]


def test_a_final_balance_is_not_kept_by_an_empty_trace():
    assert result("", **STOCK, **{"finally": 0}).verdict == "not_exercised"
    assert result("", **STOCK, **{"finally": 1}).verdict == "violated"


def test_a_balance_is_what_its_changes_come_to_and_not_what_was_reported_wrongly():
    found = result("0 come 1 3; 1 pay 1 7; 2 pay 1 3", **STATED)

    assert (found.met, found.due) == (1, 2)
    [violation] = found.violations
    assert (violation.line, violation.expected, violation.actual) == (2, "n = 3.0", "7.0")


def test_a_record_that_alters_a_balance_reports_it_afterwards():
    rule = {
        "kind": "balance",
        "steps": [{"on": COME, "add": "id"}],
        "reported": [{"on": COME, "value": "n"}],
    }

    assert result("0 come 2 2; 1 come 3 5", **rule).verdict == "held"
    assert [one.line for one in result("0 come 2 2; 1 come 3 3", **rule).violations] == [2]


def test_a_balance_does_not_drift():
    # A tenth is no sum of powers of two: added up naively these come to 1999.99988.
    text = ";".join(["0 come 1 100000000"] + ["1 come 1 0.1"] * 20000 + ["2 go 1 100000000", "3 pay 1 2000"])

    assert result(text, **STATED, tolerance={"absolute": 1e-9, "relative": 0}).verdict == "held"


@pytest.mark.parametrize(("tolerance", "verdict"), [(0.5, "held"), (0.05, "violated")])
def test_a_balance_is_compared_within_its_tolerance(tolerance, verdict):
    for rule in ({**STATED}, {**STOCK, "at_most": 2.9}, {**STOCK, "finally": 3.1}):
        assert result("0 come 1 3; 1 pay 1 3.1", **rule, tolerance=tolerance).verdict == verdict


def test_the_final_balance_of_a_part_is_judged_when_the_part_closes():
    opening, closing = ({"event": "pay", "where": f"n == {n}"} for n in (1, 2))
    rule = {**STOCK, "finally": 0, "scope": {"after": opening, "before": closing}}

    kept = result("0 come 1 9; 1 pay 1 1; 2 come 1 3; 3 go 1 3; 4 pay 1 2; 5 pay 1 1; 6 come 1 3", **rule)
    broken = result("1 pay 1 1; 2 come 1 3; 4 pay 1 2", **rule)

    assert (kept.verdict, kept.due, kept.pending) == ("held", 1, 1)
    assert [one.due for one in broken.violations] == [4.0]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (STOCK, "a balance needs `reported`, `at_least`, `at_most` or `finally`"),
        ({"kind": "balance", "steps": [], "finally": 0}, "steps"),
    ],
)
def test_a_rule_that_demands_nothing_is_refused(rule, sentence):
    with pytest.raises(UsageError, match=sentence):
        rules_of(**rule)


@pytest.mark.parametrize(
    ("rule", "defect"),
    [
        ({**PAIRS, "then": "door.gone"}, "then: the contract has no event 'door.gone'"),
        ({**PAIRS, "within": "args.servic"}, "did you mean 'service'?"),
        ({**STATED, "steps": [{"on": COME, "add": "m"}]}, "steps[0].add: 'm': unknown name 'm'"),
        ({**STATED, "steps": [{"on": "door.cone", "add": "n"}]}, "steps[0].on: the contract has no event"),
        ({**STATED, "reported": [{"on": PAY, "value": "n > 1"}]}, "reported[0].value: 'n > 1'"),
        ({**STATED, "start": "n"}, "start: 'n': unknown name 'n'"),
    ],
)
def test_what_does_not_agree_with_the_contract_is_told_when_rules_are_read(rule, defect):
    assert defect in " ".join(rule_defects(rules_of(**rule), CONTRACT))
