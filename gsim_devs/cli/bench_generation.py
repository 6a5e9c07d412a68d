"""`gsim-devs bench generation`: how well, and at what cost, do simulators come out of their specifications?

Every build is a run directory of its own, so what was built is not built again and an interrupted benchmark goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import GsimError, UsageError

from . import build as building
from .bench_table import report, table
from .conform import scenario_of
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.conformance import Conformance, Scenario
    from gsim_devs.execution import Launcher
    from gsim_devs.llm import Opened, Usage
    from gsim_devs.pipeline import Built, Job, Single
    from gsim_devs.runs import Manifest, Run

_REPLAY = "replay"
_SETTINGS = ("model", "base_url", "temperature", "reasoning_effort", "answered_by")
"""What of a configuration has a part in what comes out."""


def register(commands: Any) -> None:
    """Declare the command."""
    generation = commands.add_parser(
        "generation",
        help="build every system and measure the simulators, and what they took",
        description="Build every system that has specification, contract, rules and test inputs. Without --llm, "
        "recorded replies are taken where all systems have some; nothing is ever spent unasked. A limit is for the "
        "whole benchmark. DIR of manual:, replay: and --record holds a folder for each build, such as abp.1; "
        "--llm replay alone takes scenarios/ID/recording (and recording-single), and leaves out systems without it.",
        epilog="exit code: 0 all were built, 1 one was not, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    building.add_backend_options(generation)
    generation.add_argument(
        "--scenario", metavar="ID", action="append", help="only this system; may be given several times"
    )
    generation.add_argument("--times", metavar="N", type=int, default=1, help="how often each is built (1)")
    generation.add_argument(
        "--baseline",
        choices=("single",),
        help="compare with simulators that the model writes as one file, without a plan",
    )
    generation.add_argument(
        "--repairs",
        metavar="K",
        type=int,
        default=0,
        help="how often what is wrong with such a file is sent back (0)",
    )
    generation.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("runs", "bench"),
        help="where the builds are kept (runs/bench)",
    )
    generation.add_argument("--redo", action="store_true", help="build again what was built already")
    add_json_option(generation)
    generation.set_defaults(call=call, llm=None)


def call(options: argparse.Namespace) -> int:
    """Build what is not built yet, print the table; 1 if one was not built."""
    from gsim_devs.llm import BudgetError, StoppedError

    pieces = _pieces(options)
    _clear(pieces, redo=options.redo)
    if (first := next((one for one in pieces if not one.is_free and _done(one) is None), None)) is not None:
        asyncio.run(_refuse_without_service(first))
    rows, ended, started = [], None, time.monotonic()
    for piece in pieces:
        try:
            rows.append(_row(piece, pieces, started))
        except (BudgetError, StoppedError) as error:
            ended = error
            break
    if rows:
        print(table(rows), end="")
        write_json(options, report(rows))
    if ended is not None:
        raise ended
    return 0 if all(row["built"] for row in rows) else 1


@dataclass(frozen=True, slots=True)
class _Piece:
    """One build."""

    job: Job
    way: str
    """plan, or single: as one file."""
    number: int
    """Of the repetition."""
    options: argparse.Namespace
    """As those of a build."""
    manifest: Manifest
    folder: Path

    @property
    def again(self) -> str | None:
        """The command that makes a recording anew; none: there is none for sure."""
        kind, _, place = str(self.options.llm).partition(":")
        if kind != _REPLAY:
            return None
        words = ["gsim-devs", "build", self.job.scenario.id, "--record", place]
        if self.way == "single":
            words = ["gsim-devs", "bench", "generation", "--scenario", self.job.scenario.id]
            words += ["--baseline", "single", "--llm", "openai", "--record", "DIR"]
            return f"{shlex.join(words)}, and keep DIR/{self.folder.name} as {place}"
        return shlex.join(words)

    @property
    def is_free(self) -> bool:
        """Whether it can be built again at no cost."""
        return str(self.options.llm).startswith(f"{_REPLAY}:")


# What is to be built.


def _pieces(options: argparse.Namespace) -> list[_Piece]:
    from gsim_devs.execution import sandboxed

    if options.times < 1:
        raise UsageError(f"--times must be at least 1, not {options.times}")
    if options.repairs < 0 or (options.repairs and options.baseline is None):
        raise UsageError("--repairs is a number from 0 on, and for --baseline single")
    ways = ["plan", *([options.baseline] if options.baseline else [])]
    scenarios = [_with_specification(name) for name in dict.fromkeys(options.scenario or _all())]
    builds = [(scenario, way) for scenario in scenarios for way in ways]
    if options.llm is None or options.llm.rstrip(":") == _REPLAY:
        builds = _recorded(builds, is_choice=options.llm is not None and not options.scenario)
    launcher = sandboxed()
    return [
        _piece(options, scenario, way, number, launcher)
        for scenario, way in builds
        for number in range(1, options.times + 1)
    ]


def _all() -> list[str]:
    """Whatever can be built and examined."""
    found = [
        path.stem
        for path in sorted(Path("contracts").glob("*.yaml"))
        if Path("specs", f"{path.stem}.md").is_file()
        and Path("trace_checkers", path.name).is_file()
        and Path("scenarios", path.stem, "cases.yaml").is_file()
    ]
    if not found:
        raise UsageError(
            "there is no system here that has specs/ID.md, contracts/ID.yaml, trace_checkers/ID.yaml "
            "and scenarios/ID/cases.yaml; gsim-devs new makes one"
        )
    return found


def _with_specification(text: str) -> Scenario:
    scenario = scenario_of(text)
    if not scenario.specification.strip():
        raise UsageError(f"{scenario.id} has no specification: write specs/{scenario.id}.md")
    return scenario


def _recorded(builds: Sequence[tuple[Scenario, str]], *, is_choice: bool) -> list[tuple[Scenario, str]]:
    """Those with recorded replies; what has none is left out where whatever is recorded was asked for.

    Otherwise it is refused: nobody is asked who was not named, because services cost money.
    """
    missing = [str(_recording(*build)) for build in builds if not _recording(*build).is_dir()]
    # What stands for itself in one file compares with nothing.
    found = [
        (scenario, way)
        for scenario, way in builds
        if _recording(scenario, "plan").is_dir() and _recording(scenario, way).is_dir()
    ]
    if missing and not (is_choice and found):
        raise UsageError(
            f"there are no recorded replies in {', '.join(missing)}. Name who answers: --llm openai asks a "
            "service, which costs money (--max-tokens and the like limit it); --llm manual:DIR leaves the requests "
            "to you; --llm replay takes what is recorded and leaves out the rest, replay:DIR what --record DIR kept"
        )
    if missing:
        print(f"gsim-devs: left out, nothing is recorded: {', '.join(missing)}", file=sys.stderr)
    return found


def _recording(scenario: Scenario, way: str) -> Path:
    return scenario.folder / ("recording" if way == "plan" else f"recording-{way}")


def _piece(
    options: argparse.Namespace, scenario: Scenario, way: str, number: int, launcher: Launcher
) -> _Piece:
    from gsim_devs.pipeline import Job
    from gsim_devs.runs import Paths

    # A point is in no name of a system.
    name = f"{scenario.id}.{number}" if way == "plan" else f"{scenario.id}.{way}.{number}"
    folder = options.out / name
    kind, _, place = (options.llm or _REPLAY).partition(":")
    llm = f"{kind}:{Path(place, name)}" if place else kind
    if llm == _REPLAY:
        llm = f"{_REPLAY}:{_recording(scenario, way)}"
    given = {"llm": llm, "record": options.record and options.record / name, "plan_only": False}
    own = argparse.Namespace(**{**vars(options), **given})
    job = Job(scenario, Paths(folder).simulator, launcher=launcher, jobs=os.cpu_count() or 1)
    manifest = building.manifest_of(job, own)
    settings = {key: manifest.configuration[key] for key in _SETTINGS}
    settings |= {"llm": llm, "way": way} | ({"repairs": options.repairs} if way == "single" else {})
    return _Piece(
        job, way, number, own, manifest.model_copy(update={"id": name, "configuration": settings}), folder
    )


def _clear(pieces: Sequence[_Piece], *, redo: bool) -> None:
    """Remove what is to be built anew; refuse what was built differently, before anything is spent."""
    from gsim_devs.runs import read_run, remove_run

    there = [piece for piece in pieces if piece.folder.exists()]
    for piece in there:
        # Replies that were not replayed may have been paid for.
        is_free = piece.is_free and read_run(piece.folder).manifest.mode == _REPLAY
        if redo or (is_free and _done(piece) is None):
            remove_run(piece.folder)
        elif not _is_same(piece):
            raise UsageError(
                f"{piece.folder} was built from other files, or with other settings; "
                "--redo builds it again, another --out keeps it"
            )


def _is_same(piece: _Piece) -> bool:
    from gsim_devs.runs import read_run

    before = read_run(piece.folder).manifest
    now = piece.manifest
    return (before.inputs, before.configuration, before.model) == (now.inputs, now.configuration, now.model)


def _done(piece: _Piece) -> dict[str, Any] | None:
    """What came out of it, where it is built; a replay also has to be by today's code."""
    from gsim_devs.runs import read_run, versions

    if not piece.folder.exists():
        return None
    account = read_run(piece.folder)
    row = account.report.get("build")
    if account.status != "done" or not isinstance(row, dict) or not row.keys() >= _nothing().keys():
        return None
    if piece.is_free and not (
        _is_same(piece) and account.manifest.versions.get("code") == versions()["code"]
    ):
        return None
    return row


