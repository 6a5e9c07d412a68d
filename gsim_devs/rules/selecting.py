"""The records that a pattern means, and expressions over them: for tools that work on traces as rules do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gsim_devs.contracts.contract import Contract
from gsim_devs.contracts.declaration import dotted
from gsim_devs.trace import Record

from .facts import Facts
from .patterns import AnyPattern, Expression, Pattern, RuleModel

_NO_RULE = RuleModel(id="none", clause="none", level="system")


class Selection:
    """A pattern, resolved for a run; without arguments only `defects` is of use."""

    def __init__(
        self,
        written: str | Mapping[str, Any],
        contract: Contract,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        horizon = 0.0 if arguments is None else float(arguments[contract.horizon.argument])
        self._facts = Facts(contract, arguments, horizon, contract.horizon.closed)
        pattern: AnyPattern = written if isinstance(written, str) else Pattern.model_validate(written)
        self._matcher = self._facts.pattern(_NO_RULE, "on", pattern, keyed=False)
        self._kinds = frozenset(self._matcher.kinds)

    @property
    def defects(self) -> list[str]:
        """What does not agree with the contract, one sentence for each thing."""
        return [f"{dotted(place)}: {sentence}" for place, sentence in dict.fromkeys(self._facts.defects)]

    def matches(self, record: Record) -> bool:
        """Whether the pattern means this record."""
        where = self._matcher.where
        return (record.entity, record.event) in self._kinds and (
            where is None or bool(where.call(record, None))
        )

    def value_of(self, written: Expression, place: str) -> Callable[[Record], Any]:
        """An expression over the records of the pattern."""
        call = self._facts.over_record(place, written, self._matcher).call
        return lambda record: call(record, None)

    def has_field(self, name: str) -> bool:
        """Whether all the records of the pattern have a payload field."""
        return name in self._matcher.fields
