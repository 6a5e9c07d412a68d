"""What a language model answers in the tests of builds, as texts by slot, and a folder in which `gsim-devs` builds."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from gsim_devs.assembly import read_sources
from gsim_devs.contracts import load_plan, snake_case
from gsim_devs.planning import cut
from tests.llm.fault_server import FaultServer, Step, answer
from tests.planning.replies import reply_of

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "scenarios" / "abp" / "reference"
SOURCES = read_sources(REFERENCE)
SLOTS = {"plan/a1", *(f"component/{snake_case(model)}/a1" for model in SOURCES)}

Treat = Callable[[str, str], Step]
"""How a request is treated, given its slot and the text that answers it."""


def plan_reply(specification: str | None = None) -> dict[str, Any]:
    """The plan of the reference simulator of abp, as a reply."""
    text = (ROOT / "specs" / "abp.md").read_text(encoding="utf-8") if specification is None else specification
    return reply_of(load_plan(REFERENCE / "plan.yaml"), len(cut(text).sentences))


def code(source: str) -> str:
    return f"First I think.\n\n```python\n{source}```\n"


def answers(**changed: str | list[str]) -> dict[str, str]:
    """The reference simulator of abp, as replies; a model may be written otherwise, or otherwise by attempt."""
    texts = {"plan/a1": json.dumps(plan_reply())}
    for model, source in SOURCES.items():
        written = changed.get(model, source)
        for attempt, text in enumerate([written] if isinstance(written, str) else written, 1):
            texts[f"component/{snake_case(model)}/a{attempt}"] = code(text)
    return texts


def slot_of(request: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """The slot of a request that came to a service, by what it shows of the attempt before."""
    _, question, *shown = [message["content"] for message in request["messages"]]
    found = re.search(r"^# The component `(\w+)`", question, re.MULTILINE)
    name = f"component/{snake_case(found.group(1))}" if found else "plan"
    attempt = 1
    if shown:
        while not _is_shown(texts.get(f"{name}/a{attempt}", shown[0]), shown[0]):
            attempt += 1
        attempt += 1
    return f"{name}/a{attempt}"


def _is_shown(text: str, shown: str) -> bool:
    """Of a component only its code is shown again."""
    found = re.search(r"```python\n(.*?)\s*```", text, re.DOTALL)
    return found.group(1) in shown if found else shown in (text, "(no code)")


class Service:
    """A service that answers by slot and remembers the slots, in the order in which it was asked."""

    def __init__(self, texts: Mapping[str, str], treat: Treat = lambda slot, text: answer(text)) -> None:
        self.texts, self.treat = texts, treat
        self.asked: list[str] = []
        self.server = FaultServer(self._step)

    def _step(self, request: dict[str, Any]) -> Step:
        slot = slot_of(request, self.texts)
        self.asked.append(slot)
        return self.treat(slot, self.texts[slot])


@contextmanager
def serving(texts: Mapping[str, str], treat: Treat = lambda slot, text: answer(text)) -> Iterator[Service]:
    service = Service(texts, treat)
    with service.server:
        yield service


def lay_out(folder: Path, cases: tuple[str, ...] = ("abp-01",), system: str = "abp") -> Path:
    """Everything that a build of a system reads; of its test inputs only these, or all where none are named."""
    for part, suffix in (("specs", "md"), ("contracts", "yaml"), ("trace_checkers", "yaml")):
        (folder / part).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part / f"{system}.{suffix}", folder / part)
    scenario = folder / "scenarios" / system
    shutil.copytree(
        ROOT / "scenarios" / system, scenario, ignore=shutil.ignore_patterns("reference", "mutants.yaml")
    )
    if cases:
        held = yaml.safe_load((scenario / "cases.yaml").read_text(encoding="utf-8"))
        held["cases"] = [case for case in held["cases"] if case["id"] in cases]
        (scenario / "cases.yaml").write_text(yaml.safe_dump(held), encoding="utf-8")
    return folder


def environment(url: str = "", **more: str) -> dict[str, str]:
    """Ours, without what says who answers; with the address of a service, where there is one."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "GSIM_DEVS_"))}
    told = {"OPENAI_BASE_URL": url, "GSIM_DEVS_MODEL": "m-1"} if url else {}
    return {**kept, **told, **more}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