async def _refuse_without_service(piece: _Piece) -> None:
    """Raise UsageError where nobody can be asked, instead of once in every build."""
    async with building.opened(piece.options):
        pass


# Build.


def _row(piece: _Piece, pieces: Sequence[_Piece], started: float) -> dict[str, Any]:
    """How one build went, and what it took; one that fails is a row as well."""
    from gsim_devs.llm import BudgetError, StoppedError
    from gsim_devs.runs import show_live

    if (row := _done(piece)) is not None:
        _warn_of_other_code(piece)
        return row
    work = _Work(piece, pieces, _in_time(piece.options, started))
    with _run(piece) as run:
        try:
            with (
                building.noted(run, f"gsim-devs {shlex.join(piece.manifest.command)}"),
                show_live(run, sys.stderr),
            ):
                return work.row(run)
        except (BudgetError, StoppedError):
            # So would all that come after it.
            raise
        except GsimError as error:
            return work.failed(str(error))


def _in_time(options: argparse.Namespace, started: float) -> argparse.Namespace:
    """The options of a build that begins now: what is left of the seconds is for it."""
    from gsim_devs.llm import BudgetError

    most = building.configuration_of(options).limits.max_seconds
    if most is None:
        return options
    left = most - (time.monotonic() - started)
    if left <= 0:
        told = f"max_seconds = {most} are over; what was built is kept: run the same command again to go on"
        raise BudgetError(told, "max_seconds")
    return argparse.Namespace(**{**vars(options), "max_seconds": left})


