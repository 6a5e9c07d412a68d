"""`gsim-devs build ID`: a language model writes the simulator of a system from its specification and contract."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from gsim_devs.errors import GenerationError, GsimError, UsageError

from .conform import reference_for, scenario_of
from .containment import add_isolation_option
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.conformance import Conformance
    from gsim_devs.execution import Simulator
    from gsim_devs.llm import Configuration, Opened, Usage
    from gsim_devs.pipeline import Built, Job
    from gsim_devs.planning import Draft
    from gsim_devs.runs import Account, Ending, Manifest, Run

T = TypeVar("T")

_LIMITS = (
    ("max-calls", int, "requests"),
    ("max-tokens", int, "tokens"),
    ("max-cost", float, "US dollars"),
    ("max-seconds", float, "seconds"),
)


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "build",
        help="have a language model write a simulator from its specification",
        description="Plan a system, have a language model write its components in parallel, try and mend them.",
        epilog="exit code: 0 the simulator does what it should on all test inputs, 1 it does not, or was not built, "
        "2 something is wrong with the call",
        allow_abbrev=False,
    )
    parser.add_argument("id", metavar="ID", help="the system, or the path of its folder in scenarios/")
    parser.add_argument("--out", metavar="DIR", type=Path, help="the simulator's folder (default: build/ID)")
    add_backend_options(parser)
    add_isolation_option(parser, default="auto")
    parser.add_argument(
        "--runs", metavar="DIR", type=Path, default=Path("runs"), help="where runs are kept (runs)"
    )
    parser.add_argument(
        "--progress", choices=("auto", "plain", "json"), default="auto", help="how it is shown (auto)"
    )
    parser.add_argument(
        "--plan", metavar="FILE", type=Path, help="build this plan, instead of asking for one"
    )
    parser.add_argument("--plan-only", action="store_true", help="show the plan, and build nothing")
    parser.add_argument(
        "--save-plan",
        metavar="FILE",
        type=Path,
        help="write the plan there, for --plan; as a Mermaid diagram where the name ends in .mmd",
    )
    parser.add_argument(
        "--attempts",
        metavar="N",
        type=int,
        default=4,
        help="how often a component may be written until it is sound (4)",
    )
    parser.add_argument(
        "--rounds", metavar="N", type=int, default=3, help="how often the whole may be tried and mended (3)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="how many test inputs run at once (default: as many as cores)"
    )
    parser.add_argument(
        "--examine-on",
        metavar="LEVELS",
        default="smoke",
        help="the levels of test inputs on which it is tried while it is built (smoke); the others are for the end",
    )
    _add_opinion_options(parser)
    add_json_option(parser)
    parser.set_defaults(call=call)


def _add_opinion_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verify",
        action="store_true",
        help="have every component also read beside its sentences by somebody who did not write it",
    )
    parser.add_argument(
        "--draft-rules",
        action="store_true",
        help="have rules drafted by somebody who sees no code, and hold the simulator against them",
    )
    parser.add_argument(
        "--save-rules", metavar="FILE", type=Path, help="write the drafted rules that stand there"
    )


def add_backend_options(parser: argparse.ArgumentParser) -> None:
    """Declare who answers, where replies are kept, and how much may be spent."""
    parser.add_argument(
        "--llm",
        metavar="WHO",
        default="openai",
        help="openai (any service that speaks its protocol), manual:DIR (you copy requests into a chat), replay:DIR",
    )
    parser.add_argument(
        "--record", metavar="DIR", type=Path, help="keep replies there, and take those that are there"
    )
    parser.add_argument(
        "--model", metavar="NAME", help="the model's name (default: GSIM_DEVS_MODEL, gsim-devs.toml)"
    )
    parser.add_argument(
        "--answered-by", metavar="WHO", help="who answers the requests of manual:DIR; is recorded"
    )
    add_limits(parser)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Declare how much may be spent."""
    for name, kind, unit in _LIMITS:
        parser.add_argument(f"--{name}", metavar="N", type=kind, help=f"stop before more {unit} are spent")


