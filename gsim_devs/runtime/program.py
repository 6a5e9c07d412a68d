"""A simulator folder as a function: arguments, stdin and a seed in, records out.

Reads the contract that lies beside `system.py`; leaves the command line to `commandline`.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from .changes import Difference, differences
from .clock import Sink, ticks_per_unit_of, to_ticks
from .commands import Command, read_commands
from .errors import GsimError, UsageError
from .failures import failure
from .kernel import Kernel
from .records import Records, TraceWriter
from .values import check_bounds, shown, take

_PLAIN = (bool, float, int, str)


class Change(NamedTuple):
    """A parameter has another value from a time on; that comes before everything else that happens then."""

    time: float
    name: str
    value: Any


class Program:
    """One simulator, loaded; it can run any number of times, each run on a model of its own."""

    def __init__(self, folder: str, contract: dict[str, Any], parameters: dict[str, Any]) -> None:
        self.folder = folder
        self.contract = contract
        self.parameters = parameters
        self.unit: str = contract["time"]["unit"]
        self.ticks_per_unit = ticks_per_unit_of(contract["time"]["resolution"])
        self.has_drawn = False
        """Whether the last run drew random numbers."""
        self._system: Any = None

    def settle(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every argument with its value, defaults filled in; a UsageError that names the one that cannot be."""
        declared = self.contract["arguments"]
        if unknown := [name for name in given if name not in declared]:
            raise UsageError(f"unknown argument {unknown[0]}; there are {', '.join(declared) or 'none'}")
        values: dict[str, Any] = {}
        for name, declaration in declared.items():
            if name in given:
                values[name] = _named(name, take, declaration, given[name], self.unit)
            elif declaration["default"] is None:
                raise UsageError(f"--{name} is required: {declaration['help'] or declaration['type']}")
            elif declaration["type"] == "file":
                default = declaration["default"]
                # As the content of a file that is given.
                values[name] = tuple(default) if declaration["format"] in ("csv", "jsonl") else default
            else:
                values[name] = _named(name, take, declaration, declaration["default"], self.unit)
        for name, value in values.items():
            _named(name, check_bounds, declared[name], value, values)
        horizon = self.contract["horizon"]["argument"]
        if values[horizon] < 0:
            raise UsageError(f"--{horizon} must not be negative, but is {values[horizon]}")
        return values

    def settle_parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter with its value: as declared, as calibrated, as given; the last one wins."""
        declared = self.contract["parameters"]
        values = {name: declaration["value"] for name, declaration in declared.items()}
        for name, value in [*self.parameters.items(), *given.items()]:
            if name not in declared:
                raise UsageError(f"unknown parameter {name}; there are {', '.join(declared) or 'none'}")
            values[name] = _parameter(name, declared[name], value)
        return values

    def settle_changes(self, given: Iterable[tuple[Any, str, Any]]) -> list[Change]:
        """Changes of parameters during a run, each a time, a name and a value, in the order of time; all checked."""
        settled = []
        for time, name, value in given:
            try:
                when = take({"type": "number"}, time, "")
                check_bounds({"minimum": 0}, when, {})
            except ValueError as error:
                raise UsageError(f"the time at which parameter {name} changes {error}") from None
            settled.append(Change(when, name, self.settle_parameters({name: value})[name]))
        return sorted(settled, key=lambda change: change.time)

    def commands(self, stdin: str, values: Mapping[str, Any]) -> list[Command]:
        """What stdin says, where the arguments have these values; a UsageError that numbers the line that is wrong."""
        return read_commands(self.contract["stdin"], stdin, self.unit, values)

    def run(
        self,
        arguments: Mapping[str, Any],
        stdin: str = "",
        seed: int = 0,
        replication: int = 0,
        sink: Sink | None = None,
        parameters: Mapping[str, Any] | None = None,
        changes: Iterable[tuple[Any, str, Any]] = (),
    ) -> None:
        """Build the model and simulate it from 0 to the horizon."""
        values = self.settle(arguments)
        settings = {**values, **self.settle_parameters(parameters or {})}
        seed = values.get("seed", seed)
        self.simulate(
            settings, self.commands(stdin, values), seed, replication, sink, self.settle_changes(changes)
        )

    def simulate(
        self,
        settings: Mapping[str, Any],
        commands: list[Command],
        seed: int,
        replication: int,
        sink: Sink | None,
        changes: Sequence[Change] = (),
    ) -> None:
        """As `run`, with everything checked already."""
        settings, stages = self._stages(settings, changes)
        kernel = self.prepared(settings, commands, seed, replication, sink)
        try:
            for change, found in stages:
                kernel.run(until=change.time, closed=False)
                with _told(change):
                    kernel.alter(found)
            self.complete(kernel, settings)
        finally:
            self.has_drawn = kernel.has_drawn

    def prepared(
        self,
        settings: Mapping[str, Any],
        commands: list[Command],
        seed: int,
        replication: int,
        sink: Sink | None,
    ) -> Kernel:
        """A simulation that has yet to begin."""
        model = self._model(settings)
        kernel = Kernel(
            model, seed=seed, replication=replication, sink=sink, ticks_per_unit=self.ticks_per_unit
        )
        for command in commands:
            message = model.get_in_port(command.name).p_type(**command.fields)
            kernel.inject(command.name, message, command.time, command.order, in_turn=True)
        return kernel

    def complete(self, kernel: Kernel, settings: Mapping[str, Any]) -> None:
        """Simulate from wherever it is to the horizon, and end it."""
        horizon = self.contract["horizon"]
        kernel.run(until=settings[horizon["argument"]], closed=horizon["closed"])
        kernel.finish()

    def writer(
        self, stream: IO[bytes], detail: bool = False, guard: AbstractContextManager[object] | None = None
    ) -> TraceWriter:
        """Something that prints records as the contract says; its `write` is the sink."""
        return TraceWriter(
            stream,
            self.contract["layout"],
            ticks_per_unit=self.ticks_per_unit,
            unit=self.unit,
            detail=detail,
            guard=guard,
        )

    def keeper(self) -> Records:
        """Something that keeps records in memory; its `write` is the sink."""
        return Records(self.ticks_per_unit)

    def fresh_seed(self) -> int:
        """The seed of a run that was given none: the contract's, or one drawn anew."""
        seed = self.contract["seed"]
        return int.from_bytes(os.urandom(8), "big") >> 1 if seed is None else int(seed)

    def system(self) -> Any:
        """The module that makes the model, with those that it needs."""
        if self._system is not None and sys.modules.get("system") is self._system:
            return self._system
        if self.folder not in sys.path:
            sys.path.insert(0, self.folder)
        system: Any = importlib.import_module("system")
        if Path(system.__file__).parent.resolve() != Path(self.folder).resolve():
            raise UsageError(
                f"{system.__file__} is loaded already; a process runs the simulator of one folder"
            )
        self._system = system
        return system

    def _stages(
        self, settings: Mapping[str, Any], changes: Sequence[Change]
    ) -> tuple[Mapping[str, Any], list[tuple[Change, list[Difference]]]]:
        """With what the run begins, and what changes until the horizon."""
        horizon = self.contract["horizon"]
        last = to_ticks(settings[horizon["argument"]], self.ticks_per_unit)
        first, stages, after = settings, [], settings
        for change in changes:
            tick = to_ticks(change.time, self.ticks_per_unit)
            if change.value == after[change.name] or tick >= last + horizon["closed"]:
                continue
            before, after = after, {**after, change.name: change.value}
            if tick:
                stages.append((change, self._differences(change, before, after)))
            else:
                first = after
        return first, stages

    def _differences(
        self, change: Change, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> list[Difference]:
        with _told(change):
            found = differences(self._model(before), self._model(after))
            if not found:
                raise UsageError("it reaches no field of any component")
        return found

    def _model(self, settings: Mapping[str, Any]) -> Any:
        """A new model; whatever goes wrong in its code is its own failure."""
        try:
            system = self.system()
            # What was read from a file belongs to one run: components may change it.
            own = {name: one if type(one) in _PLAIN else copy.deepcopy(one) for name, one in settings.items()}
            return system.build(system.Settings(**own))
        except GsimError:
            raise
        except (Exception, SystemExit) as error:
            raise failure(error, self.contract["id"], 0.0, "the making of its components") from error


def load(folder: str | Path) -> Program:
    """The simulator in a folder or zipapp."""
    return Program(
        str(folder), _document(str(folder), "contract.json"), _document(str(folder), "parameters.json")
    )


@contextmanager
def _told(change: Change) -> Iterator[None]:
    """Say which change it is that cannot be made."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"parameter {change.name} cannot change at {change.time:g}: {error}") from None
    except GsimError:
        raise
    except (Exception, SystemExit) as error:
        # Values of components may be of classes of their own, and refuse to be looked at.
        raise failure(error, "the model", change.time, f"a change of {change.name}") from error


def _document(folder: str, name: str) -> Any:
    importer: Any = pkgutil.get_importer(folder)
    try:
        # A zipapp has an importer that reads it; a folder has one that does not.
        reading = getattr(importer, "get_data", None) or (lambda path: Path(path).read_bytes())
        text = reading(str(Path(folder, name)))
    except OSError:
        raise UsageError(f"{folder} is no simulator: it has no {name}") from None
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{folder} is a damaged simulator: {name} is not JSON: {error}") from None


def _named(name: str, check: Any, *args: Any) -> Any:
    try:
        return check(*args)
    except ValueError as error:
        raise UsageError(f"--{name} {error}") from None


def _parameter(name: str, declaration: Mapping[str, Any], value: Any) -> Any:
    kind = declaration["type"]
    try:
        if kind == "simplex":
            return _shares(value, len(declaration["value"]))
        number = take({"type": "integer" if kind == "integer" else "number"}, value, "")
        check_bounds(declaration, number, {})
    except ValueError as error:
        raise UsageError(f"parameter {name} {error}") from None
    return number


def _shares(value: Any, count: int) -> tuple[float, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != count:
        raise ValueError(f"must be {count} shares, separated by commas, not {shown(value)}")
    shares = tuple(take({"type": "number"}, part, "") for part in parts)
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"must be shares that add up to 1, not {shown(value)}")
    return shares