def _run(piece: _Piece) -> Run:
    from gsim_devs.runs import Run

    print(f"gsim-devs: {piece.folder}", file=sys.stderr)
    if piece.folder.exists():
        return Run.open(piece.folder)
    return Run.create(piece.folder.parent, piece.manifest)


@dataclass
class _Work:
    """A build that goes on."""

    piece: _Piece
    pieces: Sequence[_Piece]
    options: argparse.Namespace
    started: float = field(default_factory=time.monotonic)
    usage: Usage | None = None

    def row(self, run: Run) -> dict[str, Any]:
        from gsim_devs.pipeline import Single

        made = asyncio.run(
            building.with_backend(
                self.options, run.paths.llm, lambda opened: self._made(opened, run), self.piece.again
            )
        )
        # Of a build that was interrupted, all the time that was worked on it.
        seconds = run.event("built").at
        found = building.tried(made.simulator, self.piece.job)
        if isinstance(made, Single):
            run.accept_component("single", made.chosen.source)
            data = _single_data(made, found)
        else:
            data = building.kept(made, found, run)
        row = {**data, **self._head(""), "seconds": seconds}
        run.save_report({**found.data, "build": row})
        run.finish("done")
        return row

    def failed(self, reason: str) -> dict[str, Any]:
        spent = _usage_data(self.usage) if self.usage else {}
        return {
            **_nothing(),
            **self._head(reason),
            **spent,
            "seconds": time.monotonic() - self.started,
        }

    async def _made(self, opened: Opened, run: Run) -> Built | Single:
        from gsim_devs.pipeline import build, build_single
        from gsim_devs.pipeline.telling import Counted, silent
        from gsim_devs.runs import read_run

        # A limit is one of the whole benchmark, as often as it is called.
        accounts = [read_run(one.folder) for one in self.pieces if one.folder.exists()]
        opened.budget.spent = sum((building.spent_in(one) for one in accounts), opened.budget.spent)
        # What a build that fails took is known here alone.
        counted = Counted(opened, silent)
        try:
            if self.piece.way == "plan":
                return await build(self.piece.job, counted, run)
            return await build_single(self.piece.job, counted, run, repairs=self.piece.options.repairs)
        finally:
            self.usage = counted.usage

    def _head(self, reason: str) -> dict[str, Any]:
        return {
            "scenario": self.piece.job.scenario.id,
            "way": self.piece.way,
            "repetition": self.piece.number,
            "built": not reason,
            "reason": reason,
        }


