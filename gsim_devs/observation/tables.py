"""Files with a table of numbers each: CSV, and Parquet (`parquet`). What the columns mean: `loading`.

The columns `trajectory` (any text) and `t` (a number) say what a row is about; a cell that is empty, `NA` or `nan` is
missing. Whatever stands in a file, what is kept of it is bounded.
"""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from gsim_devs.errors import UsageError

from .datasets import Array
from .parquet import SUFFIX, read_parquet

KEYS = ("trajectory", "t")
LARGEST_FILE = 1 << 29
"""In bytes; a larger file is refused."""
LONGEST_ROW = 1 << 20
"""In characters."""
MOST_CELLS = 20_000_000
"""Numbers that are read from one file."""

_LONGEST_NAME = 200
_MISSING = ("", "na", "nan", "null")
_LIKE = {
    "trajectory": {"trajectory", "trajectory_id", "trajectories", "run", "id"},
    "t": {"t", "time", "hour", "day", "days", "date", "week", "month", "year", "step"},
}
"""What the columns of keys are called by others, in small letters."""
_UNIT = ", and let it hold numbers in the contract's unit of time"
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


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

    row: str = "line"
    """What such a place is called."""

    def place(self, row: int) -> str:
        """Where a row stands, for a message."""
        return f"{self.source}: {self.row} {self.lines[row]}"


def read_table(
    path: str | Path, texts: Container[str] = (), unknown: Callable[[str], str] = lambda name: ""
) -> Table:
    """Read one file; UsageError says which cell of which line is wrong.

    Args:
        path: the file.
        texts: the columns that hold texts.
        unknown: what is wrong with a column of this name, before any of its cells is looked at; nothing if empty.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no file")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UsageError(f"{path}: has {size} bytes; at most {LARGEST_FILE} are read, so divide the file")
        if not size:
            raise UsageError(f"{path}: is empty")
        if path.suffix == SUFFIX:
            return _collected(str(path), read_parquet(path, MOST_CELLS), texts, unknown, "row")
        return _collected(str(path), _csv(path), texts, unknown, "line")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None


_Row = tuple[int, Sequence[str]]


def _csv(path: Path) -> Iterator[_Row]:
    """The lines of the file and the cells in them, first those of the header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = _Lines(path, file)
        reader = csv.reader(lines, strict=True)
        try:
            for cells in reader:
                lines.begin_row()
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise UsageError(f"{path}: line {reader.line_num}: is not CSV: {error}") from None
        except UnicodeDecodeError:
            raise UsageError(f"{path}: not UTF-8 text; save it as UTF-8") from None


class _Lines:
    """The lines of a file, as far as a row is not too long; a row may go over several of them."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self._path, self._file = path, file
        self._number = 0
        self.begin_row()

    def begin_row(self) -> None:
        self._left = LONGEST_ROW

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(self._left + 1)
        if not line:
            raise StopIteration
        self._number += 1
        self._left -= len(line)
        if self._left < 0:
            raise UsageError(
                f"{self._path}: line {self._number}: the row has more than {LONGEST_ROW} characters; "
                "is it a table of numbers?"
            )
        return line


def _collected(
    source: str, rows: Iterator[_Row], texts: Container[str], unknown: Callable[[str], str], row: str
) -> Table:
    header = _header(source, next(rows, (1, ()))[1])
    names = tuple(name for name in header if name not in KEYS and name not in texts)
    for name in names:
        if wrong := unknown(name):
            raise UsageError(f"{source}: the column {_shown(name)} {wrong}")
    columns = [(name, header.index(name)) for name in names]
    said: dict[str, list[str]] = {name: [] for name in header if name not in KEYS and name in texts}
    trajectory, time = (header.index(key) for key in KEYS)
    ids, lines, times, values = [], array("l"), array("d"), array("d")
    known: dict[str, str] = {}
    for line, cells in rows:
        place = f"{source}: {row} {line}"
        if len(cells) != len(header):
            raise UsageError(
                f"{place}: has {len(cells)} cells, the header {len(header)}{_why(cells, header)}"
            )
        if len(lines) * len(header) >= MOST_CELLS:
            raise UsageError(f"{place}: more than {MOST_CELLS} cells are too many, so divide the file")
        name = cells[trajectory].strip()
        # One string for all rows of a trajectory.
        ids.append(known.get(name) or known.setdefault(name, _named(place, name)))
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
        row,
    )


def _why(cells: Sequence[str], header: Sequence[str]) -> str:
    """Perhaps this."""
    return "; a number with a decimal comma is two cells, so write decimal points" * (
        len(cells) > len(header)
    )


def _named(place: str, name: str) -> str:
    if not name:
        raise UsageError(f"{place}: trajectory is missing; every row needs the name of its trajectory")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"{place}: trajectory is {_shown(name)}; a name has at most {_LONGEST_NAME} characters that can be printed"
        )
    return name


def _time(place: str, cell: str) -> float:
    try:
        time = _number(place, "t", cell)
    except UsageError as error:
        raise UsageError(
            str(error).replace(", or empty where it is missing", " in the contract's unit of time")
        ) from None
    if math.isnan(time):
        raise UsageError(f"{place}: t is missing; every row needs the time that it is about")
    return time


def _header(source: str, cells: Sequence[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    for key in KEYS:
        if key not in header:
            raise UsageError(f"{source}: has no column {key!r}; {_instead(key, header)}")
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        raise UsageError(f"{source}: has two columns called {_shown(twice[0])}")
    return header


def _instead(key: str, header: Sequence[str]) -> str:
    """What the columns should be, and what to do if they are there in another form."""
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if any(mark in cell and key in (part.strip() for part in cell.split(mark)) for cell in header[:2]):
            return f"its columns are separated by {name}: separate them by commas, and write decimal points"
    if near := [name for name in header if name.lower() in _LIKE[key]]:
        return f"is it {_shown(near[0])}? name that column {key}" + _UNIT * (key == "t")
    return "the columns are trajectory, t, and observables"


def _number(place: str, name: str, cell: str) -> float:
    text = cell.strip()
    if text.lower() in _MISSING:
        return math.nan
    try:
        # Python takes 1_000 for a number.
        number = float(text.replace("_", "?"))
    except ValueError:
        wanted = "a number, or empty where it is missing"
        if _DECIMAL_COMMA.fullmatch(text):
            wanted = "a number with a decimal point"
        raise UsageError(f"{place}: {name} is {_shown(text)}; it should be {wanted}") from None
    if math.isinf(number):
        raise UsageError(f"{place}: {name} is infinite; it should be a finite number")
    return number


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
