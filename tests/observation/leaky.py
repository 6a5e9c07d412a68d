"""The small epidemic with a lockdown that leaks: data without lockdowns cannot tell how much, a rule can."""

from __future__ import annotations

from pathlib import Path

from gsim_devs.assembly import assemble
from gsim_devs.contracts import Contract, PlanTree, parse_yaml
from tests.observation.sir import ARRAYS, CONTRACT, PLAN, TOWN

MOST = 0.25
"""Of what leaks: up to here nobody is infected during a full lockdown."""

RULES = """
system: sir
rules:
  - id: no-infection-in-a-full-lockdown
    clause: During a full lockdown nobody is infected.
    level: component
    kind: invariant
    on: town.infected
    expect: people == 0
  - id: nobody-is-lost
    clause: Nobody is born, arrives or departs.
    level: component
    kind: derived
    on: town.state
    value: S + I + R
    equals: args.susceptible + args.infective + args.recovered
"""

CASES = """
system: sir
cases:
  - id: easy
    level: smoke
    arguments: {days: 1}
  - id: closed
    level: stress
    arguments: {days: 20, susceptible: 5000, infective: 5000}
    stdin: |
      {"command": "lockdown", "time": 0, "strength": 1}
"""


def leaky_contract() -> Contract:
    leak = "parameters:\n  leak: {type: real, minimum: 0, maximum: 1, value: 0}\n"
    return parse_yaml(Contract, CONTRACT.replace("parameters:\n", leak), "leaky.yaml")


def leaky_simulator(folder: Path, *, arrays: bool = False) -> Path:
    plan = PLAN.replace("beta: float, gamma: float}", "beta: float, gamma: float, leak: float}").replace(
        "gamma: {parameter: gamma}", "gamma: {parameter: gamma}\n        leak: {parameter: leak}"
    )
    town = (
        TOWN.replace("beta: float, gamma: float) ->", "beta: float, gamma: float, leak: float) ->")
        .replace(
            "self.beta, self.gamma = beta, gamma", "self.beta, self.gamma, self.leak = beta, gamma, leak"
        )
        .replace("(1 - self.strength)", f"(1 - self.strength * (1 - max(0.0, self.leak - {MOST})))")
    )
    return assemble(
        parse_yaml(PlanTree, plan, "plan.yaml"),
        {"Town": town},
        leaky_contract(),
        folder,
        arrays=ARRAYS if arrays else None,
    )


def write_files(folder: Path) -> tuple[Path, Path]:
    """The rules, and the cases."""
    rules, cases = folder / "rules.yaml", folder / "cases.yaml"
    rules.write_text(RULES)
    cases.write_text(CASES)
    return rules, cases
