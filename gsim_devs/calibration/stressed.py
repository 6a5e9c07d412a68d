"""A problem whose candidates must also keep the rules of their system under stress: what they break adds to their loss.

Every candidate that is simulated on all data is put through the stress test too, so that the search is led away from
what breaks rules, and not only its last few candidates; where a part of the data is looked at, to find places worth a
second look, rules are left out. A test takes as long as its test inputs do: choose short ones. The same values are
tested once. Methods that learn from summaries instead of losses do not see rules, so that a stressed problem has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import numpy as np

from gsim_devs.contracts import Parameter, dump_json
from gsim_devs.execution import Pool
from gsim_devs.observation import StressResult, StressTest, run_stress

from .arrays import Array
from .fitting import Fit, ValidatedFit
from .problem import Problem
from .space import Space, Values

_SAMPLE, _SAMPLE_SHARE = 32, 1 / 6
_NOISES = 10
_MOST_KEPT = 4096


def stressed(problem: Problem, test: StressTest, pool: Pool) -> Problem:
    """The problem with the rules of a test; `pool` runs its simulator."""
    if isinstance(problem, ValidatedFit):
        return StressedValidatedFit(problem, test, pool)
    assert isinstance(problem, Fit)
    return StressedFit(problem, test, pool)


class StressedFit:
    """A fit with rules."""

    def __init__(self, fit: Fit, test: StressTest, pool: Pool) -> None:
        self._fit, self._test, self._pool = fit, test, pool
        self._known: dict[str, StressResult] = {}
        self._unit = _unit(fit)

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Of the simulator's contract."""
        return self._fit.parameters

    @property
    def identity(self) -> Mapping[str, str]:
        """With the rules and the test inputs."""
        rules, cases = sha256(dump_json(self._test.rules).encode()), sha256()
        for case in self._test.cases:
            cases.update(dump_json(case).encode())
        told = {"rules": rules.hexdigest()[:16], "cases": cases.hexdigest()[:16]}
        return {**self._fit.identity, **told}

    def losses(self, thetas: Sequence[Values], *, seed: int, share: float = 1.0) -> Array:
        """What does not fit, and what is broken."""
        told = self._fit.losses(thetas, seed=seed, share=share)
        return told if share < 1 else self._with_rules(told, thetas)

    def failed(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """Of the simulations that are compared with data."""
        return self._fit.failed(thetas, seed=seed)

    def reasons(self, thetas: Sequence[Values], *, seed: int) -> Mapping[str, int]:
        """Of the same."""
        return self._fit.reasons(thetas, seed=seed)

    def broken(self, theta: Values) -> Mapping[str, int]:
        """How often these values break each rule; a run that fails is named in place of a rule."""
        (result,) = self._results([theta])
        return {**result.broken, **{f"the run of {case}": 1 for case in result.failures}}

    def _with_rules(self, told: Array, thetas: Sequence[Values]) -> Array:
        runs: list[int] = np.flatnonzero(np.isfinite(told)).tolist()
        for row, result in zip(runs, self._results([thetas[row] for row in runs]), strict=True):
            if not result.is_clean:
                # However little is broken, no difference that chance makes may outweigh it.
                told[row] += self._unit * (1 + result.share)
        return told

    def _results(self, thetas: Sequence[Values]) -> list[StressResult]:
        keys = [repr(dict(theta)) for theta in thetas]
        new = {key: theta for key, theta in zip(keys, thetas, strict=True) if key not in self._known}
        if len(self._known) + len(new) > _MOST_KEPT:
            self._known.clear()
            new = dict(zip(keys, thetas, strict=True))
        self._known |= zip(new, run_stress(self._pool, self._test, list(new.values())), strict=True)
        return [self._known[key] for key in keys]


class StressedValidatedFit(StressedFit):
    """The same with data that were put aside."""

    def __init__(self, fit: ValidatedFit, test: StressTest, pool: Pool) -> None:
        super().__init__(fit, test, pool)
        self._aside: Callable[..., Array] = fit.validation_losses

    def validation_losses(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """What does not fit the data that were put aside, and what is broken."""
        return self._with_rules(self._aside(thetas, seed=seed), thetas)


def _unit(fit: Fit) -> float:
    """How much losses differ within the bounds, and many times as much as chance makes them differ."""
    space = Space(fit.parameters)
    thetas = space.values(np.random.default_rng(0).random((_SAMPLE, space.dimension)))
    told = np.array([fit.losses(thetas, seed=seed, share=_SAMPLE_SHARE) for seed in (0, 1)])
    told = told[:, np.isfinite(told).all(axis=0)]
    if told.shape[1] < 2:
        return 1.0
    low, high = np.quantile(told.mean(axis=0), [0.25, 0.75])
    noise = (told[0] - told[1]).std() / np.sqrt(2)
    return float(max(high - low, _NOISES * noise)) or 1.0
