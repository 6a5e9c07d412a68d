"""What became of the mutants of a system, in sum: the bars that its rules must reach, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .mutation import MutantResult

KILLED_AT_LEAST = 0.98
LOCATED_AT_LEAST = 0.90
MUTANTS_OF_A_RULE = 2

_HEAD = ("mutant", "meant rule", "outcome", "case", "changed", "first violation names", "")


@dataclass(frozen=True, slots=True)
class MutationReport:
    """The mutants of one system, or of several."""

    title: str
    results: tuple[MutantResult, ...]
    seldom_broken: tuple[str, ...]
    """The rules with fewer than two mutants."""

    @property
    def killed(self) -> float | None:
        """The share that was noticed in any way."""
        return _share([one.is_killed for one in self.results])

    @property
    def meant(self) -> float | None:
        """The share that violated the rule meant for it."""
        return _share([one.outcome == "meant" for one in self.results])

    @property
    def located(self) -> float | None:
        """The share of changes of one component where the first violation names just that component."""
        return _share([one.is_located for one in self._asked])

    @property
    def named(self) -> float | None:
        """The same, where it may also be named as what feeds that component and never reports anything."""
        return _share([one.is_named for one in self._asked])

    @property
    def holds(self) -> bool:
        """Whether all bars are reached."""
        return (
            not self.seldom_broken
            and _reaches(self.killed, KILLED_AT_LEAST)
            and _reaches(self.named, LOCATED_AT_LEAST)
        )

    @property
    def table(self) -> str:
        """A line for each mutant."""
        rows = [_HEAD, *(_row(one) for one in self.results)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows
        ]
        return "".join(f"{line.rstrip()}\n" for line in lines)

    @property
    def totals(self) -> str:
        """The sums."""
        return "".join(f"{line}\n" for line in self._totals())

    @property
    def data(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {
            "system": self.title,
            "holds": self.holds,
            "killed": self.killed,
            "killed_by_meant_rule": self.meant,
            "located": self.located,
            "named": self.named,
            "rules_with_too_few_mutants": list(self.seldom_broken),
            "mutants": [_data(one) for one in self.results],
        }

    @property
    def _asked(self) -> list[MutantResult]:
        return [one for one in self.results if one.is_located is not None]

    def _totals(self) -> Iterator[str]:
        yield f"{self.title}: {len(self.results)} mutants"
        yield f"  killed                                           {_percent(self.killed)}"
        yield f"  killed by the rule meant for it                  {_percent(self.meant)}"
        yield f"  first violation names what was changed           {_percent(self.named)} of {len(self._asked)}"
        yield f"  as the one that reports, nothing else            {_percent(self.located)}"
        if self.seldom_broken:
            yield f"  rules with fewer than {MUTANTS_OF_A_RULE} mutants: {', '.join(self.seldom_broken)}"


def in_sum(reports: Sequence[MutationReport]) -> MutationReport:
    """Several systems as one."""
    return MutationReport(
        "all systems",
        tuple(one for report in reports for one in report.results),
        tuple(f"{report.title}: {rule}" for report in reports for rule in report.seldom_broken),
    )


def _row(one: MutantResult) -> tuple[str, ...]:
    trial = one.trial
    return (
        one.mutant,
        one.breaks,
        _outcome(one),
        trial.case if trial else "",
        ", ".join(one.mutated),
        f"{', '.join(trial.named) or 'nobody'} ({trial.first})" if trial and trial.first else "",
        {None: "", True: "yes", False: "NO"}[one.is_named],
    )


def _outcome(one: MutantResult) -> str:
    match one.outcome:
        case "meant":
            return "killed"
        case "other":
            assert one.trial is not None
            others = one.trial.violated
            return f"killed by {others[0]}" + (f" and {len(others) - 1} more" if len(others) > 1 else "")
        case "not operational":
            assert one.trial is not None
            return f"not operational: {one.trial.reason[:60]}"
        case "survived":
            return "SURVIVED"
        case "equivalent":
            return "equivalent?"


def _data(one: MutantResult) -> dict[str, Any]:
    trial = one.trial
    return {
        "id": one.mutant,
        "breaks": one.breaks,
        "outcome": one.outcome,
        "case": trial and trial.case,
        "violated": list(trial.violated) if trial else [],
        "reason": trial.reason if trial else "",
        "changed": list(one.mutated),
        "first_violation": {"rule": trial.first, "names": list(trial.named)}
        if trial and trial.first
        else None,
        "located": one.is_located,
        "named": one.is_named,
        "seconds": round(one.seconds, 3),
    }


def _share(found: Sequence[bool | None]) -> float | None:
    return sum(map(bool, found)) / len(found) if found else None


def _reaches(share: float | None, bar: float) -> bool:
    return share is None or share >= bar


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
