"""One recording: a request, the reply to it, who gave it and when, as JSON that is read and compared line by line.

A text of several lines is stored as `{"$lines": [...]}`, so that a change of one line is a change of one line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .failures import DamagedRecordingError
from .messages import Reply, Request

_FORM = 1
_LINES = "$lines"
_ESCAPED = re.compile(r"\$+lines\Z")
_MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Recording:
    """A request and the reply to it."""

    question: Mapping[str, Any]
    """What the reply depends on."""
    reply: Reply
    """As it was given."""
    recorded: str
    """The day on which it was given."""

    def answers(self, request: Request) -> bool:
        return digest(self.question) == digest(question_of(request))

    def difference(self, request: Request) -> str:
        """What changed since it was recorded, as a unified diff."""
        before, after = (
            _written(one).splitlines(keepends=True) for one in (self.question, question_of(request))
        )
        return "".join(unified_diff(before, after, "recorded", "asked now", n=2))


def question_of(request: Request) -> dict[str, Any]:
    """All that a reply depends on, as plain JSON: not the slot, and not the service."""
    said = request.model_dump(mode="json", exclude={"slot"})
    if request.reply_schema is None:
        # What is left out today may be added tomorrow without changing what was recorded.
        del said["reply_schema"]
    plain: dict[str, Any] = json.loads(json.dumps(said))
    return plain


def digest(question: Mapping[str, Any]) -> str:
    """The same for equal requests, whatever the order of their keys."""
    return hashlib.sha256(
        json.dumps(question, sort_keys=True, separators=(",", ":")).encode("ascii")
    ).hexdigest()


def write(path: Path, recording: Recording) -> None:
    """Write it whole or not at all."""
    data = {
        "form": _FORM,
        "answered_by": recording.reply.model,
        "recorded": recording.recorded,
        "request_sha256": digest(recording.question),
        "request": recording.question,
        "reply": recording.reply.model_dump(
            mode="json", exclude={"model", "replayed", "recorded"}, exclude_none=True
        ),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    # What no encoding has, half a surrogate pair, is escaped as JSON escapes it.
    unfinished.write_bytes(_written(data).encode("utf-8", "backslashreplace"))
    unfinished.replace(path)


def read(path: Path) -> Recording:
    """Read a file; raises DamagedRecordingError with a sentence."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES} bytes")
        data = _joined(json.loads(path.read_bytes()))
        if data["form"] != _FORM:
            raise ValueError(f"its form is {data['form']!r}, and this version reads {_FORM}")
        question = data["request"]
        if digest(question) != data["request_sha256"]:
            raise ValueError("the request was changed by hand: it does not fit its request_sha256")
        told = {"model": data["answered_by"], "replayed": True, "recorded": data["recorded"]}
        return Recording(question, Reply.model_validate({**data["reply"], **told}), data["recorded"])
    except KeyError as error:
        raise _damaged(path, f"it has no {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, str(error)) from None


def _damaged(path: Path, cause: str) -> DamagedRecordingError:
    return DamagedRecordingError(
        f"{path}: no recording that can be read: {cause}; restore the file, or delete it and record it again"
    )


def _written(data: Any) -> str:
    return json.dumps(_split(data), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _split(data: Any) -> Any:
    if isinstance(data, str):
        return {_LINES: data.split("\n")} if "\n" in data else data
    if isinstance(data, Mapping):
        return {f"${key}" if _ESCAPED.match(key) else key: _split(value) for key, value in data.items()}
    return [_split(one) for one in data] if isinstance(data, list | tuple) else data


def _joined(data: Any) -> Any:
    if isinstance(data, dict):
        if set(data) == {_LINES}:
            return "\n".join(data[_LINES])
        return {key[1:] if _ESCAPED.match(key) else key: _joined(value) for key, value in data.items()}
    return [_joined(one) for one in data] if isinstance(data, list) else data
