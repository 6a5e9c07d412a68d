"""Data files of the commands that hold a simulator beside data: read, and what is odd in them said on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract
    from gsim_devs.observation import Dataset


def observed(files: Sequence[str], contract: Contract, about: str = "") -> Dataset:
    """The data of these files as one; what is odd in them is said to be `about` them."""
    from gsim_devs.observation import load_dataset

    dataset = load_dataset(files, contract)
    for warning in dataset.warnings:
        print(f"gsim-devs: {about}{warning}", file=sys.stderr)
    return dataset
