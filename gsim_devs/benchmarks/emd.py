"""How far what a calibrated simulator does next is from what the true one does.

The structure is the true one, no parameter is known, and everything runs on one core. From each of some states of test
trajectories, the fitted and the true simulator make a step a thousand times; the distance of the two samples is the
exact multivariate W1 in raw units, and its mean over the states is told: over states at time 0 ("t0") and over states
anywhere on the trajectories ("path"). Two samples of the true simulator are not at distance 0 either: that is the
floor. Leaves out learning the structure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gsim_devs.calibration import Estimate, Value, calibrate, problem_of
from gsim_devs.diagnostics import wasserstein
from gsim_devs.observation import Experiment, Transitions

from .report import Bar, Cell, Part
from .systems import Systems

_TRAJECTORIES = 100
_SAMPLES = 1000
_STATES = 100
_SECONDS = 120.0


@dataclass(frozen=True)
class Case:
    """What is fitted, and what is compared."""

    system: str
    variant: str
    compared: tuple[str, ...]
    limit: float
    """Of the distance at t0."""
    published: tuple[tuple[str, float], ...]


CASES = (
    Case("covid", "cities", ("S", "I", "R"), 0.30, (("evolution", 0.405), ("SBI", 0.351))),
    Case(
        "supply", "random", ("inventory", "backlog", "pipeline"), 0.13, (("evolution", 1.55), ("SBI", 1.22))
    ),
    Case(
        "hospital",
        "empty",
        ("icu", "standard", "disease_0", "disease_1", "disease_2"),
        0.60,
        (("evolution, patient list", 101.0), ("SBI, patient list", 5.24)),
    ),
)
"""The three systems, and what a published system reports of them."""
_RECIPES = (("auto", "energy"), ("ga", "mse"), ("npe-trajectory", "energy"))
"""Methods and what they compare by; those after the first are the recipes of the published system."""

_HEADINGS = (
    "system, method",
    "t0 mean",
    "t0 worst",
    "path mean",
    "path worst",
    "seconds",
    "simulations",
    "t0 by seed",
)
_NOTES = (
    (
        "N = 1000 samples of the next state from each of 100 states; exact multivariate W1, raw units, true structure, "
        "all parameters unknown; 100 trajectories of 60 steps to fit and 100 to choose with; one core."
    ),
    "floor: the true simulator against itself; what is left above it is the error of the fit.",
    (
        "ga with mse and npe-trajectory follow the published recipes. A squared error of single draws is smallest "
        "where a simulation varies too little; whole series of a thousand simulations teach a network little. Seconds "
        "and simulations are the most of any seed."
    ),
    (
        "published: as printed, for structures that were learnt as well; which states and how many samples is not said "
        "there. The published numbers of the hospital are of lists of patients, and do not compare with the others."
    ),
)


def measure(systems: Systems, seeds: Sequence[int], tell: Callable[[str], None]) -> Part:
    """Fit all three systems with every method and each seed, which is also that of the data."""
    return measured(systems, seeds, tell)


def measured(
    systems: Systems,
    seeds: Sequence[int],
    tell: Callable[[str], None],
    *,
    names: Sequence[str] = ("covid", "supply", "hospital"),
    methods: Sequence[str] = ("auto", "ga", "npe-trajectory"),
    trajectories: int = _TRAJECTORIES,
    samples: int = _SAMPLES,
) -> Part:
    """The same for some of them, with less data or fewer samples."""
    rows: list[tuple[Cell, ...]] = []
    bars: list[Bar] = []
    notes = [*_NOTES]
    for case in (one for one in CASES if one.system in names):
        fits: dict[str, list[_Fit]] = {method: [] for method in methods}
        for seed in seeds:
            for fit in _fits(systems, case, seed, methods, trajectories, samples):
                fits[fit.estimate.method].append(fit)
                tell(f"{case.system}, {fit.estimate.method}, seed {seed}: {fit.text}")
        rows += [_row(case, method, found) for method, found in fits.items()]
        rows.append(_floor(case, next(iter(fits.values()))))
        rows += [(f"{case.system}, published: {who}", value, *[None] * 6) for who, value in case.published]
        if "auto" in fits:
            bars += _bars(case, fits["auto"])
        notes += [_found(systems, case, method, found) for method, found in fits.items()]
    title = f"Distance from what is true, calibrated with seeds {', '.join(map(str, seeds))}"
    return Part("emd", title, _HEADINGS, tuple(rows), tuple(bars), tuple(notes))


@dataclass(frozen=True)
class _Fit:
    """One calibration, and how far it is from the truth."""

    estimate: Estimate
    seconds: float
    start: float
    path: float
    floor_start: float
    floor_path: float

    @property
    def text(self) -> str:
        return (
            f"t0 {self.start:.3f} (floor {self.floor_start:.3f}), path {self.path:.3f} (floor {self.floor_path:.3f}), "
            f"{self.seconds:.1f} s, {self.estimate.status}"
        )


def _fits(
    systems: Systems, case: Case, seed: int, methods: Sequence[str], trajectories: int, samples: int
) -> Iterator[_Fit]:
    simulator, contract = systems.simulator(case.system), systems.contract(case.system)
    train, validation, test = (
        Experiment(
            simulator,
            contract,
            systems.data(
                case.system, variant=case.variant, split=split, trajectories=trajectories, seed=seed
            ),
            workers=1,
        )
        for split in ("train", "validation", "test")
    )
    with train, validation, test:
        scale = Yardstick(test, case, seed, samples)
        for method, objective in _RECIPES:
            if method not in methods:
                continue
            began = time.monotonic()
            problem = problem_of(train, objective, validation=validation)
            estimate = calibrate(problem, method, seed=seed)
            seconds = time.monotonic() - began
            yield _Fit(estimate, seconds, *scale.distances(estimate.point or {}), *scale.floors)


class Yardstick:
    """States of test trajectories, and what the true simulator makes of them."""

    def __init__(self, test: Experiment, case: Case, seed: int, samples: int) -> None:
        self._test, self._seed, self._samples = test, seed, samples
        self._columns = [test.dataset.names.index(name) for name in case.compared]
        everything = test.transitions()
        begins = np.flatnonzero(everything.times == 0.0)
        draws = np.random.default_rng([seed, 1])
        anywhere = draws.choice(len(everything.starts), min(_STATES, len(everything.starts)), replace=False)
        self._states = [_only(everything, begins[:_STATES]), _only(everything, np.sort(anywhere))]
        self._true = [self._drawn({}, states, 1) for states in self._states]
        self.floors = self.distances({})

    def distances(self, theta: Mapping[str, Value]) -> tuple[float, float]:
        """From the truth to these values, at time 0 and anywhere."""
        start, path = (
            float(np.mean([wasserstein(one, other) for one, other in zip(drawn, true, strict=True)]))
            for drawn, true in zip(
                [self._drawn(theta, states, 2) for states in self._states], self._true, strict=True
            )
        )
        return start, path

    def _drawn(self, theta: Mapping[str, Value], states: Transitions, salt: int) -> list[np.ndarray]:
        """Samples of what follows each state; the salt keeps fitted and true simulations apart."""
        seed = int(np.random.SeedSequence([self._seed, salt]).generate_state(1)[0])
        told = self._test.one_step([theta], states, seed=seed, draws=self._samples)[0]
        return [told[:, row, self._columns] for row in range(told.shape[1])]


def _only(transitions: Transitions, rows: np.ndarray) -> Transitions:
    starts = tuple(transitions.starts[row] for row in rows)
    return Transitions(
        transitions.names,
        starts,
        transitions.before[rows],
        transitions.after[rows],
        transitions.times[rows],
        tuple(start.trajectory for start in starts),
    )


def _row(case: Case, method: str, fits: Sequence[_Fit]) -> tuple[Cell, ...]:
    starts, paths = [fit.start for fit in fits], [fit.path for fit in fits]
    return (
        f"{case.system}, {method}",
        float(np.mean(starts)),
        max(starts),
        float(np.mean(paths)),
        max(paths),
        max(fit.seconds for fit in fits),
        max(fit.estimate.evaluations for fit in fits),
        " ".join(f"{one:.3f}" for one in starts),
    )


def _floor(case: Case, fits: Sequence[_Fit]) -> tuple[Cell, ...]:
    starts, paths = [fit.floor_start for fit in fits], [fit.floor_path for fit in fits]
    by_seed = " ".join(f"{one:.3f}" for one in starts)
    means = float(np.mean(starts)), max(starts), float(np.mean(paths)), max(paths)
    return (f"{case.system}, floor", *means, None, None, by_seed)


def _bars(case: Case, fits: Sequence[_Fit]) -> list[Bar]:
    """The worst of all seeds counts."""
    worst, longest = max(fit.start for fit in fits), max(fit.seconds for fit in fits)
    return [
        Bar(
            f"{case.system}, auto: W1 at t0, worst of {len(fits)} seeds",
            worst,
            f"at most {case.limit:g}",
            worst <= case.limit,
        ),
        Bar(f"{case.system}, auto: seconds", longest, f"at most {_SECONDS:g}", longest <= _SECONDS),
    ]


def _found(systems: Systems, case: Case, method: str, fits: Sequence[_Fit]) -> str:
    """What was found in place of each true value."""
    found = [
        f"{name} {parameter.value!r}: "
        + " ".join(_digits(fit.estimate.point[name]) for fit in fits if fit.estimate.point)
        for name, parameter in systems.contract(case.system).parameters.items()
    ]
    states = " ".join(fit.estimate.status for fit in fits)
    untold = sorted({name for fit in fits for name in fit.estimate.untold})
    return (
        f"{case.system}, {method} found, by seed, for what is true: {'; '.join(found)}. Status: {states}. Said not to "
        f"be told by the data: {', '.join(untold) or 'nothing'}."
    )


def _digits(value: Value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
