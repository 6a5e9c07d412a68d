"""Turn whatever a component raised into one error that says which component, when, where in its code, and why."""

from __future__ import annotations

import linecache
import traceback
from pathlib import PurePath
from typing import Any

from .clock import ARGUMENTS, HANDLER
from .errors import SimulationError

_HERE = PurePath(__file__).parent


def failure(
    error: BaseException, component: str, time: float, event: str, called: Any = None
) -> SimulationError:
    """The error to raise instead of `error`; `called`: the timer's handler, where it was one."""
    if isinstance(error, SimulationError):
        return error
    return SimulationError(_cause(error, called), component=component, time=time, event=event)


def _cause(error: BaseException, called: Any) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if PurePath(frame.filename).parent != _HERE
    ]
    if not own:
        return text + _definition(called)
    last = own[-1]
    return f"{text} ({PurePath(last.filename).name}, line {last.lineno}: {last.line})"


def _definition(called: Any) -> str:
    """Where a timer's handler stands: no line of it was reached, because it does not take what it was given."""
    code = getattr(called, "__code__", None)
    if code is None or PurePath(code.co_filename).parent == _HERE:
        return ""
    line = linecache.getline(code.co_filename, code.co_firstlineno).strip()
    return f" ({PurePath(code.co_filename).name}, line {code.co_firstlineno}: {line})"


def told_timer(entry: list[Any]) -> str:
    """A timer for people."""
    return f"{entry[HANDLER].__name__}({', '.join(map(_shown, entry[ARGUMENTS]))})"


def told(event: Any, message: Any) -> str:
    """An event for people: a text, or a handler and its message."""
    if isinstance(event, str):
        return event
    return f"{getattr(event, '__name__', 'its input')}({_shown(message)})"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
