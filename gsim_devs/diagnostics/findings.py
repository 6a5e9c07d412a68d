"""Test all that a right simulation would pass, and keep what fails: errors by time and state, scatter, memory.

All tests together are wrong about a right simulation with a probability of at most `level` (Holm). Leaves out the
words: see `words`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .residuals import (
    Bias,
    Errors,
    Spread,
    Test,
    autocorrelation,
    bias,
    dispersion,
    errors,
    fitted,
    impossible,
    long_run,
    odd_shape,
    ranks,
    spread,
)
from .shapes import Course, course
from .slicing import TIME, Slice, slices
from .transitions import Floats, Transitions

_SPREAD_SHARE = 0.2
"""Trajectories are said to differ where that accounts for this much of what slices show; less is an echo of those."""
_OPPOSITE_WITHIN = 0.25
"""Errors that cancel out but for this share of them are an exchange."""
_OPPOSITE = -0.6
"""Dimensions whose errors correlate so across slices have a cause in common."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring slices in which a dimension is off in one direction."""

    variable: str | None
    """What was cut; None: off on the whole."""
    low: float | None
    """From where; None: from the first slice on."""
    high: float | None
    """Up to where; None: to the last slice."""
    z: float
    """Positive where the simulation says too much."""
    mean: float
    """The mean error of a step."""
    size: float
    """That over the standard deviation that a single step should have."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a dimension is wrong."""

    kind: Literal["bias", "trajectories differ", "dispersion", "memory", "impossible", "shape"]
    name: str
    """The dimension."""
    p: float
    """How probable so much is if the simulation is right, all tests counted."""
    z: float
    value: float
    """The mean error; the variance ratio; the correlation; the share of impossible steps; of a shape the moment."""
    stretches: tuple[Stretch, ...] = ()
    course: Course | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two dimensions that are wrong by the same amount in opposite directions."""

    source: str
    """The one from which something moves to the other, in the data on balance."""
    target: str
    """The other."""
    too_much: bool
    """Whether the simulation moves too much; else too little."""
    variable: str | None
    low: float | None
    high: float | None
    """Where, as in a stretch."""


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
    coverage: tuple[float, float]
    """The shares of observed values inside the central 50 % and 95 % of the simulation."""


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


@dataclass(slots=True, eq=False)
class _Suspect:
    """A dimension under test."""

    name: str
    column: int
    errors: Errors
    course: Course | None
    explained: Floats
    columns: int
    spread: Spread | None
    fitted_share: float
    growth: float
    differs: bool = False
    by_trajectory: bool = False
    whole: Bias | None = None
    biases: list[tuple[Slice, Bias]] = field(default_factory=list)

    def bias(self, rows: NDArray[np.bool_] | None = None) -> Bias | None:
        return bias(
            self.errors,
            rows,
            fitted_share=self.fitted_share,
            growth=self.growth,
            by_trajectory=self.by_trajectory,
        )


def inquire(observed: Transitions, draws: Floats, *, level: float, fitted_share: float, seed: int) -> Inquiry:
    """Test all dimensions."""
    groups = slices(observed)
    suspects = _suspects(observed, draws, groups, fitted_share)
    cuts = [cut for group in groups for cut in group]
    for one in suspects:
        one.differs = _differs(one, cuts, level / (len(cuts) + 1) / len(suspects))
    for one in suspects:
        # What differs between trajectories in one dimension moves those that it exchanges with.
        one.by_trajectory = any(other.differs for other in suspects)
        one.whole = one.bias()
        tested = [(cut, one.bias(cut.rows)) for cut in cuts]
        one.biases = [(cut, result) for cut, result in tested if result is not None]
    tests: list[tuple[_Suspect, str, Test, float]] = []
    for one in suspects:
        tests += _tests_of(one, observed, draws, seed)
    adjusted = _holm([test.p for _, _, test, _ in tests])
    found: list[Finding] = []
    for one in suspects:
        own = [
            (kind, test, value, p)
            for (suspect, kind, test, value), p in zip(tests, adjusted, strict=True)
            if suspect is one and p <= level
        ]
        found += _findings_of(one, own)
    dimensions = tuple(_dimension(one, observed, draws, seed) for one in suspects)
    biased = {finding.name: finding for finding in found if finding.kind == "bias"}
    wrong = [one for one in suspects if one.name in biased]
    exchanges = tuple(_exchanges(wrong, biased, observed))
    exact = tuple(
        name
        for column, name in enumerate(observed.names)
        if _is_exact(observed.after[:, column], draws[:, :, column])
    )
    return Inquiry(tuple(found), dimensions, exchanges, exact, tuple(_courses(wrong)), len(tests))


def _suspects(
    observed: Transitions, draws: Floats, groups: list[list[Slice]], fitted_share: float
) -> list[_Suspect]:
    all_errors = [errors(observed, draws, column) for column in range(len(observed.names))]
    courses = [
        course(found, observed, _noises(draws, found.rows)) if len(found.error) > 1 else None
        for found in all_errors
    ]
    # What goes wrong in one dimension shows in those that it exchanges with.
    common = np.zeros((len(observed.times), 0))
    if any(courses):
        common = np.stack([one.column for one in courses if one is not None], axis=1)
    made = []
    for column, (found, path) in enumerate(zip(all_errors, courses, strict=True)):
        if len(found.error) < 2:
            continue
        explained, columns = fitted(found, groups, common[found.rows])
        made.append(
            _Suspect(
                name=observed.names[column],
                column=column,
                errors=found,
                course=path,
                explained=explained,
                columns=columns,
                spread=spread(found, explained),
                fitted_share=fitted_share,
                growth=long_run(found, explained),
            )
        )
    return made


def _is_exact(after: Floats, simulated: Floats) -> bool:
    known = np.isfinite(after) & np.isfinite(simulated).any(axis=0)
    same = (simulated[:, known] == after[known]) | np.isnan(simulated[:, known])
    return bool(known.any() and same.all())


def _noises(draws: Floats, rows: NDArray[np.bool_]) -> Floats:
    noises: Floats = np.nan_to_num(np.nanvar(draws[:, rows], axis=0))
    return noises


def _tests_of(
    one: _Suspect, observed: Transitions, draws: Floats, seed: int
) -> list[tuple[_Suspect, str, Test, float]]:
    tests = [(one, "bias", found.test, found.mean) for _, found in one.biases]
    if one.whole is not None:
        tests.append((one, "bias", one.whole.test, one.whole.mean))
    if one.differs and one.spread is not None:
        tests.append((one, "trajectories differ", one.spread.test, one.spread.excess / one.spread.freedom))
    for kind, result in (
        ("dispersion", dispersion(one.errors, one.explained, one.columns)),
        ("memory", autocorrelation(one.errors, one.explained)),
        ("impossible", _impossible(observed, draws, one.column)),
        ("shape", odd_shape(ranks(observed, draws, one.column, seed=seed))),
    ):
        if result is not None:
            tests.append((one, kind, *result))
    return tests


def _differs(one: _Suspect, cuts: list[Slice], level: float) -> bool:
    """Whether trajectories differ, and that is no echo of what slices show."""
    if one.spread is None or one.spread.test.p > level:
        return False
    excess: dict[str, float] = {}
    for cut in cuts:
        found = one.bias(cut.rows)
        excess[cut.variable] = excess.get(cut.variable, 0.0) + (found.test.z**2 if found else 0.0)
    return one.spread.excess >= _SPREAD_SHARE * max(excess.values(), default=0.0)


def _impossible(observed: Transitions, draws: Floats, column: int) -> tuple[Test, float] | None:
    from scipy.special import ndtri  # type: ignore[import-untyped]

    wrong, of, p = impossible(observed, draws, column)
    return (Test(float(-ndtri(max(p, 1e-300))), p), wrong / of) if wrong else None


def _holm(ps: list[float]) -> list[float]:
    """Adjusted p-values: below a level, all of them together are wrong with that probability at most."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    adjusted = [1.0] * len(ps)
    so_far = 0.0
    for place, at in enumerate(order):
        so_far = max(so_far, min(1.0, ps[at] * (len(ps) - place)))
        adjusted[at] = so_far
    return adjusted


