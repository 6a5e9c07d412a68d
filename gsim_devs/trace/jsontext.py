"""One line of JSON, read slowly and to the letter. What is quick about reading is in `decoding`.

Stricter than `json`: no NaN or Infinity, no key twice, no half of a surrogate pair.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from .wording import shown

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"[ \t\r\n]*(:?)')


class NotJsonError(ValueError):
    """Says in a few words what is wrong with a line."""


def decoded(line: bytes) -> Any:
    """The value that a line holds; NotJsonError says why there is none."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJsonError(
            f"is not UTF-8: byte 0x{line[error.start]:02x} at column {error.start + 1}"
        ) from None
    try:
        value = _decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise NotJsonError(_why(text, error)) from None
    except UnicodeEncodeError:
        raise NotJsonError("holds half of a surrogate pair, which is no character") from None
    except RecursionError:
        raise NotJsonError("is nested too deeply") from None
    except NotJsonError:
        raise
    except ValueError:
        raise NotJsonError("holds an integer of more digits than can be read") from None
    return value


def members_in(line: bytes) -> int:
    """How many keys stand in a line that is valid JSON, each as often as it stands there."""
    return len(b"".join(_STRING.findall(line)))


def members_of(value: Any) -> int:
    """How many keys a value holds, at all depths."""
    if isinstance(value, dict):
        return len(value) + sum(map(members_of, value.values()))
    if isinstance(value, list):
        return sum(map(members_of, value))
    return 0


def breaks_off(text: str, error: json.JSONDecodeError) -> bool:
    """Whether a text would be fine if only it went on."""
    return not text[error.pos :].strip(" \t\r\n") or error.msg.startswith("Unterminated string")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise NotJsonError(f"has the key {shown(twice)} twice")
    return value


def _refuse(constant: str) -> NoReturn:
    raise NotJsonError(f"is not JSON: {constant} is no number there")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse).decode


def _why(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip(" \t\r\n"):
        return "is empty"
    if text.startswith("\ufeff"):
        return "is not JSON: it begins with a byte order mark"
    if breaks_off(text, error):
        return "is not JSON: it breaks off"
    return f"is not JSON: {error.msg[0].lower()}{error.msg[1:]} at column {error.pos + 1}"
