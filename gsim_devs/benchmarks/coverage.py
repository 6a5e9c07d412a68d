"""Whether 90 % intervals of `npe` hold the truth nine times in ten, and how wide they are beside the exact ones.

Truths of the epidemic are drawn from its prior, each makes data of its own, and each posterior is asked where its truth
lies. Over truths from the prior a right posterior holds a share that is known, whatever the data are. Every step of the
epidemic is two binomial draws, so that there is an exact posterior to compare with. Leaves out models that are wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gsim_devs.calibration import Budget, Estimate, calibrate, problem_of
from gsim_devs.contracts import Contract
from gsim_devs.observation import Dataset, Experiment, Trajectory, Transitions
from gsim_devs.observation.datasets import Array

from .report import Bar, Cell, Part
from .systems import Systems

_SYSTEM, _VARIANT = "covid", "cities"
_NAMES = ("infection_rate", "recovery_probability")
_TRUTHS, _TRAJECTORIES, _STEPS = 40, 10, 40
_LOW, _HIGH = 0.80, 0.97
_PARTS = (0.5, 0.8, 0.9)
_GRID = 400
"""Points that an exact posterior is told at."""
_HEADINGS = ("parameter", "in 50 %", "in 80 %", "in 90 %", "exact in 90 %", "sd / exact", "off / exact sd")
_NOTES = (
    (
        "Truths are drawn from the prior (uniform within the contract's bounds), so that coverage is a property of the "
        "method; 10 trajectories of 40 steps each, which are simulated at the truth; all steps are summarised."
    ),
    (
        "exact: the posterior by the binomial formula of both draws, on a grid; sd / exact: the median of the ratio of "
        "standard deviations; off / exact sd: the median distance of the means in exact standard deviations."
    ),
    (
        "The limits are for both parameters together. Of 40 intervals of one parameter, a right posterior's hold 39 or "
        "40 in one of twelve benchmarks, and fewer than 32 in one of 65: hold each count against that of the exact one."
    ),
)


def measure(systems: Systems, seeds: Sequence[int], tell: Callable[[str], None]) -> Part:
    """Calibrate to the data of 40 truths, shared out among the seeds."""
    return measured(systems, seeds, tell)


def measured(
    systems: Systems,
    seeds: Sequence[int],
    tell: Callable[[str], None],
    *,
    truths: int = _TRUTHS,
    trajectories: int = _TRAJECTORIES,
    steps: int = _STEPS,
    budget: Budget | None = None,
) -> Part:
    """The same for fewer truths, with less data or fewer simulations."""
    cases: list[_Case] = []
    for seed, count in zip(seeds, _shared_out(truths, len(seeds)), strict=True):
        for case in _cases(systems, seed, count, trajectories, steps, budget):
            cases.append(case)
            tell(f"truth {len(cases)} of {truths}: {case.text}")
    places = np.array([case.places for case in cases])
    seconds = [case.seconds for case in cases]
    title = f"Coverage of npe over {len(cases)} truths of the epidemic, {np.mean(seconds):.1f} s each"
    rows = [_row(name, cases, column) for column, name in enumerate(_NAMES)]
    bars = (_bar("90 % intervals, of both parameters, that hold the truth", places.ravel()),)
    return Part("coverage", title, _HEADINGS, tuple(rows), bars, _NOTES)


@dataclass(frozen=True)
class _Case:
    """One truth, and what was said of it."""

    truth: Mapping[str, float]
    places: tuple[float, ...]
    """Of each parameter's truth in its posterior: from 0, below all samples, to 1."""
    exact_places: tuple[float, ...]
    widths: tuple[float, ...]
    """Standard deviations, in exact ones."""
    off: tuple[float, ...]
    """Of the mean from the exact one, in exact standard deviations."""
    seconds: float

    @property
    def text(self) -> str:
        told = [
            f"{name} {value:.3f} at {place:.2f}, sd {width:.2f} of the exact one"
            for (name, value), place, width in zip(self.truth.items(), self.places, self.widths, strict=True)
        ]
        return f"{'; '.join(told)}; {self.seconds:.1f} s"


def _cases(
    systems: Systems, seed: int, count: int, trajectories: int, steps: int, budget: Budget | None
) -> Iterator[_Case]:
    simulator, contract = systems.simulator(_SYSTEM), systems.contract(_SYSTEM)
    begins = systems.data(
        _SYSTEM, variant=_VARIANT, split="train", trajectories=trajectories, steps=steps, seed=seed
    )
    draws = np.random.default_rng([seed, 40])
    with Experiment(simulator, contract, begins, workers=1) as at_truths:
        for number in range(count):
            truth = _drawn(contract, draws)
            data = _simulated(at_truths, truth, int(draws.integers(2**31)))
            with Experiment(simulator, contract, data, workers=1) as experiment:
                began = time.monotonic()
                estimate = calibrate(problem_of(experiment), "npe", budget, seed=1000 * seed + number)
                yield _case(truth, estimate, experiment.transitions(), contract, time.monotonic() - began)


