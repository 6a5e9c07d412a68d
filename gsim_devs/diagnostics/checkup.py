"""Diagnose a simulator beside a dataset: step by step where the state was observed, and in free runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np

from gsim_devs.contracts import Parameter
from gsim_devs.errors import UsageError
from gsim_devs.observation import Experiment, Theta
from gsim_devs.observation import Transitions as Steps

from .diagnosis import Diagnosis, diagnose
from .paths import PathCheck, check_paths
from .transitions import Floats, Transitions

_KNOWN_ENOUGH = 0.5
"""A dimension that is missing in more of the steps is left out; of the others, the steps in which one is missing."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a simulator's steps and its free runs say."""

    steps: Diagnosis | None
    """None where no row of the data tells the state."""
    paths: tuple[PathCheck, ...]

    @property
    def is_wrong(self) -> bool:
        return any(one.is_wrong for one in self.paths) or (
            self.steps is not None and self.steps.verdict == "wrong"
        )

    @property
    def text(self) -> str:
        said = (
            self.steps.text
            if self.steps
            else "No row of the data tells the state: only free runs can be compared.\n"
        )
        if not self.paths:
            return said
        count = max(one.trajectories for one in self.paths)
        return "\n".join(
            (said, f"Free runs of {count} trajectories:", *(f"- {one.text}" for one in self.paths), "")
        )

    @property
    def data(self) -> dict[str, Any]:
        """Everything as plain values."""
        paths = [
            {
                "name": one.name,
                "trajectories": one.trajectories,
                "coverage": list(one.coverage),
                "p": one.p,
                "is_wrong": one.is_wrong,
            }
            for one in self.paths
        ]
        return {"is_wrong": self.is_wrong, "steps": self.steps.data if self.steps else None, "paths": paths}


def check_up(
    experiment: Experiment,
    theta: Theta,
    *,
    training: Experiment | None = None,
    contraction: Mapping[str, float] | None = None,
    sensitivity: bool = False,
    draws: int = 40,
    level: float = 0.05,
    seed: int = 0,
) -> Checkup:
    """Simulate what was observed and diagnose it; a right simulator is called wrong with probability `level` at most.

    `training` holds the data that parameters were fitted to. With `sensitivity` each parameter is moved far, which
    takes up to twice as many simulations again for each.
    """
    steps, paths = experiment.transitions(), experiment.paths()
    if not steps.starts and not paths.starts:
        raise UsageError("the data hold nothing that a simulation could be compared with")
    shared = level / 2 if steps.starts and paths.starts else level
    diagnosis = None
    if steps.starts:
        moved = _moved(experiment.parameters, theta) if sensitivity else {}
        before = _Arrays(experiment, steps, draws)
        diagnosis = diagnose(
            before.observed,
            partial(before.simulate, theta),
            training=_Arrays(training, training.transitions(), draws).observed_as(before)
            if training
            else None,
            moved={name: partial(before.simulate, each) for name, each in moved.items()},
            contraction=contraction,
            level=shared,
            seed=seed,
        )
    checks: tuple[PathCheck, ...] = ()
    if paths.starts:
        runs = experiment.free_run([theta], paths, seed=seed + 3, draws=draws)[0]
        checks = check_paths(paths.names, paths.observed, runs, level=shared, seed=seed)
    return Checkup(diagnosis, checks)


class _Arrays:
    """Observed steps without what is missing at their start, and simulations of those."""

    def __init__(self, experiment: Experiment, steps: Steps, draws: int) -> None:
        known = np.isfinite(steps.before)
        self.columns = (
            known.mean(axis=0) >= _KNOWN_ENOUGH if len(known) else np.ones(known.shape[1], dtype=bool)
        )
        self._experiment, self._steps, self._draws = experiment, steps, draws

    @property
    def observed(self) -> Transitions:
        return self.observed_as(self)

    def observed_as(self, other: _Arrays) -> Transitions:
        """With the dimensions of other steps."""
        steps, columns = self._steps, other.columns
        rows = self._rows(columns)
        names = tuple(name for name, is_in in zip(steps.names, columns, strict=True) if is_in)
        return Transitions(
            steps.before[rows][:, columns],
            steps.after[rows][:, columns],
            steps.times[rows],
            np.array(steps.trajectories)[rows],
            names,
        )

    def simulate(self, theta: Theta, seed: int) -> Floats:
        simulated: Floats = self._experiment.one_step([theta], self._steps, seed=seed, draws=self._draws)[0]
        return simulated[:, self._rows(self.columns)][:, :, self.columns]

    def _rows(self, columns: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        rows: np.ndarray[Any, Any] = np.logical_and.reduce(
            np.isfinite(self._steps.before[:, columns]), axis=1
        )
        return rows


def _moved(parameters: Mapping[str, Parameter], theta: Theta) -> dict[str, Theta]:
    """Each parameter half the way to the bound that is further from it."""
    moved: dict[str, Theta] = {}
    for name, one in parameters.items():
        value = theta.get(name, one.value)
        if one.type == "simplex":
            shares = np.asarray(value, dtype=float)
            moved[name] = {**theta, name: (np.roll(shares, 1) / 2 + shares / 2).tolist()}
            continue
        further = one.maximum if one.maximum - value >= value - one.minimum else one.minimum
        if one.type == "integer":
            # Rounded away from where it is, so that it does move.
            far = value + int(np.copysign((abs(further - value) + 1) // 2, further - value))
        else:
            far = sqrt(value * further) if one.type == "log-real" else (value + further) / 2
        if far != value:
            moved[name] = {**theta, name: far}
    return moved
