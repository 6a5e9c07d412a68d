"""The alternating bit protocol: its files agree with each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gsim_devs.contracts import (
    atomics,
    check_cases,
    check_plan,
    load_cases,
    load_contract,
    load_plan,
    snake_case,
    trace_schema,
)

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "scenarios/abp/reference"


@pytest.fixture(scope="module")
def contract():
    return load_contract(ROOT / "contracts/abp.yaml")


@pytest.fixture(scope="module")
def plan():
    return load_plan(REFERENCE / "plan.yaml")


def test_contract_plan_and_cases_are_sound(contract, plan):
    cases = load_cases(ROOT / "scenarios/abp/cases.yaml")

    assert check_plan(plan, contract) == []
    assert check_cases(cases, contract) == []
    assert len(cases.cases) >= 13
    assert {case.level for case in cases.cases} == {"smoke", "normal", "edge", "stress"}


def test_the_contract_has_the_six_kinds_of_record(contract):
    assert list(contract.vocabulary) == [
        ("sender", "delay_start"),
        ("sender", "packet_sent"),
        ("subnet", "packet_get"),
        ("receiver", "delay_start"),
        ("receiver", "packet_received"),
        ("sender", "ack_received"),
    ]
    assert len(trace_schema(contract)["oneOf"]) == 6


def test_every_model_has_a_file_with_its_ports_arguments_and_handlers(plan):
    for name, model in plan.models.items():
        tree = ast.parse((REFERENCE / "components" / f"{snake_case(name)}.py").read_text(encoding="utf-8"))
        held = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
        ports = {target.id for node in held.body if isinstance(node, ast.Assign) for target in node.targets}
        methods = {node.name: node for node in held.body if isinstance(node, ast.FunctionDef)}

        assert ports == {*model.inputs, *model.outputs}
        assert {f"on_{port}" for port in model.inputs} | set(model.orders) <= set(methods)
        assert [argument.arg for argument in methods["__init__"].args.args[1:]] == list(model.arguments)


def test_both_channels_are_one_model(plan):
    assert [place.path for place in atomics(plan) if place.node.model == "Channel"] == ["forward", "backward"]