def _single_data(single: Single, found: Conformance) -> dict[str, Any]:
    """As `build.data_of` has it; what is not examined in one file has no rate."""
    first = single.first
    at_first = first.conformance
    return {
        "operational": found.operational,
        "behavioural": found.behavioural,
        "holds": found.holds,
        "components": 1,
        "first_attempt": {
            "parsed": float(bool(first.source)),
            "policy_clean": None,
            "interface_clean": None,
            "trial_clean": None,
            "smoke_clean": float(at_first.holds) if at_first else None if first.source else 0.0,
        },
        "repair_turns": single.attempts - 1,
        "most_repair_turns": single.attempts - 1,
        **_usage_data(single.usage),
        "critical_path_seconds": single.critical,
        "unresolved": list(single.chosen.findings),
    }


def _usage_data(usage: Usage) -> dict[str, Any]:
    return {
        "calls": usage.calls,
        "tokens": usage.tokens,
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cached_tokens": usage.cached,
        "tokens_estimated": usage.estimated,
    }


def _nothing() -> dict[str, Any]:
    """What a build that failed has come to."""
    rates = ("parsed", "policy_clean", "interface_clean", "trial_clean", "smoke_clean")
    return {
        "operational": 0.0,
        "behavioural": 0.0,
        "holds": False,
        "components": 0,
        "first_attempt": dict.fromkeys(rates, 0.0),
        "repair_turns": 0,
        "most_repair_turns": 0,
        "calls": 0,
        "tokens": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cached_tokens": 0,
        "tokens_estimated": False,
        "seconds": 0.0,
        "critical_path_seconds": 0.0,
        "unresolved": [],
    }


def _warn_of_other_code(piece: _Piece) -> None:
    from gsim_devs.runs import read_run, versions

    if read_run(piece.folder).manifest.versions.get("code") != versions()["code"]:
        print(
            f"gsim-devs: {piece.folder} was built by other code than today's; --redo builds it again",
            file=sys.stderr,
        )
