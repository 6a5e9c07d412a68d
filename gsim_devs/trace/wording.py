"""How values and names are shown in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST = 60
_MOST = 6
_encode = json.JSONEncoder(ensure_ascii=False).encode


def shown(value: Any) -> str:
    """A value as JSON shows it, cut where it gets long."""
    try:
        # Long texts and lists need not be written out to be cut.
        text = _encode(value[:_LONGEST] if isinstance(value, str | list) else value)
    except (ValueError, RecursionError):
        text = f"a very long {type(value).__name__}"
    return cut(text)


def cut(text: str, longest: int = _LONGEST) -> str:
    """The beginning of a text; what cannot be printed is shown as an escape, so that it does nothing to a terminal."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    if short.isprintable():
        return short
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in short
    )


def excerpt(line: bytes) -> str:
    """How a line begins."""
    return cut(line[: 4 * _LONGEST].decode("utf-8", "backslashreplace"))


def listed(names: Iterable[Any], last: str = "and") -> str:
    """Names or values in a row; of many only the first."""
    texts = [shown(name) for name in names]
    if len(texts) > _MOST:
        texts = [*texts[:_MOST], f"{len(texts) - _MOST} more"]
    return f" {last} ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else "none"


def nearest(name: str, names: Iterable[str]) -> str:
    """`(did you mean 'x'?)` where one is close."""
    close = get_close_matches(name[:_LONGEST], list(names), n=1)
    return f" (did you mean {shown(close[0])}?)" if close else ""
