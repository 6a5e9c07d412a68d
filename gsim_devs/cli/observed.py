"""Data of the commands that hold a simulator beside data; what is odd in them, or not told, is said on stderr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gsim_devs.errors import UsageError

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract
    from gsim_devs.observation import Dataset

_LONGEST = 40


def observed(files: Sequence[str], contract: Contract, about: str = "") -> Dataset:
    """The data of these files as one; what is odd in them is said to be `about` them."""
    from gsim_devs.observation import load_dataset

    dataset = load_dataset(files, contract)
    for warning in dataset.warnings:
        print(f"gsim-devs: {about}{warning}", file=sys.stderr)
    return dataset


def add_simulator_and_data(parser: argparse.ArgumentParser) -> None:
    """Declare the simulator, `--data`, and the `--arg` that say what the data do not."""
    parser.add_argument("simulator", metavar="SIMULATOR", type=Path, help="the folder of a simulator")
    parser.add_argument(
        "--data", metavar="FILE", nargs="+", required=True, help="CSV or Parquet: trajectory, t, observables"
    )
    parser.add_argument(
        "--arg",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an argument of every simulation, such as a part of the state that the data do not tell",
    )


def arguments_of(words: Sequence[str], contract: Contract, simulator: Path) -> dict[str, str]:
    """The arguments of these words, checked as a run would check them."""
    from gsim_devs.interventions import settled_arguments
    from gsim_devs.runtime.program import load
    from gsim_devs.runtime.values import pairs

    given = pairs("--arg", words)
    decided = {contract.horizon.argument, "seed", contract.state.time if contract.state else None}
    if taken := [name for name in given if name in decided]:
        raise UsageError(f"--arg {taken[0]}: the data and --seed decide it")
    asked = contract.state.arguments if contract.state else {}
    needed = [
        name for name, one in contract.arguments.items() if one.required and name not in {*given, "seed"}
    ]
    if given and not needed:
        settled_arguments(load(simulator), given)
    elif unknown := [name for name in given if name not in contract.arguments]:
        raise UsageError(
            f"{contract.id} has no argument {unknown[0]!r}; of its state there are {', '.join(asked)}"
        )
    return given


def tell_beginnings(dataset: Dataset, contract: Contract, given: Mapping[str, str]) -> None:
    """Say what simulations begin with where the data do not tell it; an argument that all of them tell is refused."""
    from gsim_devs.contracts.sentences import all_of
    from gsim_devs.observation import untold_beginnings

    asked = contract.state.arguments if contract.state else {}
    untold = untold_beginnings(dataset, contract)
    if told := [name for name in given if name in asked and name not in untold]:
        raise UsageError(f"--arg {told[0]}: the data tell it, as {asked[told[0]]}")
    silent = {
        name: count
        for name, count in untold.items()
        if name not in given and not contract.arguments[name].required
    }
    for count in sorted(set(silent.values()), reverse=True):
        names = [name for name in silent if silent[name] == count]
        whose = "" if count == len(dataset) else f" of {count} of {len(dataset)} trajectories"
        begun = ", ".join(f"{name} = {_short(contract.arguments[name].default)}" for name in names)
        print(
            f"gsim-devs: the data do not tell {all_of([asked[name] for name in names])} at the beginning{whose}: "
            f"simulations begin with {begun}; --arg {names[0]}=… changes that",
            file=sys.stderr,
        )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
