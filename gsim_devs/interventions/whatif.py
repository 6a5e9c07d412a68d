"""Run a baseline and a variant in pairs, measure both, and say what differs."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.execution import Result
from gsim_devs.observation import Series, series_of

from .contrasts import Contrast, contrasts_of, sentences, table
from .costs import Measure, Scope, compiled
from .courses import Courses
from .intervals import LEVEL
from .trials import Trials
from .variants import Variant

TOLERATED = 0.05
"""The share of pairs that may fail before nothing is compared any more."""

_MOST_REASONS = 20
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Side:
    """What is run, and with what."""

    trials: Trials
    variant: Variant
    scope: Scope
    """What the names in a measure stand for."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a variant changes."""

    contrasts: tuple[Contrast, ...]
    """Of each measure; empty where too many runs failed."""

    pairs: int
    """How many were compared."""

    failures: int
    """How many pairs were tried besides, of which a run failed."""

    reasons: Mapping[str, int]
    """Why, and how often, with the seed of the first."""

    doubts: Mapping[str, str]
    """Measures that are no number in some run, and why."""

    level: float
    courses: Courses | None = field(repr=False, default=None)

    @property
    def text(self) -> str:
        """For people."""
        lines = [*table(self.contrasts, self.level), ""] if self.contrasts else []
        lines += sentences(self.contrasts, self.level)
        lines += [f"{name} cannot be compared: {why}." for name, why in self.doubts.items()]
        return "".join(f"{line}\n" for line in [*lines, *self._failed()])

    @property
    def data(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "pairs": self.pairs,
            "failures": self.failures,
            "reasons": dict(self.reasons),
            "level": self.level,
            "measures": [one.data for one in self.contrasts],
            "doubts": dict(self.doubts),
            "sentences": sentences(self.contrasts, self.level),
        }

    def _failed(self) -> Iterator[str]:
        if not self.failures:
            return
        if self.contrasts:
            yield f"{_pairs(self.failures)} failed and left out; the others may not be like them:"
        else:
            yield f"{_pairs(self.failures)} failed beside {self.pairs} that did not: nothing is compared."
        yield from (f"  {count} x {reason}" for reason, count in self.reasons.items())


def usual_measures(contract: Contract) -> list[Measure]:
    """Of every observable that is a number: its mean, its greatest value and when it is reached, its last value."""
    names = [name for name, one in contract.observables.items() if one.type == "number"]
    if not names:
        raise UsageError(
            f"{contract.id} has no observables that are numbers; say what is to be measured, "
            "such as count(ENTITY.EVENT) or mean(ENTITY.EVENT.FIELD)"
        )
    functions = ("mean", "max", "time_of_max", "last")
    return [compiled(f"{function}({name})", contract) for name in names for function in functions]


def what_if(
    contract: Contract,
    baseline: Side,
    variant: Side,
    measures: Sequence[Measure],
    seeds: Sequence[int],
    *,
    level: float = LEVEL,
    courses: Courses | None = None,
) -> Comparison:
    """Run both sides under each seed and compare what they measure.

    Nothing is compared where more than one pair in twenty fails: what failed might be what is different. Raises
    UsageError where a simulator refuses what it is given, or keeps something from one run to the next.
    """
    books = _Books(contract, measures, (baseline.scope, variant.scope), courses)
    first: tuple[Result, ...] = ()
    tried = 0
    for pair, seed in zip(_paired(baseline, variant, seeds), seeds, strict=True):
        first = first or pair
        tried += 1
        books.enter(seed, pair)
        if books.failures > TOLERATED * len(seeds):
            break
    for side, before in zip((baseline, variant), first, strict=False):
        _refuse_memory(side, seeds[0], before)
    is_enough = books.failures <= TOLERATED * len(seeds)
    return Comparison(
        tuple(contrasts_of(books.told(), level)) if is_enough else (),
        tried - books.failures,
        books.failures,
        books.reasons(),
        books.doubts,
        level,
        courses,
    )


