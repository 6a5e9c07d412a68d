"""Give a running model other parameters, by its components' fields.

A component takes parameters in `__init__` and holds them under names of its own, or what it works out from them. So two
models are built, one with the old parameters and one with the new ones: where the fields of a component differ, the
running component gets what the new one holds, if it still holds what the old one does. What has become something else
meanwhile is state, and only the component knows what it would be: that is refused, and so is a function that remembers
a parameter. Nothing is written unless everything can be.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from xdevs.models import Component, Port

from .atomic import Seat
from .copies import fields_of
from .errors import UsageError
from .wiring import Wiring, flatten

# What xdevs and this runtime keep in a component. How long a classic component waits is a timer that runs already.
_MACHINERY = frozenset(
    ("name", "parent", "input", "output", "in_ports", "out_ports", "_seat", "phase", "sigma")
)
_NAMED = (type, ModuleType, BuiltinFunctionType)
_NOTHING = object()
_SIMPLE = (bool, int, float, complex, str, bytes, bytearray, set, frozenset, range, slice, type(None))


class _Step(NamedTuple):
    """One step on the way to a value: into a field of an object, or to an item of a list, tuple or dict."""

    into_field: bool
    key: Any


class Difference(NamedTuple):
    """A value in which two models differ."""

    component: str
    """The path of the component."""
    way: tuple[_Step, ...]
    """Where in the component it is."""
    before: Any
    after: Any

    @property
    def place(self) -> str:
        """Where it is, as one would write it."""
        return self.component + "".join(f".{key}" if field else f"[{key!r}]" for field, key in self.way)


def differences(before: Component, after: Component) -> list[Difference]:
    """What the fields of two models' atomic components differ in, both built by the same code and not yet run."""
    old, new = flatten(before), flatten(after)
    if _shape(old) != _shape(new):
        raise UsageError("it decides which components there are, or how they are connected")
    try:
        found = [
            difference
            for one, other in zip(old.parts, new.parts, strict=True)
            for difference in _component_differences(one.path, one.component, other.component)
        ]
        for difference in found:
            if not _is_data(difference.after):
                raise UsageError(
                    f"{difference.place} may depend on it and is no plain value; let the component hold the "
                    "parameter in a field, and use that field"
                )
    except RecursionError:
        raise UsageError("what depends on it is nested too deeply") from None
    return found


def write(nodes: Iterable[Any], found: Iterable[Difference]) -> None:
    """Write the differences into the components of a kernel that are at these places; all of them or none."""
    models = {node.path: node.model for node in nodes}
    try:
        for difference in found:
            _check(models[difference.component], difference)
    except RecursionError:
        raise UsageError("what depends on it is nested too deeply") from None
    for difference in found:
        _written(models[difference.component], difference.way, difference.after)


def _check(model: Any, difference: Difference) -> None:
    """Whether a component still holds what it was given."""
    value = model
    for step in difference.way:
        value = _held(value).get(step, _NOTHING)
    if not _same(value, difference.before):
        raise UsageError(
            f"{difference.place} was {_told(difference.before)} when the component was made, and is something else "
            "by now; let the component hold the parameter in a field of its own that it never changes"
        )


def _written(holder: Any, way: tuple[_Step, ...], value: Any) -> Any:
    """What stands for the holder once a value in it has been replaced: itself, where it can be changed."""
    step, *rest = way
    held = _held(holder)[step]
    fresh = _written(held, tuple(rest), value) if rest else value
    if fresh is held:
        return holder
    if step.into_field:
        # What is frozen may have been sent to others.
        frozen = getattr(type(holder), "__dataclass_params__", None)
        twin = copy.copy(holder) if frozen and frozen.frozen else holder
        object.__setattr__(twin, step.key, fresh)
        return twin
    if isinstance(holder, tuple):
        items = [fresh if place == step.key else item for place, item in enumerate(holder)]
        make: Any = getattr(type(holder), "_make", type(holder))
        return make(items)
    holder[step.key] = fresh
    return holder


def _shape(wiring: Wiring) -> tuple[Any, ...]:
    """Which components a model has, and how they are connected."""
    paths = {id(part.component): part.path for part in wiring.parts}

    def name(port: Any) -> tuple[str, str]:
        return paths.get(id(port.parent), ""), port.name

    parts = [(part.path, type(part.component)) for part in wiring.parts]
    leads = [(name(port), [name(source) for source in sources]) for port, sources in wiring.sources.items()]
    return parts, leads


