"""Errors of a simulation, transition by transition, and tests of what they ought to be if the simulation were right.

An error is simulated minus observed: positive where the simulation says too much. If the simulation is right, the
errors of successive steps are uncorrelated and their variance is that of the draws, so that sums over any slice are
tested against it. Leaves out what follows: see `findings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from .coverage import rank_among
from .slicing import Slice
from .transitions import Floats, Transitions

_ENOUGH_DRAWS = 10
"""With fewer draws, the scatter of their sums says nothing."""
_ENOUGH_TRAJECTORIES = 4
_ROWS_PER_COLUMN = 10
_LEAST_FREEDOM = 10
_LEAST_PAIRS = 20
_MEMORY_LEVEL = 0.01
_MOST_MEMORY = 0.95
_PERIODS = 3
"""Periods that have to be seen to be one."""
_LONGEST = 14
"""The longest period, in steps."""
_TINY = 1e-300
_ENOUGH_RANKS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Errors of one dimension and what they should scatter by, in rows where both are known and not both 0."""

    error: Floats
    noise: Floats
    """The variance that each error should have, what comes from the number of draws included."""
    draws: Floats
    """The draws about their mean (draws, rows)."""
    rows: NDArray[np.bool_]
    """Which of all transitions these are."""
    trajectories: NDArray[np.intp]
    times: Floats


@dataclass(frozen=True, slots=True)
class Test:
    """A number that is 0 on average and of variance 1 if the simulation is right."""

    z: float
    p: float
    """How probable a z so far from 0 is then."""


@dataclass(frozen=True, slots=True, eq=False)
class Bias:
    """How far the simulation is off in some rows."""

    rows: int
    mean: float
    """The mean error of a step."""
    typical: float
    """The standard deviation that a single error should have there."""
    test: Test


@dataclass(frozen=True, slots=True)
class Spread:
    """How far trajectories differ from each other."""

    test: Test
    excess: float
    """The sum over trajectories of squared differences over their variance (chi-square)."""
    freedom: int
    """What that sum is on average if only chance is at work."""


def errors(observed: Transitions, draws: Floats, column: int) -> Errors:
    """The errors of one dimension."""
    values, simulated = observed.after[:, column], draws[:, :, column]
    counts = np.isfinite(simulated).sum(axis=0)
    rows = np.isfinite(values) & (counts >= 2)
    simulated, counts = simulated[:, rows], counts[rows]
    means = np.nanmean(simulated, axis=0)
    noise = np.nanvar(simulated, axis=0, ddof=1) * (1.0 + 1.0 / counts)
    error = means - values[rows]
    # A draw that failed counts as the mean of the others.
    about = np.nan_to_num(simulated - means, nan=0.0)
    # Where nothing can happen and nothing did, there is nothing to learn.
    moved = (noise > 0.0) | (error != 0.0)
    rows[rows] = moved
    return Errors(
        error[moved], noise[moved], about[:, moved], rows, observed.codes[rows], observed.times[rows]
    )


def bias(
    found: Errors,
    rows: NDArray[np.bool_] | None = None,
    *,
    fitted_share: float = 0.0,
    growth: float = 1.0,
    by_trajectory: bool = False,
) -> Bias | None:
    """Test the mean error of some of the rows, or of all; None where there is nothing to test.

    Of all estimates of the sum's variance the largest counts: that of independent draws, of the sums of draws (which
    share their parameters), and of the errors themselves (which are larger where the simulation scatters too little).
    `fitted_share` is the number of transitions here over that of those that parameters were fitted to: errors of the
    fit are common to all rows, and weigh as much as the rows hold of all the noise, or, by trajectory, in full.
    `growth`: see `long_run`.
    """
    inside = np.ones(len(found.error), dtype=bool) if rows is None else rows[found.rows]
    error = found.error[inside]
    n = len(error)
    if n < 2:
        return None
    independent = float(found.noise[inside].sum())
    share = 1.0 if by_trajectory else independent / (float(found.noise.sum()) or 1.0)
    estimates = [independent, float(((error - error.mean()) ** 2).sum() * n / (n - 1))]
    if len(found.draws) >= _ENOUGH_DRAWS:
        sums = found.draws[:, inside].sum(axis=1)
        estimates.append(float(sums.var(ddof=1) * (1.0 + 1.0 / len(sums))))
    freedom = None
    if by_trajectory:
        clustered, freedom = _clustered(error, found.trajectories[inside])
        estimates.append(clustered)
    variance = max(estimates) * growth * (1.0 + fitted_share * share)
    if variance <= 0.0 and not error.any():
        return None
    test = _normal(error.sum(), variance) if freedom is None else _student(error.sum(), variance, freedom)
    return Bias(n, float(error.mean()), sqrt(independent / n), test)


