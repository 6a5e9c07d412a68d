"""How example data of a system are made: with which arguments and actions trajectories begin and go on.

Leaves out making them: `observation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from .declaration import Declaration, Identifier
from .load import load
from .values import Name

if TYPE_CHECKING:
    from .contract import Contract

DrawnValue = float | tuple[float, float] | str
"""A value; or two numbers, between which one is drawn for each trajectory, whole where the argument is."""


class DrawnAction(Declaration):
    """What is done at each row but the last of a trajectory."""

    between: tuple[float, float]
    """The least and the greatest value; every value between them is as likely, whole where the command's field is."""
    changes: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The probability with which a row has a new value; else it is that of the row before."""


class DataVariant(Declaration):
    """One sort of trajectories."""

    about: str = ""
    """What they show."""
    arguments: Mapping[Name, DrawnValue] = {}
    """Arguments of the simulator; those left out take their defaults."""
    actions: Mapping[Name, DrawnAction] = {}
    """What is done, by the contract's actions; those left out are not in the data."""


class DataFile(Declaration):
    """The example data of one system."""

    system: Identifier
    """The id of the contract."""
    steps: Annotated[int, Field(ge=1)] = 60
    """How many rows follow the first one of each trajectory."""
    interval: Annotated[float, Field(gt=0)] = 1.0
    """The time between rows, in the contract's unit."""
    variants: Annotated[Mapping[Name, DataVariant], Field(min_length=1)]
    """The sorts of trajectories by name; the first one is usual."""


def load_data_file(path: str | Path) -> DataFile:
    """Read how data are made; `check_data_file` checks it against a contract."""
    return load(DataFile, path)


def check_data_file(data: DataFile, contract: Contract) -> list[str]:
    """One sentence for each thing in which it disagrees with its contract."""
    return [
        f"{name}: {sentence}"
        for name, variant in data.variants.items()
        for sentence in _variant_defects(variant, contract)
    ]


def _variant_defects(variant: DataVariant, contract: Contract) -> Iterator[str]:
    for name, value in variant.arguments.items():
        argument = contract.arguments.get(name)
        if argument is None:
            yield f"there is no argument {name!r} in the contract"
        elif isinstance(value, tuple):
            yield from _span_defects(name, value)
            if argument.type not in ("integer", "number"):
                yield f"{name} is of type {argument.type}, and no number that could be drawn"
    for name, action in variant.actions.items():
        if name not in contract.actions:
            yield f"there is no action {name!r} in the contract"
        yield from _span_defects(name, action.between)


def _span_defects(name: str, span: tuple[float, float]) -> Iterator[str]:
    if span[0] > span[1]:
        yield f"{name} lies between {span[0]:g} and {span[1]:g}; the first should not be larger"