def _findings_of(one: _Suspect, own: list[tuple[str, Test, float, float]]) -> Iterable[Finding]:
    kinds = {kind for kind, *_ in own}
    if "trajectories differ" in kinds:
        yield _finding(one, "trajectories differ", own)
    if "bias" in kinds:
        _, test, value, p = min((each for each in own if each[0] == "bias"), key=lambda each: each[3])
        flagged = {id(each[1]) for each in own}
        stretches = _stretches(one, flagged)
        yield Finding("bias", one.name, p, test.z, value, stretches, one.course)
    # Persistent errors and odd shapes are what bias and differences look like from afar.
    explained = kinds & {"bias"} or one.by_trajectory
    if "dispersion" in kinds and not explained:
        yield _finding(one, "dispersion", own)
    if "impossible" in kinds:
        yield _finding(one, "impossible", own)
    if "memory" in kinds and not explained:
        yield _finding(one, "memory", own)
    if kinds == {"shape"}:
        yield _finding(one, "shape", own)


def _finding(one: _Suspect, wanted: str, own: list[tuple[str, Test, float, float]]) -> Finding:
    kind, test, value, p = next(each for each in own if each[0] == wanted)
    return Finding(kind, one.name, p, test.z, value)  # type: ignore[arg-type]


def _stretches(one: _Suspect, flagged: set[int]) -> tuple[Stretch, ...]:
    """Where it is off, told by the variable that errors follow, else by the one whose slices show most."""
    by_variable: dict[str, list[tuple[Slice, Bias]]] = {}
    for cut, found in one.biases:
        by_variable.setdefault(cut.variable, []).append((cut, found))
    shown = {
        variable: sum(found.test.z**2 for _, found in each if id(found.test) in flagged)
        for variable, each in by_variable.items()
    }
    chosen = max(shown, key=lambda name: (shown[name], name), default=None)
    if one.course is not None and shown.get(one.course.variable, 0.0) > 0.0:
        chosen = one.course.variable
    if chosen is None or not shown[chosen]:
        return _on_the_whole(one)
    each = by_variable[chosen]
    if (
        one.whole is not None
        and id(one.whole.test) in flagged
        and len({found.test.z > 0 for _, found in each}) == 1
    ):
        return _on_the_whole(one)
    return tuple(_joined(one, run) for run in _runs(each, flagged))


