"""Where everything stands in a run directory. Nobody else knows these names.

run.json                       what was to be done, and how it ended
events.jsonl                   what happened, a line for each event; only ever appended to
lock                           held by the process that writes; names it
llm/                           requests and replies; written by the room llm
plan.json  plan/a1.json …      the plan, and the attempts at it with what was found
components/sender/a1.py …      a model's attempts with what was found, and the accepted one
rules.yaml                     the rules that were drafted and stand
steps/                         what is done, and from which inputs
simulator/                     the assembled simulator
traces/CASE/1.jsonl            what it reported
report.json  cost.json         how it did, and what it took
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gsim_devs.contracts import snake_case
from gsim_devs.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Paths:
    """The places in one run directory."""

    folder: Path

    @property
    def manifest(self) -> Path:
        return self.folder / "run.json"

    @property
    def events(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def llm(self) -> Path:
        """The folder of requests and replies."""
        return self.folder / "llm"

    @property
    def plan(self) -> Path:
        return self.folder / "plan.json"

    @property
    def components(self) -> Path:
        """A folder for each model."""
        return self.folder / "components"

    @property
    def rules(self) -> Path:
        """The rules that were drafted and stand."""
        return self.folder / "rules.yaml"

    @property
    def simulator(self) -> Path:
        """The folder of the assembled simulator."""
        return self.folder / "simulator"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    @property
    def cost(self) -> Path:
        return self.folder / "cost.json"

    def plan_attempt(self, attempt: int) -> Path:
        return self.folder / "plan" / f"a{attempt}.json"

    def component(self, model: str) -> Path:
        """The folder of a model's attempts."""
        return self.components / named(snake_case(model), "model")

    def source(self, model: str, attempt: int) -> Path:
        return self.component(model) / f"a{attempt}.py"

    def accepted(self, model: str) -> Path:
        return self.component(model) / "accepted.py"

    def reply(self, slot: str) -> Path:
        """The recording of a request and its reply."""
        parts = [named(part, "slot") for part in slot.split("/")]
        return self.llm.joinpath(*parts[:-1], f"{parts[-1]}.json")

    def trace(self, case: str, replication: int) -> Path:
        return self.folder / "traces" / named(case, "case") / f"{replication}.jsonl"

    def step(self, name: str) -> Path:
        return self.folder / "steps" / f"{named(name, 'step')}.json"


def findings_of(attempt: Path) -> Path:
    """What was found in an attempt stands beside it."""
    return attempt.with_suffix(".findings.json")


def named(name: str, what: str) -> str:
    """A name that stays inside its folder."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a {what}: letters, digits, '_', '-' and '.' only")
    return name
