"""Test all that a right simulation would pass, and keep what fails: errors by time and state, scatter, memory.

All tests together are wrong about a right simulation with a probability of at most `level` (Holm). Leaves out the
words: see `words`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .coverage import coverage_of
from .exchanges import Exchange, exchanges_between, groups_of
from .residuals import Test, autocorrelation, dispersion, impossible, odd_shape, ranks, recurrence
from .shapes import Course, course
from .slicing import slices
from .stretches import Stretch, stretches_of
from .suspects import Suspect, noises_of, suspected, trajectories_differ
from .transitions import Floats, Transitions

_TENTHS = 10

_Failed = tuple[str, Test, float, float]
"""The kind of a test, its outcome, its value, and its p-value with all tests counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a dimension is wrong."""

    kind: Literal[
        "bias", "trajectories differ", "dispersion", "memory", "impossible", "still", "recurs", "shape"
    ]
    name: str
    """The dimension."""
    p: float
    """How probable so much is if the simulation is right, all tests counted."""
    z: float
    value: float
    """The mean error, the variance ratio, the correlation, the share of impossible steps, the period in steps, ..."""
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The errors of a dimension in a slice of the steps."""

    variable: str
    low: float
    high: float
    rows: int
    mean_error: float
    z: float


@dataclass(frozen=True, slots=True)
class Dimension:
    """Numbers of one dimension, whether or not they are findings."""

    name: str
    rows: int
    mean_error: float
    z: float
    noise: float
    """The standard deviation that an error should have."""
    variance_ratio: float | None
    """The simulation's variance over the data's, bias taken away."""
    autocorrelation: float | None
    spread_ratio: float | None
    """The variance between trajectories over what it should be."""
    coverage: tuple[float, ...]
    """The shares of observed values inside the central bands of the simulation."""
    places: tuple[int, ...]
    """How many observed values lie in each tenth of the draws (PIT); as many in each if the simulation is right."""
    slices: tuple[Part, ...]
    """Its errors by time and by state."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What was tested and what was found."""

    findings: tuple[Finding, ...]
    dimensions: tuple[Dimension, ...]
    exchanges: tuple[Exchange, ...]
    exact: tuple[str, ...]
    """Dimensions that the simulation foretells exactly."""
    courses: tuple[Course, ...]
    """What biases follow best: one for each group of dimensions whose errors are opposite."""
    tests: int


def inquire(
    observed: Transitions,
    draws: Floats,
    *,
    level: float,
    fitted_share: float,
    seed: int,
    fitted: tuple[Transitions, Floats] | None = None,
) -> Inquiry:
    """Test all dimensions.

    `fitted` are steps that parameters were fitted to, and as many draws of each. They are asked too whether
    trajectories differ and what errors follow, which a fit of what all have in common leaves as it is.
    """
    groups = slices(observed)
    suspects = suspected(observed, draws, groups, fitted_share)
    cuts = [cut for group in groups for cut in group]
    more, more_draws, all_suspects, all_cuts = observed, draws, suspects, cuts
    if fitted is not None:
        more, more_draws = _together(observed, draws, *fitted)
        more_groups = slices(more)
        all_suspects = suspected(more, more_draws, more_groups, fitted_share)
        all_cuts = [cut for group in more_groups for cut in group]
    with_more = {one.name: one for one in all_suspects}
    for one in suspects:
        # A few tests have half of the level, since all others are made in one way or another by their outcome.
        one.differs = trajectories_differ(with_more[one.name], all_cuts, level / 2 / len(suspects))
        one.spread = with_more[one.name].spread
    for one in suspects:
        # What differs between trajectories in one dimension moves those that it exchanges with.
        one.by_trajectory = any(other.differs for other in suspects)
        one.whole = one.bias()
        tested = [(cut, one.bias(cut.rows)) for cut in cuts]
        one.biases = [(cut, result) for cut, result in tested if result is not None]
    tests: list[tuple[Suspect, str, Test, float]] = []
    for one in suspects:
        tests += _tests_of(one, observed, draws, seed)
    adjusted = _adjusted(tests, len(suspects))
    failed: dict[str, list[_Failed]] = {one.name: [] for one in suspects}
    for (one, kind, test, value), p in zip(tests, adjusted, strict=True):
        if p <= level:
            failed[one.name].append((kind, test, value, p))
    wrong = [one for one in suspects if any(kind == "bias" for kind, *_ in failed[one.name])]
    courses = []
    for group in groups_of(wrong):
        asked = [(one.column, with_more[one.name].errors) for one in group]
        found = course(asked, more, noises_of(more_draws))
        courses += [found] if found else []
        for one in group:
            one.course = found
    findings = tuple(each for one in suspects for each in _findings_of(one, failed[one.name]))
    biased = {each.name: each.stretches for each in findings if each.kind == "bias"}
    # Where it is clear what errors follow, that says which flow is wrong.
    told = {name for one in courses if one.is_clear for name in one.names}
    exchanges = tuple(
        one for one in exchanges_between(wrong, biased, observed) if not {one.source, one.target} & told
    )
    exact = tuple(
        name
        for column, name in enumerate(observed.names)
        if _is_exact(observed.after[:, column], draws[:, :, column])
    )
    dimensions = tuple(_dimension(one, observed, draws, seed) for one in suspects)
    return Inquiry(findings, dimensions, exchanges, exact, tuple(courses), len(tests))


def _together(
    observed: Transitions, draws: Floats, fitted: Transitions, fitted_draws: Floats
) -> tuple[Transitions, Floats]:
    """The steps of both, whose trajectories are others even where they have the same names."""
    both = Transitions(
        np.concatenate((observed.before, fitted.before)),
        np.concatenate((observed.after, fitted.after)),
        np.concatenate((observed.times, fitted.times)),
        np.concatenate((observed.codes, fitted.codes + observed.codes.max() + 1)),
        observed.names,
    )
    return both, np.concatenate((draws, fitted_draws), axis=1)


