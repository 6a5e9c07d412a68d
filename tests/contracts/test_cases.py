"""Test inputs that do not fit their contract are refused."""

from __future__ import annotations

import pytest

from gsim_devs.contracts import CaseFile, check_cases, from_data, validate_cases
from gsim_devs.errors import UsageError


def cases_of(**changes):
    case = {"id": "shop-01", "level": "smoke", "arguments": {"prices": "prices.csv"}, **changes}
    return from_data(CaseFile, {"system": "shop", "cases": [case]}, "cases.yaml")


def test_a_sound_case_has_no_defects(contract):
    arguments = {"prices": "p.csv", "until": "1e2", "clerks": 3, "opening": "00:00:09", "mode": "lifo"}
    expect = {
        "counts": {"desk.taken": 1},
        "matching": [{"kind": "clerk.served", "where": {"clerk_id": 1}, "count": 0}],
    }
    stdin = ["", "00:00:03 order 2  # two", "# nothing"]

    assert check_cases(cases_of(arguments=arguments, stdin=stdin, expect=expect), contract) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"arguments": {}}, "the argument 'prices' is required"),
        ({"arguments": {"prices": "p", "clerk": 3}}, "'clerk' is no argument (did you mean 'clerks'?)"),
        ({"arguments": {"prices": "p", "clerks": 10}}, "the argument 'clerks' is 10; it should be at most 9"),
        (
            {"arguments": {"prices": "p", "clerks": 2.5}},
            "the argument 'clerks' is 2.5; it should be a whole number",
        ),
        (
            {"arguments": {"prices": "p", "until": "ten"}},
            "the argument 'until' is 'ten'; it should be a finite number",
        ),
        (
            {"arguments": {"prices": "p", "until": "inf"}},
            "the argument 'until' is 'inf'; it should be a finite number",
        ),
        (
            {"arguments": {"prices": "p", "until": 2, "delay": 3}},
            "the argument 'delay' is 3; it should be at most until (2)",
        ),
        (
            {"arguments": {"prices": "p", "opening": 9}},
            "the argument 'opening' is 9; it should be a time written HH:MM:SS[:mmm]",
        ),
        ({"stdin": "00:00:03 order 2\norder\n"}, "line 2 of stdin, 'order', matches no command's pattern"),
        (
            {"expect": {"counts": {"desk.take": 1}}},
            "it expects records 'desk.take', but 'desk.take' is no kind of record (did you mean 'desk.taken'?)",
        ),
        (
            {"expect": {"matching": [{"kind": "desk.taken", "where": {"colour": 1}, "count": 1}]}},
            "it expects desk.taken with a field 'colour' that its payload does not have",
        ),
        (
            {"expect": {"last": "desk.taken", "last_where": {"colour": 1}}},
            "it expects desk.taken with a field 'colour' that its payload does not have",
        ),
        (
            {"expect": {"last_where": {"colour": 1}}},
            "it expects fields of the last record, but does not say its kind (`last`)",
        ),
    ],
)
def test_a_case_that_does_not_fit_is_told_so_in_one_sentence(contract, changes, sentence):
    assert check_cases(cases_of(**changes), contract) == [f"Case shop-01: {sentence}."]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ('{"command": "order", "size": 1}', None),
        ('{"command": "order"}', "has not exactly the fields of 'order'"),
        ('{"command": "ordr", "size": 1}', "has no known 'command' (did you mean 'order'?)"),
        ("[1]", "has no known 'command'"),
        ("{", "is not JSON"),
    ],
)
def test_json_commands_have_exactly_their_fields(contract_with, line, cause):
    commands = {"order": {"fields": {"size": {"type": "integer"}}, "time": None}}
    contract = contract_with({("stdin",): {"form": "jsonl", "commands": commands}})

    found = check_cases(cases_of(stdin=[line]), contract)

    assert found == ([f"Case shop-01: line 1 of stdin, {line!r}, {cause}."] if cause else [])


def test_a_contract_without_stdin_reads_none(contract_with):
    contract = contract_with({("stdin",): {"form": "none"}})

    with pytest.raises(UsageError, match="line 1 of stdin, 'x', is never read: the contract has no stdin"):
        validate_cases(cases_of(stdin="x"), contract)


def test_the_system_is_that_of_the_contract(contract_with):
    contract = contract_with({("id",): "mall"})

    assert check_cases(cases_of(), contract) == [
        "The cases are for the system 'shop', the contract for 'mall'."
    ]


def test_lines_of_stdin_become_one_text():
    assert cases_of(stdin=["a", "b"]).cases[0].stdin_text == "a\nb\n"
    assert cases_of(stdin="a").cases[0].stdin_text == "a"


def test_there_is_a_seed_for_each_replication():
    with pytest.raises(UsageError, match=r"cases\[0\]\.seeds: there are 2 seeds for 3 replications"):
        cases_of(seeds=[1, 2], replications=3)


def test_two_cases_of_one_name_are_refused():
    case = {"id": "a", "level": "smoke"}

    with pytest.raises(
        UsageError, match=r"cases\[1\]\.id: there is already one with the id 'a' at cases\[0\]"
    ):
        from_data(CaseFile, {"system": "shop", "cases": [case, case]}, "cases.yaml")
