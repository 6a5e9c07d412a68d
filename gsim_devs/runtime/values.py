"""Read values that came as text or JSON: arguments of the command line, fields of stdin commands.

What a value may be is said by a declaration from the contract, as plain JSON: `{"type": "integer", "minimum": 1, …}`.
A value that does not fit raises ValueError with half a sentence, to be put behind the name of the value.
"""

from __future__ import annotations

import csv
import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .durations import SECONDS_PER_UNIT, seconds_of

_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
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
            raise ValueError(f"must be true or false, not {text!r}")
        return _BOOLEANS[text]
    if kind == "duration":
        return _duration(declaration["format"], text, unit)
    if kind == "choice" and text not in declaration["choices"]:
        raise ValueError(f"must be one of {', '.join(declaration['choices'])}, not {text!r}")
    if kind == "text" and declaration["pattern"] and not re.fullmatch(declaration["pattern"], text):
        raise ValueError(f"must look like {declaration['pattern']}, not {text!r}")
    if kind == "file":
        return _content(declaration["format"], text)
    return text


def take(declaration: Mapping[str, Any], value: Any, unit: str) -> Any:
    """The value that a JSON value or a text stands for."""
    if isinstance(value, str):
        return read(declaration, value, unit)
    kind = declaration["type"]
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if (
        kind == "number"
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    ):
        return float(value)
    raise ValueError(f"must be {_article(kind)}, not {json.dumps(value, default=repr)[:100]}")


def check_bounds(declaration: Mapping[str, Any], value: Any, others: Mapping[str, Any]) -> None:
    """Whether a value lies within its bounds, which may name other values."""
    for key, words, holds in _BOUNDS:
        bound = declaration.get(key)
        if bound is None:
            continue
        limit = others[bound] if isinstance(bound, str) else bound
        if not holds(value, limit):
            named = f"{bound} ({limit:g})" if isinstance(bound, str) else f"{bound:g}"
            raise ValueError(f"must be {words} {named}, not {value:g}")


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and float(text).is_integer():
        return int(float(text))
    raise ValueError(f"must be a whole number, not {text!r}")


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(f"must be a number, not {text!r}")
    return float(text)


def _duration(form: str, text: str, unit: str) -> float:
    seconds = seconds_of(text, form)
    if seconds is None:
        raise ValueError(f"must be a time like {form}, not {text!r}")
    return float(seconds / SECONDS_PER_UNIT[unit])


def _content(form: str, path: str) -> Any:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the file {path!r}: {error}") from None
    try:
        if form == "csv":
            return tuple(dict(row) for row in csv.DictReader(text.splitlines(), strict=True))
        if form == "json":
            return json.loads(text)
        if form == "jsonl":
            return tuple(json.loads(line) for line in text.splitlines() if line.strip())
    except (csv.Error, ValueError, RecursionError) as error:
        raise ValueError(f"the file {path!r} is not {form}: {error}") from None
    return text


def _article(kind: str) -> str:
    return {"integer": "a whole number", "number": "a finite number", "boolean": "true or false"}.get(
        kind, "a text"
    )