def call(options: argparse.Namespace) -> int:
    """Build, try on every test input, print scores and what it took."""
    from gsim_devs.pipeline import plan_only
    from gsim_devs.runs import Run

    job = _job(options)
    if options.plan_only:
        draft = asyncio.run(with_backend(options, None, lambda backend: plan_only(job, backend)))
        _print_plan(draft, options)
        return 0
    with Run.create(options.runs, manifest_of(job, options)) as run:
        return _run(job, options, run)


def resume(folder: Path, given: argparse.Namespace) -> int:
    """Go on with a build: what was answered is there, and what it led to is made again from that.

    Limits that are given take the place of those of the build; what was spent before counts.
    """
    from gsim_devs.runs import Run

    from .program import parsed

    with Run.open(folder) as run:
        options = parsed(run.manifest.command)
        for name, value in _limits(given).items():
            setattr(options, name, value if value is not None else getattr(options, name))
        return _run(_job(options), options, run)


def _run(job: Job, options: argparse.Namespace, run: Run) -> int:
    from gsim_devs.conformance import telling
    from gsim_devs.pipeline import build
    from gsim_devs.runs import show_live

    def begun(backend: Opened) -> Coroutine[Any, Any, Built]:
        # By the processes that worked on this run before; a limit is one of the run.
        backend.budget.spent = spent_in(run)
        return build(job, backend, run)

    print(f"gsim-devs: {run.folder} holds everything of this build", file=sys.stderr)
    with (
        noted(run, f"gsim-devs runs resume {shlex.quote(str(run.folder))}"),
        show_live(run, sys.stderr, options.progress),
    ):
        built = asyncio.run(with_backend(options, run.paths.llm, begun))
        found = tried(built.simulator, job)
    data = kept(built, found, run)
    shutil.copytree(built.simulator, run.paths.simulator, dirs_exist_ok=True)
    if options.save_rules is not None:
        options.save_rules.write_text(_rules_of(built) or "", encoding="utf-8")
    _print_plan(built.draft, options)
    print("", telling.text(found, telling.FEW), *_told(built), sep="\n", end="")
    write_json(options, data)
    run.finish("done")
    return 0 if found.holds else 1


@contextmanager
def noted(run: Run, to_go_on: str) -> Iterator[None]:
    """Note in a run what ends it before its end, and say by which command it goes on."""
    from gsim_devs.llm import BudgetError

    try:
        yield
    except GsimError as error:
        run.finish(_ending_by(error), str(error))
        if not isinstance(error, GenerationError):
            # What a language model could not do it cannot do from the same replies either.
            limit = f" --{error.limit.replace('_', '-')} N" if isinstance(error, BudgetError) else ""
            _aside(f"gsim-devs: to go on: {to_go_on}{limit}")
        raise


def tried(simulator: Simulator, job: Job) -> Conformance:
    """How a simulator does on all its test inputs."""
    from gsim_devs.conformance import conform

    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder:
        return conform(
            simulator,
            job.scenario,
            jobs=job.jobs,
            reference=reference_for(job.scenario, Path(folder)),
            launcher=job.launcher,
        )


def kept(built: Built, found: Conformance, run: Run) -> dict[str, Any]:
    """Keep what came out in the run, but for the simulator; returns it as plain data."""
    run.save_plan(built.draft.plan)
    for name, version in built.versions.items():
        run.accept_component(name, version.source)
    data = data_of(built, found)
    run.save_report({**found.data, "build": data})
    if (rules := _rules_of(built)) is not None:
        run.save_rules(rules)
    return data


def _rules_of(built: Built) -> str | None:
    """The drafted rules that stand, as the text of a file; None where none were asked for."""
    from gsim_devs.contracts import dump_yaml

    rules = built.opinions.rules if built.opinions is not None else None
    return None if rules is None else dump_yaml(rules)


