"""The story: plan, write every component in parallel, assemble, try the whole, have what is wrong mended.

What is said to language models, how code is examined and how traces are judged is decided in the rooms below.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from gsim_devs.assembly import assemble, refuse_to_replace
from gsim_devs.assembly.messages_file import messages_text
from gsim_devs.conformance import Conformance, Scenario, conform
from gsim_devs.contracts import PlanTree, check_plan, snake_case
from gsim_devs.errors import GenerationError, UsageError
from gsim_devs.execution import Launcher, launch
from gsim_devs.generation import (
    Commission,
    Version,
    commission,
    mend_component,
    try_alone,
    write_component,
)
from gsim_devs.llm import Backend, Usage, converse
from gsim_devs.planning import Draft, Inside, Part, cut, plan_system, split_model
from gsim_devs.rules import RuleSet
from gsim_devs.runtime.clock import ticks_per_unit_of

from .blame import blamed, told_to, unassigned
from .opinions import Advisers, Opinions
from .telling import Counted, Tell, silent

PERFECT = (1.0, 1.0, 1.0, 1.0)
"""The score of a simulator in which nothing was found."""

_MOST_SEEN = 8
_MOST_SPLITS = 3
"""One within another; a language model that answers every split with a split would never end."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be built, and how much may be tried."""

    scenario: Scenario
    """Specification, contract, rules and test inputs."""
    into: Path
    """The simulator's folder."""
    plan: PlanTree | None = None
    """A plan that was written or edited by hand; none: one is asked for."""
    attempts: int = 4
    """How often a component may be written until it is sound by itself."""
    rounds: int = 3
    """How often the whole simulator is tried and its components are mended."""
    levels: Sequence[str] = ("smoke",)
    """The test inputs on which it is tried."""
    launcher: Launcher = launch
    """How code that a language model wrote is started."""
    jobs: int = 2
    """How many test inputs run at once."""
    verify: bool = False
    """Whether every component is also read beside its sentences by somebody else."""
    draft_rules: bool = False
    """Whether rules are drafted from the specification, and the simulator is held against them."""


@dataclass(frozen=True, slots=True)
class Built:
    """What came out."""

    simulator: Path
    draft: Draft
    versions: Mapping[str, Version]
    """The version of each model that is in the simulator."""
    first: Mapping[str, Version]
    """What each model looked like when it was written first."""
    at_first: Conformance | None
    """How the first assembled simulator did on its test inputs; None where there are none of those levels."""
    conformance: Conformance | None
    """How the last one did."""
    unresolved: Sequence[str]
    """What is still wrong, in words."""
    opinions: Opinions | None
    """What second opinions found; None where none were asked for."""
    usage: Usage
    seconds: float
    critical: float
    """The seconds of the longest chain of replies that waited for each other."""


async def build(job: Job, backend: Backend, tell: Tell = silent) -> Built:
    """Build a simulator. Raises GenerationError where there is no plan, or a component for which there is no code."""
    started = time.monotonic()
    # Now, not when everything is paid for.
    refuse_to_replace(job.into)
    shop = _Workshop(job, Counted(backend, tell), tell)
    await shop.plan()
    await _together([shop.write(), *([shop.advisers.draft()] if job.draft_rules else [])])
    conformance = await shop.heed_rules(await shop.mend())
    return Built(
        simulator=job.into,
        draft=shop.draft,
        versions=dict(sorted(shop.versions.items())),
        first=dict(sorted(shop.first.items())),
        at_first=shop.at_first,
        conformance=conformance,
        unresolved=shop.unresolved(conformance),
        opinions=shop.advisers.opinions,
        usage=shop.backend.usage,
        seconds=time.monotonic() - started,
        critical=critical_path(
            shop.backend.seconds, {model: inside.plan.models for model, inside in shop.insides.items()}
        ),
    )


async def plan_only(job: Job, backend: Backend, tell: Tell = silent) -> Draft:
    """Plan, with the insides of what is split, and write nothing."""
    shop = _Workshop(job, Counted(backend, tell), tell)
    await shop.plan()
    await shop.settle(_nothing)
    return shop.draft


def critical_path(seconds: Mapping[str, float], insides: Mapping[str, Iterable[str]] | None = None) -> float:
    """The longest chain of replies: plans, a component attempt after attempt; decisions of arbiters come last.

    `insides` says which models took the place of one that was planned further: they waited for that.
    """
    chains: dict[str, dict[str, float]] = {"plan": {}, "component": {}, "arbiter": {}}
    for slot, taken in seconds.items():
        first, _, name = slot.rpartition("/")[0].partition("/")
        # A component and its reader wait for each other; drafted rules are one more thing beside the components.
        stage = chains[first] if first in chains else chains["component"]
        stage[name] = stage.get(name, 0.0) + taken
    above = {snake_case(one): snake_case(model) for model, inner in (insides or {}).items() for one in inner}

    def planned(name: str) -> float:
        taken = chains["plan"].get("", 0.0)
        while name:
            taken += chains["plan"].get(name, 0.0)
            name = above.get(name, "")
        return taken

    written = chains["component"] or {"": 0.0}
    return max(taken + planned(name) for name, taken in written.items()) + max(
        chains["arbiter"].values(), default=0.0
    )