def _paired(baseline: Side, variant: Side, seeds: Sequence[int]) -> Iterator[tuple[Result, ...]]:
    if baseline.trials is variant.trials:
        return baseline.trials.side_by_side([baseline.variant, variant.variant], seeds)
    sides = (side.trials.records(side.variant, seeds) for side in (baseline, variant))
    return zip(*sides, strict=True)


def _refuse_memory(side: Side, seed: int, before: Result) -> None:
    """Refuse a simulator that does something else when a run is made again after others."""
    if not before.ok:
        return
    (again,) = side.trials.records(side.variant, [seed])
    if (again.status, again.records) != (before.status, before.records):
        raise UsageError(
            "the simulator keeps something from one run to the next: the same run came out in another way after "
            "others; let components hold all of their state in their own fields, made new for each run"
        )


class _Books:
    """What has been measured so far."""

    def __init__(
        self,
        contract: Contract,
        measures: Sequence[Measure],
        scopes: tuple[Scope, Scope],
        courses: Courses | None,
    ) -> None:
        self.failures = 0
        self.doubts: dict[str, str] = {}
        self._contract = contract
        self._measures = measures
        self._scopes = scopes
        self._courses = courses
        alone = (one.observables[0] for one in measures if _is_of_one(one))
        self._names = tuple(dict.fromkeys(alone))
        """Observables that are told once for all measures that look at nothing else."""
        self._values = {measure.text: array("d") for measure in measures}
        self._reasons: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def enter(self, seed: int, pair: tuple[Result, ...]) -> None:
        for name, result in zip(("baseline", "variant"), pair, strict=True):
            if result.status == "refused":
                raise UsageError(f"the {name} is refused under seed {seed}: {result.reason}")
        if bad := [result.reason for result in pair if not result.ok]:
            self.failures += 1
            self._remember(bad[0][:_LONGEST_REASON], seed)
            return
        told = [self._series(*one) for one in zip(pair, self._scopes, strict=True)]
        for measure in self._measures:
            if measure.text not in self.doubts:
                self._measure(measure, seed, pair, told)
        if self._courses:
            self._courses.add(pair[0].records, pair[1].records)

    def told(self) -> dict[str, Any]:
        return {
            name: np.frombuffer(values).reshape(-1, 2)
            for name, values in self._values.items()
            if name not in self.doubts
        }

    def reasons(self) -> dict[str, int]:
        return {
            f"{reason} (first under seed {self._first[reason]})": n
            for reason, n in self._reasons.most_common()
        }

    def _remember(self, reason: str, seed: int) -> None:
        if len(self._reasons) < _MOST_REASONS or reason in self._reasons:
            self._reasons[reason] += 1
            self._first.setdefault(reason, seed)

    def _series(self, result: Result, scope: Scope) -> dict[str, Series]:
        if not self._names:
            return {}
        looked = {name: self._contract.observables[name] for name in self._names}
        until = float(scope.arguments[self._contract.horizon.argument])
        return series_of(result.records, self._contract.model_copy(update={"observables": looked}), until)

    def _measure(
        self,
        measure: Measure,
        seed: int,
        pair: tuple[Result, ...],
        told: Sequence[Mapping[str, Series]],
    ) -> None:
        try:
            values = [_value(measure, *one) for one in zip(pair, told, self._scopes, strict=True)]
        except UsageError as error:
            self.doubts[measure.text] = f"{error} (under seed {seed})"
        else:
            self._values[measure.text].extend(values)


def _is_of_one(measure: Measure) -> bool:
    return len(measure.observables) == 1 and not measure.needs_records


def _value(measure: Measure, result: Result, told: Mapping[str, Series], scope: Scope) -> float:
    if not _is_of_one(measure):
        return measure.of_records(result.records, scope)
    times, values = told[measure.observables[0]]
    return float(measure.of_series(values[:, None], measure.observables, times.tolist(), scope))


def _pairs(count: int) -> str:
    return "1 pair of runs" if count == 1 else f"{count} pairs of runs"