def _ending_by(error: BaseException) -> Ending:
    from gsim_devs.llm import BudgetError, StoppedError

    if isinstance(error, BudgetError):
        return "budget"
    return "interrupted" if isinstance(error, StoppedError) else "failed"


def _print_plan(draft: Draft, options: argparse.Namespace) -> None:
    from gsim_devs.contracts import dump_yaml
    from gsim_devs.planning import as_mermaid, as_tree, coverage

    if options.save_plan is not None:
        is_diagram = options.save_plan.suffix == ".mmd"
        text = as_mermaid(draft.plan) if is_diagram else dump_yaml(draft.plan)
        options.save_plan.write_text(text, encoding="utf-8")
    print(as_tree(draft.plan), end="")
    if options.plan_only:
        print("", coverage(draft), sep="\n", end="")


def data_of(built: Built, found: Conformance) -> dict[str, Any]:
    """What came out, as plain data."""
    repairs = {name: version.attempt - 1 for name, version in built.versions.items()}
    stages = [version.stage for version in built.first.values()]
    return {
        "scenario": found.system,
        "operational": found.operational,
        "behavioural": found.behavioural,
        "holds": found.holds,
        "components": len(built.versions),
        "first_attempt": {
            "parsed": _share(stages, ("reply",)),
            "policy_clean": _share(stages, ("reply", "policy")),
            "interface_clean": _share(stages, ("reply", "policy", "interface")),
            "trial_clean": _share(stages, ("reply", "policy", "interface", "trial")),
            "smoke_clean": float(built.at_first.holds) if built.at_first else None,
        },
        "repair_turns": sum(repairs.values()),
        "most_repair_turns": max(repairs.values(), default=0),
        "calls": built.usage.calls,
        "tokens": built.usage.tokens,
        "input_tokens": built.usage.input,
        "output_tokens": built.usage.output,
        "cached_tokens": built.usage.cached,
        "tokens_estimated": built.usage.estimated,
        "seconds": built.seconds,
        "critical_path_seconds": built.critical,
        "unresolved": list(built.unresolved),
        **({"opinions": built.opinions.data} if built.opinions is not None else {}),
    }


def _share(stages: list[str], failed: tuple[str, ...]) -> float:
    return sum(stage not in failed for stage in stages) / len(stages) if stages else 1.0


def _job(options: argparse.Namespace) -> Job:
    from gsim_devs.contracts import load_plan
    from gsim_devs.execution import sandboxed
    from gsim_devs.pipeline import Job

    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"--jobs must be at least 1, not {options.jobs}")
    if options.attempts < 1:
        raise UsageError(f"--attempts must be at least 1, not {options.attempts}")
    if options.rounds < 0:
        raise UsageError(f"--rounds must not be negative, but is {options.rounds}")
    for name in ("save_plan", "save_rules"):
        _refuse_unwritable(f"--{name.replace('_', '-')}", getattr(options, name))
    if options.save_rules is not None and not options.draft_rules:
        raise UsageError("--save-rules keeps rules that are drafted; add --draft-rules")
    scenario = scenario_of(options.id)
    if not scenario.specification.strip():
        raise UsageError(f"{scenario.id} has no specification: write specs/{scenario.id}.md")
    return Job(
        scenario=scenario,
        into=options.out or Path("build", scenario.id),
        plan=load_plan(options.plan) if options.plan else None,
        attempts=options.attempts,
        rounds=options.rounds,
        levels=_levels(options.examine_on),
        launcher=sandboxed(options.isolation),
        jobs=options.jobs or os.cpu_count() or 1,
        verify=options.verify,
        draft_rules=options.draft_rules,
    )


def _refuse_unwritable(flag: str, file: Path | None) -> None:
    """Now, not when everything is paid for."""
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        what = "is a folder" if file.is_dir() else f"is in no folder; make {file.parent}"
        raise UsageError(f"{flag}: {file} {what}")


