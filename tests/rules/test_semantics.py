"""What SEMANTICS.md says, as far as `test_kinds` does not show it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from gsim_devs.contracts import Contract, from_data
from gsim_devs.errors import UsageError
from gsim_devs.rules import check, check_runs
from gsim_devs.trace import Record
from tests.rules.checking import CONTRACT, result, rules_of, trace

COME, GO, PAY = "door.come", "door.go", "till.pay"
DELAY = {"kind": "delay", "trigger": COME, "target": GO, "delay": 5}
ARGUMENTS = {"until": 100.0, "service": 5.0}


def test_a_record_that_is_both_is_a_target_first():
    rule = {"kind": "delay", "trigger": COME, "target": COME, "delay": 5, "demands": "target"}

    found = result("0 come; 5 come; 11 come", **rule)

    assert [(one.trigger.line, one.target.line) for one in found.violations[:1]] == [(2, 3)]


def test_a_target_that_stands_before_its_trigger_is_none():
    rule = {"kind": "delay", "trigger": COME, "target": GO, "delay": 0}

    assert result("3 come; 3 go", **rule).verdict == "held"
    assert result("3 go; 3 come", **rule).verdict == "violated"


@pytest.mark.parametrize(
    ("tolerance", "end", "verdict"),
    [
        (0.01, "5.009", "held"),
        (0.01, "5.02", "violated"),
        ({"absolute": 0, "relative": 0.1}, "5.4", "held"),
        (0, "5.000000001", "held"),
        (0, "5.0000001", "violated"),
    ],
)
def test_tolerance(tolerance, end, verdict):
    assert result(f"0 come; {end} go", tolerance=tolerance, **DELAY).verdict == verdict


def test_what_is_open_when_a_scope_closes_is_due():
    rule = {"kind": "response", "trigger": COME, "target": GO, "scope": {"before": PAY}}

    assert result("0 come; 1 pay; 2 go", **rule).verdict == "violated"
    assert result("0 come; 1 go; 2 pay; 3 come", **rule).verdict == "held"


def test_each_part_of_a_scope_is_watched_afresh():
    rule = {"kind": "count", "event": COME, "at_most": 1, "scope": {"after": PAY, "before": GO}}

    assert result("0 pay; 1 come; 2 go; 3 come; 4 pay; 5 come; 6 go", **rule).verdict == "held"
    assert result("0 pay; 1 come; 2 come; 3 go", **rule).verdict == "violated"


def test_replications_begin_anew_and_add_up():
    records = [
        msgspec.structs.replace(record, replication=number)
        for number in (0, 1)
        for record in trace("0 come; 5 go; 98 come")
    ]

    found = check(records, rules_of(**DELAY), CONTRACT, ARGUMENTS).rule("it")

    assert (found.met, found.due, found.pending) == (2, 2, 2)


def test_runs_add_up():
    runs = [trace("0 come; 5 go"), trace("0 come; 6 go")]

    found = check_runs(runs, rules_of(**DELAY), CONTRACT, ARGUMENTS).rule("it")

    assert (found.met, found.due) == (1, 2)


def test_a_record_beyond_the_horizon_is_a_defect():
    report = check(trace("0 come; 101 go"), rules_of(kind="exists", event=COME), CONTRACT, ARGUMENTS)

    assert [str(one) for one in report.findings] == ["line 2: time 101.0 lies beyond the horizon 100.0"]
    assert not report.holds


def test_what_closes_a_run_may_stand_at_a_horizon_where_nothing_else_may():
    data = CONTRACT.model_dump(mode="json", by_alias=True)
    data["horizon"]["closed"] = False
    data["events"][1]["at_end"] = True
    contract = from_data(Contract, data, "shop.yaml")

    report = check(trace("100 come; 100 go"), rules_of(kind="exists", event=COME), contract, ARGUMENTS)

    assert [str(one) for one in report.findings] == ["line 1: time 100.0 lies beyond the horizon 100.0"]


def test_only_the_last_record_of_each_key_is_judged():
    rules = [
        {"kind": "invariant", "expect": "n == 3"},
        {"kind": "derived", "value": "n", "equals": "3"},
    ]
    for rule in rules:
        last = {**rule, "on": COME, "only_last": True}

        kept = result("0 come 1 7; 1 come 1 3", **last)
        broken = result("0 come 1 3; 1 come 2 3; 2 come 1 7; 3 go 1 7", **last, by="id")

        assert (kept.verdict, kept.due) == ("held", 1)
        assert (broken.verdict, broken.due) == ("violated", 2)
        assert [one.target.line for one in broken.violations] == [3]
        assert result("0 go", **last).verdict == "not_exercised"


def test_the_last_record_within_a_scope_is_judged_when_it_closes():
    rule = {"kind": "invariant", "on": COME, "expect": "n == 3", "only_last": True, "scope": {"before": PAY}}

    assert result("0 come 1 7; 1 come 1 3; 2 pay; 3 come 1 7", **rule).verdict == "held"
    assert result("0 come 1 3; 1 come 1 7; 2 pay; 3 come 1 3", **rule).verdict == "violated"


def test_the_records_around_a_violation_are_kept():
    text = ";".join(f"{number} come" for number in range(10)) + "; 10 pay; 11 come; 12 come; 13 come"

    [violation] = result(text, kind="absent", event=PAY).violations

    assert [record.line for record in violation.window] == [8, 9, 10, 11, 12, 13]


def test_an_accumulator_that_grows_without_bound_is_a_finding():
    steps = [{"on": COME, "set": {"x": "x * x"}}]

    found = result(";".join(["0 come"] * 30), kind="fold", state={"x": 3}, steps=steps)

    assert "grows without bound" in found.violations[0].actual


def test_a_record_that_is_nested_too_deeply_to_be_written_is_told_all_the_same():
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    record = Record(1.0, "door", "come", {"id": 1.0, "n": deep}, 1)

    report = check(
        [record], rules_of(kind="absent", event="door.come"), CONTRACT, {"until": 9.0, "service": 5.0}
    )

    assert "nested too deeply" in report.text
    assert "nested too deeply" in json.dumps(report.data)
    assert "nested too deeply" in report.junit
    while deep:
        # Python would free it from within itself.
        (deep,) = deep


def test_a_condition_on_the_run_that_cannot_be_evaluated_is_refused():
    with pytest.raises(UsageError, match="rule it: when: .*division by zero"):
        result("0 come; 5 go", when="1 / (args.service - 5) > 0", **DELAY)
