"""What the contract lets an observed value be.

That comes from the JSON Schema of the payload field that it is compared with, and from the argument that it becomes
where a simulation starts from it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from gsim_devs.contracts import Action, Contract, Observable, Sampling, commands_of

from .datasets import Array

# What is wrong where the test holds; a missing cell is never wrong.
_BOUNDS: tuple[tuple[str, str, str, Callable[[Any, Any], Any]], ...] = (
    ("minimum", "minimum", "at least", operator.lt),
    ("exclusive_minimum", "exclusiveMinimum", "greater than", operator.le),
    ("maximum", "maximum", "at most", operator.gt),
    ("exclusive_maximum", "exclusiveMaximum", "less than", operator.ge),
)
"""How a bound is called in a contract and in a JSON Schema, in words, and when it is broken."""


class Offence(NamedTuple):
    """A value that the contract excludes."""

    row: int
    """Where in the column."""

    expected: str
    """What it should be: `at least 0`."""


def first_offence(contract: Contract, name: str, column: Array) -> Offence | None:
    """The first value of a column that the observable or action of this name cannot have."""
    if name in contract.actions:
        wrongs = _of_action(contract, contract.actions[name], column)
    else:
        wrongs = chain(
            _of_observable(contract, contract.observables[name], column), _of_state(contract, name, column)
        )
    offences = [_first(wrong, expected) for expected, wrong in wrongs]
    return min((one for one in offences if one), default=None)


def _first(wrong: Any, expected: str) -> Offence | None:
    return Offence(int(np.argmax(wrong)), expected) if wrong.any() else None


def _of_action(contract: Contract, action: Action, column: Array) -> Iterator[tuple[str, Any]]:
    field = commands_of(contract.stdin)[action.command].fields[action.field]
    for key, _, words, test in _BOUNDS:
        limit = getattr(field, key)
        # It may also be the name of an argument; the simulator knows that one.
        if isinstance(limit, int | float):
            yield f"{words} {limit}", test(column, limit)
    if field.type == "integer":
        yield "a whole number", column % 1 > 0


def _of_state(contract: Contract, name: str, column: Array) -> Iterator[tuple[str, Any]]:
    """A simulation that is started from an observed state is given it as arguments, which have bounds too."""
    for argument, observable in (contract.state.arguments if contract.state else {}).items():
        for key, _, words, test in _BOUNDS if observable == name else ():
            limit = getattr(contract.arguments[argument], key, None)
            if isinstance(limit, int | float):
                yield f"{words} {limit}, as the argument {argument} that takes it", test(column, limit)


def _of_observable(contract: Contract, observable: Observable, column: Array) -> Iterator[tuple[str, Any]]:
    take = observable.at.take if isinstance(observable.at, Sampling) else "last"
    if observable.field is None or take == "count":
        yield "at least 0, because records are counted", column < 0
        yield "a whole number, because records are counted", column % 1 > 0
        return
    schemas = [
        kind.payload[observable.field]
        for kind in contract.events
        if kind.event == observable.event and observable.entity in (None, *kind.entities)
    ]
    # Where several kinds of record have it, a bound holds only if all of them keep it; one kind is what there is.
    if len(schemas) != 1 or not isinstance(schemas[0], dict):
        return
    schema = schemas[0]
    for _, key, words, test in _BOUNDS:
        limit = schema.get(key)
        if isinstance(limit, int | float) and _survives(take, key, limit):
            yield f"{words} {limit}", test(column, limit)
    if schema.get("type") == "integer" and take != "mean":
        yield "a whole number", column % 1 > 0


def _survives(take: str, key: str, limit: float) -> bool:
    """Whether a bound of single values is one of what is taken from several."""
    if take == "sum":
        return limit == 0 and key in ("minimum", "maximum")
    return True