def _on_the_whole(one: _Suspect) -> tuple[Stretch, ...]:
    if one.whole is None:
        return ()
    return (Stretch(None, None, None, one.whole.test.z, one.whole.mean, _size(one.whole)),)


def _runs(each: list[tuple[Slice, Bias]], flagged: set[int]) -> list[list[Slice]]:
    runs: list[list[Slice]] = []
    signs: list[bool] = []
    for cut, found in each:
        if id(found.test) not in flagged:
            continue
        sign = found.test.z > 0
        if runs and runs[-1][-1].index == cut.index - 1 and signs[-1] == sign:
            runs[-1].append(cut)
        else:
            runs.append([cut])
            signs.append(sign)
    return runs


def _joined(one: _Suspect, run: list[Slice]) -> Stretch:
    rows = np.logical_or.reduce([cut.rows for cut in run])
    found = one.bias(rows)
    assert found is not None
    low = None if run[0].is_first else run[0].low
    high = None if run[-1].is_last else run[-1].high
    return Stretch(run[0].variable, low, high, found.test.z, found.mean, _size(found))


def _size(found: Bias) -> float:
    return abs(found.mean) / found.typical if found.typical else float("inf")


def _exchanges(
    wrong: list[_Suspect], biased: dict[str, Finding], observed: Transitions
) -> Iterable[Exchange]:
    told: set[frozenset[str]] = set()
    for one in sorted(wrong, key=lambda each: -max(abs(part.z) for part in biased[each.name].stretches)):
        for part in biased[one.name].stretches:
            rows = _rows_of(part, observed)
            mean = _mean_error(one, rows)
            for other in wrong:
                pair = frozenset((one.name, other.name))
                against = _mean_error(other, rows)
                if other is one or pair in told or abs(mean + against) > _OPPOSITE_WITHIN * abs(mean):
                    continue
                told.add(pair)
                yield _exchange(one, other, mean, rows, observed, part)


def _exchange(
    one: _Suspect, other: _Suspect, mean: float, rows: NDArray[np.bool_], observed: Transitions, part: Stretch
) -> Exchange:
    gains = np.nanmean(observed.changes[rows][:, [one.column, other.column]], axis=0)
    source, target = (other, one) if gains[0] > gains[1] else (one, other)
    too_much = (mean < 0.0) == (source is one)
    return Exchange(source.name, target.name, too_much, part.variable, part.low, part.high)


def _rows_of(part: Stretch, observed: Transitions) -> NDArray[np.bool_]:
    if part.variable is None:
        return np.ones(len(observed.times), dtype=bool)
    states = dict(zip(observed.names, observed.before.T, strict=True))
    values = observed.times if part.variable == TIME else states[part.variable]
    low = -np.inf if part.low is None else part.low
    high = np.inf if part.high is None else part.high
    inside: NDArray[np.bool_] = (values >= low) & (values <= high)
    return inside


def _mean_error(one: _Suspect, rows: NDArray[np.bool_]) -> float:
    chosen = one.errors.error[rows[one.errors.rows]]
    return float(chosen.mean()) if len(chosen) else 0.0


def _courses(wrong: list[_Suspect]) -> Iterable[Course]:
    """The best course of each group of dimensions whose errors in slices are opposite."""
    left = list(wrong)
    while left:
        group = [left.pop(0)]
        for member in group:
            joining = [other for other in left if _correlation(member, other) < _OPPOSITE]
            group += joining
            left = [other for other in left if other not in joining]
        courses = [member.course for member in group if member.course is not None]
        if courses:
            yield max(courses, key=lambda one: one.share)


def _correlation(one: _Suspect, other: _Suspect) -> float:
    theirs = {(cut.variable, cut.index): found.mean for cut, found in other.biases}
    pairs = [
        (found.mean, theirs[cut.variable, cut.index])
        for cut, found in one.biases
        if (cut.variable, cut.index) in theirs
    ]
    if len(pairs) < 3:
        return 0.0
    a, b = np.array(pairs).T
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0


def _dimension(one: _Suspect, observed: Transitions, draws: Floats, seed: int) -> Dimension:
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
        (float(((rank > 0.25) & (rank < 0.75)).mean()), float(((rank > 0.025) & (rank < 0.975)).mean())),
    )
