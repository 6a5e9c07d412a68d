"""Example data from a simulator: trajectories that begin and go on as a file of the scenario says, all by one seed.

A trajectory depends on the seed, its part and its number, and on nothing else: more of them leave the others as they
are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import IO, NamedTuple

from gsim_devs.contracts import Contract, DataVariant, DrawnAction, commands_of
from gsim_devs.errors import GsimError
from gsim_devs.execution import Job, Pool, Result
from gsim_devs.runtime.draws import Draw

from .parquet import SUFFIX, write_parquet
from .series import Observer, Reported
from .starts import Inputs, Start

Cell = float | int | str


class Plan(NamedTuple):
    """What is to be made."""

    variant: DataVariant
    """How trajectories begin and go on."""
    part: str
    """What they are for: train, validation or test; others are drawn for each."""
    trajectories: int
    """How many."""
    steps: int
    """How many rows follow the first of each."""
    interval: float
    """The time between rows, in the contract's unit."""
    seed: int
    """Decides everything."""


def generate(
    simulator: Path, contract: Contract, plan: Plan, *, workers: int | None = None
) -> Iterator[list[Cell]]:
    """The rows of a data file: the header, then each trajectory from its beginning to its end."""
    columns = [*contract.observables, *plan.variant.actions]
    yield ["trajectory", "t", *columns]
    courses = [_course(contract, plan, number) for number in range(plan.trajectories)]
    jobs = [_job(contract, course) for course in courses]
    with Pool(simulator, workers=workers) as pool:
        for course, result in zip(courses, pool.run(jobs), strict=True):
            yield from _rows(contract, course, _told(course, result))


def write_rows(rows: Iterator[list[Cell]], file: IO[str]) -> None:
    """Rows as CSV."""
    csv.writer(file, lineterminator="\n").writerows(rows)


def write_table(rows: Iterator[list[Cell]], path: Path, contract: Contract) -> None:
    """Rows as a file: Parquet where its name ends like that, else CSV."""
    if path.suffix != SUFFIX:
        with path.open("w", encoding="utf-8", newline="") as file:
            write_rows(rows, file)
        return
    header, *held = rows
    texts = {"trajectory", *(name for name, one in contract.observables.items() if one.type == "text")}
    write_parquet(path, dict(zip(map(str, header), zip(*held, strict=True), strict=True)), texts)


class _Course(NamedTuple):
    """One trajectory before it is simulated."""

    start: Start
    given: Mapping[str, object]
    actions: Mapping[str, list[Cell]]
    seed: int


def _course(contract: Contract, plan: Plan, number: int) -> _Course:
    name, draw_path = f"{plan.part}-{number}", f"{plan.part}/{number}"
    given = {
        argument: _drawn(contract, argument, value, Draw(plan.seed, 0, f"{draw_path}/{argument}"))
        for argument, value in plan.variant.arguments.items()
    }
    actions = {
        action: _actions(contract, action, drawn, plan.steps, Draw(plan.seed, 0, f"{draw_path}/{action}"))
        for action, drawn in plan.variant.actions.items()
    }
    times = [row * plan.interval for row in range(plan.steps + 1)]
    done = [
        (time, action, float(value))
        for action, values in actions.items()
        for time, value in zip(times[:-1], values, strict=True)
    ]
    start = Start(name, 0.0, {}, tuple(times), tuple(sorted(done)))
    return _Course(start, given, actions, _seed(plan.seed, draw_path))


def _drawn(contract: Contract, name: str, value: object, draw: Draw) -> object:
    if not isinstance(value, tuple):
        return value
    return _between(value, contract.arguments[name].type == "integer", draw)


def _actions(contract: Contract, name: str, drawn: DrawnAction, steps: int, draw: Draw) -> list[Cell]:
    action = contract.actions[name]
    is_whole = commands_of(contract.stdin)[action.command].fields[action.field].type == "integer"
    values: list[Cell] = []
    for row in range(steps):
        changes = draw.bernoulli(drawn.changes)
        value = _between(drawn.between, is_whole, draw)
        values.append(value if changes or row == 0 else values[-1])
    return values


def _between(span: tuple[float, float], is_whole: bool, draw: Draw) -> Cell:
    if is_whole:
        return draw.integer(round(span[0]), round(span[1]))
    # Four digits are enough, and stay what they are in a file.
    return round(draw.uniform(*span), 4)


def _job(contract: Contract, course: _Course) -> Job:
    inputs = Inputs(contract, course.given)
    return Job(inputs.arguments(course.start, course.seed), inputs.stdin(course.start), seed=course.seed)


def _told(course: _Course, result: Result) -> tuple[Reported, ...]:
    if not result.ok:
        raise GsimError(f"trajectory {course.start.trajectory} cannot be simulated: {result.reason}")
    return result.records


def _rows(contract: Contract, course: _Course, records: tuple[Reported, ...]) -> Iterator[list[Cell]]:
    numbers = [name for name, one in contract.observables.items() if one.type == "number"]
    seen = Observer(contract, numbers).at(records, course.start.looks)
    for row, time in enumerate(course.start.looks):
        told: dict[str, Cell] = dict(zip(numbers, map(_plain, seen[row].tolist()), strict=True))
        told |= {
            name: _text(contract, name, records, time) for name in contract.observables if name not in told
        }
        done = [values[row] if row < len(values) else "" for values in course.actions.values()]
        yield [course.start.trajectory, _plain(time), *(told[name] for name in contract.observables), *done]


def _text(contract: Contract, name: str, records: tuple[Reported, ...], time: float) -> str:
    """The latest text so far; records are in the order of time."""
    observable, half, latest = contract.observables[name], contract.time.resolution / 2, ""
    for when, entity, event, payload, *_ in records:
        if when > time + half:
            break
        if event == observable.event and observable.entity in (None, entity):
            latest = str(payload.get(observable.field, latest))
    return latest


def _plain(value: float) -> Cell:
    """A whole number without a point; nothing where nothing was told."""
    if value != value:
        return ""
    return int(value) if value == int(value) else value


def _seed(*key: object) -> int:
    text = "/".join(map(str, key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