def fitted(found: Errors, groups: list[list[Slice]], more: Floats) -> tuple[Floats, int]:
    """What of each error slices of time and states explain, and the number of columns that took.

    An error may be constant in a slice or grow with the noise of the step (as that of a rate does). `more` are
    further columns.
    """
    n = len(found.error)
    parts = [np.ones((n, 1)), more]
    cuts = [cut.rows[found.rows].astype(float) for group in groups for cut in group]
    if cuts and n >= _ROWS_PER_COLUMN * 2 * len(cuts):
        columns = np.stack(cuts, axis=1)
        parts += [columns, columns * found.noise[:, None]]
    weight = 1.0 / np.sqrt(found.noise + small(found))
    design = np.concatenate(parts, axis=1)
    design /= np.maximum(np.linalg.norm(design * weight[:, None], axis=0), 1e-300)
    solution, _, rank, _ = np.linalg.lstsq(design * weight[:, None], found.error * weight, rcond=1e-8)
    explained: Floats = design @ solution
    return explained, int(rank)


def spread(found: Errors, common: Floats) -> Spread | None:
    """Whether trajectories differ more than chance, beyond what they have in common; None with fewer than four."""
    from scipy.special import chdtrc, ndtri  # type: ignore[import-untyped]

    rest = found.error - common
    sums = np.bincount(found.trajectories, weights=rest).astype(float)
    noise = np.bincount(found.trajectories, weights=found.noise + small(found)).astype(float)
    # Scatter from step to step and what a memory makes of it are no differences between trajectories.
    noise = noise * max(1.0, _variance_ratio(found, rest, sums)) * long_run(found, common)
    sums, noise = sums[noise > 0.0], noise[noise > 0.0]
    freedom = len(sums) - 1
    if freedom < _ENOUGH_TRAJECTORIES - 1:
        return None
    rates = sums / noise - sums.sum() / noise.sum()
    excess = float((rates**2 * noise).sum())
    p = float(chdtrc(freedom, excess))
    return Spread(Test(float(-ndtri(max(p, _TINY))), p), excess, freedom)


def dispersion(found: Errors, explained: Floats, columns: int) -> tuple[Test, float] | None:
    """Whether errors scatter as they should once bias is taken away, and the simulation's variance over the data's."""
    n, k = len(found.error), len(found.draws)
    expected = float(found.noise.sum())
    if n <= columns + _LEAST_FREEDOM or expected <= 0.0:
        return None
    rest = (found.error - explained) ** 2 * (n / (n - columns))
    likewise = found.draws**2 * ((k + 1) / (k - 1))
    estimates = [
        float(((rest - rest.mean()) ** 2).sum()),
        float(likewise.var(axis=0, ddof=1).sum()) * (1.0 + 1.0 / k),
    ]
    if k >= _ENOUGH_DRAWS:
        estimates.append(float(likewise.sum(axis=1).var(ddof=1) * (1.0 + 1.0 / k)))
    total = float(rest.sum())
    return _normal(total - expected, max(estimates)), expected / total if total else float("inf")


def within(found: Errors, common: Floats) -> Floats:
    """What is explained of each error if every trajectory has a rate of its own, beside what all have in common."""
    sums = np.bincount(found.trajectories, weights=found.error - common)
    noise = np.bincount(found.trajectories, weights=found.noise)
    rates = np.divide(sums, noise, out=np.zeros(len(sums)), where=noise > 0.0)
    explained: Floats = common + rates[found.trajectories] * found.noise
    return explained


def long_run(found: Errors, common: Floats) -> float:
    """By how much the variance of a long sum of errors grows because each resembles the one before.

    Neither what is common to all trajectories counts, nor what is constant in each.
    """
    memory = autocorrelation(found, within(found, common))
    if memory is None or memory[1] <= 0.0 or memory[0].p > _MEMORY_LEVEL:
        return 1.0
    correlation = min(memory[1], _MOST_MEMORY)
    return (1.0 + correlation) / (1.0 - correlation)


def autocorrelation(found: Errors, explained: Floats) -> tuple[Test, float] | None:
    """The correlation of an error with the next one of its trajectory."""
    order = np.lexsort((found.times, found.trajectories))
    standard = ((found.error - explained) / np.sqrt(found.noise + small(found)))[order]
    same = found.trajectories[order][1:] == found.trajectories[order][:-1]
    products = (standard[1:] * standard[:-1])[same]
    size = float((standard**2).mean()) if len(standard) else 0.0
    if len(products) < _LEAST_PAIRS or size <= 0.0:
        return None
    scatter = (found.noise / (found.noise + small(found)))[order]
    # Of events that are rare, hardly any product is as large as it may be.
    variance = max(float((products**2).sum()), float((scatter[1:] * scatter[:-1])[same].sum()))
    return _normal(float(products.sum()), variance), float(products.mean()) / size


