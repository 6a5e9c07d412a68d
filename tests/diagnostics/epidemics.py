"""Observed epidemics, right and with things in them that the fitted model lacks; and the model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from gsim_devs.benchmarks.words import epidemics as drawn
from gsim_devs.diagnostics import Transitions

PEOPLE = 1000
NAMES = ("S", "I", "R")
Floats = NDArray[np.float64]


def epidemics(truth: str, *, seed: int, trajectories: int = 10, days: int = 60) -> Transitions:
    states = drawn(truth, np.random.default_rng(seed), trajectories=trajectories, days=days)
    before, after = (part.swapaxes(0, 1).reshape(-1, 3) for part in (states[:, :-1], states[:, 1:]))
    times = np.repeat(np.arange(days), trajectories)
    return Transitions(before, after, times, np.tile(np.arange(trajectories), days), NAMES)


def fitted(training: Transitions) -> tuple[float, float]:
    """Rates of infection and recovery that make the data most probable."""
    infectious = training.before[:, 1]
    infected = np.maximum(0.0, -training.changes[:, 0])

    def improbability(log_rate: float) -> float:
        p = np.clip(1 - np.exp(-np.exp(log_rate) * infectious / PEOPLE), 1e-12, 1 - 1e-12)
        return float(-(infected * np.log(p) + (training.before[:, 0] - infected) * np.log1p(-p)).sum())

    beta = float(np.exp(minimize_scalar(improbability, bounds=(-6, 2), method="bounded").x))
    return beta, float(-np.log1p(-training.changes[:, 2].sum() / infectious.sum()))


def model(observed: Transitions, beta: float, gamma: float, *, draws: int = 50) -> Callable[[int], Floats]:
    def simulate(seed: int) -> Floats:
        states = np.broadcast_to(observed.before, (draws, *observed.before.shape))
        return _step(np.random.default_rng(seed), states, beta, gamma)

    return simulate


def _step(rng: np.random.Generator, state: Floats, beta: float, gamma: float) -> Floats:
    susceptible, infectious, immune = (state[..., at].astype(int) for at in range(3))
    infections = rng.binomial(susceptible, 1 - np.exp(-beta * infectious / PEOPLE))
    recoveries = rng.binomial(infectious, 1 - np.exp(-gamma))
    return np.stack(
        [susceptible - infections, infectious + infections - recoveries, immune + recoveries], axis=-1
    ).astype(float)
