"""Does a diagnosis name what is wrong with a model, and nothing where it is right?

Data come from systems that are known and that the model is not: an epidemic with a lockdown, with waning immunity, and
so on, drawn here by numpy; a shop and a hospital in which one line of the reference simulator is another. The model is
calibrated to some trajectories and diagnosed beside others, as a user would. The right cause has to lead: to be the
first that is named. Leaves out wrong models whose fault no data can show.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsim_devs.calibration import Budget, calibrate, problem_of
from gsim_devs.contracts import load_data_file
from gsim_devs.diagnostics import Checkup, check_up
from gsim_devs.errors import UsageError
from gsim_devs.observation import Dataset, Experiment, Trajectory, load_dataset
from gsim_devs.observation.generating import Plan, generate, write_rows

from .report import Bar, Cell, Part
from .systems import Systems

_FIRST = 10_000
"""The seed of the first data set; what is tuned is tuned on data with others."""
_EACH = 4
"""Data sets for each seed."""
_TRAJECTORIES = 10
"""To fit, and as many others to diagnose."""
_FEW = 3
"""Data sets of the hospital."""
_RIGHT = 0.9
_PEOPLE = 1000
_NOTHING = "nothing"


@dataclass(frozen=True)
class Wrong:
    """A way in which the truth is not the model."""

    system: str
    name: str
    labels: tuple[str, ...]
    """Causes that are right, by their label; more than one where two of them mean the same there."""
    patch: tuple[str, str, str] | None = None
    """Of a truth that is a simulator: a component's file, a line of it, and what stands there instead."""


EPIDEMICS = (
    Wrong("covid", "as modelled", (_NOTHING,)),
    Wrong("covid", "lockdown", ("rate jumps with time",)),
    Wrong("covid", "immunity wanes", ("amount grows with R",)),
    Wrong("covid", "recovery slows", ("rate drifts with time",)),
    Wrong("covid", "rates differ", ("trajectories differ",)),
)
"""With a bar: nine of ten have to be right."""
OTHERS = (
    Wrong("supply", "as modelled", (_NOTHING,)),
    Wrong(
        "supply",
        "demand grows",
        ("rate drifts with time", "amount grows with time"),
        (
            "market.py",
            "units = self.draw.poisson(self.demand_mean)",
            "units = self.draw.poisson(self.demand_mean * (0.5 + 0.02 * self.now))",
        ),
    ),
    Wrong(
        "supply",
        "demand scatters more",
        ("dispersion",),
        (
            "market.py",
            "units = self.draw.poisson(self.demand_mean)",
            "units = self.draw.poisson(self.demand_mean * self.draw.uniform(0.0, 2.0))",
        ),
    ),
    Wrong(
        "supply",
        "sales are lost",
        ("never changes",),
        (
            "shop.py",
            "self.backlog += self.demand - self._served(self.demand)",
            "self._served(self.demand)",
        ),
    ),
    Wrong("hospital", "as modelled", (_NOTHING,)),
    Wrong(
        "hospital",
        "fewer come at weekends",
        ("recurs every 7",),
        (
            "arrivals.py",
            "count = self.draw.poisson(self.arrival_rate)",
            "count = self.draw.poisson(self.arrival_rate * (0.2 if round(self.now) % 7 in (6, 0) else 1.0))",
        ),
    ),
    Wrong(
        "hospital",
        "disease 1 in the standard ward",
        ("impossible", "amount grows with icu", "amount jumps with icu"),
        (
            "wards.py",
            'wanted = ("standard", "icu") if disease == 2',
            'wanted = ("standard", "icu") if disease >= 1',
        ),
    ),
)
"""Without a bar: how far the words carry beyond epidemics."""

_HEADINGS = ("truth", "right", "of", "flagged as")
_NOTES = (
    (
        "right: the cause that is named first is the one that the truth differs by (`as modelled`: nothing is flagged, "
        "neither in steps nor in free runs). Each data set has as many trajectories to fit (auto, small budget) as to "
        "diagnose."
    ),
    "The shop and the hospital have no bar: how far the words carry beyond what they were made for.",
)


def measure(systems: Systems, seeds: Sequence[int], tell: Callable[[str], None]) -> Part:
    """All truths; each seed stands for four epidemics, and for one of the others."""
    return measured(systems, seeds, tell)


def measured(
    systems: Systems,
    seeds: Sequence[int],
    tell: Callable[[str], None],
    *,
    truths: Sequence[Wrong] = EPIDEMICS + OTHERS,
    each: int = _EACH,
    trajectories: int = _TRAJECTORIES,
) -> Part:
    """The same for some truths, with fewer data sets, or smaller ones."""
    rows: list[tuple[Cell, ...]] = []
    bars: list[Bar] = []
    notes = [*_NOTES]
    for truth in truths:
        told: list[Told] = []
        # A fit of the hospital takes a minute.
        some = seeds[:_FEW] if truth.system == "hospital" else seeds
        for seed, number in product(some, range(each if truth in EPIDEMICS else 1)):
            told.append(diagnosed(systems, truth, _FIRST + 100 * seed + number, trajectories))
            tell(f"{truth.system}, {truth.name}: {told[-1].label}")
        right = sum(one.label in truth.labels for one in told)
        rows.append((f"{truth.system}, {truth.name}", right, len(told), _counts(told)))
        if example := _example(truth, told):
            notes.append(f"{truth.system}, {truth.name}: “{example}”")
        if truth in EPIDEMICS:
            share = right / len(told)
            bars.append(
                Bar(f"{truth.name}: share named rightly", share, f"at least {_RIGHT:g}", share >= _RIGHT)
            )
    title = f"Causes that are named first, {trajectories} trajectories to fit and as many to diagnose"
    return Part("words", title, _HEADINGS, tuple(rows), tuple(bars), tuple(notes))


