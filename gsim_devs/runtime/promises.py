"""What a component with handlers says of itself, and whether it keeps it; looked at when a model is built."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from .atomic import Atomic

_CLASSIC_METHODS = ("ta", "lambdaf", "deltint", "deltext", "deltcon", "initialize", "exit")


def broken_promises(path: str, model: Atomic) -> list[str]:
    """One sentence for each thing that a component cannot be run with."""
    early = (f"{path}: {type(model).__name__} {deed} in __init__; {advice}" for deed, advice in _early(model))
    return [*early, *(f"{path}: {defect}" for defect in (*_ports(model), *_of_class(type(model))))]


def _early(model: Atomic) -> Iterator[tuple[str, str]]:
    """What it has done before the simulation."""
    seat = model._seat
    if seat.timeline.due or seat.outbox:
        yield "sets a timer or sends", "do it in start, at time 0"
    if seat.has_spoken:
        yield "emits", "do it in start, at time 0"
    if seat.rng is not None or seat.draw is not None:
        yield "draws random numbers", "do it in start, where its stream is known"


def _ports(model: Atomic) -> Iterator[str]:
    kind = type(model).__name__
    own = {**model.input, **model.output}
    for name in model._declared_ports:
        if getattr(model, name) is not own.get(name):
            yield f"{kind} overwrites its port {name}; give the field another name"
    for name in model.input:
        handler = getattr(model, f"on_{name}", None)
        if handler is None:
            yield f"{name} has no handler; write a method on_{name}(self, message) in {kind}"
        elif not _takes_a_message(getattr(handler, "__func__", handler), hasattr(handler, "__self__")):
            yield f"on_{name} must take exactly one argument besides self, the message"


@cache
def _takes_a_message(function: Callable[..., Any], is_method: bool) -> bool:
    try:
        inspect.signature(function).bind(*([None, None] if is_method else [None]))
    except TypeError:
        return False
    return True


@cache
def _of_class(kind: type[Atomic]) -> list[str]:
    """What is wrong with every component of a class."""
    mixed = [name for name in _CLASSIC_METHODS if getattr(kind, name) is not getattr(Atomic, name)]
    return [
        *(f"{kind.__name__} defines {name}; a component with handlers and timers must not" for name in mixed),
        *(
            f"{name} waits (yield or await) and would never run; set a timer instead"
            for name in _waiting(kind)
        ),
    ]


def _waiting(kind: type) -> list[str]:
    """The handlers that are generators or coroutines."""
    names = [name for name in dir(kind) if name in {"start", "stop"} or name.startswith("on_")]
    return [
        name
        for name in names
        if inspect.isgeneratorfunction(getattr(kind, name))
        or inspect.iscoroutinefunction(getattr(kind, name))
    ]
