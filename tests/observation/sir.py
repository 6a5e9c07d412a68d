"""A small epidemic in one component: a simulator to hold beside data whose truth is known."""

from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np

from gsim_devs.assembly import assemble
from gsim_devs.contracts import Contract, PlanTree, parse_yaml

CONTRACT = """
id: sir
title: Small epidemic
time: {unit: day}
horizon: {argument: days}
arguments:
  days: {type: number, default: 60, minimum: 0}
  susceptible: {type: integer, default: 90, minimum: 0}
  infective: {type: integer, default: 10, minimum: 0}
  recovered: {type: integer, default: 0, minimum: 0}
stdin:
  form: jsonl
  commands:
    lockdown:
      fields: {time: {type: number}, strength: {type: number, minimum: 0, maximum: 1}}
events:
  - entity: town
    event: state
    payload:
      S: {type: integer, minimum: 0}
      I: {type: integer, minimum: 0}
      R: {type: integer, minimum: 0}
  - entity: town
    event: infected
    payload: {people: {type: integer, minimum: 0}}
parameters:
  beta: {type: real, minimum: 0, maximum: 2, value: 0.5, unit: 1/day}
  gamma: {type: probability, value: 0.1, unit: 1/day}
observables:
  S: {event: state, field: S}
  I: {event: state, field: I}
  R: {event: state, field: R}
  new: {event: infected, field: people, at: {every: 1, start: 1, take: sum}}
state:
  arguments: {susceptible: S, infective: I, recovered: R}
actions:
  closed: {command: lockdown, field: strength}
"""

PLAN = """
system: sir
messages:
  Lockdown:
    about: Contacts are fewer from now on.
    fields: {strength: float}
models:
  Town:
    function: Infects and recovers people at each whole day, by chance.
    logging: state at the start and after each day; infected before each later state.
    emits: [state, infected]
    arguments: {susceptible: int, infective: int, recovered: int, beta: float, gamma: float}
    inputs:
      lockdown_in: {message: Lockdown, protocol: whenever contacts change}
root:
  name: Sir
  about: One town.
  inputs:
    lockdown: {message: Lockdown, protocol: from outside}
  children:
    - name: town
      model: Town
      arguments:
        susceptible: {argument: susceptible}
        infective: {argument: infective}
        recovered: {argument: recovered}
        beta: {parameter: beta}
        gamma: {parameter: gamma}
  couplings:
    - {from: lockdown, to: town.lockdown_in}
"""

TOWN = '''
"""The town."""

from __future__ import annotations

from math import exp

from messages import Lockdown
from runtime import Atomic, Input


class Town(Atomic):
    """Infects and recovers people day by day."""

    lockdown_in = Input(Lockdown)

    def __init__(self, susceptible: int, infective: int, recovered: int, beta: float, gamma: float) -> None:
        self.S, self.I, self.R = susceptible, infective, recovered
        self.beta, self.gamma = beta, gamma
        self.strength = 0.0

    def start(self) -> None:
        self.emit("state", S=self.S, I=self.I, R=self.R)
        self.after(1, self.on_day)

    def on_lockdown_in(self, lockdown: Lockdown) -> None:
        self.strength = lockdown.strength

    def on_day(self) -> None:
        total = self.S + self.I + self.R
        force = self.beta * (1 - self.strength) * self.I / total if total else 0.0
        ill = self.draw.binomial(self.S, 1 - exp(-force))
        well = self.draw.binomial(self.I, self.gamma)
        self.S, self.I, self.R = self.S - ill, self.I + ill - well, self.R + well
        self.emit("infected", people=ill)
        self.emit("state", S=self.S, I=self.I, R=self.R)
        self.after(1, self.on_day)
'''


ARRAYS = '''
"""The town, many at once."""

import numpy as np

STEP = 1.0


def step(state, parameters, actions, draw):
    S, I, R = state["S"], state["I"], state["R"]
    closed = np.where(np.isnan(actions["closed"]), state.get("closed", 0.0), actions["closed"])
    force = parameters["beta"] * (1 - closed) * I / np.maximum(S + I + R, 1)
    ill, well = draw.binomial(S, 1 - np.exp(-force)), draw.binomial(I, parameters["gamma"])
    return {"S": S - ill, "I": I + ill - well, "R": R + well, "new": ill, "closed": closed}
'''


def sir_contract() -> Contract:
    return parse_yaml(Contract, CONTRACT, "sir.yaml")


def sir_simulator(folder: Path, town: str = TOWN, arrays: str | None = None) -> Path:
    """Assemble the epidemic, with another source of its town where one is given, and with arrays where they are."""
    made = assemble(parse_yaml(PlanTree, PLAN, "plan.yaml"), {"Town": town}, sir_contract(), folder)
    if arrays:
        (made / "arrays.py").write_text(arrays)
    return made


def check_moments(
    simulated: np.ndarray, before: np.ndarray, draws: int, *, least: float, most: float
) -> None:
    """Steps (draws, n, S I R) with beta = 0.5 and gamma = 0.1 have the moments of the binomial formula.

    The ratio of variances lies between `least` and `most`, which depend on the number of draws.
    """
    assert simulated.shape == (draws, len(before), 3)
    assert (simulated.sum(axis=-1) == before.sum(axis=1)).all()
    for k, (s, i, r) in enumerate(before):
        infection = 1 - exp(-0.5 * i / (s + i + r))
        for column, mean, variance in (
            (0, s - s * infection, s * infection * (1 - infection)),
            (2, r + 0.1 * i, 0.09 * i),
        ):
            values = simulated[:, k, column]
            assert abs(values.mean() - mean) < 5 * (variance / draws) ** 0.5
            assert least < values.var() / variance < most
