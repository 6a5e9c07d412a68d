"""The rules of the alternating bit protocol: no false alarm, and each mutation of a trace caught where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.cli import main
from gsim_devs.contracts import load_cases, load_contract, load_plan, speakers
from gsim_devs.execution import run
from gsim_devs.rules import arguments_of, check, load_rule_set, rule_defects
from gsim_devs.trace import read

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "contracts/abp.yaml")
RULES = load_rule_set(ROOT / "trace_checkers/abp.yaml")
PLAN = load_plan(ROOT / "scenarios/abp/reference/plan.yaml")
CASES = {case.id: case for case in load_cases(ROOT / "scenarios/abp/cases.yaml").cases}
PLAIN = CONTRACT.model_dump(mode="json", by_alias=True)


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("abp") / "abp"
    assemble(PLAN, read_sources(ROOT / "scenarios/abp/reference/components"), CONTRACT, folder)
    return {name: run(folder, case.arguments).trace for name, case in CASES.items()}


def checked(trace, case, given=None):
    arguments = arguments_of(CONTRACT, CASES[case].arguments)
    return check(read(trace, PLAIN), RULES, CONTRACT, arguments, speakers=given)


def test_the_rules_agree_with_contract_and_specification():
    assert rule_defects(RULES, CONTRACT, (ROOT / "specs/abp.md").read_text()) == []


def test_the_reference_keeps_every_rule_in_every_case(traces):
    wrong = {name: report.text for name in CASES if not (report := checked(traces[name], name)).holds}

    assert wrong == {}


def test_every_rule_is_exercised(traces):
    exercised = {
        rule.id for name in CASES for rule in checked(traces[name], name).rules if rule.verdict == "held"
    }

    assert exercised == {rule.id for rule in RULES.rules}


def lines_of(trace):
    return trace.decode().splitlines(keepends=True)


def first(lines, *texts):
    return next(at for at, line in enumerate(lines) if all(text in line for text in texts))


def drop(lines, at):
    del lines[at]


def swap(lines, at):
    lines[at], lines[at + 1] = lines[at + 1], lines[at]


def replace(old, new):
    def change(lines, at):
        assert old in lines[at]
        lines[at] = lines[at].replace(old, new)

    return change


SENT, GET, RECEIVED, ACK = '"packet_sent"', '"packet_get"', '"packet_received"', '"ack_received"'
MUTATIONS = [
    # the record, what is done to it, the rule that is meant for it, the component
    ((SENT,), drop, "preparation-takes-its-time", "sender"),
    ((SENT,), replace('"seq_num": 1', '"seq_num": 2'), "packets-in-order", "sender"),
    ((SENT,), replace('"bit": 0', '"bit": 1'), "alternating-bits", "sender"),
    ((SENT,), replace('"time": 10.0', '"time": 9.0'), "preparation-takes-its-time", "sender"),
    (
        ('"preparation"',),
        replace('"duration": 10', '"duration": 11'),
        "preparation-states-its-duration",
        "sender",
    ),
    (
        ('"processing"',),
        replace('"duration": 10', '"duration": 11'),
        "processing-states-its-duration",
        "receiver",
    ),
    ((GET, '"forward"'), replace('"noise_value": 38', '"noise_value": 39'), "noise", "forward"),
    ((GET, '"backward"'), replace('"pass"', '"drop"'), "fate", "backward"),
    ((GET, '"forward"'), drop, "packet-enters-channel", "forward"),
    ((RECEIVED,), drop, "processing-takes-its-time", "receiver"),
    ((RECEIVED,), swap, "acknowledgement-enters-channel", "backward"),
    ((ACK,), replace('"time": 26.0', '"time": 26.5'), "acknowledgement-travels", "sender"),
    ((ACK,), replace("true", "false"), "stop-and-wait", "sender"),
    ((ACK,), drop, "acknowledgement-travels", "sender"),
]


@pytest.mark.parametrize(("record", "mutate", "rule", "component"), MUTATIONS)
def test_each_mutation_is_caught_by_its_rule(traces, record, mutate, rule, component):
    lines = lines_of(traces["abp-01"])
    at = first(lines, *record)
    mutate(lines, at)

    report = checked("".join(lines), "abp-01", speakers(PLAN))

    found = report.rule(rule)
    assert found.verdict == "violated", report.text
    assert component in found.violations[0].components
    if mutate not in (drop, swap):
        assert found.violations[0].line == at + 1


def test_the_command(tmp_path, traces, capsys):
    trace = tmp_path / "trace.jsonl"
    files = ["--rules", str(ROOT / "trace_checkers/abp.yaml"), "--contract", str(ROOT / "contracts/abp.yaml")]
    arguments = [
        text for pair in CASES["abp-01"].arguments.items() for text in ("--set-arg", "{}={}".format(*pair))
    ]
    trace.write_bytes(traces["abp-01"])
    assert main(["check", *files, *arguments, str(trace)]) == 0

    trace.write_text("".join(lines_of(traces["abp-01"])[:-1]) + "{")
    code = main(["check", *files, *arguments, str(trace), "--junit", str(tmp_path / "junit.xml")])

    out = capsys.readouterr().out
    assert code == 1
    assert "acknowledgement-travels" in out
    assert "line 7 is not JSON" in out
    assert "<failure" in (tmp_path / "junit.xml").read_text()
    assert main(["check", *files, str(trace)]) == 2
