"""A simulator beside data as a problem to calibrate: what an experiment simulates becomes losses and summaries.

Where the data tell whole states, every observed step is simulated from the state before it: many short simulations,
each of which says something. Where they do not, or in a few rows only, whole trajectories are simulated from their
beginning. Leaves out how simulations are made.
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gsim_devs.contracts import Parameter
from gsim_devs.errors import UsageError
from gsim_devs.observation import Experiment, Paths, Transitions

from .arrays import Array
from .objectives import LEAST_DRAWS, known, loss
from .problem import Problem
from .space import Values

_STEPS = 400
"""Observed steps that a loss looks at; more tell little more and cost as much each."""
_MORE, _MOST = 5, 20
"""Times so many steps are summarised, first and at last, where simulations are made as arrays; else as many."""
_NUMBERS_AT_ONCE = 2_000_000
"""Of simulations that are summarised."""
_ENOUGH = 0.2
"""Of the rows: where fewer of them tell the whole state, steps say less than courses do."""
_A_LOOK = 0.1
"""The part of the data with which it is first seen why a simulation fails."""
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_FEW = 0.1
"""Of the simulations of a candidate: where more of them fail, the candidate has failed."""
_FAR = 10.0
"""In the units of a loss, and in each dimension: how far off a simulation is taken to be that failed, if few did."""


def problem_of(
    experiment: Experiment,
    objective: str = "energy",
    *,
    draws: int | None = None,
    steps: int = _STEPS,
    courses: bool = False,
    validation: Experiment | None = None,
) -> Problem:
    """What is to be fitted.

    Args:
        experiment: the simulator beside the data to fit.
        objective: one of OBJECTIVES.
        draws: simulations from each start; as few as the objective needs if not given.
        steps: at most so many observed steps are looked at, drawn at random; every trajectory, where no state is told.
        courses: compare whole courses, though the data tell states: what shows later only, such as a length of stay,
            leaves no trace in single steps.
        validation: the simulator beside data that were put aside; the last few candidates are compared there.
    """
    count = LEAST_DRAWS[known(objective)] if draws is None else draws
    if validation is None:
        return Fit(experiment, objective, count, steps, courses)
    return ValidatedFit(experiment, objective, count, steps, courses, validation)


def steps_are_few(experiment: Experiment) -> bool:
    """Whether steps can begin at some rows, but at so few that they would leave most of the data unused."""
    rows = sum(max(len(one.times) - 1, 0) for one in experiment.dataset.trajectories)
    return 0 < len(experiment.transitions().starts) < _ENOUGH * rows


class Fit:
    """An experiment as a problem."""

    def __init__(self, experiment: Experiment, objective: str, draws: int, steps: int, courses: bool) -> None:
        if not experiment.dataset.names:
            raise UsageError("the data hold no number that is observed: there is nothing to fit")
        self._experiment, self._objective, self._draws = experiment, objective, draws
        self._chosen: dict[int, Transitions] = {}
        everything = experiment.transitions()
        self._by_steps = bool(everything.starts) and not courses and not steps_are_few(experiment)
        self._paths = experiment.paths()
        if self._by_steps:
            self._steps, self._share = steps, min(1.0, steps / len(everything.starts))
            self._scale = _spread(everything.after - everything.before, everything.after)
        else:
            if not self._paths.starts:
                raise UsageError("no trajectory has a row after its beginning: there is nothing to fit")
            if not np.isfinite(self._paths.observed).any():
                raise UsageError("no trajectory has a value after its beginning: there is nothing to fit")
            self._scale = _spread(_flat(self._paths.observed))

    @property
    def identity(self) -> Mapping[str, str]:
        """By the simulator's code and contract, the data, and how they are compared."""
        data = hashlib.sha256(
            repr((self._experiment.dataset.names, self._experiment.dataset.actions)).encode()
        )
        for trajectory in self._experiment.dataset.trajectories:
            data.update(repr((trajectory.id, dict(trajectory.texts))).encode())
            for array in (trajectory.times, trajectory.values, trajectory.actions):
                data.update(array.tobytes())
        compared = "courses" if not self._by_steps else "steps"
        return {
            **self._experiment.identity,
            "data": data.hexdigest()[:16],
            "objective": f"{self._objective} of {self._draws} draws of {compared}",
        }

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Of the simulator's contract."""
        return self._experiment.parameters

    def losses(self, thetas: Sequence[Values], *, seed: int, share: float = 1.0) -> Array:
        """From the same starts with the same random numbers for all of them."""
        if not self._by_steps:
            paths = _some_of(self._paths, share, seed)
            told = self._experiment.free_run(thetas, paths, seed=seed, draws=self._draws)
            return self._scored([_flat(one) for one in told], _flat(paths.observed))
        chosen = self._experiment.transitions(share=self._share * share, seed=seed)
        told = self._experiment.one_step(thetas, chosen, seed=seed, draws=self._draws)
        return self._scored(list(told), chosen.after)

    def reasons(self, thetas: Sequence[Values], *, seed: int) -> Mapping[str, int]:
        """By simulating a few steps, or courses; all of them where those few tell nothing."""
        before = Counter(self._experiment.reasons)
        for share in (_A_LOOK, 1.0):
            told = self.losses(thetas, seed=seed, share=share)
            found = dict((Counter(self._experiment.reasons) - before).most_common())
            if found:
                return found
        if np.isnan(told).any():
            names = ", ".join(self._experiment.dataset.names)
            return {f"it ran to its end, and told no finite number of {names}": int(np.isnan(told).sum())}
        return found

    @property
    def observed_summary(self) -> Array:
        """Of the steps that summaries are of."""
        return self._observed(_MORE)

    def summaries(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """What steps look like: how they change, how far at most, and how that depends on the state."""
        return self._summarised(thetas, seed, _MORE)

    @property
    def price(self) -> float:
        """In simulated steps."""
        return len(self._some(_MOST).starts) / (self._steps * self._draws) if self._by_steps else 1.0

    @property
    def observed_details(self) -> Array:
        """Of many more steps, or of all."""
        return self._observed(_MOST)

    def details(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """What many more steps look like."""
        return self._summarised(thetas, seed, _MOST)

    @property
    def observed_trajectory(self) -> Array:
        """The mean of the trajectories at each look."""
        return _mean(self._paths.observed).ravel()

    def trajectories(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """The same of simulations from their beginnings."""
        return self._summaries_of_paths(thetas, seed, lambda told: _mean(told).ravel())

    def failed(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """Of the steps that a loss looks at, or of the trajectories."""
        if not self._by_steps:
            told, observed = self._experiment.free_run(thetas, self._paths, seed=seed), self._paths.observed
        else:
            chosen = self._experiment.transitions(share=self._share, seed=seed)
            told, observed = self._experiment.one_step(thetas, chosen, seed=seed), chosen.after
        return np.array([[_has_failed(one[0], observed).mean()] for one in told])

    def _some(self, times: int) -> Transitions:
        """So many times the steps that a loss looks at, if that is affordable."""
        if times not in self._chosen:
            everything = self._experiment.transitions()
            more = times if self._experiment.is_quick(everything.starts) else 1
            self._chosen[times] = self._experiment.transitions(share=min(1.0, more * self._share))
        return self._chosen[times]

    def _observed(self, times: int) -> Array:
        if not self._by_steps:
            return self._summary_of_paths(self._paths.observed)
        chosen = self._some(times)
        return _summary(chosen.before, chosen.after, self._scale)

    def _summarised(self, thetas: Sequence[Values], seed: int, times: int) -> Array:
        if not self._by_steps:
            return self._summaries_of_paths(thetas, seed, self._summary_of_paths)
        chosen = self._some(times)
        rows = [
            _summary(chosen.before, _as_seen(told, chosen.after), self._scale)
            for some, seeds in _parts(thetas, seed, chosen.after.size)
            for told in self._experiment.one_step(some, chosen, seed=seeds)[:, 0]
        ]
        return np.array(rows)

    def _scored(self, told: Sequence[Array], observed: Array) -> Array:
        far = observed + _FAR * self._scale
        return np.array(
            [loss(self._objective, _softened(one, observed, far), observed, self._scale) for one in told]
        )

    def _summaries_of_paths(
        self, thetas: Sequence[Values], seed: int, summary: Callable[[Array], Array]
    ) -> Array:
        rows = [
            summary(_as_seen(told, self._paths.observed))
            for some, seeds in _parts(thetas, seed, self._paths.observed.size)
            for told in self._experiment.free_run(some, self._paths, seed=seeds)[:, 0]
        ]
        return np.array(rows)

    def _summary_of_paths(self, paths: Array) -> Array:
        return _summary(_flat(paths[:, :-1]), _flat(paths[:, 1:]), self._scale)


class ValidatedFit(Fit):
    """An experiment as a problem, with data that were put aside."""

    def __init__(
        self,
        experiment: Experiment,
        objective: str,
        draws: int,
        steps: int,
        courses: bool,
        validation: Experiment,
    ) -> None:
        super().__init__(experiment, objective, draws, steps, courses)
        self._aside = Fit(validation, objective, draws, steps, not self._by_steps)
        # One unit for both, or their losses would not compare.
        self._aside._scale = self._scale

    @property
    def identity(self) -> Mapping[str, str]:
        """With the data that were put aside."""
        return {**super().identity, "validation data": self._aside.identity["data"]}

    def validation_losses(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """On the data that were put aside."""
        return self._aside.losses(thetas, seed=seed)


def _some_of(paths: Paths, share: float, seed: int) -> Paths:
    """A share of the trajectories, at least one; drawn by the seed."""
    count = max(1, round(share * len(paths.starts)))
    if count >= len(paths.starts):
        return paths
    chosen = np.sort(np.random.default_rng(seed).permutation(len(paths.starts))[:count])
    starts = tuple(paths.starts[row] for row in chosen)
    return Paths(paths.names, starts, paths.observed[chosen], paths.times[chosen])


def _parts(thetas: Sequence[Values], seed: int, told: int) -> Iterator[tuple[Sequence[Values], list[int]]]:
    """Candidates and a seed for each, so many at once as tell no more numbers than fit into memory."""
    seeds = [int(one) for one in np.random.SeedSequence(seed).generate_state(len(thetas))]
    count = max(1, _NUMBERS_AT_ONCE // told)
    for begin in range(0, len(thetas), count):
        yield thetas[begin : begin + count], seeds[begin : begin + count]


def _spread(*choices: Array) -> Array:
    """The standard deviation of each column, of the first of these in which it varies; else 1."""
    scale = np.ones(choices[0].shape[1])
    for choice in reversed(choices):
        found = _quietly(np.nanstd, choice)
        scale = np.where(np.isfinite(found) & (found > 0), found, scale)
    return scale


def _flat(paths: Array) -> Array:
    """(..., M, T, D) as (..., M * T, D)."""
    return paths.reshape(*paths.shape[:-3], -1, paths.shape[-1])


def _as_seen(told: Array, observed: Array) -> Array:
    """Without what was not observed, and without the simulations that failed if they are few; else those are infinite.

    What is infinite does not pass for unobserved.
    """
    failed = _has_failed(told, observed)
    rows = failed.reshape(-1, *[1] * (told.ndim - 1))
    instead = np.nan if failed.mean() <= _FEW else np.inf
    return np.where(np.isnan(observed), np.nan, np.where(rows, instead, told))


def _has_failed(told: Array, observed: Array) -> NDArray[np.bool_]:
    """Which rows, or trajectories, lack something that was observed."""
    lacks = np.isnan(told) & ~np.isnan(observed)
    return np.asarray(lacks.any(axis=tuple(range(1, told.ndim))))


def _softened(told: Array, observed: Array, far: Array) -> Array:
    """Draws (draws, n, D) with something far off in each row of which one failed; as they are if that is not seldom."""
    failed = np.logical_or.reduce([_has_failed(draw, observed) for draw in told])
    if not failed.any() or failed.mean() > _FEW:
        return told
    return np.where(failed[:, None], far, told)


def _mean(paths: Array) -> Array:
    return _quietly(np.nanmean, paths)


def _summary(before: Array, after: Array, scale: Array) -> Array:
    """Numbers that tell steps apart, whatever they are steps of; NaN where nothing was observed."""
    if np.isinf(after).any() or np.isinf(before).any():
        return np.full(_count(before.shape[1]), np.nan)
    change = (after - before) / scale
    state = (before - _quietly(np.nanmean, before)) / _spread(before)
    upper = np.triu_indices(change.shape[1])
    parts = [
        _quietly(np.nanmean, change),
        _quietly(np.nanstd, change),
        *_quantiles(change),
        _quietly(np.nanmin, after / scale),
        _quietly(np.nanmax, after / scale),
        _mean_products(change, state).ravel(),
        _mean_products(change**2, state**2).ravel(),
        _mean_products(change, change)[upper],
    ]
    return np.concatenate(parts)


def _quantiles(columns: Array) -> Array:
    """Those of what was observed in each column, without anything between two values."""
    # What was not observed is sorted to the end.
    ordered, count = np.sort(columns, axis=0), (~np.isnan(columns)).sum(axis=0)
    places = np.outer(_QUANTILES, np.maximum(count - 1, 0)).astype(int)
    return np.asarray(np.take_along_axis(ordered, places, axis=0))


def _mean_products(one: Array, other: Array) -> Array:
    """Of each column with each other column, over the rows in which both were observed."""
    seen, told = ~np.isnan(one), ~np.isnan(other)
    if seen.all() and told.all():
        return np.asarray(one.T @ other / len(one))
    together = seen.T.astype(float) @ told.astype(float)
    sums = np.where(seen, one, 0.0).T @ np.where(told, other, 0.0)
    return np.asarray(np.divide(sums, together, out=np.full_like(sums, np.nan), where=together > 0))


def _count(dimensions: int) -> int:
    return (4 + len(_QUANTILES)) * dimensions + 2 * dimensions**2 + dimensions * (dimensions + 1) // 2


def _quietly(statistic: Callable[..., Array], columns: Array) -> Array:
    """Over the rows; a column with nothing in it has NaN, and nobody needs to be warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(statistic(columns, axis=0))
