"""Diagnose a simulator beside a dataset: step by step where the state was observed, in free runs, and under stress."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np

from gsim_devs.contracts import Parameter
from gsim_devs.errors import UsageError
from gsim_devs.observation import Experiment, Start, StressResult, Theta
from gsim_devs.observation import Transitions as Steps

from .causes import Cause
from .diagnosis import Diagnosis, Verdict, diagnose
from .paths import PathCheck, about_paths, check_paths
from .phrases import are, counted, listed, number
from .stress import about_stress, stress_causes
from .tables import coverage_table
from .transitions import Floats, Transitions

_KNOWN_ENOUGH = 0.5
"""A dimension that is missing in more of the steps is left out; of the others, the steps in which one is missing."""
_MOST_TO_HELP = 2000
"""More steps of the fit than that are not simulated: so many cost more than they help."""
STRAYS = "courses stray"
"""The label where free runs stray from the data and no step says why."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a simulator's steps, its free runs, and test inputs say."""

    steps: Diagnosis | None
    """None where no row of the data tells the state."""
    paths: tuple[PathCheck, ...]
    stress: StressResult | None = None
    """What the rules of the system say; None: nobody asked."""
    untold: tuple[str, ...] = ()
    """Parameters that the data do not determine, by whoever fitted them."""
    has_posterior: bool = False
    """Whether each draw has parameters of its own, drawn from a posterior."""
    failed: float = 0.0
    """The share of free runs that failed."""
    reason: str = ""
    """Why most simulations failed, if some did."""

    @property
    def verdict(self) -> Verdict:
        """Over all."""
        if self.is_wrong:
            return "wrong"
        return self.steps.verdict if self.steps else "undecided" if not self.paths else "consistent"

    @property
    def is_wrong(self) -> bool:
        return (
            any(one.is_wrong for one in self.paths)
            or (self.steps is not None and self.steps.verdict == "wrong")
            or (self.stress is not None and not self.stress.is_clean)
        )

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What may be behind it, the most certain first: a broken rule is no matter of chance."""
        found = [*(stress_causes(self.stress) if self.stress else ())]
        found += self.steps.causes if self.steps else ()
        if not found and any(one.is_wrong for one in self.paths):
            found.append(Cause(STRAYS, " ".join(about_paths(self.paths))))
        return tuple(found)

    @property
    def said(self) -> tuple[str, ...]:
        """Everything in sentences, what matters most first."""
        said = [one.sentence for one in (stress_causes(self.stress) if self.stress else ())]
        said += self.steps.said if self.steps else ["No row of the data tells the whole state."]
        said += about_paths(self.paths)
        if self.failed:
            said.append(f"{number(100 * self.failed)} % of the free runs failed; they are left out.")
        if self.reason:
            said.append(f"Most simulations that failed did so because: {self.reason}.")
        said += about_stress(self.stress) if self.stress else []
        if self.untold:
            said.append(f"{listed(self.untold)} {are(self.untold)} not determined by the data of the fit.")
        return tuple(said)

    @property
    def text(self) -> str:
        """The verdict and the sentences."""
        return "\n".join((self._head, *(f"- {one}" for one in self.said))) + "\n"

    @property
    def tables(self) -> str:
        """The numbers."""
        source = "posterior-predictive" if self.has_posterior else "predictive"
        shown = coverage_table(source, self.steps.inquiry.dimensions if self.steps else (), self.paths)
        blocks = ["\n".join(shown) + "\n" if shown else "", self.steps.tables if self.steps else ""]
        return "\n".join(one for one in blocks if one)

    @property
    def data(self) -> dict[str, Any]:
        """Everything as plain values."""
        stress = self.stress and {
            "due": self.stress.due,
            "broken": dict(self.stress.broken),
            "failures": dict(self.stress.failures),
        }
        return {
            "verdict": self.verdict,
            "is_wrong": self.is_wrong,
            "causes": [asdict(one) for one in self.causes],
            "said": list(self.said),
            "steps": self.steps.data if self.steps else None,
            "paths": [asdict(one) for one in self.paths],
            "stress": stress,
            "untold": list(self.untold),
            "has_posterior": self.has_posterior,
            "failed_runs": self.failed,
            "reason": self.reason,
        }

    @property
    def _head(self) -> str:
        if self.steps is None:
            count = max((one.trajectories for one in self.paths), default=0)
            found = {
                "consistent": "No error found",
                "wrong": "The model is wrong",
                "undecided": "Too few data to tell",
            }[self.verdict]
            return f"{found}: free runs of {counted(count, 'trajectory')}."
        head = self.steps.head
        if self.paths:
            head = f"{head.removesuffix('.')}, and free runs at {number(100 * self.steps.level)} % too."
        if self.steps.verdict != "wrong" and self.is_wrong:
            return f"The model is wrong, though its steps are not: {head.split(': ', 1)[1]}"
        return head


def check_up(
    experiment: Experiment,
    theta: Theta,
    *,
    training: Experiment | None = None,
    posterior: Mapping[str, Sequence[Any]] | None = None,
    contraction: Mapping[str, float] | None = None,
    untold: Collection[str] = (),
    stress: StressResult | None = None,
    sensitivity: bool = False,
    draws: int = 40,
    level: float = 0.05,
    seed: int = 0,
) -> Checkup:
    """Simulate what was observed and diagnose it; a right simulator is called wrong with probability `level` at most.

    `training` holds the data that parameters were fitted to; where they are few, they are simulated too, and help to
    tell what is behind errors. With samples of a `posterior`, as many values of each parameter, each draw has one of
    them, and what is uncertain about parameters counts as noise. `untold` are parameters that the data do not
    determine. With `sensitivity` each parameter is moved far, which takes up to twice as many simulations again for
    each.
    """
    steps, paths = experiment.transitions(), experiment.paths()
    if not steps.starts and not paths.starts:
        raise UsageError("the data hold nothing that a simulation could be compared with")
    shared = level / 2 if steps.starts and paths.starts else level
    thetas = _drawn_from(posterior, experiment.parameters, theta, draws, seed) if posterior else [theta]
    diagnosis = None
    if steps.starts:
        moved = _moved(experiment.parameters, theta) if sensitivity else {}
        before = _Arrays(experiment, steps, draws)
        fitted = before.like(training) if training else None
        diagnosis = diagnose(
            before.observed,
            partial(before.simulate, thetas),
            training=fitted.observed if fitted else None,
            simulate_training=partial(fitted.simulate, thetas) if fitted and fitted.is_small else None,
            moved={
                name: partial(before.simulate, [{**one, name: value} for one in thetas])
                for name, value in moved.items()
            },
            contraction=contraction,
            are_uncertain=len(thetas) > 1,
            level=shared,
            seed=seed,
        )
    checks: tuple[PathCheck, ...] = ()
    failed = 0.0
    if paths.starts:
        runs = _simulated(experiment, thetas, paths.starts, seed + 3, draws)
        checks = check_paths(paths.names, paths.observed, runs, times=paths.times, level=shared, seed=seed)
        failed = float(np.isnan(runs).all(axis=(2, 3)).mean())
    said = tuple(name for name in untold if name not in (contraction or {}))
    return Checkup(
        diagnosis,
        checks,
        stress,
        said,
        has_posterior=len(thetas) > 1,
        failed=failed,
        reason=next(iter(experiment.reasons), ""),
    )


class _Arrays:
    """Observed steps without what is missing at their start, and simulations of those."""

    def __init__(
        self, experiment: Experiment, steps: Steps, draws: int, columns: np.ndarray[Any, Any] | None = None
    ) -> None:
        known = np.isfinite(steps.before)
        if columns is None:
            columns = (
                known.mean(axis=0) >= _KNOWN_ENOUGH if len(known) else np.ones(known.shape[1], dtype=bool)
            )
        self._columns = columns
        self._rows = np.flatnonzero(known[:, columns].all(axis=1))
        self._experiment, self._steps, self._draws = experiment, steps, draws

    def like(self, training: Experiment) -> _Arrays | None:
        """Steps of other data, with the same dimensions; None where there are none."""
        found = _Arrays(training, training.transitions(), self._draws, self._columns)
        return found if len(found._rows) else None

    @property
    def is_small(self) -> bool:
        """Whether simulating it costs little."""
        return len(self._rows) <= _MOST_TO_HELP

    @property
    def observed(self) -> Transitions:
        """Only what is whole."""
        steps, rows, columns = self._steps, self._rows, self._columns
        names = tuple(name for name, is_in in zip(steps.names, columns, strict=True) if is_in)
        return Transitions(
            steps.before[rows][:, columns],
            steps.after[rows][:, columns],
            steps.times[rows],
            np.array(steps.trajectories)[rows],
            names,
        )

    def simulate(self, thetas: Sequence[Theta], seed: int) -> Floats:
        """The same steps: with one candidate all draws are its, else each has its own."""
        starts = [self._steps.starts[row] for row in self._rows]
        chosen: Floats = _simulated(self._experiment, thetas, starts, seed, self._draws)[:, :, 0]
        return chosen[:, :, self._columns]


def _simulated(
    experiment: Experiment, thetas: Sequence[Theta], starts: Sequence[Start], seed: int, draws: int
) -> Floats:
    """(draws, M, T, D): with one candidate all are its, else each has its own and random numbers of its own."""
    if len(thetas) == 1:
        together: Floats = experiment.simulate(thetas, starts, seed=seed, draws=draws)[0]
        return together
    seeds = [int(one) for one in np.random.SeedSequence(seed).generate_state(len(thetas))]
    apart: Floats = experiment.simulate(thetas, starts, seed=seeds)[:, 0]
    return apart


def _drawn_from(
    posterior: Mapping[str, Sequence[Any]],
    parameters: Mapping[str, Parameter],
    theta: Theta,
    draws: int,
    seed: int,
) -> list[Theta]:
    """As many samples as there are to be draws; what has none is as in the point."""
    if unknown := posterior.keys() - parameters.keys():
        raise UsageError(
            f"the posterior has samples of {min(unknown)!r}, which is no parameter of the simulator"
        )
    counts = {len(values) for values in posterior.values()}
    if len(counts) != 1 or counts == {0}:
        raise UsageError("the posterior must have as many samples of each parameter, and at least one")
    chosen = np.random.default_rng(seed).choice(counts.pop(), draws)
    return [
        {**theta, **{name: _natural(parameters[name], values[at]) for name, values in posterior.items()}}
        for at in chosen.tolist()
    ]


def _natural(parameter: Parameter, value: Any) -> Any:
    return round(value) if parameter.type == "integer" else value


def _moved(parameters: Mapping[str, Parameter], theta: Theta) -> dict[str, Any]:
    """Each parameter's value, half the way to the bound that is further from it."""
    moved: dict[str, Any] = {}
    for name, one in parameters.items():
        value = theta.get(name, one.value)
        if one.type == "simplex":
            shares = np.asarray(value, dtype=float)
            moved[name] = (np.roll(shares, 1) / 2 + shares / 2).tolist()
            continue
        further = one.maximum if one.maximum - value >= value - one.minimum else one.minimum
        if one.type == "integer":
            # Rounded away from where it is, so that it does move.
            far = value + int(np.copysign((abs(further - value) + 1) // 2, further - value))
        else:
            far = sqrt(value * further) if one.type == "log-real" else (value + further) / 2
        if far != value:
            moved[name] = far
    return moved