def _tests_of(
    one: Suspect, observed: Transitions, draws: Floats, seed: int
) -> list[tuple[Suspect, str, Test, float]]:
    tests = [(one, "bias", found.test, found.mean) for _, found in one.biases]
    if one.whole is not None:
        tests.append((one, "bias", one.whole.test, one.whole.mean))
    if one.differs and one.spread is not None:
        tests.append((one, "trajectories differ", one.spread.test, one.spread.excess / one.spread.freedom))
    for kind, result in (
        ("dispersion", dispersion(one.errors, one.explained, one.columns)),
        ("memory", autocorrelation(one.errors, one.explained)),
        ("recurs", recurrence(one.errors, one.explained, one.growth)),
        ("impossible", _impossible(observed, draws, one.column)),
        ("still", _still(observed, draws, one.column)),
        ("shape", odd_shape(ranks(observed, draws, one.column, seed=seed))),
    ):
        if result is not None:
            tests.append((one, kind, *result))
    return tests


def _impossible(observed: Transitions, draws: Floats, column: int) -> tuple[Test, float] | None:
    from scipy.special import ndtri  # type: ignore[import-untyped]

    wrong, of, p = impossible(observed, draws, column)
    return (Test(float(-ndtri(max(p, 1e-300))), p), wrong / of) if wrong else None


def _still(observed: Transitions, draws: Floats, column: int) -> tuple[Test, float] | None:
    """How probable it is that nothing ever changes; how often it does in the simulation. None where something does."""
    from scipy.special import ndtri

    changes = observed.changes[:, column]
    known = np.isfinite(changes)
    if changes[known].any():
        return None
    moves = draws[:, known, column] - observed.before[known, column]
    counts = np.isfinite(moves).sum(axis=0)
    # One more draw that does not move, so that few draws are not certain.
    rate = (np.nan_to_num(moves) != 0.0).sum(axis=0) / (counts + 1)
    if not rate.any():
        return None
    p = float(np.exp(np.log1p(-rate).sum()))
    return Test(float(-ndtri(max(p, 1e-300))), p), float(rate.mean())


def _is_exact(after: Floats, simulated: Floats) -> bool:
    known = np.isfinite(after) & np.isfinite(simulated).any(axis=0)
    same = (simulated[:, known] == after[known]) | np.isnan(simulated[:, known])
    return bool(known.any() and same.all())


def _adjusted(tests: list[tuple[Suspect, str, Test, float]], dimensions: int) -> list[float]:
    """Adjusted p-values: half for whether trajectories differ, a test for each dimension, half for all others."""
    others = iter(_holm([test.p for _, kind, test, _ in tests if kind != "trajectories differ"]))
    doubled = [
        2 * (test.p * dimensions if kind == "trajectories differ" else next(others))
        for _, kind, test, _ in tests
    ]
    return [min(1.0, p) for p in doubled]


def _holm(ps: list[float]) -> list[float]:
    """Adjusted p-values: below a level, all of them together are wrong with that probability at most."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    adjusted = [1.0] * len(ps)
    so_far = 0.0
    for place, at in enumerate(order):
        so_far = max(so_far, min(1.0, ps[at] * (len(ps) - place)))
        adjusted[at] = so_far
    return adjusted


def _findings_of(one: Suspect, own: list[_Failed]) -> Iterable[Finding]:
    kinds = {kind for kind, *_ in own}
    if "trajectories differ" in kinds:
        yield _finding(one, "trajectories differ", own)
    if "bias" in kinds:
        _, test, value, p = min((each for each in own if each[0] == "bias"), key=lambda each: each[3])
        flagged = {id(each[1]) for each in own}
        stretches = stretches_of(one, flagged)
        yield Finding("bias", one.name, p, test.z, value, stretches)
    # Persistent errors and odd shapes are what bias and differences look like from afar.
    explained = kinds & {"bias"} or one.by_trajectory
    if "dispersion" in kinds and not explained:
        yield _finding(one, "dispersion", own)
    if "impossible" in kinds:
        yield _finding(one, "impossible", own)
    if "recurs" in kinds and not one.by_trajectory:
        yield _finding(one, "recurs", own)
    if "still" in kinds:
        yield _finding(one, "still", own)
    if "memory" in kinds and not explained:
        yield _finding(one, "memory", own)
    if kinds == {"shape"}:
        yield _finding(one, "shape", own)


def _finding(one: Suspect, wanted: str, own: list[_Failed]) -> Finding:
    kind, test, value, p = next(each for each in own if each[0] == wanted)
    return Finding(kind, one.name, p, test.z, value)  # type: ignore[arg-type]


def _dimension(one: Suspect, observed: Transitions, draws: Floats, seed: int) -> Dimension:
    rank = ranks(observed, draws, one.column, seed=seed)
    scatter = dispersion(one.errors, one.explained, one.columns)
    memory = autocorrelation(one.errors, one.explained)
    return Dimension(
        one.name,
        len(one.errors.error),
        one.whole.mean if one.whole else 0.0,
        one.whole.test.z if one.whole else 0.0,
        float(np.sqrt(one.errors.noise.mean())),
        scatter[1] if scatter else None,
        memory[1] if memory else None,
        one.spread.excess / one.spread.freedom if one.spread else None,
        coverage_of(rank),
        tuple(np.histogram(rank, bins=_TENTHS, range=(0.0, 1.0))[0].tolist()),
        tuple(
            Part(cut.variable, cut.low, cut.high, found.rows, found.mean, found.test.z)
            for cut, found in one.biases
        ),
    )
