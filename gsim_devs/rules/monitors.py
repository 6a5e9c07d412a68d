"""What watches a trace for one rule, and what it counts and finds. Leaves out the rules themselves.

A rule's verdict comes from two numbers: how often something was due, and how often it was not kept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from gsim_devs.trace import Record

from .expressions import Compiled, found
from .facts import Matcher
from .patterns import RuleModel

MakeMonitor = Callable[["Tally"], "Monitor"]
See = Callable[[Record], None]
Verdict = Literal["held", "violated", "not_exercised"]

BEFORE, AFTER = 3, 2
"""How many records around a violation are kept."""
MOST_KEYS = 1_000_000
"""How many keys, or values that must not be repeated, one rule keeps in mind."""
_SAME_TIME = 1e-9
"""Times that differ by less, absolutely or as a share of them, are the same."""


@dataclass(slots=True)
class Violation:
    """Something that a rule demands and a trace does not keep."""

    rule: str
    clause: str
    level: str
    expected: str
    actual: str
    trigger: Record | None = None
    """The record that made something due."""
    target: Record | None = None
    """The record that is wrong; none: one is missing."""
    due: float | None = None
    """When a missing record was due."""
    kinds: tuple[tuple[str, str], ...] = ()
    """Entity and event of a missing record, or those that it may have."""
    window: list[Record] = field(default_factory=list)
    """The records around."""
    entity: str = ""
    components: tuple[str, ...] = ()
    """The component that is to blame; several where one entity speaks for all of them and the trace does not tell."""
    unheard: tuple[str, ...] = ()
    """Those that feed it and report nothing themselves: whatever they do wrong shows only in what it reports."""

    @property
    def line(self) -> int:
        """Where the trace is wrong; of a missing record: where it became due."""
        record = self.target or self.trigger
        return record.line if record else 0


class Journal:
    """The records around what is happening, for all rules together."""

    def __init__(self, limit: int) -> None:
        self.recent: deque[Record] = deque(maxlen=BEFORE + 1)
        self.open: list[tuple[list[Record], int]] = []
        """Windows that still take records, and the length at which each is full."""
        self.limit = limit
        self.notify: Callable[[Violation], None] | None = None
        """Who wants to know of each violation at once, before its window is full."""

    def window(self) -> list[Record]:
        """The last records; the next ones will be added."""
        window = list(self.recent)
        self.open.append((window, len(window) + AFTER))
        return window

    def add(self, record: Record) -> None:
        """Give the open windows their next record."""
        for window, _ in self.open:
            window.append(record)
        self.open = [(window, full) for window, full in self.open if len(window) < full]


class Tally:
    """What was due of one rule, and what was not kept."""

    __slots__ = ("rule", "journal", "due", "broken", "pending", "violations", "conclude")

    def __init__(self, rule: RuleModel, journal: Journal) -> None:
        self.rule = rule
        self.journal = journal
        self.due = 0
        self.broken = 0
        self.pending = 0
        self.violations: list[Violation] = []
        self.conclude: Callable[[], None] | None = None
        """What is judged once, over all runs together, when the last one is over."""

    @property
    def verdict(self) -> Verdict:
        if self.broken:
            return "violated"
        return "held" if self.due else "not_exercised"

    @property
    def score(self) -> float | None:
        """Obligations met / obligations due; None where nothing was due."""
        return (self.due - self.broken) / self.due if self.due else None

    @property
    def keeps_more(self) -> bool:
        """Whether one more violation would be kept in full."""
        return len(self.violations) < self.journal.limit

    def violate(
        self,
        expected: str,
        actual: str,
        *,
        trigger: Record | None = None,
        target: Record | None = None,
        due: float | None = None,
        kinds: tuple[tuple[str, str], ...] = (),
        window: list[Record] | None = None,
    ) -> None:
        """Count something that was due and not kept; the first ones are kept in full.

        `window`: the records around, where they are not those that have just been seen.
        """
        self.broken += 1
        if self.keeps_more:
            rule = self.rule
            if window is None:
                window = self.journal.window()
            violation = Violation(
                rule.id, rule.clause, rule.level, expected, actual, trigger, target, due, kinds, window
            )
            self.violations.append(violation)
            if self.journal.notify is not None:
                self.journal.notify(violation)


@dataclass(frozen=True, slots=True)
class End:
    """How the part of a trace that a monitor watched came to its end."""

    time: float
    """The horizon, or when the scope was closed."""
    is_horizon: bool
    closes_at: bool = False
    """Whether what is due at exactly that time had to happen."""


class Monitor(ABC):
    """Watches one part of a trace: a run, or a run's part within a scope."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.absolute, self.relative = tally.rule.margins

    @abstractmethod
    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        """What it wants to see; of listeners to the same record the first one sees it first."""

    @abstractmethod
    def finish(self, end: End) -> None:
        """Nothing more will be seen."""

    def margin(self, a: float, b: float = 0.0) -> float:
        """How far apart these two may be that count as equal."""
        return self.absolute + self.relative * max(abs(a), abs(b))

    def agree(self, a: object, b: object) -> bool:
        """Whether two values are equal, numbers within the tolerance."""
        if a == b:
            return isinstance(a, bool) == isinstance(b, bool)
        if isinstance(a, bool) or isinstance(b, bool):
            return False
        if isinstance(a, int | float) and isinstance(b, int | float):
            return abs(a - b) <= self.margin(a, b)
        return False

    def is_due(self, due: float, end: End) -> bool:
        """Whether something that was to happen at this time had to happen before the end."""
        if not end.is_horizon:
            return True
        if end.closes_at and self.tally.rule.at_horizon == "due":
            # However tolerant a rule is, what is due after the horizon never has to happen.
            return due <= end.time + _SAME_TIME * max(1.0, abs(end.time))
        return due < end.time - self.margin(due, end.time)


def guarded(matcher: Matcher, see: See) -> See:
    """Only for the records that fulfil the pattern's condition."""
    if matcher.where is None:
        return see
    where = matcher.where.call

    def see_if(record: Record) -> None:
        if where(record, None):
            see(record)

    return see_if


class Last:
    """The last record of each key, judged once nothing more can follow."""

    def __init__(self, matcher: Matcher, judge: See) -> None:
        self.key, self.judge = matcher.key, judge
        self.records: dict[object, Record] = {}

    def keep(self, record: Record) -> None:
        """Nothing is said of it until the end, for another one may follow."""
        self.records[self.key(record, None)] = record

    def finish(self) -> None:
        """Nothing more will be seen."""
        for record in self.records.values():
            self.judge(record)


def check(tally: Tally, expression: Compiled, record: Record, other: object = None) -> None:
    """Something is due; it is kept where the expression is true."""
    tally.due += 1
    if not expression.call(record, other):
        tally.violate(expression.text, found(expression, record, other) or "it is false", target=record)
