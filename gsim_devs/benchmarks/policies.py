"""Policies that are chosen with a calibrated simulator, and what they cost in the true one.

Three grids: beds against the start of a lockdown, beds against the start of a reduction of arrivals in a hospital,
shelves against lead times in a shop. And two families of courses that no data have shown: lockdowns of several
strengths, and lead times. Parameters that decide costs only, which data on stocks do not tell, are the user's own
prices: they are set to the truth.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsim_devs.calibration import Budget, calibrate, problem_of
from gsim_devs.contracts import Contract
from gsim_devs.interventions.array_trials import ArrayTrials, costing_of
from gsim_devs.interventions.costs import Measure, compiled
from gsim_devs.interventions.grids import Grid, grid_of, points_of
from gsim_devs.interventions.optimising import Optimum, Regret, optimise, regret
from gsim_devs.interventions.trials import Trials
from gsim_devs.interventions.variants import Variant
from gsim_devs.observation import Experiment
from gsim_devs.runtime.program import load

from .report import Bar, Cell, Part
from .systems import Systems

Array = NDArray[np.float64]

NAME = "policies"

_MOST_REGRET, _MOST_DISTANCE = 0.02, 0.05
_PUBLISHED = "published: 0.117, for beds and a lockdown"
_PRICES = {"supply": ("holding_cost", "backlog_cost")}
"""Parameters that a user knows, and data do not tell."""
_OTHER_CHANCE = 1_000_000
"""Where the replications begin that tell how far courses are apart by chance."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated."""

    trajectories: Mapping[str, int]
    """To calibrate with, by system."""
    replications: Mapping[str, int]
    """Of each point that may be the best, by system."""
    judging: int
    """Replications of a choice in the true simulator, and of courses."""
    candidates: int | None = None
    """That a calibration may simulate; as many as it usually takes if not given."""


USUAL = Size(
    {"covid": 100, "supply": 100, "hospital": 20}, {"covid": 100, "supply": 200, "hospital": 600}, 1000
)


def measure(systems: Systems, seeds: Sequence[int], tell: Callable[[str], None], size: Size = USUAL) -> Part:
    """Calibrate each system with each seed, let it choose, and judge the choices by the truth."""
    fitted = {
        (system, seed): _calibrated(systems, system, seed, size, tell)
        for system in size.trajectories
        for seed in seeds
    }
    rows: list[list[Cell]] = []
    bars = []
    for question in [one for one in _QUESTIONS if one.system in size.trajectories]:
        lost = list(_regrets(systems, question, fitted, seeds, size, tell))
        rows += [row for row, _ in lost]
        worst = max(share for _, share in lost if share is not None)
        limit = f"at most {_MOST_REGRET:g}; {_PUBLISHED}"
        bars.append(Bar(f"{question.name}: regret at worst", worst, limit, worst <= _MOST_REGRET))
    for family in [one for one in _FAMILIES if one.system in size.trajectories]:
        tell(f"policies: {family.name}")
        found = list(_courses(systems, family, [fitted[family.system, seed] for seed in seeds], size))
        rows += [row for row, _ in found]
        worst = max(distance for _, distance in found)
        limit = f"at most {_MOST_DISTANCE:g} of the highest peak"
        bars.append(Bar(f"{family.name}: distance at worst", worst, limit, worst <= _MOST_DISTANCE))
    return Part(
        NAME,
        "policies chosen with calibrated simulators, and courses that no data have shown",
        ("question", "seed", "in truth", "calibrated", "off by", "chance"),
        rows,
        bars,
        _NOTES,
    )


@dataclass(frozen=True, slots=True)
class _Question:
    """A grid over one system."""

    name: str
    system: str
    over: tuple[str, str]
    do: tuple[str, ...]
    arguments: Mapping[str, str]
    cost: str
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class _Family:
    """Courses of one observable under several variants."""

    name: str
    system: str
    observable: str
    over: tuple[str, ...]
    """The first variable has a row for each value."""
    do: tuple[str, ...]
    arguments: Mapping[str, str]
    stdin: str = ""


def _steady(units: int, days: int) -> str:
    orders = ({"command": "order", "time": day, "units": units} for day in range(days))
    return "".join(json.dumps(order) + "\n" for order in orders)


