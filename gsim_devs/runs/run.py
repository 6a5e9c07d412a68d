"""Write a run directory: the record of one build, and the only place where its state lives. Builds nothing.

Threads may share a run; processes may not. Whatever kills the process, what was written is there, and the directory
opens again.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from gsim_devs.contracts import PlanTree, dump_json
from gsim_devs.errors import GsimError, UsageError

from .cost import cost_of
from .events import Event, EventLog, plain, read_events
from .files import partial_of, put, put_json, sweep, text_of
from .lock import Lock
from .manifest import Ending, Manifest, load_manifest, put_manifest, versions
from .paths import Paths, findings_of, named
from .progress import State, reduce
from .steps import Step

Watcher = Callable[[Event], None]


class Run:
    """A run that this process writes."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Go on with what is there; `create` and `open` are for callers."""
        self.paths = Paths(folder)
        self._lock = Lock(self.paths.lock)
        try:
            self.manifest = load_manifest(self.paths.manifest)
            sweep(folder)
            self._log = EventLog(self.paths.events)
            self._last = _last_of(self.paths.events)
        except BaseException:
            self._lock.release()
            raise
        self._clock, self._since = clock, clock()
        self._worked = self._last.at if self._last else 0.0
        self._turn = threading.RLock()
        self._watchers: list[Watcher] = []
        self._open = True

    @classmethod
    def create(
        cls,
        root: Path,
        manifest: Manifest,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> Run:
        """A new folder below the root, named by the manifest's id or, where it has none, by day, system and number."""
        moment = now()
        given = {"started": moment.isoformat(timespec="seconds"), "versions": versions()}
        root.mkdir(parents=True, exist_ok=True)
        day = f"{moment:%Y-%m-%d}-{manifest.system}"
        names = [named(manifest.id, "run")] if manifest.id else (f"{day}-{n}" for n in range(1, 10_000))
        for name in names:
            folder = root / name
            if _made(folder, manifest.model_copy(update={**given, "id": name, "status": "running"})):
                return cls(folder, clock)
        raise UsageError(f"{root / name} is there already; choose another name, or remove it")

    @classmethod
    def open(cls, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> Run:
        """Go on with a run that ended or was killed; UsageError where another process writes it."""
        if not Paths(folder).manifest.is_file():
            raise UsageError(f"{folder} is no run: it has no run.json")
        run = cls(folder, clock)
        before, died = run.manifest.status, run._lock.died
        if died:
            run.event("taken over", owner=died)
        run._state_how("running", "")
        run.event("resumed", before="crashed" if before == "running" else before)
        return run

    @property
    def folder(self) -> Path:
        return self.paths.folder

    @property
    def state(self) -> State:
        """Where the run is, by its events."""
        return reduce(event for event in read_events(self.paths.events) if isinstance(event, Event))

    # What happens.

    def __call__(self, kind: str, node: str | None = None, **data: Any) -> None:
        """Take what a build tells: an examined source is stored, everything is an event."""
        source, attempt = data.get("source"), data.get("attempt")
        if kind == "examined" and node and isinstance(source, str) and isinstance(attempt, int):
            self.save_component(node, attempt, source, data.get("findings", ()), data.get("stage", ""))
        else:
            self.event(kind, node, **data)

    def event(self, kind: str, node: str | None = None, attempt: int | None = None, **data: Any) -> Event:
        """Note that something happened."""
        with self._turn:
            if not self._open:
                raise UsageError(f"{self.folder} is closed; open it again to go on with it")
            at = round(self._worked + self._clock() - self._since, 3)
            seq = self._last.seq + 1 if self._last else 1
            event = Event(seq, at, kind, node, attempt, plain(data))
            self._log.append(event)
            self._last = event
            for watch in self._watchers:
                watch(event)
        return event

    def watch(self, watcher: Watcher) -> None:
        """Show every event from now on to somebody, one at a time."""
        self._watchers.append(watcher)

    # What comes out.

    def save_plan(self, plan: PlanTree, findings: Sequence[str] = ()) -> None:
        """Keep an attempt at the plan; one without findings is the plan."""
        with self._turn:
            attempt = 1
            while self.paths.plan_attempt(attempt).exists():
                attempt += 1
            self._save_attempt(self.paths.plan_attempt(attempt), dump_json(plan), attempt, findings)
            if not findings:
                put(self.paths.plan, dump_json(plan))
        self.event("plan saved", attempt=attempt, findings=list(findings))

    def save_component(
        self, model: str, attempt: int, source: str, findings: Sequence[str], stage: str = ""
    ) -> None:
        """Keep an attempt at a model, and note that it was examined."""
        self._save_attempt(self.paths.source(model, attempt), source, attempt, findings, stage)
        self.event("examined", model, attempt, stage=stage, findings=list(findings))

    def accept_component(self, model: str, source: str) -> None:
        """Keep what is in the simulator in the end; its attempt is found by its text."""
        put(self.paths.accepted(model), source)
        self.event("accepted", model, self._attempt_with(model, source))

    def save_trace(self, case: str, replication: int, trace: bytes) -> Path:
        """Keep what the simulator reported."""
        return put(self.paths.trace(case, replication), trace)

    def save_rules(self, rules: str) -> None:
        """Keep the rules that were drafted and stand, as the text of a rules file."""
        put(self.paths.rules, rules)

    def save_report(self, report: Mapping[str, Any]) -> None:
        """Keep how the simulator did, as plain data."""
        put_json(self.paths.report, plain(report))

    # What is done already.

    def step(self, name: str, output: Path, inputs: Iterable[str | bytes]) -> Step:
        """A step of the work: it is done if its output is there and came from the same inputs and the same code."""
        return Step(self.paths.step(name), output, tuple(inputs))

    # How it ends.

    def finish(self, status: Ending, reason: str = "") -> None:
        """Note how it ended, and close it."""
        with self._turn:
            self.event("finished", status=status, reason=reason)
            events = (event for event in read_events(self.paths.events) if isinstance(event, Event))
            put_json(self.paths.cost, cost_of(events).data)
            self._state_how(status, reason)
            self.close()

    def close(self) -> None:
        """Let others have it; without `finish` it counts as crashed."""
        with self._turn:
            if self._open:
                self._open = False
                self._log.close()
                self._lock.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish it, if nobody has, by what is on its way out."""
        if self._open:
            self.finish(*_ending_of(error))

    def _state_how(self, status: Literal["running"] | Ending, reason: str) -> None:
        self.manifest = self.manifest.model_copy(update={"status": status, "reason": reason})
        put_manifest(self.paths.manifest, self.manifest)

    def _save_attempt(
        self, path: Path, content: str, attempt: int, findings: Sequence[str], stage: str = ""
    ) -> None:
        put(path, content)
        found = {"attempt": attempt, "stage": stage, "findings": list(findings)}
        put_json(findings_of(path), plain(found))

    def _attempt_with(self, model: str, source: str) -> int | None:
        attempts = sorted(int(path.stem[1:]) for path in self.paths.component(model).glob("a[0-9]*.py"))
        return next((n for n in reversed(attempts) if text_of(self.paths.source(model, n)) == source), None)


def _made(folder: Path, manifest: Manifest) -> bool:
    """Put a new run in its place, as a whole; False where something is there."""
    if folder.exists() or folder.is_symlink():
        return False
    beside = partial_of(folder)
    beside.mkdir()
    try:
        put_manifest(Paths(beside).manifest, manifest)
        Paths(beside).events.touch()
        beside.rename(folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        if folder.exists():
            # Somebody else was faster.
            return False
        raise
    return True


def _last_of(events: Path) -> Event | None:
    last = None
    for event in read_events(events):
        last = event if isinstance(event, Event) else last
    return last


def _ending_of(error: BaseException | None) -> tuple[Ending, str]:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is None:
        return "done", ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", "stopped by the user"
    if isinstance(error, GsimError):
        return "failed", str(error)
    return "crashed", f"{type(error).__name__}: {error}"