def _component_differences(path: str, old: Component, new: Component) -> Iterator[Difference]:
    one, other = _own_parts(old), _own_parts(new)
    if one.keys() != other.keys():
        raise UsageError(f"it decides which fields {path} has")
    seen: set[tuple[int, int]] = set()
    for step, value in one.items():
        yield from _differences(path, (step,), value, other[step], seen)


def _differences(
    path: str, way: tuple[_Step, ...], old: Any, new: Any, seen: set[tuple[int, int]]
) -> list[Difference]:
    """`seen`: what is above on this way, or was found to be alike."""
    pair = id(old), id(new)
    if old is new or pair in seen:
        return []
    one, other = _parts(old), _parts(new)
    if type(old) is not type(new) or not one or one.keys() != other.keys() or _room(old) != _room(new):
        return [] if _same(old, new) else [Difference(path, way, old, new)]
    seen.add(pair)
    found = [
        difference
        for step, value in one.items()
        for difference in _differences(path, (*way, step), value, other[step], seen)
    ]
    if found:
        # Another way to the same place may lead to another one in the component that runs.
        seen.remove(pair)
    return found


def _held(holder: Any) -> Mapping[_Step, Any]:
    """What a component or a value in it holds, by the step that leads there."""
    return _own_parts(holder) if isinstance(holder, Component) else _parts(holder)


def _own_parts(model: Component) -> dict[_Step, Any]:
    ports = {id(port) for port in (*model.in_ports, *model.out_ports)}
    return {
        _Step(True, name): value
        for name, value in fields_of(model).items()
        if name not in _MACHINERY and id(value) not in ports
    }


def _parts(value: Any) -> Mapping[_Step, Any]:
    """What a value is made of; nothing where it is taken as a whole."""
    kind: Any = type(value)
    if kind is dict:
        return {_Step(False, key): item for key, item in value.items()}
    # Of subclasses, only named tuples are their items and nothing else.
    if kind in {list, tuple, deque} or (isinstance(value, tuple) and hasattr(kind, "_fields")):
        return {_Step(False, place): item for place, item in enumerate(value)}
    is_plain = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    if not is_plain or isinstance(
        value, (*_SIMPLE, *_NAMED, Component, Port, Seat, FunctionType, MethodType)
    ):
        return {}
    return {_Step(True, name): held for name, held in fields_of(value).items()}


def _room(value: Any) -> int | None:
    """How many items it can hold, where that is decided when it is made."""
    return value.maxlen if isinstance(value, deque) else None


def _same(one: Any, other: Any, above: frozenset[tuple[int, int]] = frozenset()) -> bool:
    """Whether two values are alike all through, whoever made them."""
    pair = id(one), id(other)
    if one is other or pair in above:
        return True
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isinstance(one, bool) == isinstance(other, bool) and (
            one == other or (one != one and other != other)
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, (*_SIMPLE, *_NAMED)):
        return bool(one == other)
    if isinstance(one, Component | Port | Seat):
        # A component is looked at where it stands in the model.
        return True
    return _all_same(_inside(one), _inside(other), above | {pair})


def _all_same(one: Any, other: Any, above: frozenset[tuple[int, int]]) -> bool:
    if one is None or other is None or one.keys() != other.keys():
        return False
    return all(_same(value, other[key], above) for key, value in one.items())


def _inside(value: Any) -> Mapping[Any, Any] | None:
    """Everything that makes up a value, its parts or what a copy of it would be made of; None where nobody can tell."""
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return dict(enumerate((value.__code__, value.__defaults__, value.__kwdefaults__, cells)))
    if isinstance(value, MethodType):
        return {0: value.__func__, 1: value.__self__}
    if type(value) in {dict, list, tuple}:
        return _parts(value)
    try:
        recipe = value.__reduce_ex__(4)
    except TypeError:
        # What has no recipe may still say what it is. Where it is says nothing.
        text = repr(value)
        return None if " at 0x" in text else {0: text}
    if isinstance(recipe, str):
        return {0: recipe}
    return {place: list(item) if place > 2 and item else item for place, item in enumerate(recipe[:5])}


def _is_data(value: Any, above: frozenset[int] = frozenset()) -> bool:
    """Whether a value can be compared, and handed to another component as it is: no functions, no components."""
    if id(value) in above:
        return True
    if callable(value) or isinstance(value, Component | Port):
        return False
    if not isinstance(value, _SIMPLE) and _inside(value) is None:
        return False
    return all(_is_data(item, above | {id(value)}) for item in _parts(value).values())


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
