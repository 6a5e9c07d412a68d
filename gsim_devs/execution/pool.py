"""A pool of warm workers: each imports a simulator once and then runs thousands of short jobs in it.

What a job yields depends on the job alone: a worker that dies or runs out of memory after earlier jobs is replaced,
and the job is tried once more in a fresh one before it is called failed. One thread, no locks: a selector waits for all
workers at once. The other end is `worker`; what comes from there is data, and is never believed to be more.
"""

from __future__ import annotations

import json
import math
import os
import platform
import selectors
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, get_args

from gsim_devs.errors import UsageError

from .launcher import Child, Launcher, launch
from .limits import Limits
from .result import Result, Status
from .seccomp import filter_program
from .surveying import Seen, Sight, SurveyBatch, Surveyed, SurveyTask, Watch

_WORKER = Path(__file__).with_name("worker.py")
_LENGTHS = struct.Struct(">II")
_CHUNK = 1 << 18
_CODES = {"ok": 0, "refused": 2}
_LONGEST_HEADER = 1 << 20
# How many jobs may be done or under way beyond the one whose result is next.
_WINDOW = 1024


@dataclass(frozen=True, slots=True)
class Job:
    """One run: what would stand on the command line, and what would come on stdin."""

    arguments: Mapping[str, object] = field(default_factory=dict)
    stdin: str = ""
    seed: int = 0
    replication: int = 0
    parameters: Mapping[str, object] = field(default_factory=dict)
    changes: tuple[tuple[float, str, object], ...] = ()
    """Parameters that have another value from a time on: when, which, and the value."""
    detail: bool = False


class Pool:
    """Warm workers for one simulator of ours; a context manager that leaves no process behind."""

    def __init__(
        self,
        simulator: str | Path,
        *,
        workers: int | None = None,
        limits: Limits | None = None,
        launcher: Launcher = launch,
        fork: bool = False,
    ) -> None:
        """Start nothing yet: workers start when there are jobs for them.

        Args:
            simulator: folder or zipapp.
            workers: how many run at once; as many as there are processors by default.
            limits: of each job; the memory is that of a worker.
            launcher: how a worker is started.
            fork: give each job a process of its own, forked from a worker that has loaded the runtime only. It takes
                some milliseconds more, and nothing that hostile code leaves behind meets another job.
        """
        if not Path(simulator).exists():
            raise UsageError(f"there is no simulator at {simulator}")
        self._argv = [sys.executable, "-I", str(_WORKER), str(Path(simulator).resolve())]
        self._number = workers or os.cpu_count() or 1
        self._limits = limits or Limits()
        if fork:
            self._limits = replace(self._limits, forks=True)
            self._argv.append((filter_program(platform.machine()) or b"").hex())
        self.patience = self._limits.seconds
        """How long a job may take; to be lowered by who has learnt how long they do."""
        self._launcher = launcher
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._broken: Result | None = None
        self._running = False

    def run(self, jobs: Iterable[Job], *, records: bool = True) -> Iterator[Result]:
        """Run all jobs and yield their results in order of submission, each with records or with a printed trace.

        Jobs are taken from the iterable as workers come free. One batch at a time.
        """
        return self._run(_Batch(jobs, records, self._limits.output))

    def survey(
        self,
        sights: Iterable[Sight],
        candidates: Sequence[Mapping[str, object]],
        watches: Sequence[Watch],
        slack: float,
    ) -> Iterator[Seen]:
        """Simulate candidates from sights and yield, sight by sight, what a few watched numbers come to.

        As `run`, but for nothing else of a simulation being kept, which takes a fraction of the time. What happens up
        to `slack` after a look is seen. Candidates are values of parameters.
        """
        most = {"most": 1} if self._limits.forks else {}
        return self._run(SurveyBatch(sights, candidates, watches, slack, self._limits.output, **most))

    def _run(self, batch: _AnyBatch[R_co]) -> Iterator[R_co]:
        if self._running:
            raise UsageError("this pool is still running another batch; one at a time")
        self._running = True
        try:
            while not batch.over:
                self._hand_out(batch)
                self._listen(batch)
                yield from batch.next_results()
        finally:
            self._running = False
            for worker in [worker for worker in self._workers if worker.task]:
                self._dismiss(worker)

    def close(self) -> None:
        """End all workers."""
        for worker in list(self._workers):
            self._dismiss(worker)
        self._selector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hand_out(self, batch: _AnyBatch[Any]) -> None:
        while self._broken and (task := batch.next_task()):
            batch.fail(task, self._broken)
        idle = [worker for worker in self._workers if not worker.task]
        while (idle or len(self._workers) < self._number) and (task := batch.next_task()):
            (idle.pop() if idle else self._engage()).assign(task, self.patience)

    def _listen(self, batch: _AnyBatch[Any]) -> None:
        """Wait until something happens, and deal with it."""
        busy = [worker for worker in self._workers if worker.task]
        if not busy:
            return
        patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
        for key, _ in self._selector.select(patience):
            worker, act = key.data
            if worker in self._workers:
                self._deal_with(worker, act(), batch)
        now = time.monotonic()
        for worker in busy:
            if worker in self._workers and worker.task and now >= worker.deadline:
                self._deal_with(worker, _Lost("timeout"), batch)

    def _deal_with(self, worker: _Worker, news: _News, batch: _AnyBatch[Any]) -> None:
        task = worker.task
        match news:
            case None:
                return
            case Result() | Surveyed() as result:
                worker.task = None
            case _Spent() | _Lost():
                result = news.result if isinstance(news, _Spent) else worker.last_words(news)
                self._dismiss(worker)
                if not worker.ready:
                    assert isinstance(result, Result)
                    self._broken = result
                elif task and (task.count > 1 or (worker.served and not _is_late(news))):
                    # Perhaps what ran here before is to blame, or one simulation of many; each job is judged by what
                    # it does in a fresh worker.
                    batch.put_back(task)
                    return
        if task:
            batch.settle(task, result)

    def _engage(self) -> _Worker:
        worker = _Worker(self._argv, self._limits, self._launcher, self._selector)
        self._workers.append(worker)
        return worker

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.end()


