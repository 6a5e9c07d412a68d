"""What data cannot say: a rule that is a Python function, in the file beside the rules file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from gsim_devs.trace import Record

from ..facts import Facts, Matcher, either
from ..monitors import AFTER, BEFORE, MOST_KEYS, End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Name, RuleModel
from ..python_files import PythonFile


class PythonRule(RuleModel):
    """A function `name(records, run)` that yields an `Obligation` for each thing that was due.

    It is called when a run is over or a scope closes, once for each key, with the list of the records and `RunFacts`.
    """

    kind: Literal["python"]
    """Says that the rule is code: it only runs where whoever checks allows that."""
    function: Name
    """Its name in the file beside the rules file: `abp.py` beside `abp.yaml`."""
    on: tuple[AnyPattern, ...] = Field(min_length=1)
    """The records that it is given."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = either(
            [facts.pattern(self, f"on[{number}]", pattern) for number, pattern in enumerate(self.on)]
        )
        return lambda tally: _Watch(tally, matcher, facts, self.function)


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that was due, and whether it was kept."""

    kept: bool
    expected: str
    """What was due."""
    actual: str = ""
    """What is found instead, where it was not kept."""
    target: Record | None = None
    """The record that is wrong, or right; none: one is missing."""
    trigger: Record | None = None
    """The record that made it due."""
    due: float | None = None
    """When a missing record was due."""

    def __post_init__(self) -> None:
        for name in ("target", "trigger"):
            value: object = getattr(self, name)
            if value is not None and not isinstance(value, Record):
                raise TypeError(f"the {name} of an obligation is a record, not {value!r}")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a function may know besides the records."""

    args: Mapping[str, Any]
    """The arguments of the run, durations in the contract's unit."""
    horizon: float
    end: float
    """The horizon, or when the scope closed."""
    key: Any
    """The key that the records have in common; None where the rule has no `by`."""
    agree: Callable[[object, object], bool]
    """Whether two values are equal, numbers within the rule's tolerance."""
    is_due: Callable[[float], bool]
    """Whether what was to happen at this time had to happen before the end."""


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, facts: Facts, name: str) -> None:
        super().__init__(tally)
        self.matcher, self.facts, self.name = matcher, facts, name
        self.count = 0
        self.records: dict[Any, list[Record]] = {}
        if tally.rule.by is None:
            self.records[None] = []

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        self.count += 1
        if self.count <= MOST_KEYS:
            self.records.setdefault(self.matcher.key(record, None), []).append(record)

    def finish(self, end: End) -> None:
        if self.count > MOST_KEYS:
            self._failed(f"it is given at most {MOST_KEYS} records, and here are {self.count}")
            return
        assert self.facts.python is not None
        file, functions = self.facts.python
        for key, records in self.records.items():
            run = RunFacts(
                args=MappingProxyType(dict(self.facts.arguments or {})),
                horizon=self.facts.horizon,
                end=end.time,
                key=key,
                agree=self.agree,
                is_due=partial(self.is_due, end=end),
            )
            for one in _obligations(file, functions[self.name], records, run):
                if isinstance(one, str):
                    self._failed(one)
                else:
                    self._judge(one, records)

    def _judge(self, one: Obligation, records: list[Record]) -> None:
        # An empty trace keeps nothing.
        if not one.kept or self.tally.journal.recent:
            self.tally.due += 1
        if one.kept:
            return
        self.tally.violate(
            one.expected,
            one.actual or ("missing" if one.target is None else "it is not so"),
            trigger=one.trigger,
            target=one.target,
            due=one.due,
            kinds=() if one.target else self.matcher.kinds,
            window=_around(one.target or one.trigger, records) if self.tally.keeps_more else None,
        )

    def _failed(self, sentence: str) -> None:
        self.tally.due += 1
        self.tally.violate("a rule that can be evaluated", f"it cannot: {sentence}")


def _obligations(
    file: PythonFile, function: Callable[..., Any], records: list[Record], run: RunFacts
) -> Iterator[Obligation | str]:
    """What a function finds; a sentence where it fails, and nothing after that."""
    wanted = "it is to yield obligations"
    try:
        found = function(records, run)
        if not isinstance(found, Iterable):
            yield f"{function.__name__} returns {type(found).__name__}; {wanted}"
            return
        for one in found:
            if not isinstance(one, Obligation):
                yield f"{function.__name__} yields {type(one).__name__}; {wanted}"
                return
            yield one
    except (Exception, SystemExit) as error:  # noqa: BLE001  (it is not our code)
        yield file.said_by(error)


def _around(record: Record | None, records: list[Record]) -> list[Record]:
    """The given records around one of them."""
    at = next((number for number, one in enumerate(records) if one is record), None)
    return [] if at is None else records[max(0, at - BEFORE) : at + AFTER + 1]
