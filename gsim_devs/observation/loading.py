"""Data files as one dataset: columns checked against the contract, rows of several files joined by trajectory and t.

Files may have different columns, spans and sampling rates; what none of them tells is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError

from .bounds import first_offence
from .datasets import Array, Dataset, Trajectory, frozen
from .starts import clear_steps
from .tables import Table, read_table


def load_dataset(paths: str | Path | Sequence[str | Path], contract: Contract) -> Dataset:
    """Read data of a system; UsageError says what in which file does not fit the contract.

    What is odd but can be worked with ends up in the dataset's warnings.
    """
    files = [paths] if isinstance(paths, str | Path) else list(paths)
    if not files:
        raise UsageError("no data file is given")
    texts = {name for name, one in contract.observables.items() if one.type == "text"}
    tables = [read_table(file, texts, partial(_unknown, contract)) for file in files]
    for table in tables:
        _check(table, contract)
    return _joined(tables, contract)


def _check(table: Table, contract: Contract) -> None:
    if not table.names and not table.texts:
        raise UsageError(f"{table.source}: has no columns beside trajectory and t")
    for column, name in enumerate(table.names):
        offence = first_offence(contract, name, table.values[:, column])
        if offence:
            found = f"{table.values[offence.row, column]:g}"
            raise UsageError(
                f"{table.place(offence.row)}: {name} is {found}; it should be {offence.expected}"
            )
    for name, cells in table.texts.items():
        _check_texts(table, name, cells, contract)


def _check_texts(table: Table, name: str, cells: Sequence[str], contract: Contract) -> None:
    """A text from which simulations start is given to them as an argument, which may have to look like something."""
    for argument, observable in (contract.state.arguments if contract.state else {}).items():
        pattern: str | None = getattr(contract.arguments[argument], "pattern", None)
        if observable != name or pattern is None:
            continue
        allowed: set[str] = {""}
        for row, cell in enumerate(cells):
            if cell not in allowed and not re.fullmatch(pattern, cell):
                shown = repr(cell if len(cell) <= 60 else f"{cell[:57]}...")
                raise UsageError(
                    f"{table.place(row)}: {name} is {shown}; it should look like {pattern}, as the argument {argument} "
                    "that takes it"
                )
            allowed.add(cell)


def _unknown(contract: Contract, name: str) -> str:
    """What is wrong with a column of this name; empty if it is known."""
    known = [*contract.observables, *contract.actions]
    if name in known:
        return ""
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known) or 'none'}"
    return f"is no observable or action of {contract.id}; {hint}"


def _joined(tables: Sequence[Table], contract: Contract) -> Dataset:
    """One row for each trajectory and time that any table has."""
    found = {name for table in tables for name in table.names}
    names, actions = (
        tuple(name for name in known if name in found) for known in (contract.observables, contract.actions)
    )
    numbers: dict[str, int] = {}
    owners = np.array(
        [numbers.setdefault(one, len(numbers)) for table in tables for one in table.trajectories]
    )
    times = np.concatenate([table.times for table in tables])
    places, first = _places(owners, times)
    values = np.full((len(first), len(names) + len(actions)), np.nan)
    texts: dict[str, list[str]] = {}
    begin = 0
    for table in tables:
        own = places[begin : begin + len(table.times)]
        _refuse_twice(table, own)
        _fill(values, own, table, (*names, *actions))
        _fill_texts(texts, len(first), own, table)
        begin += len(table.times)
    parts: list[Trajectory] = []
    for name, number in numbers.items():
        rows = np.flatnonzero(owners[first] == number)
        held = values[rows]
        said = {column: tuple(cells[row] for row in rows) for column, cells in texts.items()}
        numeric, done = frozen(held[:, : len(names)]), frozen(held[:, len(names) :])
        parts.append(Trajectory(name, frozen(times[first[rows]]), numeric, done, said))
    warnings = (*_about_order(tables), *_warnings(names, parts))
    dataset = Dataset(names, tuple(parts), actions)
    return replace(dataset, warnings=(*warnings, *_about_actions(dataset)))


def _places(owners: NDArray[np.int64], times: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row its number among the different (owner, time), and for each of those a row that has it."""
    order = np.lexsort((times, owners))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(owners[order]) != 0) | (np.diff(times[order]) != 0)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.cumsum(is_new) - 1
    return places, order[is_new]


