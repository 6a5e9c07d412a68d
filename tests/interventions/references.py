"""Simulators for tests of interventions: the references, and small ones with a fault."""

from __future__ import annotations

from pathlib import Path

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import Contract, PlanTree, load_contract, load_plan, parse_yaml

ROOT = Path(__file__).parents[2]


def contract_of(system: str) -> Contract:
    return load_contract(ROOT / "contracts" / f"{system}.yaml")


def reference(system: str, into: Path) -> Path:
    folder = ROOT / "scenarios" / system / "reference"
    return assemble(load_plan(folder / "plan.yaml"), read_sources(folder), contract_of(system), into)


DESK_PLAN = """
system: desk
models:
  Desk:
    function: does something at each whole time, and fails with a probability
    emits: [done]
    arguments: {risk: float, pace: float}
root:
  name: Office
  children:
    - {name: left, model: Desk, arguments: &arguments {risk: {parameter: risk}, pace: {parameter: pace}}}
    - {name: right, model: Desk, arguments: *arguments}
"""
DESK_CONTRACT = """
id: desk
title: Two desks
time: {unit: h}
horizon: {argument: until}
arguments: {until: {type: number, default: 5}}
events:
  - {entity: [left, right], event: done, payload: {amount: {type: number}}}
parameters:
  risk: {type: probability, value: 0}
  pace: {type: real, minimum: 0, maximum: 10, value: 1}
observables:
  left: {event: done, entity: left, field: amount}
"""
DESK = """
from runtime import Atomic


class Desk(Atomic):
    def __init__(self, risk: float, pace: float) -> None:
        self.risk = risk
        self.pace = pace
        self.amount = 0.0

    def start(self) -> None:
        if self.draw.bernoulli(self.risk):
            raise ValueError("the desk is broken")
        self.after(1, self.on_hour)

    def on_hour(self) -> None:
        self.amount += self.draw.normal(self.pace, 1.0)
        self.emit("done", amount=self.amount)
        self.after(1, self.on_hour)
"""


def desk(into: Path, source: str = DESK) -> Path:
    """Two desks that add up normal amounts of mean `pace` and variance 1 in each hour."""
    return assemble(parse_yaml(PlanTree, DESK_PLAN, "plan"), {"Desk": source}, desk_contract(), into)


def desk_contract() -> Contract:
    return parse_yaml(Contract, DESK_CONTRACT, "contract")
