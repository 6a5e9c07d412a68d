"""How long the simulations of a calibration take: by components, as steps of arrays, and under xdevs' Coordinator.

The epidemic of the example, candidates of its two parameters, beginnings from its data. All three simulate the same:
single steps from observed states, and whole trajectories. Measured in turn, in processor seconds of everything that
takes part, which is what one core needs; the numbers of the components are those of the Coordinator to the last bit,
and the arrays, which draw in another order, must agree with them in the mean.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gsim_devs.calibration import calibrate, problem_of
from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.observation import Experiment, Start
from gsim_devs.observation.starts import Inputs, seed_of

from .report import Bar, Cell, Part
from .systems import Systems

Array: TypeAlias = npt.NDArray[np.float64]

_SYSTEM = "covid"
_TRAJECTORIES, _STEPS = 100, 60
BUDGET = 200 * 10 * _TRAJECTORIES * _STEPS
"""Steps: a population of 200, 10 generations, each candidate on all trajectories."""
_LEAST, _LEAST_OF_ARRAYS = 8.0, 5.0
_STANDARD_ERRORS = 4.0
_SCRIPT = Path(__file__).with_name("coordinator.py")
_PARTING = "calendar.py", "self.day = 0", "self.day = 0 if type(self) is Calendar else 1"
"""A component, a line of it, and what makes simulations part: whoever asks for a type is left alone."""
_HEADINGS = (
    "simulations",
    "Coordinator",
    "one by one",
    "components",
    "arrays",
    "one by one x",
    "components x",
    "arrays x",
)


@dataclass(frozen=True)
class Sizes:
    """How much is simulated in each repetition."""

    trajectories: int = _TRAJECTORIES
    steps: int = _STEPS
    candidates: int = 200
    states: int = 200
    """From which a single step is made."""
    courses: int = 20
    """Trajectories that are simulated as a whole."""
    coordinated: tuple[int, int] = (10, 5)
    """Candidates that the Coordinator simulates too, in single steps and in whole trajectories."""
    calibrates: bool = True
    """Whether the full budget is spent."""


@dataclass(frozen=True)
class Kind:
    """A way to simulate, of two."""

    name: str
    starts: tuple[Start, ...]
    """Of components and Coordinator."""
    all_starts: tuple[Start, ...]
    """Of the arrays: fewer are over too soon to be timed."""
    coordinated: int


@dataclass
class Found:
    """What the repetitions of one kind took, in processor seconds for each step, and how far they agree."""

    coordinator: list[float] = field(default_factory=list)
    one_by_one: list[float] = field(default_factory=list)
    components: list[float] = field(default_factory=list)
    arrays: list[float] = field(default_factory=list)
    differing: int = 0
    """Simulations in which components do not report what they report under the Coordinator."""
    compared: int = 0
    apart: list[Array] = field(default_factory=list)
    """By how much components and arrays differ from each start in the mean: (starts, observables) of each seed."""

    @property
    def standard_errors(self) -> float:
        """How far the mean difference is from none, for the worst observable."""
        samples = np.concatenate(self.apart)
        spread = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
        errors = np.abs(samples.mean(axis=0)) / np.maximum(spread, 1e-12)
        # A simulation that failed is as far as can be.
        return float(np.nan_to_num(errors, nan=np.inf).max())


def measure(systems: Systems, seeds: Sequence[int], tell: Callable[[str], None]) -> Part:
    """One repetition for each seed, and the full budget once."""
    return measured(systems, seeds, tell, Sizes())


def measured(systems: Systems, seeds: Sequence[int], tell: Callable[[str], None], sizes: Sizes) -> Part:
    """As `measure`, in whatever size."""
    data = systems.data(_SYSTEM, split="train", trajectories=sizes.trajectories, steps=sizes.steps, seed=1)
    contract, folder = systems.contract(_SYSTEM), systems.simulator(_SYSTEM)
    bare = _without_arrays(folder, systems.folder / f"{_SYSTEM}-components")
    with (
        Experiment(bare, contract, data, workers=1) as components,
        Experiment(_parting(bare), contract, data, workers=1) as parted,
        Experiment(folder, contract, data, workers=1) as arrays,
    ):
        found = {}
        for kind in _kinds(components, sizes):
            found[kind.name] = Found()
            for seed in seeds:
                tell(f"speed: {kind.name}, seed {seed}")
                _repeat(found[kind.name], kind, components, parted, arrays, folder, seed, sizes.candidates)
        tell("speed: the full budget by arrays")
        full = [_full_budget(arrays, seeds[0])] if sizes.calibrates else []
    rows = [row for name, one in found.items() for row in _rows(name, one)]
    bars = [bar for name, one in found.items() for bar in _bars(name, one)]
    return Part("speed", _TITLE, _HEADINGS, rows, bars, (*_NOTES, *full))


def _kinds(experiment: Experiment, sizes: Sizes) -> tuple[Kind, Kind]:
    steps, courses = experiment.transitions().starts, experiment.paths().starts
    some = steps[:: max(1, len(steps) // sizes.states)][: sizes.states]
    single, whole = sizes.coordinated
    return (
        Kind("single steps", some, steps, single),
        Kind("whole trajectories", courses[: sizes.courses], courses, whole),
    )


def _repeat(
    found: Found,
    kind: Kind,
    components: Experiment,
    parted: Experiment,
    arrays: Experiment,
    folder: Path,
    seed: int,
    count: int,
) -> None:
    """Simulate by all three, one after the other."""
    candidates = _candidates(components.contract, count, seed)
    some = range(0, count, max(1, count // kind.coordinated))
    # Workers start, and are looked at, before time counts.
    for experiment in (components, parted, arrays):
        experiment.simulate(candidates[:2], kind.starts[:2], seed=seed)
    seconds, theirs = _by_coordinator(folder, components, [candidates[k] for k in some], kind.starts, seed)
    found.coordinator.append(seconds / _steps(kind.starts, len(some)))
    started = _busy()
    ours = components.simulate(candidates, kind.starts, seed=seed)[:, 0]
    found.components.append((_busy() - started) / _steps(kind.starts, count))
    started = _busy()
    arrays.simulate(candidates, kind.all_starts, seed=seed)
    found.arrays.append((_busy() - started) / _steps(kind.all_starts, count))
    started = _busy()
    alone = parted.simulate([candidates[k] for k in some], kind.starts, seed=seed)[:, 0]
    found.one_by_one.append((_busy() - started) / _steps(kind.starts, len(some)))
    same = ((ours[some] == theirs) & (alone == theirs)).all(axis=(2, 3))
    found.differing += int((~same).sum())
    found.compared += same.size
    others = arrays.simulate(candidates, kind.starts, seed=seed)[:, 0]
    # Candidates share their random numbers, and times their trajectory: a start is one sample.
    found.apart.append((ours - others).mean(axis=(0, 2)))


def _candidates(contract: Contract, count: int, seed: int) -> list[dict[str, float]]:
    """Anywhere in their bounds."""
    draw = np.random.default_rng(seed)
    bounds = [
        (name, one.minimum, one.maximum) for name, one in contract.parameters.items() if one.type != "simplex"
    ]
    return [{name: float(draw.uniform(low, high)) for name, low, high in bounds} for _ in range(count)]


def _by_coordinator(
    folder: Path,
    experiment: Experiment,
    candidates: Sequence[dict[str, float]],
    starts: Sequence[Start],
    seed: int,
) -> tuple[float, Array]:
    """Its processor seconds, and what was observed: (candidates, starts, times, observables)."""
    contract, names = experiment.contract, experiment.dataset.names
    inputs = Inputs(contract, {})
    keyed = [(start, seed_of(seed, start, 0)) for start in starts]
    asked = {
        "runs": [
            [{**inputs.arguments(start, own), **one}, own, start.looks]
            for one in candidates
            for start, own in keyed
        ],
        "watched": [(contract.observables[name].event, contract.observables[name].field) for name in names],
    }
    done = subprocess.run(
        [sys.executable, "-I", str(_SCRIPT), str(folder)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UsageError(f"xdevs' Coordinator cannot run {folder}: {done.stderr.strip()[-500:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    numbers = np.array(told["numbers"], dtype=float)
    return told["seconds"], numbers.reshape(len(candidates), len(starts), -1, len(names))


def _full_budget(arrays: Experiment, seed: int) -> str:
    """Calibrate for once on all of the data."""
    steps = len(arrays.transitions().starts)
    before, started, busy = arrays.simulations, time.perf_counter(), _busy()
    estimate = calibrate(problem_of(arrays, "mse", draws=1, steps=steps), "ga", seed=seed)
    seconds, busy = time.perf_counter() - started, _busy() - busy
    return (
        f"calibrate --method ga on all {steps} steps of the data, by arrays: {seconds:.0f} s, in which the processor "
        f"was busy for {busy:.0f} s; {arrays.simulations - before:,} steps in {estimate.evaluations:,} candidates, "
        "because parents are simulated again with their children, and the best are compared once more in the end."
    )


def _rows(name: str, found: Found) -> list[tuple[Cell, ...]]:
    each = [median(one) for one in (found.coordinator, found.one_by_one, found.components, found.arrays)]
    rates = [f"{round(1 / one):,}" for one in each]
    seconds = [f"{one * BUDGET:,.0f}" for one in each]
    times = [
        median(_ratios(found.coordinator, found.one_by_one)),
        median(_ratios(found.coordinator, found.components)),
        median(_ratios(found.components, found.arrays)),
    ]
    return [
        (f"{name}: steps/s", *rates, *times),
        (f"{name}: seconds for the full budget", *seconds, None, None, None),
    ]


def _bars(name: str, found: Found) -> list[Bar]:
    over_coordinator = median(_ratios(found.coordinator, found.components))
    over_components = median(_ratios(found.components, found.arrays))
    return [
        Bar(
            f"{name}: components over the Coordinator, times faster",
            over_coordinator,
            f"at least {_LEAST:g}",
            over_coordinator >= _LEAST,
        ),
        Bar(
            f"{name}: arrays over components, times faster",
            over_components,
            f"at least {_LEAST_OF_ARRAYS:g}",
            over_components >= _LEAST_OF_ARRAYS,
        ),
        Bar(
            f"{name}: simulations that differ from the Coordinator's, of {found.compared}",
            found.differing,
            "none",
            found.compared > 0 and not found.differing,
        ),
        Bar(
            f"{name}: means of arrays and components apart, in standard errors",
            found.standard_errors,
            f"at most {_STANDARD_ERRORS:g}",
            found.standard_errors <= _STANDARD_ERRORS,
        ),
    ]


def _ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """Of repetitions that stood side by side."""
    return [one / other for one, other in zip(slow, fast, strict=True)]


def _steps(starts: Sequence[Start], candidates: int) -> float:
    """How many steps of a day are simulated."""
    return candidates * sum(start.looks[-1] for start in starts)


def _without_arrays(folder: Path, copy: Path) -> Path:
    if not copy.exists():
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__", "arrays.py"))
    return copy


def _parting(folder: Path) -> Path:
    """The same simulator, in which simulations do not go together."""
    name, line, other = _PARTING
    copy = folder.with_name(f"{folder.name}-parted")
    if not copy.exists():
        shutil.copytree(folder, copy)
        source = copy / "components" / name
        before = source.read_text(encoding="utf-8")
        source.write_text(before.replace(line, other), encoding="utf-8")
        assert source.read_text(encoding="utf-8") != before
    return copy


def _busy() -> float:
    """Processor seconds so far, of this process and of the workers that it has; time itself where they are not told."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        return time.perf_counter()
    workers = {pid for task in tasks.glob("*/children") for pid in task.read_text(encoding="utf-8").split()}
    return time.process_time() + sum(map(_busy_of, workers))


def _busy_of(pid: str) -> float:
    """Of a process with one thread."""
    try:
        told = Path("/proc", pid, "schedstat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return int(told.split()[0]) * 1e-9


_TITLE = "what simulations for a calibration cost by components, by arrays, and under xdevs' Coordinator"
_NOTES = (
    (
        f"The full budget is {BUDGET:,} steps: 200 candidates, 10 generations, 100 trajectories, 60 steps. Its seconds "
        "follow from the steps per second, but for those of the calibration below."
    ),
    (
        "One core: processor seconds of everything that takes part, in turn, medians; starting processes and loading "
        "the simulator are left out. Coordinator: a fresh model for each simulation, records in memory. Components: "
        "the same components, many candidates and beginnings in one request to a worker, going through the model "
        "together; one by one: without that, as in a model in which chance decides what happens when. Arrays: the "
        "simulator's arrays.py. The first two factors are over the Coordinator, the last is over components."
    ),
)
