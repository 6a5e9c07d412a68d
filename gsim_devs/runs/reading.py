"""Read run directories, whoever wrote them and however they ended. Changes nothing but what `remove_run` removes.

What cannot be read of a run is told in a sentence, and the rest is read all the same; only without its manifest it is
no run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from gsim_devs.errors import UsageError

from .cost import CostTable, cost_of
from .events import Event, read_events
from .files import json_of, text_of
from .lock import is_held
from .manifest import Ending, Manifest, load_manifest
from .paths import Paths, findings_of
from .progress import State, reduce

_MOST_DAMAGES = 10
_MOST_FILES = 10_000
_KILLED = "its process ended without a word"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was written of a model, once."""

    number: int
    stage: str
    """Which examination found something."""
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """All that a run directory tells, but for the files themselves."""

    folder: Path
    manifest: Manifest
    status: Literal["running"] | Ending
    """As it is now: a run whose process was killed has crashed."""
    reason: str
    state: State
    cost: CostTable
    report: Mapping[str, Any]
    """How the simulator did; empty where it was not tried."""
    damages: tuple[str, ...]
    """What could not be read, in sentences."""

    @property
    def paths(self) -> Paths:
        return Paths(self.folder)

    @property
    def id(self) -> str:
        return self.folder.name


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder among the runs that is none."""

    folder: Path
    why: str


def read_run(folder: Path) -> Account:
    """Read a run; UsageError where it has no manifest that can be read."""
    paths = Paths(folder)
    if not folder.is_dir():
        raise UsageError(f"there is no run at {folder}")
    if not paths.manifest.exists():
        raise UsageError(f"{folder} is no run: it has no run.json")
    manifest = load_manifest(paths.manifest)
    damages: list[str] = []
    state = reduce(_events(paths.events, damages))
    cost = cost_of(_events(paths.events, []))
    report = _report(paths.report, damages)
    status, reason = manifest.status, manifest.reason
    if status == "running" and not is_held(paths.lock):
        status, reason = "crashed", _KILLED
    return Account(folder, manifest, status, reason, state, cost, report, tuple(damages))


def list_runs(root: Path) -> Iterator[Account | Unreadable]:
    """The runs below a folder in the order of their names; 10 comes after 9."""
    if not root.is_dir():
        return
    folders = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for folder in sorted(folders, key=lambda path: _by_number(path.name)):
        try:
            yield read_run(folder)
        except UsageError as error:
            yield Unreadable(folder, str(error).splitlines()[0].removeprefix(f"{folder}/"))


def find_run(root: Path, name: str) -> Path:
    """The folder of a run by its name below the root, or by its path."""
    folder = Path(name) if "/" in name else root / name
    if folder.is_dir() and name not in ("", ".", ".."):
        return folder
    known = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "gsim-devs runs ls shows them"
    raise UsageError(f"there is no run {name} in {root}; {hint}")


def remove_run(folder: Path) -> None:
    """Remove a run and all that is in it; UsageError where it is none, or a process is writing it."""
    paths = Paths(folder)
    if folder.is_symlink() or not paths.manifest.is_file():
        raise UsageError(f"{folder} is no run, so it is not removed: it has no run.json")
    if is_held(paths.lock):
        raise UsageError(f"{folder} is being written; stop it first")
    shutil.rmtree(folder)


def attempts(account: Account) -> dict[str, list[Attempt]]:
    """The attempts at each model, in their order; models by the names of their files."""
    found: dict[str, list[Attempt]] = {}
    for path in _some(account.paths.components, "*/a[0-9]*.py"):
        number = path.stem[1:]
        if number.isdecimal() and len(number) < 9:
            found.setdefault(path.parent.name, []).append(_attempt(path, int(number)))
    return {model: sorted(found[model], key=lambda one: one.number) for model in sorted(found)}


def sources(account: Account) -> dict[str, str]:
    """The accepted source of each model, or its latest attempt where none was accepted."""
    found = {}
    for model, tried in attempts(account).items():
        folder = account.paths.components / model
        path = folder / "accepted.py"
        found[model] = _text(path if path.exists() else folder / f"a{tried[-1].number}.py")
    for path in _some(account.paths.components, "*/accepted.py"):
        found.setdefault(path.parent.name, _text(path))
    return dict(sorted(found.items()))


def plan_text(account: Account) -> str:
    """The plan as it stands in its file; empty where there is none."""
    return _text(account.paths.plan) if account.paths.plan.exists() else ""


def slots(account: Account) -> list[str]:
    """The slots of the requests and replies that were kept."""
    folder = account.paths.llm
    files = (path.relative_to(folder) for path in _some(folder, "**/*.json"))
    return sorted(
        path.with_suffix("").as_posix() for path in files if not any(part[0] == "." for part in path.parts)
    )


def _events(path: Path, damages: list[str]) -> Iterator[Event]:
    """The events that can be read; what cannot is told, the first of it one by one."""
    bad = 0
    try:
        for event in read_events(path):
            if isinstance(event, Event):
                yield event
            else:
                bad += 1
                if bad <= _MOST_DAMAGES:
                    damages.append(str(event))
    except UsageError as error:
        damages.append(str(error))
    if not path.exists():
        damages.append(f"there is no {path.name}")
    if bad > _MOST_DAMAGES:
        damages.append(f"events.jsonl: {bad - _MOST_DAMAGES} more lines that are no events")


def _report(path: Path, damages: list[str]) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        held = json_of(path)
    except UsageError as error:
        damages.append(str(error))
        return {}
    if not isinstance(held, dict):
        damages.append(f"{path.name}: it should hold an object")
        return {}
    return held


def _attempt(source: Path, number: int) -> Attempt:
    try:
        held = json_of(findings_of(source))
    except UsageError as error:
        return Attempt(number, "", (str(error),))
    if not isinstance(held, dict) or not isinstance(held.get("findings"), list):
        return Attempt(number, "", (f"{findings_of(source)}: it should hold findings",))
    stage = held.get("stage")
    texts = tuple(one for one in held["findings"] if isinstance(one, str))
    return Attempt(number, stage if isinstance(stage, str) else "", texts)


def _text(path: Path) -> str:
    try:
        return text_of(path)
    except UsageError as error:
        return f"({error})\n"


def _some(folder: Path, pattern: str) -> list[Path]:
    """The files that fit, however many a stranger laid there."""
    found = []
    for path in folder.glob(pattern):
        found.append(path)
        if len(found) == _MOST_FILES:
            break
    return found


def _by_number(name: str) -> tuple[str, int, str]:
    stem, _, last = name.rpartition("-")
    return (stem, int(last), "") if last.isdecimal() and len(last) < 9 else (name, 0, "")
