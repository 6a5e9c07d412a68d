"""Tables in Parquet files, cell by cell as texts: as a CSV file would hold them. Needs pyarrow, which is optional.

A file says itself how much is in it; that is looked at before anything is unpacked. Leaves out what cells mean.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from gsim_devs.errors import UsageError

SUFFIX = ".parquet"
"""A file whose name ends like this is Parquet."""

_LARGEST = 1 << 30
"""In bytes, unpacked."""
_MOST_COLUMNS = 1000
_LONGEST_TEXT = 1 << 17
_AT_ONCE = 1 << 14


def ensure_available(path: Path) -> Any:
    """The package and its module for Parquet; a UsageError where they are not installed."""
    try:
        # It is no dependency of ours, so that a type checker need not find it.
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError(f"{path}: Parquet needs pyarrow; install it, or use CSV") from None


def read_parquet(path: Path, most_cells: int) -> Iterator[tuple[int, Sequence[str]]]:
    """The number and the cells of each row, first the names of the columns as row 0."""
    pyarrow, parquet = ensure_available(path)
    try:
        with parquet.ParquetFile(
            path, thrift_string_size_limit=_LARGEST >> 4, thrift_container_size_limit=1 << 20
        ) as file:
            _refuse_the_large(path, file.metadata, most_cells)
            schema = file.schema_arrow
            for field in schema:
                _refuse_type(path, pyarrow, field)
            yield 0, schema.names
        # Texts that are the same stay one text: unpacked they could be any size.
        texts = [field.name for field in schema if not _is_number(pyarrow, field.type)]
        with parquet.ParquetFile(path, read_dictionary=texts) as file:
            number = 0
            for batch in file.iter_batches(_AT_ONCE):
                for row in zip(*(_cells(path, column) for column in batch.columns), strict=True):
                    number += 1
                    yield number, row
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UsageError(f"{path}: is not Parquet: {str(error).partition(chr(10))[0]}") from None


def write_parquet(path: Path, columns: Mapping[str, Sequence[float | str]], texts: Container[str]) -> None:
    """Write columns, those called like this as texts, the others as numbers; what is empty is missing."""
    pyarrow, parquet = ensure_available(path)
    arrays = {
        name: pyarrow.array(
            [None if cell == "" else cell for cell in cells],
            pyarrow.string() if name in texts else pyarrow.float64(),
        )
        for name, cells in columns.items()
    }
    parquet.write_table(pyarrow.table(arrays), path)


def _refuse_the_large(path: Path, metadata: Any, most_cells: int) -> None:
    if metadata.num_columns > _MOST_COLUMNS:
        raise UsageError(f"{path}: has {metadata.num_columns} columns; at most {_MOST_COLUMNS} are read")
    if metadata.num_rows * metadata.num_columns > most_cells:
        raise UsageError(
            f"{path}: has {metadata.num_rows} rows of {metadata.num_columns} cells; at most {most_cells} cells are "
            "read, so divide the file"
        )
    size = sum(metadata.row_group(one).total_byte_size for one in range(metadata.num_row_groups))
    if size > _LARGEST:
        raise UsageError(
            f"{path}: has {size} bytes unpacked; at most {_LARGEST} are read, so divide the file"
        )


def _refuse_type(path: Path, pyarrow: Any, field: Any) -> None:
    kind = field.type.value_type if pyarrow.types.is_dictionary(field.type) else field.type
    is_text = pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)
    if not (is_text or _is_number(pyarrow, kind) or pyarrow.types.is_null(kind)):
        raise UsageError(
            f"{path}: the column {field.name!r} is of type {str(kind)[:80]}; columns hold numbers or texts"
        )


def _is_number(pyarrow: Any, kind: Any) -> bool:
    return bool(
        pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind) or pyarrow.types.is_decimal(kind)
    )


def _cells(path: Path, column: Any) -> list[str]:
    if hasattr(column, "dictionary"):
        words = ["" if one is None else str(one) for one in column.dictionary.to_pylist()]
        if any(len(word) > _LONGEST_TEXT for word in words):
            raise UsageError(f"{path}: holds a text of more than {_LONGEST_TEXT} characters")
        return ["" if at is None else words[at] for at in column.indices.to_pylist()]
    return ["" if cell is None else str(cell) for cell in column.to_pylist()]
