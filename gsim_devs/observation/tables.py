"""Files with a table of numbers each: CSV, and Parquet where pyarrow is installed. What the columns mean: `loading`.

The columns `trajectory` (any text) and `t` (a number) say what a row is about; a cell that is empty, `NA` or `nan` is
missing.
"""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from gsim_devs.errors import UsageError

from .datasets import Array

KEYS = ("trajectory", "t")
LARGEST_FILE = 1 << 29
"""In bytes; a larger file is refused."""

_MISSING = ("", "na", "nan", "null")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The rows of one file."""

    source: str
    """Names the file in messages."""

    names: tuple[str, ...]
    """The columns of `values`: all but the keys and the texts."""

    trajectories: tuple[str, ...]
    """Whom each row is about."""

    times: Array
    """When, (n,)."""

    values: Array
    """The cells, (n, columns); nan where missing."""

    texts: Mapping[str, tuple[str, ...]]
    """The columns that hold texts, by name; empty where missing."""

    lines: tuple[int, ...]
    """Where each row stands in the file."""

    def place(self, row: int) -> str:
        """Where a row stands, for a message."""
        return f"{self.source}: line {self.lines[row]}"


def read_table(path: str | Path, texts: Container[str] = ()) -> Table:
    """Read one file, where the columns of `texts` hold texts; UsageError says which cell of which line is wrong."""
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no file")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UsageError(f"{path}: has {size} bytes; at most {LARGEST_FILE} are read, so divide the file")
        return _collected(str(path), _parquet(path) if path.suffix == ".parquet" else _csv(path), texts)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


_Row = tuple[int, Sequence[str]]


def _csv(path: Path) -> Iterator[_Row]:
    """The lines of the file and the cells in them, first those of the header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise UsageError(f"{path}: line {reader.line_num}: is not CSV: {error}") from None
        except UnicodeDecodeError:
            raise UsageError(f"{path}: not UTF-8 text") from None


def _parquet(path: Path) -> Iterator[_Row]:
    try:
        # It is no dependency of ours, so that a type checker need not find it.
        pyarrow, parquet = map(import_module, ("pyarrow", "pyarrow.parquet"))
    except ImportError:
        raise UsageError(
            f"{path}: reading Parquet needs pyarrow; install it, or save the table as CSV"
        ) from None
    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        yield 0, names
        number = 0
        for batch in file.iter_batches():
            for row in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                number += 1
                yield number, ["" if cell is None else str(cell) for cell in row]
    except pyarrow.ArrowException as error:
        raise UsageError(f"{path}: is not Parquet: {str(error).splitlines()[0]}") from None


def _collected(source: str, rows: Iterator[_Row], texts: Container[str]) -> Table:
    header = _header(source, next(rows, (1, ()))[1])
    names = tuple(name for name in header if name not in KEYS and name not in texts)
    columns = [(name, header.index(name)) for name in names]
    said: dict[str, list[str]] = {name: [] for name in header if name not in KEYS and name in texts}
    trajectory, time = (header.index(key) for key in KEYS)
    ids, lines, times, values = [], array("l"), array("d"), array("d")
    known: dict[str, str] = {}
    for line, cells in rows:
        place = f"{source}: line {line}"
        if len(cells) != len(header):
            raise UsageError(f"{place}: has {len(cells)} cells, the header {len(header)}")
        name = cells[trajectory].strip()
        if not name:
            raise UsageError(f"{place}: trajectory is missing; every row needs the name of its trajectory")
        # One string for all rows of a trajectory.
        ids.append(known.setdefault(name, name))
        lines.append(line)
        times.append(_time(place, cells[time]))
        values.extend(_number(place, name, cells[column]) for name, column in columns)
        for name, held in said.items():
            held.append(cells[header.index(name)])
    if not ids:
        raise UsageError(f"{source}: has no rows")
    return Table(
        source,
        names,
        tuple(ids),
        np.array(times, dtype=np.float64),
        np.array(values, dtype=np.float64).reshape(len(ids), len(names)),
        {name: tuple(held) for name, held in said.items()},
        tuple(lines),
    )


def _time(place: str, cell: str) -> float:
    time = _number(place, "t", cell)
    if math.isnan(time):
        raise UsageError(f"{place}: t is missing; every row needs the time that it is about")
    return time


def _header(source: str, cells: Sequence[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    for key in KEYS:
        if key not in header:
            raise UsageError(
                f"{source}: has no column {key!r}; the columns are trajectory, t, and observables"
            )
    if twice := [name for i, name in enumerate(header) if name in header[:i]]:
        raise UsageError(f"{source}: has two columns called {twice[0]!r}")
    return header


def _number(place: str, name: str, cell: str) -> float:
    text = cell.strip()
    if text.lower() in _MISSING:
        return math.nan
    try:
        # Python takes 1_000 for a number.
        number = float(text.replace("_", "?"))
    except ValueError:
        shown = repr(text if len(text) <= 40 else text[:37] + "...")
        raise UsageError(
            f"{place}: {name} is {shown}; it should be a number, or empty where it is missing"
        ) from None
    if math.isinf(number):
        raise UsageError(f"{place}: {name} is infinite; it should be a finite number")
    return number