def recurrence(found: Errors, explained: Floats, growth: float) -> tuple[Test, float] | None:
    """Whether errors recur with a period, and with which, in steps; None where there are too few steps to tell.

    `growth`: see `long_run`.
    """
    from scipy.special import chdtrc, ndtri

    moments = np.unique(found.times)
    if len(moments) < 2 * _PERIODS:
        return None
    places = np.rint((found.times - moments[0]) / np.median(np.diff(moments)))
    rest, noise = found.error - explained, found.noise + small(found)
    # Scatter that is larger than it should be is no period, nor is memory.
    noise = noise * growth * max(1.0, float((rest**2).sum() / noise.sum()))
    ps: dict[int, float] = {}
    for period in range(2, min(_LONGEST, int(places.max()) // _PERIODS) + 1):
        phases = np.mod(places, period).astype(np.intp)
        sums, sizes = np.bincount(phases, weights=rest), np.bincount(phases, weights=noise)
        sums, sizes = sums[sizes > 0.0], sizes[sizes > 0.0]
        rates = sums / sizes - sums.sum() / sizes.sum()
        ps[period] = float(chdtrc(max(1, len(sums) - 1), float((rates**2 * sizes).sum())))
    if not ps:
        return None
    best = min(ps, key=lambda one: ps[one])
    p = min(1.0, ps[best] * len(ps))
    return Test(float(-ndtri(max(p, _TINY))), p), float(best)


def small(found: Errors) -> float:
    """A variance that is added where variances are divided by, since some of them are 0."""
    if not len(found.noise):
        return 1.0
    return 0.05 * float(found.noise.mean()) or float((found.error**2).mean()) or 1.0


def ranks(observed: Transitions, draws: Floats, column: int, *, seed: int) -> Floats:
    """Where each observed value stands among its draws, from 0 to 1 (PIT); uniform if the simulation is right."""
    rank = rank_among(observed.after[:, column], draws[:, :, column], np.random.default_rng(seed))
    return rank[np.isfinite(rank)]


def odd_shape(rank: Floats) -> tuple[Test, float] | None:
    """Whether ranks, as normal scores, have a skewness (value 3) or tails (value 4) that they should not have.

    Neither a shift nor a little more or less scatter shows in these two.
    """
    from scipy.special import ndtri

    if len(rank) < _ENOUGH_RANKS:
        return None
    score = ndtri(rank)
    polynomials = {3.0: (score**3 - 3 * score) / sqrt(6.0), 4.0: (score**4 - 6 * score**2 + 3) / sqrt(24.0)}
    tests = {
        order: _normal(float(each.sum()), max(float(len(each)), float((each**2).sum())))
        for order, each in polynomials.items()
    }
    order = min(tests, key=lambda one: tests[one].p)
    return Test(tests[order].z, min(1.0, 2.0 * tests[order].p)), order


def impossible(observed: Transitions, draws: Floats, column: int) -> tuple[int, int, float]:
    """How often all draws agreed on a value and another one was observed; of how many; and how probable that is.

    Whatever the distribution, k draws agree and the data differ with at most the probability
    (k / (k + 1))^k / (k + 1).
    """
    from scipy.special import bdtrc

    values, simulated = observed.after[:, column], draws[:, :, column]
    known = np.isfinite(simulated).all(axis=0) & np.isfinite(values)
    agreed = known & (simulated == simulated[0]).all(axis=0)
    wrong = int((values[agreed] != simulated[0, agreed]).sum())
    k = len(simulated)
    chance = (k / (k + 1)) ** k / (k + 1)
    return wrong, int(agreed.sum()), float(bdtrc(wrong - 1, int(known.sum()), chance)) if wrong else 1.0


def _clustered(error: Floats, trajectories: NDArray[np.intp]) -> tuple[float, int | None]:
    """The variance of the sum of errors if whole trajectories are what is drawn, and its degrees of freedom."""
    sums = np.bincount(trajectories, weights=error)[np.unique(trajectories)]
    if len(sums) < _ENOUGH_TRAJECTORIES:
        return 0.0, None
    return float(sums.var(ddof=1) * len(sums)), len(sums) - 1


def _variance_ratio(found: Errors, rest: Floats, sums: Floats) -> float:
    """The scatter of errors about the mean of their trajectory, over what it should be."""
    sizes = np.bincount(found.trajectories)
    about = rest - (sums / np.maximum(sizes, 1))[found.trajectories]
    expected = float(found.noise.sum())
    return float((about**2).sum()) / expected if expected else 1.0


def _normal(value: float, variance: float) -> Test:
    if variance > 0.0:
        z = float(value) / sqrt(variance)
    elif value:
        z = float(np.copysign(np.inf, value))
    else:
        z = 0.0
    return Test(z, erfc(abs(z) / sqrt(2.0)))


def _student(value: float, variance: float, freedom: int) -> Test:
    from scipy.special import stdtr

    z = float(value) / sqrt(variance)
    return Test(z, float(2.0 * stdtr(freedom, -abs(z))))
