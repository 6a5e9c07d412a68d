"""What a rule can know before the first record: the contract's vocabulary and a run's arguments.

Here the patterns and expressions of a rule are resolved. The same path is taken when rules are loaded, without
arguments: then what does not agree with the contract is collected as defects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gsim_devs.contracts.contract import Contract
from gsim_devs.contracts.declaration import Defect
from gsim_devs.contracts.sentences import nearest
from gsim_devs.trace import Record

from .expressions import Compiled, ExpressionError, compile_expression, key_defect
from .patterns import AnyPattern, Expression, Pattern, RuleModel
from .scopes import (
    Fields,
    Kind,
    Namespace,
    Scope,
    Value,
    argument_scope,
    constant,
    kind_of_schema,
    record_scope,
    target_scope,
    trigger_scope,
)

if TYPE_CHECKING:
    from .python_files import Functions, PythonFile
    from .references import Reference

_ARGUMENT_KINDS: dict[str, Kind] = {
    "integer": "number",
    "number": "number",
    "duration": "number",
    "text": "text",
    "choice": "text",
    "boolean": "bool",
}

Key = Callable[[Record, Any], Any]


@dataclass(frozen=True, slots=True)
class Matcher:
    """A pattern, resolved."""

    kinds: tuple[tuple[str, str], ...]
    """The entities and events."""
    fields: Fields
    """The payload fields that all of them have."""
    where: Compiled | None
    key: Key
    text: str
    """For messages."""


@dataclass
class Facts:
    """The contract, the arguments of a run where one is known, and what was found wrong."""

    contract: Contract
    arguments: Mapping[str, Any] | None
    """None: rules are only being read."""
    horizon: float
    closed: bool
    """Whether what falls on exactly the horizon happens."""
    defects: list[Defect] = field(default_factory=list)
    reference: Reference | None = None
    """What the run at hand is compared with."""
    python: tuple[PythonFile, Functions] | None = None
    """The functions of rules that are code, where they may be called."""

    @property
    def is_reading(self) -> bool:
        return self.arguments is None

    def pattern(self, rule: RuleModel, place: str, written: AnyPattern, *, keyed: bool = True) -> Matcher:
        """Resolve a pattern."""
        kinds = self._kinds(place, written)
        fields = self._fields(kinds)
        pattern = written if isinstance(written, Pattern) else Pattern(event=written)
        scope = self._with_run(record_scope(fields))
        where = None
        if pattern.where is not None:
            where = self.compile((place, "where"), pattern.where, scope, "bool")
        by, at = (pattern.by, (place, "by")) if pattern.by is not None else (rule.by, ("by",))
        by = by if keyed else None
        key = _one_key if by is None else self._key(at, by, scope).call
        text = written if isinstance(written, str) else _text(kinds, pattern)
        return Matcher(kinds, fields, where, key, text)

    def key(self, place: tuple[str | int, ...], written: Expression, matcher: Matcher) -> Compiled:
        """An expression over the record at hand whose values tell records apart."""
        return self._key(place, written, self._with_run(record_scope(matcher.fields)))

    def _key(self, place: tuple[str | int, ...], written: Expression, scope: Scope) -> Compiled:
        before = len(self.defects)
        compiled = self.compile(place, written, scope)
        if len(self.defects) == before and (cause := key_defect(written, compiled)):
            self.defects.append(Defect(place, f"{written!r}: {cause}"))
        return compiled

    def over_record(
        self,
        place: str | tuple[str | int, ...],
        written: Expression,
        matcher: Matcher,
        wants: Kind = "any",
        names: Scope | None = None,
    ) -> Compiled:
        """An expression over the record at hand; `names`: what else there is."""
        at: tuple[str | int, ...] = (place,) if isinstance(place, str) else place
        return self.compile(
            at, written, self._with_run({**record_scope(matcher.fields), **(names or {})}), wants
        )

    def over_pair(
        self, place: str, written: Expression, trigger: Matcher, target: Matcher, wants: Kind = "any"
    ) -> Compiled:
        """An expression over `trigger` and `target`: the record at hand is the target."""
        names: Scope = {"trigger": trigger_scope(trigger.fields), "target": target_scope(target.fields)}
        return self.compile((place,), written, self._with_run(names), wants)

    def over_run(self, place: str, written: Expression, wants: Kind = "number") -> Any:
        """The value of an expression over the run's arguments; when there is no run yet, one that does no harm."""
        compiled = self.compile((place,), written, self._with_run({}), wants)
        if self.is_reading:
            return 1
        return compiled.call(None, None)

    def compile(
        self, place: tuple[str | int, ...], written: Expression, scope: Scope, wants: Kind = "any"
    ) -> Compiled:
        """Compile; what is wrong becomes a defect."""
        try:
            return compile_expression(written, scope, wants)
        except ExpressionError as error:
            self.defects.append(Defect(place, f"{written!r}: {error}"))
            return Compiled(str(written), "any", lambda record, other: None)

    def run_scope(self) -> dict[str, Value | Namespace]:
        """`args` and `horizon`."""
        return self._with_run({})

    def _with_run(self, scope: Scope) -> dict[str, Value | Namespace]:
        kinds = {
            name: _ARGUMENT_KINDS.get(argument.type, "any")
            for name, argument in self.contract.arguments.items()
        }
        horizon = (
            Value("number", lambda record, other: 0.0)
            if self.is_reading
            else constant("number", self.horizon)
        )
        return {"horizon": horizon, "args": argument_scope(kinds, self.arguments), **scope}

    def _kinds(self, place: str, written: AnyPattern) -> tuple[tuple[str, str], ...]:
        known = list(self.contract.vocabulary)
        if isinstance(written, str):
            kinds = [kind for kind in known if ".".join(kind) == written]
            if not kinds:
                near = nearest(written, [".".join(kind) for kind in known])
                self.defects.append(Defect((place,), f"the contract has no event {written!r}{near}"))
            return tuple(kinds)
        for key, at in (("entity", 0), ("event", 1)):
            names = sorted({kind[at] for kind in known})
            for name in _names(getattr(written, key)) or ():
                if name not in names:
                    text = f"the contract has no {key} {name!r}{nearest(name, names)}"
                    self.defects.append(Defect((place, key), text))
        entities, events = _names(written.entity), _names(written.event)
        kinds = [
            kind
            for kind in known
            if (entities is None or kind[0] in entities) and (events is None or kind[1] in events)
        ]
        if not kinds and not self.defects:
            self.defects.append(Defect((place,), "no such entity reports such an event"))
        return tuple(kinds)

    def _fields(self, kinds: tuple[tuple[str, str], ...]) -> Fields:
        """Those that all the kinds have; of one sort where they agree on it."""
        declared = [self.contract.vocabulary[kind].payload for kind in kinds]
        if not declared:
            return {}
        common = [name for name in declared[0] if all(name in payload for payload in declared)]
        found: dict[str, Kind] = {}
        for name in common:
            sorts = {kind_of_schema(payload[name]) for payload in declared}
            found[name] = sorts.pop() if len(sorts) == 1 else "any"
        return found


