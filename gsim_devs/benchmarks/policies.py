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

from gsim_devs.calibration import calibrate, problem_of
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
_PUBLISHED = "the published system: 11.7 %, for beds and a lockdown"
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
    coarse: int = 1
    """Every how manieth value of a grid is tried."""


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
    for question in _QUESTIONS:
        lost = list(_regrets(systems, question, fitted, seeds, size, tell))
        rows += [row for row, _ in lost]
        worst = max(share for _, share in lost)
        limit = f"at most {_MOST_REGRET:.0%}; {_PUBLISHED}"
        bars.append(Bar(f"{question.name}: regret at worst", worst, limit, worst <= _MOST_REGRET))
    for family in _FAMILIES:
        found = list(_courses(systems, family, fitted, seeds, size, tell))
        rows += [row for row, _ in found]
        worst = max(distance for _, distance in found)
        limit = f"at most {_MOST_DISTANCE:.0%} of {family.unit}"
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
    over: str
    do: tuple[str, ...]
    arguments: Mapping[str, str]
    unit: str
    """What distances are a share of."""
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
        {"days": "60"},
        "sum(holding_cost * inventory + backlog_cost * backlog + 3 * max(0, inventory - 8 - shelves))"
        " + 12 * shelves + 60 * (7 - lead)",
        _steady(5, 60),
    ),
)
_FAMILIES = (
    *(
        _Family(
            f"lockdown to {factor:.0%}",
            "covid",
            "I",
            "begin=5,10,15",
            (f"scale infection_rate by {factor} from begin to 2 * begin + 10",),
            {"days": "60"},
            "the peak",
        )
        for factor in (0.05, 0.1, 0.15, 0.3)
    ),
    _Family(
        "lead times 1 to 6",
        "supply",
        "backlog",
        "lead=1:6:1",
        ("set lead_time to lead",),
        {"days": "30"},
        "the largest backlog",
        _steady(5, 30),
    ),
)
_NOTES = (
    (
        "Regret: what the choice costs in the true simulator over the least cost there, minus 1, on random numbers with "
        "which nothing was chosen; chance is its interval (95 %). The truth and each calibrated simulator searched the "
        "grid with other random numbers."
    ),
    (
        "Courses: the largest distance of mean courses, as a share of their peak, under the same random numbers; worst of "
        "all seeds. Chance is that of the truth and itself with other random numbers."
    ),
    "The shop's prices (holding_cost, backlog_cost) are not in its stocks: they are set to the truth, as a user would.",
    (
        "In the hospital, days at whose end no bed is free stand for patients who are rejected: rejections are records of "
        "single patients, which steps of arrays do not make, and there are none on other days."
    ),
)


def _calibrated(systems: Systems, system: str, seed: int, size: Size, tell: Callable[[str], None]) -> Path:
    """A copy of the reference with the parameters that were estimated, but for the user's own."""
    tell(f"policies: calibrating {system}, seed {seed}")
    dataset = systems.data(system, split="train", trajectories=size.trajectories[system], seed=seed)
    with Experiment(systems.simulator(system), systems.contract(system), dataset, workers=1) as experiment:
        estimate = calibrate(problem_of(experiment), seed=seed)
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
) -> Iterator[tuple[list[Cell], float]]:
    """For each seed a row, and the share that is lost."""
    system = question.system
    contract = systems.contract(system)
    over = [_every(size.coarse, text) for text in question.over]
    grid = grid_of(contract, over, do=question.do, arguments=question.arguments, stdin=question.stdin)
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
        f"{found.share.mean:.2%}",
        f"± {found.share.half:.2%}",
    ]


def _every(coarse: int, text: str) -> str:
    """A range with fewer values."""
    name, _, written = text.partition("=")
    first, last, step = written.split(":")
    return f"{name}={first}:{last}:{coarse * int(step)}"


def _courses(
    systems: Systems,
    family: _Family,
    fitted: Mapping[tuple[str, int], Path],
    seeds: Sequence[int],
    size: Size,
    tell: Callable[[str], None],
) -> Iterator[tuple[list[Cell], float]]:
    """A row for a family: how far the mean courses are apart at worst."""
    tell(f"policies: {family.name}")
    contract = systems.contract(family.system)
    truth = systems.simulator(family.system)
    true = _means(truth, contract, family, 0, size.judging)
    peak = float(true.max())
    chance = float(abs(true - _means(truth, contract, family, _OTHER_CHANCE, size.judging)).max()) / peak
    found = [_means(fitted[family.system, seed], contract, family, 0, size.judging) for seed in seeds]
    distances = [float(abs(one - true).max()) / peak for one in found]
    worst = found[int(np.argmax(distances))]
    row: list[Cell] = [
        family.name,
        "worst",
        _peaks(true),
        _peaks(worst),
        f"{max(distances):.2%}",
        f"{chance:.2%}",
    ]
    yield row, max(distances)


def _means(simulator: Path, contract: Contract, family: _Family, first: int, count: int) -> Array:
    """The mean course of each variant, (P, T)."""
    grid = grid_of(contract, [family.over], do=family.do, arguments=family.arguments, stdin=family.stdin)
    program = load(simulator)
    variants: list[Variant] = [point.variant for point in points_of(grid, program)]
    names = [family.observable]
    with (
        Trials(simulator, contract, workers=1) as trials,
        ArrayTrials(program, contract, names, trials, 0, workers=1) as arrays,
    ):
        assert arrays.can(variants)
        held = {
            place: series[:, :, 0].mean(axis=0) for place, series, _ in arrays.runs(variants, first, count)
        }
    return np.stack([held[place] for place in range(len(variants))])


def _peaks(courses: Array) -> str:
    """The highest points of some courses, and when they are."""
    return ", ".join(f"{course.max():.4g} at {int(course.argmax())}" for course in courses)