@dataclass
class _Workshop:
    """What there is so far."""

    job: Job
    backend: Counted
    tell: Tell
    versions: dict[str, Version] = field(default_factory=dict)
    first: dict[str, Version] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    at_first: Conformance | None = None
    insides: dict[str, Inside] = field(default_factory=dict)
    """Of the models that were planned further."""
    tried: tuple[Mapping[str, str], Conformance | None] | None = None
    """The sources that were assembled last, and how they did."""
    draft: Draft = field(init=False)
    advisers: Advisers = field(init=False)

    def __post_init__(self) -> None:
        job = self.job
        self.advisers = Advisers(
            job.scenario, job.into, job.levels, self.backend, self.tell, job.verify, job.draft_rules
        )

    # Plan.

    async def plan(self) -> None:
        scenario = self.job.scenario
        if self.job.plan is not None:
            self.draft = _by_hand(self.job.plan, scenario)
        else:
            self.draft = await converse(plan_system(scenario.specification, scenario.contract), self.backend)
        self.tell(
            "planned",
            models=list(self.draft.plan.models),
            open=self.draft.open,
            sentences={model: list(part.sentences) for model, part in self.draft.parts.items()},
            kept_by_none={str(number): reason for number, reason in self.draft.rest.items()},
        )

    async def settle(self, then: Callable[[str, Draft], Awaitable[None]]) -> None:
        """Plan further what is to be; each model goes on at once when it is settled."""
        await _together(self._settle(model, self.draft, then, 0) for model in self.draft.plan.models)
        # Not in the order in which they came: that is another one each time.
        while waiting := self.draft.open:
            model = waiting[0]
            inside = self.insides.get(model)
            self.draft = self.draft.with_inside(model, inside) if inside else self.draft.kept_whole(model)
        # Each inside was examined without those that were planned beside it.
        if self.insides and (defects := check_plan(self.draft.plan, self.job.scenario.contract)):
            raise GenerationError("a plan", defects)

    async def _settle(
        self, model: str, draft: Draft, then: Callable[[str, Draft], Awaitable[None]], depth: int
    ) -> None:
        """`draft` holds nothing of what is planned beside this model, so that what is asked depends on no latency."""
        inside = await self._split(model, draft, depth) if draft.parts[model].split else None
        if inside is None:
            await then(model, draft)
        else:
            within = draft.with_inside(model, inside)
            await _together(self._settle(one, within, then, depth + 1) for one in inside.plan.models)

    async def _split(self, model: str, draft: Draft, depth: int) -> Inside | None:
        """Plan one model further; None where there is no sound plan of its inside, or it is too deep for one."""
        if depth >= _MOST_SPLITS:
            self.tell("kept whole", model, reason=f"it is already {_MOST_SPLITS} splits below the whole")
            return None
        try:
            inside = await converse(split_model(draft, model, self.job.scenario.contract), self.backend)
        except GenerationError as error:
            self.tell("kept whole", model, reason=str(error))
            return None
        self.insides[model] = inside
        self.tell("split", model, models=list(inside.plan.models))
        return inside

    # Write.

    async def write(self) -> None:
        """Every component; each as soon as it is settled."""
        await self.settle(self._write)
        missing = [name for name in self.draft.plan.models if not self.versions[name].source]
        if missing:
            defects = [f"{name}: {self.versions[name].findings[0]}" for name in missing]
            raise GenerationError("a component", defects)
        self.seen = sorted({f"{finding}" for version in self.first.values() for finding in version.findings})[
            :_MOST_SEEN
        ]

    async def _write(self, model: str, draft: Draft) -> None:
        one = self._commission(model, draft)
        told = partial(self._told, model)
        trial = self._trial(one, draft)
        version = await converse(write_component(one, trial, self.job.attempts, told), self.backend)
        if self.job.verify and version.is_sound:
            version = await self.advisers.read(one, version, trial, told)
        self.versions[model] = version

    def _commission(self, model: str, draft: Draft) -> Commission:
        one = commission(draft.plan, model, self.job.scenario.contract, draft.quoted(model))
        return replace(one, seen=tuple(self.seen))

    def _trial(self, one: Commission, draft: Draft) -> partial[list[str]]:
        contract = self.job.scenario.contract
        return partial(
            try_alone,
            one=one,
            messages_text=messages_text(draft.plan, contract),
            ticks_per_unit=ticks_per_unit_of(contract.time.resolution),
            launcher=self.job.launcher,
        )

    def _told(self, model: str, version: Version) -> None:
        self.first.setdefault(model, version)
        self.tell(
            "examined",
            model,
            attempt=version.attempt,
            stage=version.stage,
            findings=list(version.findings),
            source=version.source,
        )

    # Try and mend.

    async def mend(self) -> Conformance | None:
        """Try the whole on its test inputs and have it mended, until nothing is found or the rounds are used up."""
        self.at_first = found = await self._try()
        if self.advisers.before and score(found) < PERFECT:
            found = await self._without_readers(found)
        best, best_score = dict(self.versions), score(found)
        for number in range(1, self.job.rounds + 1):
            # Where the blamed one could not mend it, it may lie with what feeds it.
            told = told_to(found, self.draft.plan, widely=number > 1) if found is not None else {}
            if not told:
                break
            self.tell("mending", number=number, models=sorted(told))
            await _together(self._mend(model, told[model]) for model in sorted(told))
            found = await self._try()
            if score(found) > best_score:
                best, best_score = dict(self.versions), score(found)
        if self.versions != best:
            self._back_to(best)
            found = await self._try()
        return found

    async def _without_readers(self, found: Conformance | None) -> Conformance | None:
        """Try what stood before authors answered readers; it stays where it does better."""
        answered = dict(self.versions)
        self._back_to({**answered, **self.advisers.before})
        before = await self._try()
        if score(before) > score(found):
            self.advisers.take_back()
            return before
        self._back_to(answered)
        return await self._try()

    async def heed_rules(self, found: Conformance | None) -> Conformance | None:
        """Hold it against drafted rules; have mended what it gets wrong by decision of an arbiter."""
        rules = self.advisers.rules
        if found is None or rules is None:
            return found
        told = await self.advisers.judge(await self._examined(rules), self.draft)
        if told:
            before = dict(self.versions)
            arbiter = self.advisers.arbiter
            await _together(self._mend(model, told[model], arbiter) for model in sorted(told))
            again = await self._try()
            if score(again) < score(found):
                self._back_to(before)
                again = await self._try()
            found = again
            self.advisers.conclude(await self._examined(rules))
        return found

    def _back_to(self, versions: Mapping[str, Version]) -> None:
        """Take earlier versions again; the numbers of later attempts are used up."""
        self.versions = {
            name: replace(version, attempt=self.versions[name].attempt) for name, version in versions.items()
        }

    async def _mend(self, model: str, findings: list[str], backend: Backend | None = None) -> None:
        one = self._commission(model, self.draft)
        told = partial(self._told, model)
        conversation = mend_component(one, self.versions[model], findings, self._trial(one, self.draft), told)
        version = await converse(conversation, backend or self.backend)
        if version.is_sound:
            self.versions[model] = version
        else:
            # Its number is used up; what was there stays.
            self.versions[model] = replace(self.versions[model], attempt=version.attempt)

    async def _try(self) -> Conformance | None:
        """Assemble what there is and try it, unless that was done last."""
        scenario, job = self.job.scenario, self.job
        sources = {name: version.source for name, version in self.versions.items()}
        if self.tried is not None and self.tried[0] == sources:
            return self.tried[1]
        self.tried = None
        try:
            assemble(self.draft.plan, sources, scenario.contract, job.into, origin="a language model")
        except UsageError as error:
            if defects := self._defects():
                raise GenerationError("a simulator", [*str(error).splitlines(), *defects]) from None
            raise
        found = None
        if any(case.level in job.levels for case in scenario.cases):
            found = await self._examined(scenario.rules)
            self.tell("tried", operational=found.operational, behavioural=found.behavioural)
        self.tried = sources, found
        return found

    async def _examined(self, rules: RuleSet) -> Conformance:
        """What is assembled, on its test inputs, by some rules."""
        scenario, job = replace(self.job.scenario, rules=rules), self.job
        cases = [case for case in scenario.cases if case.level in job.levels]
        return await asyncio.to_thread(
            conform, job.into, scenario, jobs=job.jobs, cases=cases, launcher=job.launcher
        )

    def unresolved(self, conformance: Conformance | None) -> list[str]:
        """What is still wrong."""
        found = self._defects()
        if conformance is not None:
            for model, sentences in sorted(blamed(conformance, self.draft.plan).items()):
                found += [f"{model}: {sentence}" for sentence in sentences]
            found += unassigned(conformance, self.draft.plan)
        if (opinions := self.advisers.opinions) is not None:
            found += opinions.unresolved
        return found

    def _defects(self) -> list[str]:
        """What is wrong with components by themselves."""
        return [
            f"{name}: {finding}"
            for name, version in sorted(self.versions.items())
            for finding in version.findings
        ]


async def _nothing(model: str, draft: Draft) -> None:
    """Do nothing with it."""


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it; one that fails does not end the others: what they are being told is paid for, and is kept."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if outcome is not None:
            raise outcome


def _by_hand(plan: PlanTree, scenario: Scenario) -> Draft:
    """A plan from a file says nothing about sentences: every model keeps all of them."""
    if defects := check_plan(plan, scenario.contract):
        raise UsageError("\n".join(defects))
    text = cut(scenario.specification)
    every = tuple(range(1, len(text.sentences) + 1))
    return Draft(plan, text, {name: Part(every, split=False) for name in plan.models}, {})


def score(found: Conformance | None) -> tuple[float, float, float, float]:
    """What of two simulators makes one the better; larger is better."""
    if found is None:
        return PERFECT
    as_expected = sum(not case.unmet for case in found.cases) / len(found.cases)
    return (found.operational, found.behavioural or 0.0, found.obligations or 0.0, as_expected)
