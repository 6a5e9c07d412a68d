"""Read values that came as text or JSON: arguments of the command line, fields of stdin commands.

What a value may be is said by a declaration from the contract, as plain JSON: `{"type": "integer", "minimum": 1, …}`.
A value that does not fit raises ValueError with half a sentence, to be put behind the name of the value.
"""

from __future__ import annotations

import csv
import io
import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from .durations import SECONDS_PER_UNIT, seconds_of
from .errors import UsageError

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")
# Every whole number with so many digits has a float beside it.
_MOST_DIGITS = 300
_BOOLEANS = {"true": True, "false": False}
_BOUNDS: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("minimum", "at least", operator.ge),
    ("exclusive_minimum", "greater than", operator.gt),
    ("maximum", "at most", operator.le),
    ("exclusive_maximum", "less than", operator.lt),
)


def read(declaration: Mapping[str, Any], text: str, unit: str) -> Any:
    """The value that a text stands for; durations come out in `unit`."""
    kind = declaration["type"]
    if kind == "integer":
        return _whole(text)
    if kind == "number":
        return _number(text)
    if kind == "boolean":
        if text not in _BOOLEANS:
            raise ValueError(f"must be true or false, not {shown(text)}")
        return _BOOLEANS[text]
    if kind == "duration":
        return _duration(declaration["format"], text, unit)
    if kind == "file":
        return _content(declaration["format"], text)
    if kind == "choice" and text not in declaration["choices"]:
        raise ValueError(f"must be one of {', '.join(declaration['choices'])}, not {shown(text)}")
    return _text(text, declaration.get("pattern"))


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """The names and values of an option that is given as NAME=VALUE, once or more often."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{option} takes NAME=VALUE, not {text!r}")
        found[name] = value
    return found


def take(declaration: Mapping[str, Any], value: Any, unit: str) -> Any:
    """The value that a JSON value or a text stands for."""
    if isinstance(value, str):
        return read(declaration, value, unit)
    kind = declaration["type"]
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in ("integer", "number") and isinstance(value, int | float) and not isinstance(value, bool):
        # numpy's numbers are floats too, but show themselves in another way.
        return read(declaration, repr(value if isinstance(value, int) else float(value)), unit)
    raise ValueError(f"must be {_article(kind)}, not {shown(value)}")


def check_bounds(declaration: Mapping[str, Any], value: Any, others: Mapping[str, Any]) -> None:
    """Whether a value lies within its bounds, which may name other values."""
    for key, words, holds in _BOUNDS:
        bound = declaration.get(key)
        if bound is None:
            continue
        limit = others[bound] if isinstance(bound, str) else bound
        if not holds(value, limit):
            named = f"{bound} ({limit})" if isinstance(bound, str) else limit
            raise ValueError(f"must be {words} {named}, not {value}")


def shown(value: Any) -> str:
    """A value for a message: on one line, and not too long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=repr)
    return text if len(text) <= 100 else text[:97] + "..."


def _whole(text: str) -> int:
    if _NUMBER.fullmatch(text):
        number = Decimal(text)
        if number.adjusted() >= _MOST_DIGITS:
            raise ValueError(f"must have at most {_MOST_DIGITS} digits, not {number.adjusted() + 1}")
        if number == number.to_integral_value():
            return int(number)
    raise ValueError(f"must be a whole number, not {shown(text)}")


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(f"must be a number, not {shown(text)}")
    return float(text)


def _text(text: str, pattern: str | None) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # Bytes of the command line that are not UTF-8; or half a character, which JSON can write.
        raise ValueError(f"must be text in UTF-8, not {shown(text)}") from None
    if pattern and not re.fullmatch(pattern, text):
        raise ValueError(f"must look like {pattern}, not {shown(text)}")
    return text


def _duration(form: str, text: str, unit: str) -> float:
    try:
        seconds = seconds_of(text, form)
        if seconds is not None:
            return float(seconds / SECONDS_PER_UNIT[unit])
    except (OverflowError, ValueError):
        # More hours than a float can hold.
        pass
    raise ValueError(f"must be a time like {form}, not {shown(text)}")


def _content(form: str, path: str) -> Any:
    try:
        # Some editors put a mark of the encoding in front.
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"cannot read the file {shown(path)}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"cannot read the file {shown(path)}: {error}") from None
    try:
        if form == "csv":
            return tuple(_rows(text))
        if form == "json":
            return _parsed(text)
        if form == "jsonl":
            return tuple(_objects(text))
    except (csv.Error, ValueError, RecursionError) as error:
        raise ValueError(f"the file {shown(path)} is not {form}: {error}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of a table, by the names in its first line."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    names = next(lines, [])
    if len(set(names)) < len(names):
        raise ValueError("two columns have the same name")
    for cells in lines:
        if cells and len(cells) != len(names):
            raise ValueError(f"line {lines.line_num} has {len(cells)} cells, the first line {len(names)}")
        if cells:
            yield dict(zip(names, cells, strict=True))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found = _parsed(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
            if not isinstance(found, dict):
                raise ValueError(f"line {number} is no object")
            yield found


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _article(kind: str) -> str:
    return {"integer": "a whole number", "number": "a finite number", "boolean": "true or false"}.get(
        kind, "a text"
    )