@dataclass(frozen=True)
class Told:
    """What was said of one data set."""

    label: str
    sentence: str


def diagnosed(systems: Systems, truth: Wrong, seed: int, trajectories: int) -> Told:
    """Fit the model to data of a truth, diagnose it beside others, and tell the first cause."""
    found = _check_up(systems, truth, seed, trajectories)
    if not found.causes:
        return Told(_NOTHING, "")
    return Told(found.causes[0].label, found.causes[0].sentence)


def _check_up(systems: Systems, truth: Wrong, seed: int, trajectories: int) -> Checkup:
    simulator, contract = systems.simulator(truth.system), systems.contract(truth.system)
    steps = 40 + seed % 21
    make = _epidemics if truth.system == "covid" else _shops_and_hospitals
    train, held_out = (
        Experiment(simulator, contract, data, workers=1)
        for data in make(systems, truth, seed, trajectories, steps)
    )
    with train, held_out:
        estimate = calibrate(problem_of(train), "auto", _budget(truth.system), seed=seed)
        return check_up(held_out, estimate.point or {}, training=train, untold=estimate.untold, seed=seed)


def _budget(system: str) -> Budget:
    """What is enough to find the parameters; the hospital has fourteen, and takes what is usual."""
    return Budget(simulations=None if system == "hospital" else 1000)


def _epidemics(systems: Systems, truth: Wrong, seed: int, trajectories: int, steps: int) -> Iterator[Dataset]:
    for part in (0, 1):
        rng = np.random.default_rng([seed, part])
        states = epidemics(truth.name, rng, trajectories=trajectories, days=steps)
        times = np.arange(steps + 1, dtype=float)
        yield Dataset(
            ("S", "I", "R"),
            tuple(Trajectory(f"{part}-{number}", times, one) for number, one in enumerate(states)),
        )


def epidemics(truth: str, rng: np.random.Generator, *, trajectories: int, days: int) -> NDArray[np.float64]:
    """S, I and R day by day, (trajectories, days + 1, 3), of an epidemic by the name of one of `EPIDEMICS`."""
    infectious, immune = rng.integers(1, 21, trajectories), rng.integers(0, 100, trajectories)
    state = np.stack([_PEOPLE - infectious - immune, infectious, immune], axis=-1)
    usual: Any = np.full(trajectories, 0.5)
    if truth == "rates differ":
        usual = rng.gamma(1 / 0.3**2, 0.5 * 0.3**2, trajectories)
    states = [state]
    for day in range(days):
        susceptible, infectious, immune = state.T
        rate = usual * 0.4 if truth == "lockdown" and day >= 12 else usual
        recovers = 0.1 * np.exp(-day / 40) if truth == "recovery slows" else 0.1
        infections = rng.binomial(susceptible, 1 - np.exp(-rate * infectious / _PEOPLE))
        recoveries = rng.binomial(infectious, recovers)
        losses = rng.binomial(immune, 0.05 if truth == "immunity wanes" else 0.0)
        state = np.stack(
            [
                susceptible - infections + losses,
                infectious + infections - recoveries,
                immune + recoveries - losses,
            ],
            axis=-1,
        )
        states.append(state)
    return np.stack(states, axis=1).astype(float)


def _shops_and_hospitals(
    systems: Systems, truth: Wrong, seed: int, trajectories: int, steps: int
) -> Iterator[Dataset]:
    file = load_data_file(Path("scenarios", truth.system, "data.yaml"))
    contract, simulator = systems.contract(truth.system), _other(systems, truth)
    for part in ("train", "test"):
        path = (
            systems.folder / f"{truth.system}-{truth.name.replace(' ', '-')}-{part}-{trajectories}-{seed}.csv"
        )
        plan = Plan(next(iter(file.variants.values())), part, trajectories, steps, file.interval, seed)
        with path.open("w", encoding="utf-8", newline="") as opened:
            write_rows(generate(simulator, contract, plan, workers=1), opened)
        yield load_dataset([path], contract)


def _other(systems: Systems, truth: Wrong) -> Path:
    """The reference simulator with the line that makes it the truth."""
    reference = systems.simulator(truth.system)
    if truth.patch is None:
        return reference
    folder = systems.folder / f"{truth.system}-{truth.name.replace(' ', '-')}"
    if not folder.exists():
        shutil.copytree(reference, folder)
        name, line, instead = truth.patch
        component = folder / "components" / name
        source = component.read_text(encoding="utf-8")
        if source.count(line) != 1:
            raise UsageError(f"{component} has no single {line!r} to be replaced")
        component.write_text(source.replace(line, instead), encoding="utf-8")
        # What is simulated at once would not know of it.
        (folder / "arrays.py").unlink(missing_ok=True)
    return folder


def _counts(told: Sequence[Told]) -> str:
    return ", ".join(f"{label} {count}" for label, count in Counter(one.label for one in told).most_common())


def _example(truth: Wrong, told: Sequence[Told]) -> str:
    """What was said of the first that is right; else of the first."""
    return next((one for one in told if one.label in truth.labels), told[0]).sentence
