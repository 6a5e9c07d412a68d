"""A state that is computed step by step: what keeps it, what breaks it, and when nothing is due."""

from __future__ import annotations

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.rules import rule_defects
from tests.rules.checking import CONTRACT, result, rules_of

# 1, 1, 2, 3, 5, 8: `b` after k steps, with `service` = 5 of them.
FIBONACCI = {
    "kind": "recurrence",
    "on": "door.come",
    "state": {"a": 0, "b": 1},
    "step": {"a": "b", "b": "a + b"},
    "times": "args.service",
    "equals": {"n": "b", "id": "a"},
}


def test_all_steps_see_the_state_before():
    found = result("0 come 5 8", **FIBONACCI)

    assert (found.verdict, found.due) == ("held", 2)


def test_each_field_is_due():
    found = result("0 come 5 8; 1 come 5 9; 2 go 1 1", **FIBONACCI)

    assert (found.met, found.due) == (3, 4)
    [violation] = found.violations
    assert violation.target.line == 2
    assert (violation.expected, violation.actual) == ("n = 8.0 after 5.0 steps", "n = 9.0")


def test_only_the_last_record_counts_where_that_is_said():
    assert result("0 come 1 1; 1 come 5 8", **FIBONACCI, only_last=True).verdict == "held"
    assert result("0 come 5 8; 1 come 1 1", **FIBONACCI, only_last=True).verdict == "violated"


def test_without_steps_the_state_is_the_first_one():
    assert result("0 come 0 1", **{**FIBONACCI, "times": 0}).verdict == "held"


@pytest.mark.parametrize("step", [{"b": "b * 1e300"}, {"b": "b ** 2 * 1e200"}])
def test_nothing_is_due_of_numbers_beyond_all_bounds(step):
    found = result("0 come 1 1", **{**FIBONACCI, "state": {"a": 0, "b": 1.5}, "step": step})

    assert found.verdict == "not_exercised"


def test_nothing_is_due_without_a_record():
    assert result("0 go 1 1", **FIBONACCI).verdict == "not_exercised"


def test_the_number_of_steps_is_limited():
    with pytest.raises(UsageError, match="10000000 steps; at most 1000000"):
        result("0 come 5 8", **{**FIBONACCI, "times": 10_000_000})


def test_names_must_be_known():
    wrong = {**FIBONACCI, "step": {"c": "a + d"}, "equals": {"m": "a"}}

    assert rule_defects(rules_of(**wrong), CONTRACT) == [
        "rule it: step.c: 'a + d': unknown name 'd'; known are a, args, b, horizon (column 5)",
        "rule it: step.c: there is no number 'c' in the state",
        "rule it: equals.m: the records have no field 'm'",
    ]
