"""`gsim-devs build ID`: a language model writes the simulator of a system from its specification and contract."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .conform import reference_for, scenario_of
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.conformance import Conformance
    from gsim_devs.llm import Opened
    from gsim_devs.pipeline import Built, Job

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
    parser.add_argument(
        "--plan", metavar="FILE", type=Path, help="build this plan, instead of asking for one"
    )
    parser.add_argument("--plan-only", action="store_true", help="show the plan, and build nothing")
    parser.add_argument("--save-plan", metavar="FILE", type=Path, help="write the plan there, for --plan")
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
        "--examine-on",
        metavar="LEVELS",
        default="smoke",
        help="the levels of test inputs on which it is tried while it is built (smoke); the others are for the end",
    )
    add_json_option(parser)
    parser.set_defaults(call=call)


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
    for name, kind, unit in _LIMITS:
        parser.add_argument(f"--{name}", metavar="N", type=kind, help=f"stop before more {unit} are spent")


def call(options: argparse.Namespace) -> int:
    """Build, try on every test input, print scores and what it took."""
    from gsim_devs.conformance import conform, telling
    from gsim_devs.contracts import dump_yaml
    from gsim_devs.planning import as_tree

    job = _job(options)
    draft, built = asyncio.run(_built(job, options))
    if options.save_plan is not None:
        options.save_plan.write_text(dump_yaml(draft.plan), encoding="utf-8")
    print(as_tree(draft.plan), end="")
    if built is None:
        return 0
    found = conform(
        job.into,
        job.scenario,
        jobs=os.cpu_count() or 1,
        reference=reference_for(job.scenario, job.into.with_name(f".{job.into.name}.reference")),
    )
    print("", telling.text(found, telling.FEW), *_told(built), sep="\n", end="")
    write_json(options, data_of(built, found))
    return 0 if found.holds else 1


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
    }


def _share(stages: list[str], failed: tuple[str, ...]) -> float:
    return sum(stage not in failed for stage in stages) / len(stages) if stages else 1.0


def _job(options: argparse.Namespace) -> Job:
    from gsim_devs.contracts import load_plan
    from gsim_devs.pipeline import Job

    scenario = scenario_of(options.id)
    if not scenario.specification.strip():
        raise UsageError(f"{scenario.id} has no specification: write specs/{scenario.id}.md")
    return Job(
        scenario=scenario,
        into=options.out or Path("build", scenario.id),
        plan=load_plan(options.plan) if options.plan else None,
        attempts=options.attempts,
        rounds=options.rounds,
        levels=tuple(options.examine_on.split(",")),
        jobs=os.cpu_count() or 1,
    )


async def _built(job: Job, options: argparse.Namespace) -> Any:
    """The draft of the plan, and what was built of it, unless only the plan is wanted."""
    from gsim_devs.pipeline import build, plan_only

    async with opened(options) as backend:
        if options.plan_only:
            return await plan_only(job, backend, _tell), None
        built = await build(job, backend, _tell)
        return built.draft, built


def opened(options: argparse.Namespace) -> Opened:
    """The backend that was asked for."""
    from gsim_devs.llm import load_configuration, open_backend

    flags = {
        "model": options.model,
        "answered_by": options.answered_by,
        **{name.replace("-", "_"): getattr(options, name.replace("-", "_")) for name, _, _ in _LIMITS},
    }
    words = ["gsim-devs", *sys.argv[1:]]
    return open_backend(
        options.llm,
        load_configuration(Path(), os.environ, flags),
        recordings=options.record,
        told=lambda sentence: print(sentence, file=sys.stderr),
        again=lambda slot: shlex.join(words) + f"  # after removing the recording of {slot}",
        whole=not options.plan_only,
    )


def _tell(kind: str, node: str | None = None, **data: Any) -> None:
    """A line for what people want to know."""
    match kind:
        case "planned":
            text = f"planned: {', '.join(data['models'])}"
        case "examined":
            outcome = (
                "sound"
                if data["stage"] == "ok"
                else f"{data['stage']}: {data['findings'][0].splitlines()[0]}"
            )
            text = f"{node}: attempt {data['attempt']}, {outcome}"
        case "mending":
            text = f"mending, round {data['number']}: {', '.join(data['models'])}"
        case "tried":
            text = f"tried: operational {data['operational']:.3f}, behavioural {data['behavioural'] or 0:.3f}"
        case "kept whole":
            text = f"{node} is kept as one class: {data['reason'].splitlines()[0]}"
        case _:
            return
    print(f"gsim-devs: {text}", file=sys.stderr)


def _told(built: Built) -> list[str]:
    usage = built.usage
    about = "about " if usage.estimated else ""
    lines = [
        f"calls        {usage.calls}, {about}{usage.tokens:,} tokens ({usage.input:,} in, {usage.output:,} out)",
        f"seconds      {built.seconds:.1f}; longest chain of replies {built.critical:.1f}",
    ]
    lines += [f"unresolved   {json.dumps(one)}" for one in built.unresolved]
    return [*lines, ""]