# Both wards full, but for two beds, and more ill people in each than is usual.
_BUSY = " ".join(
    ["0:icu:3:2", "0:icu:4:1", "1:icu:5:1", "2:icu:1:3", *["1:standard:4:2"] * 9, *["2:standard:3:1"] * 9]
)
_QUESTIONS = (
    _Question(
        "beds and a lockdown",
        "covid",
        ("start=0:95:5", "beds=0:9500:500"),
        ("scale infection_rate by 0.3 from start to start + 20",),
        {"susceptible": "19900", "infective": "100", "days": "120"},
        "sum(max(0, I - 2000 - beds)) + 10 * beds + 20 * 20",
    ),
    _Question(
        "beds and fewer arrivals",
        "hospital",
        ("start=0:60:10", "beds=0:20:2"),
        (
            *(f"scale arrival_rate_{disease} by 0.5 from start to start + 20" for disease in range(3)),
            "set standard_capacity to standard_capacity + beds",
        ),
        {"patients": _BUSY, "days": "60"},
        "20 * count(standard + icu >= standard_capacity + icu_capacity) + 6 * beds",
    ),
    _Question(
        "shelves and lead time",
        "supply",
        ("shelves=0:28:4", "lead=1:7:1"),
        ("set lead_time to lead",),
        {"days": "30"},
        "sum(holding_cost * inventory + backlog_cost * backlog + 3 * max(0, inventory - 4 - shelves))"
        " + 8 * shelves + 30 * (7 - lead)",
        _steady(5, 30),
    ),
)
_FAMILIES = (
    _Family(
        "lockdown",
        "covid",
        "I",
        ("factor=0.05,0.1,0.15,0.3", "begin=5,10,15"),
        ("scale infection_rate by factor from begin to 2 * begin + 10",),
        {"days": "60"},
    ),
    _Family(
        "backlog",
        "supply",
        "backlog",
        ("lead=1:6:1",),
        ("set lead_time to lead",),
        {"days": "30"},
        # More than is wanted, so that a backlog is worked off.
        _steady(8, 30),
    ),
)
_NOTES = (
    "Regret: what the choice costs in the true simulator over the least cost there, minus 1, on other random numbers.",
    "Its chance is half an interval (95 %). The truth and the calibrated simulators searched with others of their own.",
    "Courses: the largest distance of mean courses under the same random numbers, as a share of the highest peak, and",
    "how far peaks are apart, worst of all seeds. Their chance: the truth against itself with other random numbers.",
    "Prices (holding_cost, backlog_cost) are not in the shop's stocks: they are set to the truth, as a user would.",
    "The shop's orders are fixed for a month. Over two, errors of the demand add up: one of 0.08 units a day asks",
    "for another lead time, which costs 7 % more.",
    "A day at whose end no bed of the hospital is free stands for the patients who are rejected, which happens on such",
    "days only: rejections are records of single patients, and steps of arrays make none.",
)


def _calibrated(systems: Systems, system: str, seed: int, size: Size, tell: Callable[[str], None]) -> Path:
    """A copy of the reference with the parameters that were estimated, but for the user's own."""
    tell(f"policies: calibrating {system}, seed {seed}")
    dataset = systems.data(system, split="train", trajectories=size.trajectories[system], seed=seed)
    with Experiment(systems.simulator(system), systems.contract(system), dataset, workers=1) as experiment:
        estimate = calibrate(problem_of(experiment), budget=Budget(size.candidates), seed=seed)
    folder = systems.folder / f"{system}-policies-{seed}"
    if not folder.exists():
        shutil.copytree(systems.simulator(system), folder)
    path = folder / "parameters.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    known = {name: truth[name] for name in _PRICES.get(system, ())}
    point = estimate.data["point"] or {}
    path.write_text(json.dumps({**truth, **point, **known}), encoding="utf-8")
    return folder


