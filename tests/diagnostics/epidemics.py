"""Observed epidemics, right and with things in them that the fitted model lacks; and the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from gsim_devs.diagnostics import Transitions

PEOPLE = 1000
NAMES = ("S", "I", "R")
Floats = NDArray[np.float64]


def epidemics(truth: str, *, seed: int, trajectories: int = 10, days: int = 60) -> Transitions:
    rng = np.random.default_rng(seed)
    infectious, immune = rng.integers(1, 21, trajectories), rng.integers(0, 100, trajectories)
    state = np.stack([PEOPLE - infectious - immune, infectious, immune], axis=-1).astype(float)
    infection: Any = np.full(trajectories, 0.5)
    if truth == "rates differ":
        infection = rng.gamma(1 / 0.3**2, 0.5 * 0.3**2, trajectories)
    before, after = [], []
    for day in range(days):
        beta = infection * 0.4 if truth == "lockdown" and day >= 12 else infection
        gamma = 0.1 * np.exp(-day / 40) if truth == "recovery slows" else 0.1
        following = _step(rng, state, beta, gamma, 0.05 if truth == "immunity wanes" else 0.0)
        before.append(state)
        after.append(following)
        state = following
    times = np.repeat(np.arange(days), trajectories)
    return Transitions(
        np.concatenate(before), np.concatenate(after), times, np.tile(np.arange(trajectories), days), NAMES
    )


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
        return _step(np.random.default_rng(seed), states, beta, gamma, 0.0)

    return simulate


def _step(rng: np.random.Generator, state: Floats, beta: Any, gamma: float, waning: float) -> Floats:
    susceptible, infectious, immune = (state[..., at].astype(int) for at in range(3))
    infections = rng.binomial(susceptible, 1 - np.exp(-beta * infectious / PEOPLE))
    recoveries = rng.binomial(infectious, 1 - np.exp(-gamma))
    losses = rng.binomial(immune, waning)
    return np.stack(
        [
            susceptible - infections + losses,
            infectious + infections - recoveries,
            immune + recoveries - losses,
        ],
        axis=-1,
    ).astype(float)
