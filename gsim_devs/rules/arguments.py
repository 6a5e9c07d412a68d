"""The arguments of a run as rules see them: given ones, and the contract's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gsim_devs.contracts.contract import Contract
from gsim_devs.contracts.sentences import nearest
from gsim_devs.errors import UsageError
from gsim_devs.runtime.values import take


def arguments_of(contract: Contract, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every argument; durations in the contract's unit. Raises UsageError for what is not allowed."""
    for name in given:
        if name not in contract.arguments:
            raise UsageError(f"there is no argument {name!r}{nearest(name, list(contract.arguments))}")
    values: dict[str, Any] = {}
    for name, argument in contract.arguments.items():
        default = getattr(argument, "default", None)
        if name not in given and (argument.type == "file" or default is None):
            if argument.type == "file" or argument.label:
                values[name] = default
                continue
            raise UsageError(f"the argument {name} has no default: the run's value is needed")
        try:
            values[name] = take(
                argument.model_dump(mode="json"), given.get(name, default), contract.time.unit
            )
        except ValueError as error:
            raise UsageError(f"the argument {name} {error}") from None
    return values
