"""A small system that has one of everything, for tests that break it in one place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from gsim_devs.contracts import Contract, PlanTree, from_data
from gsim_devs.contracts.documents import read_yaml

CONTRACT_TEXT = """
id: shop
title: A shop
time: {unit: s}
horizon: {argument: until}
arguments:
  until: {type: number, default: 100, exclusive_minimum: 0}
  clerks: {type: integer, default: 2, minimum: 1, maximum: 9}
  delay: {type: number, default: 1.5, minimum: 0, maximum: until}
  opening: {type: duration, format: "HH:MM:SS[:mmm]", default: "00:00:01"}
  mode: {type: choice, choices: [fifo, lifo], default: fifo}
  name: {type: text, default: corner, pattern: "[a-z]+", label: true}
  prices: {type: file, format: csv}
stdin:
  form: lines
  commands:
    order:
      pattern: '(?P<time>\\S+) order (?P<size>\\d+)'
      fields:
        time: {type: duration, format: "HH:MM:SS"}
        size: {type: integer, minimum: 1}
      order: 2
events:
  - {entity: desk, event: taken, payload: {size: {type: integer}}}
  - {entity: clerk, event: served, payload: {clerk_id: {type: integer}, note: {type: string}}, optional: [note]}
parameters:
  rate: {type: real, minimum: 0, maximum: 2, value: 0.5}
observables:
  sizes: {event: taken, entity: desk, field: size}
"""

PLAN_TEXT = """
system: shop
messages:
  Order: {fields: {size: int}}
  Job: {fields: {order: Order, number: int | None}}
models:
  Desk:
    function: takes orders
    emits: [taken]
    arguments: {delay: float, opening: float, mode: str, prices: "tuple[dict, ...]"}
    inputs: {order_in: {message: Order}, done_in: {message: Job}}
    outputs: {job_out: {message: Job}}
    orders: {on_ready: 1}
  Clerk:
    function: serves
    emits: [{event: served, entity: clerk}]
    arguments: {clerk_id: int, rate: float, skill: float}
    inputs: {job_in: {message: Job}}
    outputs: {done_out: {message: Job}}
root:
  name: Shop
  inputs: {order: {message: Order}}
  children:
    - name: desk
      model: Desk
      arguments:
        delay: {argument: delay}
        opening: {argument: opening}
        mode: {argument: mode}
        prices: {argument: prices}
    - name: hall
      class: Hall
      inputs: {job: {message: Job}}
      outputs: {done: {message: Job}}
      children:
        - name: worker
          model: Clerk
          copies: {argument: clerks}
          arguments: {clerk_id: {copy: true}, rate: {parameter: rate}, skill: {value: 1}}
      couplings:
        - {from: job, to: worker.job_in}
        - {from: worker.done_out, to: done}
  couplings:
    - {from: order, to: desk.order_in}
    - {from: desk.job_out, to: hall.job}
    - {from: hall.done, to: desk.done_in}
"""

Edits = dict[tuple[str | int, ...], Any]
"""Other values at some places: `...` removes what is there, a place that ends in "+" gets one more item."""


def edited(text: str, edits: Edits) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(read_yaml(text, "shop").data)
    for place, value in edits.items():
        held: Any = changed
        for key in place[:-1]:
            held = held.setdefault(key, []) if isinstance(held, dict) else held[key]
        if value is ...:
            del held[place[-1]]
        elif place[-1] == "+":
            held.append(value)
        else:
            held[place[-1]] = value
    return changed


@pytest.fixture
def plan_with() -> Callable[[Edits], PlanTree]:
    return lambda edits: from_data(PlanTree, edited(PLAN_TEXT, edits), "plan.yaml")


@pytest.fixture
def contract_with() -> Callable[[Edits], Contract]:
    return lambda edits: from_data(Contract, edited(CONTRACT_TEXT, edits), "shop.yaml")


@pytest.fixture
def plan(plan_with: Callable[[Edits], PlanTree]) -> PlanTree:
    return plan_with({})


@pytest.fixture
def contract(contract_with: Callable[[Edits], Contract]) -> Contract:
    return contract_with({})
