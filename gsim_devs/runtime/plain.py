"""Values of running components as JSON, and back. What JSON has no word for is written as {"$kind": …}.

What there is a word for: numbers, texts, None, lists, tuples, dicts, sets, deques, dataclasses such as messages, enums,
random generators, arrays and numbers of numpy. Anything else is refused by name. Whatever can be changed and is held
in several places is written once, in `shared`, and is one object again when it is read. Sets have no order, and may
come back in another one.

What is read may come from anybody: it makes values of these kinds and dataclasses and enums of modules that are
loaded already, past their __init__, and nothing else. Values that do not fit raise ValueError, KeyError or TypeError.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import random
import re
import sys
from collections import deque
from collections.abc import Callable
from inspect import getattr_static
from types import MemberDescriptorType, ModuleType
from typing import Any

from .copies import fields_of
from .errors import UsageError

_DTYPE = re.compile(r"[<>|=][biuf][0-9]{1,2}")
_KEY = re.compile(r"[0-9a-f]{64}")


class Writer:
    """Writes the values of one snapshot; `settled` gives their final form once all are written."""

    def __init__(self) -> None:
        self.shared: list[Any] = []
        self._cells: dict[int, _Cell] = {}

    def write(self, value: Any, where: str) -> Any:
        """The form of a value, as far as it is known before the others; `where` is told if there is none."""
        try:
            return self._write(value, where)
        except RecursionError:
            raise UsageError(f"{where} is nested too deeply to be written as JSON") from None

    def settled(self, form: Any) -> Any:
        """The final form of what was written."""
        if isinstance(form, _Cell):
            if form.uses == 1:
                return self.settled(form.form)
            if form.place is None:
                form.place = len(self.shared)
                self.shared.append(None)
                self.shared[form.place] = self.settled(form.form)
            return {"$same": form.place}
        if isinstance(form, list):
            return [self.settled(item) for item in form]
        if isinstance(form, dict):
            return {key: self.settled(item) for key, item in form.items()}
        return form

    def _write(self, value: Any, where: str) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return _scalar(value)
        if kind in (tuple, frozenset):
            return {f"${kind.__name__}": [self._write(item, where) for item in value]}
        if isinstance(value, enum.Enum) and _is_known(kind) and value.name in kind.__members__:
            return {"$enum": _address(kind), "name": value.name}
        if id(value) not in self._cells:
            cell = self._cells[id(value)] = _Cell(value)
            cell.form = self._form(value, where)
        cell = self._cells[id(value)]
        if cell.form is None:
            raise UsageError(f"{where} holds a {kind.__name__} that holds itself; fork the kernel instead")
        cell.uses += 1
        return cell

    def _form(self, value: Any, where: str) -> Any:
        """The form of something that can be changed."""
        kind = type(value)
        if kind is list:
            return [self._write(item, where) for item in value]
        if kind is dict:
            pairs = [(self._write(key, where), self._write(item, where)) for key, item in value.items()]
            plain = all(type(key) is str and not key.startswith("$") for key in value)
            return dict(pairs) if plain else {"$dict": [list(pair) for pair in pairs]}
        if kind is set:
            return {"$set": [self._write(item, where) for item in value]}
        if kind is deque:
            return {"$deque": [self._write(item, where) for item in value], "size": value.maxlen}
        if dataclasses.is_dataclass(kind) and _is_known(kind):
            held = {name: self._write(item, where) for name, item in fields_of(value).items()}
            return {"$object": _address(kind), "fields": held}
        if kind is random.Random:
            return {"$random": self._write(value.getstate(), where)}
        if (form := _drawing(value, where) or _numeric(value)) is not None:
            return form
        raise UsageError(
            f"{where} holds a {kind.__name__}, which cannot be written as JSON; fork the kernel instead"
        )


@dataclasses.dataclass(eq=False, slots=True)
class _Cell:
    """The form of something that can be changed, until it is known in how many places it is held."""

    value: Any
    """Kept, so that its id stays its own."""
    form: Any = None
    uses: int = 0
    place: int | None = None


def _scalar(value: Any) -> Any:
    return {"$float": repr(value)} if type(value) is float and not math.isfinite(value) else value


def _drawing(value: Any, where: str) -> dict[str, Any] | None:
    """The form of a random generator. Neither numpy nor `draws` is loaded where nothing was drawn."""
    kind = type(value)
    if kind.__module__ == f"{__package__}.draws":
        return {"$draw": value.state()}
    if kind.__name__ != "Generator" or not kind.__module__.startswith("numpy.random"):
        return None
    from .streams import state_of

    try:
        return {"$generator": state_of(value)}
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None


def _numeric(value: Any) -> dict[str, Any] | None:
    """The form of an array or a number of numpy."""
    kind = type(value)
    if kind.__module__ != "numpy" or getattr(getattr(value, "dtype", None), "kind", "") not in {*"biuf"}:
        return None
    numbers = [_scalar(number) for number in value.ravel().tolist()]
    shape = list(value.shape) if kind.__name__ == "ndarray" else None
    return {"$array": numbers, "dtype": value.dtype.str, "shape": shape}


class Reader:
    """Reads the values of one snapshot."""

    def __init__(self, shared: list[Any]) -> None:
        self._shared = shared
        self._made: dict[int, Any] = {}

    def read(self, form: Any) -> Any:
        if isinstance(form, list):
            return [self.read(item) for item in form]
        if not isinstance(form, dict):
            return form
        kind = next((key for key in form if key.startswith("$")), None)
        if kind is None:
            return {key: self.read(item) for key, item in form.items()}
        return _READERS[kind](self, form)

    def same(self, place: Any) -> Any:
        """What is held in several places: made when it is first met."""
        if type(place) is not int or not 0 <= place < len(self._shared):
            raise ValueError(f"nothing is shared under {place!r}")
        if place not in self._made:
            # Whoever meets it again while it is made finds that it holds itself.
            self._made[place] = self._made
            self._made[place] = self.read(self._shared[place])
        if self._made[place] is self._made:
            raise ValueError("something holds itself")
        return self._made[place]


def _object(reader: Reader, form: dict[str, Any]) -> Any:
    kind = _named(form["$object"])
    if not dataclasses.is_dataclass(kind):
        raise ValueError(f"{form['$object']} is no dataclass")
    made = object.__new__(kind)
    for name, held in form["fields"].items():
        check_field(kind, name)
        # Past __init__ and past `frozen`: the object comes back as it was.
        object.__setattr__(made, name, reader.read(held))
    return made


def check_field(kind: type, name: str) -> None:
    """Refuse a field that would hide a method, or be more than a field."""
    static = getattr_static(kind, name, None)
    decides = hasattr(type(static), "__set__") and not isinstance(static, MemberDescriptorType)
    if name.startswith("__") or decides or callable(static):
        raise ValueError(f"{name} is no field of a {kind.__name__}")


def _enum(reader: Reader, form: dict[str, Any]) -> Any:
    kind = _named(form["$enum"])
    if not issubclass(kind, enum.Enum):
        raise ValueError(f"{form['$enum']} is no enum")
    return kind.__members__[form["name"]]


def _random(reader: Reader, form: dict[str, Any]) -> random.Random:
    generator = random.Random()
    generator.setstate(reader.read(form["$random"]))
    return generator


def _generator(reader: Reader, form: dict[str, Any]) -> Any:
    from .streams import restore_state, stream

    generator = stream(0, 0, "")
    restore_state(generator, form["$generator"])
    return generator


def _draw(reader: Reader, form: dict[str, Any]) -> Any:
    from .draws import Draw

    state = form["$draw"]
    if not _KEY.fullmatch(state["key"]) or type(state["position"]) is not int or state["position"] < 0:
        raise ValueError(f"this is not the state of draws: {state!r}")
    draw = Draw(0, 0, "")
    draw.restore(state)
    return draw


def _array(reader: Reader, form: dict[str, Any]) -> Any:
    import numpy as np

    if not _DTYPE.fullmatch(form["dtype"]):
        raise ValueError(f"{form['dtype']!r} is no type of numbers")
    array = np.array(reader.read(form["$array"]), dtype=form["dtype"])
    return array[0] if form["shape"] is None else array.reshape(form["shape"])


_READERS: dict[str, Callable[[Reader, dict[str, Any]], Any]] = {
    "$same": lambda reader, form: reader.same(form["$same"]),
    "$float": lambda reader, form: float(form["$float"]),
    "$dict": lambda reader, form: {reader.read(key): reader.read(item) for key, item in form["$dict"]},
    "$tuple": lambda reader, form: tuple(reader.read(item) for item in form["$tuple"]),
    "$set": lambda reader, form: {reader.read(item) for item in form["$set"]},
    "$frozenset": lambda reader, form: frozenset(reader.read(item) for item in form["$frozenset"]),
    "$deque": lambda reader, form: deque((reader.read(item) for item in form["$deque"]), form["size"]),
    "$enum": _enum,
    "$object": _object,
    "$random": _random,
    "$generator": _generator,
    "$draw": _draw,
    "$array": _array,
}


# Classes by name.


def _address(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _is_known(kind: type) -> bool:
    return _found(_address(kind)) is kind


def _named(address: str) -> type:
    found = _found(address)
    if found is None:
        raise ValueError(f"this model knows no {address}")
    return found


def _found(address: str) -> type | None:
    """A class in a module that is loaded already. Only looks at what is there: no code of the module runs."""
    module, _, qualname = address.partition(":")
    found: Any = sys.modules.get(module)
    for name in qualname.split("."):
        found = vars(found).get(name) if isinstance(found, ModuleType | type) else None
    return found if isinstance(found, type) else None