@dataclass(slots=True)
class _Task:
    """A job on its way."""

    number: int
    request: bytes
    records: bool
    detail: bool
    body: bytes = b""
    count: int = 1


class _Batch:
    """Jobs in, results out, both in order."""

    def __init__(self, jobs: Iterable[Job], records: bool, limit: int) -> None:
        self._limit = limit
        self._jobs = iter(jobs)
        self._records = records
        self._taken = 0
        self._given = 0
        self._again: deque[_Task] = deque()
        self._results: dict[int, Result] = {}
        self._exhausted = False

    @property
    def over(self) -> bool:
        return self._exhausted and self._given == self._taken

    def next_task(self) -> _Task | None:
        if self._again:
            return self._again.popleft()
        if self._exhausted or self._taken - self._given >= _WINDOW:
            return None
        job = next(self._jobs, None)
        if job is None:
            self._exhausted = True
            return None
        self._taken += 1
        request = json.dumps(asdict(job) | {"records": self._records, "limit": self._limit}).encode()
        return _Task(self._taken - 1, request, self._records, job.detail)

    def put_back(self, task: _Task) -> None:
        self._again.append(task)

    def settle(self, task: _Task, result: Result) -> None:
        self._results[task.number] = result

    fail = settle

    def next_results(self) -> Iterator[Result]:
        while self._given in self._results:
            result = self._results.pop(self._given)
            self._given += 1
            yield result


@dataclass(frozen=True, slots=True)
class _Lost:
    """The worker is of no use any more, and has not said how its job went."""

    status: Status
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Spent:
    """A job went wrong in a way that leaves the worker doubtful."""

    result: Result | Surveyed


