"""Find what was asked for in a reply: a JSON object, or a block of code. Whether it is right, others say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

_OPENING = re.compile(r"[ \t]*(```+|~~~+)[ \t]*([\w+-]*)")
_CLOSING = re.compile(r"[ \t]*(```+|~~~+)[ \t]*")


def json_object(text: str) -> dict[str, Any]:
    """The JSON object that a reply is or holds; raises ValueError with a sentence that the writer can act on."""
    candidates = [text, *(block for language, block in _blocks(text) if language in ("", "json"))]
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        candidates.append(text[start : end + 1])
    complaint = "The reply holds no JSON object; answer with one JSON object and nothing else."
    for candidate in candidates:
        try:
            found = json.loads(candidate)
        except RecursionError:
            return {}
        except ValueError as error:
            if candidate.lstrip().startswith("{"):
                complaint = f"The reply is not valid JSON: {error}."
            continue
        if isinstance(found, dict):
            return found
    raise ValueError(complaint)


def code_block(text: str) -> str:
    """The longest block of code of a reply; raises ValueError where there is none."""
    blocks = [block for language, block in _blocks(text) if language in ("", "python", "py", "python3")]
    if not blocks:
        raise ValueError(
            "The reply holds no block of code; answer with one block that begins with ```python."
        )
    return str(max(blocks, key=len))


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Language and content of what stands between two equal fences; in one pass, as a reply may be all fences."""
    lines = text.split("\n")
    closings: dict[str, list[int]] = {}
    for number in range(len(lines) - 1, -1, -1):
        if closing := _CLOSING.fullmatch(lines[number]):
            closings.setdefault(closing[1], []).append(number)
    after = 0
    for number, line in enumerate(lines):
        opening = _OPENING.match(line) if number >= after else None
        if opening is None:
            continue
        waiting = closings.get(opening[1], [])
        while waiting and waiting[-1] <= number:
            waiting.pop()
        if waiting:
            after = waiting[-1] + 1
            yield opening[2], "".join(f"{held}\n" for held in lines[number + 1 : waiting[-1]])


def form_of(model: type[BaseModel]) -> str:
    """How a reply of this type looks, with what each key means; for prompts."""
    return "\n".join(_form(model.model_json_schema(), model.model_json_schema(), ""))


def _form(schema: dict[str, Any], whole: dict[str, Any], indent: str) -> list[str]:
    lines = ["{"]
    for name, field in schema["properties"].items():
        about = " ".join(field.get("description", "").split())
        value = _value(field, whole, f"{indent}  ")
        lines.append(f'{indent}  "{name}": {value[0]}' + (f"  // {about}" if about else ""))
        lines += value[1:]
    return [*lines, f"{indent}}}"]


def _value(field: dict[str, Any], whole: dict[str, Any], indent: str) -> list[str]:
    if "$ref" in field:
        return _form(whole["$defs"][field["$ref"].rpartition("/")[2]], whole, indent)
    if "anyOf" in field:
        return [" or ".join(_value(one, whole, indent)[0] for one in field["anyOf"])]
    if "enum" in field:
        return [" or ".join(json.dumps(one) for one in field["enum"])]
    if field.get("type") == "array":
        inner = _value(field["items"], whole, indent)
        if len(inner) == 1:
            return [f"[{inner[0]}, …]"]
        return [f"[{inner[0]}", *inner[1:-1], f"{inner[-1]}, …]"]
    return [str(field.get("type", "any"))]