def _regrets(
    systems: Systems,
    question: _Question,
    fitted: Mapping[tuple[str, int], Path],
    seeds: Sequence[int],
    size: Size,
    tell: Callable[[str], None],
) -> Iterator[tuple[list[Cell], float | None]]:
    """For each seed a row, and the share that is lost; and a row for a choice by lot."""
    system = question.system
    contract = systems.contract(system)
    grid = grid_of(
        contract, question.over, do=question.do, arguments=question.arguments, stdin=question.stdin
    )
    cost = compiled(question.cost, contract, [variable.name for variable in grid.variables])
    truth = systems.simulator(system)
    points = points_of(grid, load(truth))
    with costing_of(truth, contract, cost, points, seed=0, workers=1) as costing:
        best = optimise(costing, points, replications=size.replications[system])
        for seed in seeds:
            tell(f"policies: {question.name}, seed {seed}")
            chosen = _chosen(fitted[system, seed], contract, grid, cost, seed, size.replications[system])
            found = regret(costing, points[chosen.best], best.point, replications=size.judging)
            yield _row(question, seed, best, chosen, found), found.share.mean
    means = [one.cost.mean for one in best.scored]
    by_lot = float(np.mean(means)) / min(means) - 1
    yield [question.name, "any", best.point.text, "a point by lot", _percent(by_lot), None], None


def _chosen(
    simulator: Path, contract: Contract, grid: Grid, cost: Measure, seed: int, replications: int
) -> Optimum:
    points = points_of(grid, load(simulator))
    with costing_of(simulator, contract, cost, points, seed=seed + 1, workers=1) as costing:
        return optimise(costing, points, replications=replications)


def _row(question: _Question, seed: int, best: Optimum, chosen: Optimum, found: Regret) -> list[Cell]:
    return [
        question.name,
        seed,
        f"{best.point.text}: {found.best.mean:.5g}",
        f"{chosen.point.text}: {found.chosen.mean:.5g}",
        _percent(found.share.mean),
        f"± {_percent(found.share.half)}",
    ]


def _courses(
    systems: Systems, family: _Family, fitted: Sequence[Path], size: Size
) -> Iterator[tuple[list[Cell], float]]:
    """For each value of the first variable a row, and how far mean courses are apart."""
    contract = systems.contract(family.system)
    grid = grid_of(contract, family.over, do=family.do, arguments=family.arguments, stdin=family.stdin)
    first = grid.variables[0]
    true, again = _means(
        systems.simulator(family.system), contract, family, grid, size.judging, (0, _OTHER_CHANCE)
    )
    found = np.stack([_means(one, contract, family, grid, size.judging, (0,))[0] for one in fitted])
    apart = abs(found - true).max(axis=-1) / true.max()
    chance = abs(again - true).max(axis=-1) / true.max()
    rows = np.arange(len(true)).reshape(len(first.values), -1)
    for value, places in zip(first.values, rows, strict=True):
        worst = int(apart[:, places].max(axis=1).argmax())
        days = int(abs(found[:, places].argmax(axis=-1) - true[places].argmax(axis=-1)).max())
        distance = float(apart[:, places].max())
        yield (
            [
                f"{family.name}, {first.name} = {value:g}",
                "worst",
                _peak(true[places]),
                _peak(found[worst, places]),
                f"{_percent(distance)}, {days} days",
                _percent(float(chance[places].max())),
            ],
            distance,
        )


def _means(
    simulator: Path, contract: Contract, family: _Family, grid: Grid, count: int, firsts: Sequence[int]
) -> list[Array]:
    """The mean course of each variant, (P, T), from replications that begin with each of these."""
    program = load(simulator)
    variants: list[Variant] = [point.variant for point in points_of(grid, program)]
    with (
        Trials(simulator, contract, workers=1) as trials,
        ArrayTrials(program, contract, [family.observable], trials, 0, workers=1) as arrays,
    ):
        assert arrays.can(variants)
        return [_mean(arrays, variants, first, count) for first in firsts]


def _mean(arrays: ArrayTrials, variants: Sequence[Variant], first: int, count: int) -> Array:
    held = {place: series[:, :, 0].mean(axis=0) for place, series, _ in arrays.runs(variants, first, count)}
    return np.stack([held[place] for place in range(len(variants))])


def _peak(courses: Array) -> str:
    """The highest point of some courses, and when it is."""
    highest = courses[int(courses.max(axis=1).argmax())]
    return f"{highest.max():.4g} on day {int(highest.argmax())}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