def _fill(values: Array, places: NDArray[np.int64], table: Table, names: tuple[str, ...]) -> None:
    for column, name in enumerate(table.names):
        target = names.index(name)
        known, new = values[places, target], table.values[:, column]
        clash = (known != new) & ~np.isnan(known) & ~np.isnan(new)
        if clash.any():
            row = int(np.argmax(clash))
            raise UsageError(
                f"{table.place(row)}: {name} is {new[row]:g}, but {known[row]:g} in another file, "
                f"for trajectory {table.trajectories[row]} at t = {table.times[row]:g}"
            )
        values[places, target] = np.where(np.isnan(new), known, new)


def _fill_texts(texts: dict[str, list[str]], count: int, places: NDArray[np.int64], table: Table) -> None:
    for name, cells in table.texts.items():
        held = texts.setdefault(name, [""] * count)
        for row, (place, cell) in enumerate(zip(places.tolist(), cells, strict=True)):
            if cell and held[place] not in ("", cell):
                raise UsageError(f"{table.place(row)}: {name} is another text than in another file")
            held[place] = cell or held[place]


def _refuse_twice(table: Table, places: NDArray[np.int64]) -> None:
    seen: dict[int, int] = {}
    for row, place in enumerate(places.tolist()):
        if place in seen:
            raise UsageError(
                f"{table.place(row)}: trajectory {table.trajectories[row]} has t = {table.times[row]:g} "
                f"already in line {table.lines[seen[place]]}"
            )
        seen[place] = row


def _about_order(tables: Sequence[Table]) -> Iterator[str]:
    """Times that go back; rows are put in order, but perhaps the file is not what it seems."""
    found = []
    for table in tables:
        latest: dict[str, float] = {}
        for row, (name, time) in enumerate(zip(table.trajectories, table.times.tolist(), strict=True)):
            if time < latest.get(name, time):
                found.append(
                    f"{table.place(row)}: trajectory {name} goes back from t = {latest[name]:g} to {time:g}"
                )
            latest[name] = time
    if found:
        yield f"{found[0]}; rows were put in order{_more(found)}"


def _warnings(names: tuple[str, ...], parts: Sequence[Trajectory]) -> Iterator[str]:
    if len(parts) == 1:
        yield "there is one trajectory only, and none to validate with"
    yield from _about_columns(names, parts)
    short = [part.id for part in parts if len(part.times) == 1]
    if short:
        yield f"trajectory {short[0]} has one row only, and shows no change" + _more(short)
    yield from _about_gaps(parts)


def _about_columns(names: tuple[str, ...], parts: Sequence[Trajectory]) -> Iterator[str]:
    absent, constant = [], []
    for column, name in enumerate(names):
        held = np.concatenate([part.values[:, column] for part in parts])
        held = held[~np.isnan(held)]
        if not len(held):
            absent.append(name)
        elif len(held) > 1 and np.all(held == held[0]):
            constant.append(f"{name} is {held[0]:g}")
    if absent:
        yield f"{', '.join(absent)}: there is no value at all"
    if constant:
        yield f"{', '.join(constant)} everywhere; nothing can be learned from that"


def _about_gaps(parts: Sequence[Trajectory]) -> Iterator[str]:
    steps = np.concatenate([np.diff(part.times) for part in parts])
    if not len(steps):
        return
    usual = float(np.median(steps))
    wide = [
        (part.id, part.times[row], part.times[row + 1])
        for part in parts
        for row in np.flatnonzero(np.diff(part.times) > 1.5 * usual)
    ]
    if wide:
        name, before, after = wide[0]
        yield (
            f"trajectory {name} has a gap from t = {before:g} to {after:g}; steps are {usual:g} else"
            + _more(wide)
        )


def _about_actions(dataset: Dataset) -> Iterator[str]:
    gaps = [
        (one.id, one.times[row])
        for one, is_clear in zip(dataset.trajectories, clear_steps(dataset), strict=True)
        for row in np.flatnonzero(~is_clear)
    ]
    if gaps:
        name, time = gaps[0]
        yield (
            f"what was done in trajectory {name} from t = {time:g} on is not known: that step is left out, "
            f"and what follows it is not simulated from the beginning{_more(gaps)}"
        )


def _more(found: Sequence[object]) -> str:
    return f" (and {len(found) - 1} more like this)" if len(found) > 1 else ""