_News = Result | Surveyed | _Lost | _Spent | None
_AnyTask = _Task | SurveyTask
R_co = TypeVar("R_co", covariant=True)


class _AnyBatch(Protocol[R_co]):
    """Work for a pool. A task is put back to be tried again, settled with an answer, or has failed for good."""

    @property
    def over(self) -> bool: ...
    def next_task(self) -> Any: ...
    def put_back(self, task: Any) -> None: ...
    def settle(self, task: Any, result: Any) -> None: ...
    def fail(self, task: Any, result: Result) -> None: ...
    def next_results(self) -> Iterator[R_co]: ...


class _TooLongError(Exception):
    """A worker announced more than it may send."""


class _Worker:
    """Our end of one worker."""

    def __init__(
        self, argv: list[str], limits: Limits, launcher: Launcher, selector: selectors.BaseSelector
    ) -> None:
        self.task: _AnyTask | None = None
        self.ready = False
        self.served = 0
        self.deadline = 0.0
        self._seconds = limits.seconds
        self._limits = limits
        self._selector = selector
        self._child = Child(launcher(argv, stdin=subprocess.PIPE, limits=replace(limits, seconds=math.inf)))
        self._started = time.monotonic()
        self._inbox = bytearray()
        self._outbox = b""
        self._stderr = bytearray()
        process = self._child.process
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._stdin = process.stdin.fileno()
        os.set_blocking(self._stdin, False)
        self._watch(process.stdout.fileno(), selectors.EVENT_READ, self._read)
        self._watch(process.stderr.fileno(), selectors.EVENT_READ, self._read_stderr)

    def assign(self, task: _AnyTask, seconds: float) -> None:
        """Send a job, which may take so long."""
        self.task = task
        self._seconds = seconds
        self._stderr.clear()
        self._restart_clock()
        self._outbox = _LENGTHS.pack(len(task.request), len(task.body)) + task.request + task.body
        self._watch(self._stdin, selectors.EVENT_WRITE, self._write)

    def end(self) -> None:
        """Kill it and let go of its pipes."""
        for key in [key for key in self._selector.get_map().values() if key.data[0] is self]:
            self._selector.unregister(key.fileobj)
        self._child.kill()

    def last_words(self, lost: _Lost) -> Result:
        """What is to be said of the job of a worker that was lost."""
        self._drain_stderr()
        self._child.kill()
        code, status = self._child.code, lost.status
        if status == "killed" and code >= 0:
            status = "failed"
        said = self._stderr.decode(errors="replace") + lost.why
        result = self._result(status, code, said, time.monotonic() - self._started)
        return replace(result, took_worker=True)

    def _watch(self, descriptor: int, event: int, act: Callable[[], _News]) -> None:
        self._selector.register(descriptor, event, (self, act))

    def _restart_clock(self) -> None:
        self._started = time.monotonic()
        # Its start takes what it takes, however short the job is.
        self.deadline = self._started + (self._seconds if self.ready else self._limits.seconds)

    def _write(self) -> _News:
        try:
            self._outbox = self._outbox[os.write(self._stdin, self._outbox) :]
        except BrokenPipeError:
            # It is gone; why, its stdout will tell.
            self._outbox = b""
        if not self._outbox:
            self._selector.unregister(self._stdin)
        return None

    def _read_stderr(self) -> _News:
        assert self._child.process.stderr
        descriptor = self._child.process.stderr.fileno()
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            self._selector.unregister(descriptor)
        self._stderr += chunk
        del self._stderr[: -self._limits.stderr]
        return None

    def _drain_stderr(self) -> None:
        assert self._child.process.stderr
        os.set_blocking(self._child.process.stderr.fileno(), False)
        with suppress(BlockingIOError):
            while chunk := self._child.process.stderr.read(_CHUNK):
                self._stderr += chunk
        del self._stderr[: -self._limits.stderr]

    def _read(self) -> _News:
        assert self._child.process.stdout
        chunk = os.read(self._child.process.stdout.fileno(), _CHUNK)
        if not chunk:
            return _Lost("killed")
        self._inbox += chunk
        try:
            while message := self._message():
                news = self._understood(*message)
                if news:
                    return news
        except (ValueError, TypeError, KeyError, RecursionError):
            return _Lost("failed", "it answered with something that is no result")
        except _TooLongError:
            return _Lost("flooded")
        return None

    def _message(self) -> tuple[dict[str, Any], bytes] | None:
        """Take the first message, if all of it is there."""
        if len(self._inbox) < _LENGTHS.size:
            return None
        header, body = _LENGTHS.unpack_from(self._inbox)
        if header > _LONGEST_HEADER or body > self._limits.output:
            raise _TooLongError
        middle, end = _LENGTHS.size + header, _LENGTHS.size + header + body
        if len(self._inbox) < end:
            return None
        told = json.loads(self._inbox[_LENGTHS.size : middle])
        if not isinstance(told, dict) or told.get("status") not in get_args(Status):
            raise ValueError("no header")
        message = told, bytes(self._inbox[middle:end])
        del self._inbox[:end]
        return message

    def _understood(self, header: dict[str, Any], body: bytes) -> _News:
        if self.ready:
            result = self._reply(header, body)
            if header.get("memory") and not self._limits.forks:
                return _Spent(result)
            self.served += 1
            return result
        if header["status"] != "ok":
            return _Spent(self._result("failed", 1, str(header["error"]), 0.0))
        self.ready = True
        self._restart_clock()
        return None

    def _reply(self, header: dict[str, Any], body: bytes) -> Result | Surveyed:
        assert self.task
        self._child.look()
        status: Status = header["status"]
        code = int(header.get("code", _CODES.get(status, 1)))
        error, seconds = str(header.get("error", "")), float(header["seconds"])
        if not 0 <= seconds < math.inf:
            raise ValueError("no time that a job can take")
        if "code" in header:
            self._drain_stderr()
            error = self._stderr.decode(errors="replace")
        if isinstance(self.task, SurveyTask):
            return self._survey_reply(self.task, header, body) or self._result(status, code, error, seconds)
        if self.task.records:
            return self._result(status, code, error, seconds, records=_records(body, self.task.detail))
        return self._result(status, code, error, seconds, trace=body)

    def _survey_reply(self, task: SurveyTask, header: dict[str, Any], body: bytes) -> Surveyed | None:
        """None if something is wrong with the survey as a whole."""
        if header["status"] != "ok":
            return None
        seconds = float(header["seconds"])
        failures = {
            number: self._result(status, _CODES.get(status, 1), error, seconds)
            for number, (status, error) in task.failures(header, body).items()
        }
        return Surveyed(body, failures, seconds)

    def _result(self, status: Status, code: int, stderr: str, seconds: float, **output: Any) -> Result:
        return Result(
            status=status,
            code=code,
            trace=output.get("trace", b""),
            stderr=stderr,
            seconds=seconds,
            peak_memory=self._child.peak_memory,
            records=output.get("records", ()),
            isolation=self._child.isolation,
        )


def _is_late(news: _Lost | _Spent) -> bool:
    return isinstance(news, _Lost) and news.status == "timeout"


def _records(body: bytes, detail: bool) -> tuple[tuple[Any, ...], ...]:
    keys = itemgetter("time", "entity", "event", "payload", *(("seq", "component") if detail else ()))
    records = tuple(map(keys, json.loads(b"[" + b",".join(body.splitlines()) + b"]")))
    if not all(map(_is_record, records)):
        raise ValueError("no records")
    return records


def _is_record(record: tuple[Any, ...]) -> bool:
    time, entity, event, payload, *detail = record
    return (
        type(time) in (int, float)
        and -math.inf < time < math.inf
        and type(entity) is str
        and type(event) is str
        and type(payload) is dict
        and (not detail or (type(detail[0]) is int and type(detail[1]) is str))
    )