def _drawn(contract: Contract, draws: np.random.Generator) -> dict[str, float]:
    """From the prior, which is uniform for both."""
    told = {}
    for name in _NAMES:
        parameter = contract.parameters[name]
        assert parameter.type in ("real", "probability")
        assert parameter.prior.kind == "uniform"
        told[name] = float(draws.uniform(parameter.minimum, parameter.maximum))
    return told


def _simulated(experiment: Experiment, truth: Mapping[str, float], seed: int) -> Dataset:
    """The data of a truth, from the same beginnings."""
    begins = experiment.dataset
    told = experiment.free_run([truth], experiment.paths(), seed=seed)[0, 0]
    return Dataset(
        begins.names,
        tuple(
            Trajectory(one.id, one.times, np.concatenate([one.values[:1], rows]))
            for one, rows in zip(begins.trajectories, told, strict=True)
        ),
    )


def _case(
    truth: Mapping[str, float], estimate: Estimate, steps: Transitions, contract: Contract, seconds: float
) -> _Case:
    exact = _exact(steps, contract)
    drawn = [estimate.samples[name] for name in _NAMES]
    return _Case(
        truth=truth,
        places=tuple(float((one < value).mean()) for one, value in zip(drawn, truth.values(), strict=True)),
        exact_places=tuple(one.place(value) for one, value in zip(exact, truth.values(), strict=True)),
        widths=tuple(float(one.std()) / two.sd for one, two in zip(drawn, exact, strict=True)),
        off=tuple(abs(float(one.mean()) - two.mean) / two.sd for one, two in zip(drawn, exact, strict=True)),
        seconds=seconds,
    )


@dataclass(frozen=True)
class _Exact:
    """A posterior on a grid."""

    grid: Array
    weights: Array

    @property
    def mean(self) -> float:
        return float(self.weights @ self.grid)

    @property
    def sd(self) -> float:
        return float(np.sqrt(self.weights @ (self.grid - self.mean) ** 2))

    def place(self, value: float) -> float:
        return float(self.weights[self.grid < value].sum())


def _exact(steps: Transitions, contract: Contract) -> list[_Exact]:
    """Infections and recoveries of a step are binomial, whatever happened before."""
    columns = [steps.names.index(name) for name in ("S", "I", "R")]
    susceptible, infective, recovered = steps.before[:, columns].T
    left, _, well = steps.after[:, columns].T
    pressure = infective / (susceptible + infective + recovered)
    infected, healed = susceptible - left, well - recovered
    infection, recovery = (contract.parameters[name] for name in _NAMES)
    assert infection.type == "real"
    assert recovery.type == "probability"
    return [
        _on_a_grid(
            lambda rate: _binomial(infected, susceptible, -np.expm1(-rate * pressure)),
            infection.minimum,
            infection.maximum,
        ),
        _on_a_grid(
            lambda share: _binomial(healed, infective, np.full(len(infective), share)),
            recovery.minimum,
            recovery.maximum,
        ),
    ]


def _binomial(happened: Array, trials: Array, chance: Array) -> float:
    from scipy.stats import binom  # type: ignore[import-untyped]

    return float(binom.logpmf(happened, trials, chance).sum())


def _on_a_grid(likelihood: Callable[[float], float], low: float, high: float) -> _Exact:
    """Over the whole prior first, then closer around what is left of it."""
    found = _Exact(np.empty(0), np.empty(0))
    for _ in range(4):
        width = (high - low) / _GRID
        grid: Array = low + width * (np.arange(_GRID, dtype=np.float64) + 0.5)
        logs = np.array([likelihood(float(one)) for one in grid])
        weights = np.exp(logs - logs.max())
        found = _Exact(grid, weights / weights.sum())
        kept = grid[weights > 1e-12]
        low, high = max(low, float(kept[0]) - width), min(high, float(kept[-1]) + width)
    return found


def _row(name: str, cases: Sequence[_Case], column: int) -> tuple[Cell, ...]:
    places = np.array([case.places[column] for case in cases])
    exact = np.array([case.exact_places[column] for case in cases])
    held = [f"{_inside(places, part).sum()} of {len(cases)}" for part in _PARTS]
    return (
        name,
        *held,
        f"{_inside(exact, 0.9).sum()} of {len(cases)}",
        float(np.median([case.widths[column] for case in cases])),
        float(np.median([case.off[column] for case in cases])),
    )


def _inside(places: Array, part: float) -> Array:
    return np.asarray(np.abs(2 * places - 1) <= part)


def _bar(what: str, places: Array) -> Bar:
    held = float(_inside(places, 0.9).mean())
    return Bar(what, held, f"{_LOW:.2f} to {_HIGH:.2f}", _LOW <= held <= _HIGH)


def _shared_out(count: int, parts: int) -> list[int]:
    return [count // parts + (part < count % parts) for part in range(parts)]