def either(matchers: Sequence[Matcher]) -> Matcher:
    """Several patterns as one, so that a record is seen once however many of them it fulfils; the first one counts."""
    of_kind: dict[tuple[str, str], list[Matcher]] = {}
    for matcher in matchers:
        for kind in matcher.kinds:
            of_kind.setdefault(kind, []).append(matcher)

    def first(record: Record) -> Matcher | None:
        for matcher in of_kind[record.entity, record.event]:
            if matcher.where is None or matcher.where.call(record, None):
                return matcher
        return None

    def key(record: Record, other: Any) -> Any:
        matcher = first(record)
        return None if matcher is None else matcher.key(record, other)

    text = " or ".join(matcher.text for matcher in matchers)
    where = Compiled(text, "bool", lambda record, other: first(record) is not None)
    return Matcher(tuple(of_kind), {}, where, key, text)


def _one_key(record: Record, other: Any) -> Any:
    return None


def _names(written: str | tuple[str, ...] | None) -> tuple[str, ...] | None:
    return (written,) if isinstance(written, str) else written


def _text(kinds: tuple[tuple[str, str], ...], pattern: Pattern) -> str:
    text = " or ".join(".".join(kind) for kind in kinds[:3]) + (" or …" if len(kinds) > 3 else "")
    return f"{text} where {pattern.where}" if pattern.where is not None else text