def _levels(given: str) -> tuple[str, ...]:
    from gsim_devs.contracts.cases import Level

    levels, known = tuple(given.split(",")), get_args(Level)
    for level in levels:
        if level not in known:
            raise UsageError(f"--examine-on: there is no level {level!r}; there are {', '.join(known)}")
    return levels


def manifest_of(job: Job, options: argparse.Namespace) -> Manifest:
    """What is to be done, with what."""
    from gsim_devs.execution import tier_of
    from gsim_devs.runs import Manifest, inputs_of

    root, name = job.scenario.folder.parent.parent, job.scenario.id
    files = {
        "specification": root / "specs" / f"{name}.md",
        "contract": root / "contracts" / f"{name}.yaml",
        "rules": root / "trace_checkers" / f"{name}.yaml",
        "cases": root / "scenarios" / name / "cases.yaml",
    }
    return Manifest(
        system=name,
        command=tuple(options.words),
        inputs=inputs_of({key: path for key, path in files.items() if path.is_file()}),
        configuration=configuration_of(options).model_dump(mode="json"),
        model=options.answered_by or options.model or "",
        mode=options.llm.partition(":")[0],
        isolation=tier_of(job.launcher),
    )


async def with_backend(
    options: argparse.Namespace,
    recordings: Path | None,
    work: Callable[[Opened], Coroutine[Any, Any, T]],
    again: str | None = None,
) -> T:
    """Open who answers, do the work, and stop in good order at Ctrl-C."""
    from gsim_devs.llm import interruptible

    async with opened(options, recordings, again) as backend:
        return await interruptible(work(backend), backend.stop, told=_aside)


def configuration_of(options: argparse.Namespace) -> Configuration:
    """What the file, the environment and the flags say of language models."""
    from gsim_devs.llm import load_configuration

    given = {"model": options.model, "answered_by": options.answered_by, **_limits(options)}
    return load_configuration(Path(), os.environ, given)


def _limits(options: argparse.Namespace) -> dict[str, Any]:
    names = [name.replace("-", "_") for name, _, _ in _LIMITS]
    return {name: getattr(options, name) for name in names}


def spent_in(run: Run | Account) -> Usage:
    """What was spent on a run so far."""
    from gsim_devs.llm import Usage
    from gsim_devs.runs import spent

    taken = spent(run.paths.events)
    return Usage(calls=taken["calls"], input=taken["input"], output=taken["output"], cached=taken["cached"])


def opened(options: argparse.Namespace, recordings: Path | None = None, again: str | None = None) -> Opened:
    """The backend that was asked for; replies are kept in the folder of --record, or in this one.

    `again` is the command that makes a recording anew; by default this one, with --record.
    """
    from gsim_devs.llm import open_backend

    kept = options.record or (None if options.llm.startswith("replay:") else recordings)
    return open_backend(
        options.llm,
        configuration_of(options),
        recordings=kept,
        whole=not options.plan_only,
        told=_aside,
        again=lambda slot: again or _recording_anew(options),
    )


def _recording_anew(options: argparse.Namespace) -> str:
    """The command that asks for what changed, and for nothing else."""
    words, replayed = list(options.words), options.llm
    if replayed in words:
        words[words.index(replayed) - 1 : words.index(replayed) + 1] = [
            "--record",
            replayed.partition(":")[2],
        ]
    else:
        words[words.index(f"--llm={replayed}")] = f"--record={replayed.partition(':')[2]}"
    return f"gsim-devs {shlex.join(words)}"


def _aside(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _told(built: Built) -> list[str]:
    usage = built.usage
    about = "about " if usage.estimated else ""
    lines = [
        f"calls        {usage.calls}, {about}{usage.tokens:,} tokens ({usage.input:,} in, {usage.output:,} out)",
        f"seconds      {built.seconds:.1f}; longest chain of replies {built.critical:.1f}",
    ]
    lines += built.opinions.lines if built.opinions is not None else []
    lines += [f"unresolved   {json.dumps(one)}" for one in built.unresolved]
    return [*lines, ""]
