"""`gsim-devs whatif SIMULATOR --set NAME=VALUE --from T --to T`: what would be different if?"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .containment import add_isolation_option, launcher_for
from .estimates import add_estimate_option, estimated, simulated_with
from .report import add_json_option, new_file, write_json
from .text_files import read_text

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract
    from gsim_devs.interventions import Comparison, Intervention, Side, Variant
    from gsim_devs.runtime.program import Program

_LEAST = 2
_MOST = 100_000


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "whatif",
        help="compare a simulator with a variant of it",
        description="Run a simulator as it is and with something done to it, each pair of runs under the same random "
        "numbers, and say what differs and how sure that is. --set, --scale, --do, --swap and --variant-stdin say "
        "what is done in the variant; --arg, --stdin and --estimate are for both.",
        epilog="example: gsim-devs whatif build/covid --scale infection_rate=0.3 --from 20 --to 60; "
        "exit code: 0 done, 1 simulations failed, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    parser.add_argument("simulator", metavar="SIMULATOR", type=Path, help="the folder of a simulator")
    _add_doings(parser)
    parser.add_argument(
        "--arg", metavar="NAME=VALUE", action="append", default=[], help="an argument of the simulator"
    )
    parser.add_argument("--stdin", metavar="FILE", type=Path, help="commands for the simulator")
    add_estimate_option(parser)
    parser.add_argument(
        "--measure",
        metavar="EXPR",
        action="append",
        default=[],
        help="what to compare, such as 'max(I)', 'time_of_max(I)', 'count(wards.rejected)' or 'sum(max(0, I - 200))' "
        "(default: mean, max, time_of_max and last of every observable)",
    )
    parser.add_argument(
        "--replications", metavar="N", type=int, default=100, help="pairs of runs (default: 100)"
    )
    parser.add_argument(
        "--level", metavar="P", type=float, default=0.95, help="of the intervals (default: 0.95)"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides all random numbers (default: 0)")
    add_isolation_option(parser)
    add_json_option(parser)
    parser.add_argument(
        "--csv",
        metavar="FILE",
        type=new_file,
        help="write the mean courses of all observables, with intervals",
    )
    parser.set_defaults(call=call)


def _add_doings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="let a parameter have a value"
    )
    parser.add_argument(
        "--scale", metavar="NAME=FACTOR", action="append", default=[], help="multiply a parameter"
    )
    parser.add_argument(
        "--from",
        dest="begin",
        metavar="T",
        type=float,
        default=0.0,
        help="when --set and --scale begin, before everything else that happens then (default: with the run)",
    )
    parser.add_argument(
        "--to",
        dest="end",
        metavar="T",
        type=float,
        default=math.inf,
        help="when they end (default: with the run)",
    )
    parser.add_argument(
        "--do",
        metavar="WHAT",
        action="append",
        default=[],
        help="something with times of its own: 'set NAME to VALUE from T to T' or 'scale NAME by FACTOR from T to T'",
    )
    parser.add_argument(
        "--swap",
        metavar="COMPONENT=FILE",
        action="append",
        default=[],
        help="let a component (its path, or the name of its model) be the class in a Python file",
    )
    parser.add_argument(
        "--variant-stdin",
        metavar="FILE",
        type=Path,
        help="commands that only the variant is given, after the others",
    )


def call(options: argparse.Namespace) -> int:
    """Print what differs; 1 if simulations failed."""
    from gsim_devs.contracts import load_contract
    from gsim_devs.interventions import Courses, compiled, seeds_of, usual_measures, what_if
    from gsim_devs.runtime.program import load

    _check(options)
    contract = load_contract(options.simulator / "contract.json")
    program = load(options.simulator)
    measures = [compiled(text, contract) for text in dict.fromkeys(options.measure)] or usual_measures(
        contract
    )
    with ExitStack() as stack:
        baseline, variant = _sides(options, contract, program, stack)
        until = float(baseline.scope.arguments[contract.horizon.argument])
        found = what_if(
            contract,
            baseline,
            variant,
            measures,
            seeds_of(options.seed, options.replications),
            level=options.level,
            courses=Courses(contract, until) if options.csv else None,
        )
    done = _told(options)
    parameters = baseline.scope.parameters
    print(f"{contract.id}: {done}\n{found.pairs} pairs of runs under common random numbers")
    print(f"{simulated_with(parameters)}\n")
    print(found.text, end="")
    if changed := _changed(baseline.variant, variant.variant):
        print(_why_the_same(found, changed, options, contract), end="")
    report = {"simulator": str(options.simulator), "variant": done, "seed": options.seed}
    write_json(options, {**report, "parameters": dict(parameters), **found.data})
    if found.courses is not None:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            found.courses.write(file, options.level)
    return 1 if found.failures else 0


def _check(options: argparse.Namespace) -> None:
    if options.seed < 0:
        raise UsageError(f"--seed must be at least 0, not {options.seed}")
    if not _LEAST <= options.replications <= _MOST:
        raise UsageError(f"--replications must be from {_LEAST} to {_MOST}, not {options.replications}")
    if not 0 < options.level < 1:
        raise UsageError(f"--level must be between 0 and 1, not {options.level:g}")
    if not (options.set or options.scale or options.do or options.swap or options.variant_stdin):
        raise UsageError(
            "nothing is different; say what with --set, --scale, --do, --swap, or --variant-stdin"
        )
    if not (options.set or options.scale) and (options.begin or options.end != math.inf):
        raise UsageError(
            "--from and --to are for --set and --scale; in --do and on stdin times stand for themselves"
        )


def _sides(
    options: argparse.Namespace, contract: Contract, program: Program, stack: ExitStack
) -> tuple[Side, Side]:
    """The baseline and the variant; their workers and what was assembled for them end with the stack."""
    from gsim_devs.interventions import Scope, Side, Trials, Variant, settled_arguments
    from gsim_devs.runtime.values import pairs

    arguments = pairs("--arg", options.arg)
    if "seed" in arguments:
        raise UsageError("--arg seed: each pair of runs has a seed of its own; --seed decides them all")
    settled = settled_arguments(program, arguments)
    given = estimated(options, program)
    own = program.settle_parameters(given)
    stdin = _commands(options.stdin, program, settled)
    here = stack.enter_context(
        Trials(options.simulator, contract, launcher=launcher_for(options.simulator, options.isolation))
    )
    baseline = Side(here, Variant(given, arguments=arguments, stdin=stdin), Scope({}, own, settled))
    more = _commands(options.variant_stdin, program, settled)
    variant = _variant(options, contract, program, baseline.variant, more)
    there = here
    if options.swap:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gsim-devs-")))
        place = _swapped(options, contract, folder / contract.id)
        launcher = launcher_for(options.simulator, options.isolation)
        there = stack.enter_context(Trials(place, contract, launcher=launcher))
        # What is assembled anew does not know what was calibrated.
        variant = replace(variant, parameters={**own, **variant.parameters})
    return baseline, Side(there, variant, Scope({}, {**own, **variant.parameters}, settled))


def _variant(
    options: argparse.Namespace, contract: Contract, program: Program, baseline: Variant, more: str
) -> Variant:
    from gsim_devs.interventions import interventions_of, settled_arguments, variant_of

    given, arguments = baseline.parameters, baseline.arguments
    flagged = _flagged(options)
    doings = [*flagged, *interventions_of(contract, options.do, program, arguments, given)]
    _refuse_twice(doings)
    _refuse_late(doings, contract, float(settled_arguments(program, arguments)[contract.horizon.argument]))
    stdin = f"{baseline.stdin.rstrip()}\n{more}".lstrip() if more else baseline.stdin
    return variant_of(program, doings, parameters=given, arguments=arguments, stdin=stdin)


def _refuse_twice(doings: Sequence[Intervention]) -> None:
    """Of two values over the same time only one could be meant."""
    from gsim_devs.interventions import Setting

    seen: set[tuple[str, float, float]] = set()
    for one in doings:
        if isinstance(one, Setting):
            if (span := (one.name, one.begin, one.end)) in seen:
                raise UsageError(f"{one.name} is set twice over the same time; leave one of them out")
            seen.add(span)


def _refuse_late(doings: Sequence[Intervention], contract: Contract, until: float) -> None:
    """What begins when the run has ended changes nothing."""
    for one in doings:
        if one.begin > until or (one.begin == until and not contract.horizon.closed):
            raise UsageError(
                f"{one.name} would change at {one.begin:g}, when the run has ended: "
                f"{contract.horizon.argument} is {until:g}"
            )


def _flagged(options: argparse.Namespace) -> list[Intervention]:
    """What --set and --scale say, with --from and --to."""
    from gsim_devs.interventions import Scaling, Setting
    from gsim_devs.runtime.values import pairs

    span = options.begin, options.end
    for option, texts in (("--set", options.set), ("--scale", options.scale)):
        names = [text.partition("=")[0] for text in texts]
        if twice := [name for name in names if names.count(name) > 1]:
            raise UsageError(f"{option} {twice[0]} is there twice; leave one of them out")
    for name, text in pairs("--set", options.set).items():
        if text.startswith("+"):
            raise UsageError(
                f"--set {name}={text} does not add, it would set {text[1:]}; write that, "
                f"or --do 'set {name} to {name} + {text[1:]}'"
            )
    scaled = [
        Scaling(name, _factor(name, text), *span) for name, text in pairs("--scale", options.scale).items()
    ]
    return [*(Setting(name, text, *span) for name, text in pairs("--set", options.set).items()), *scaled]


def _factor(name: str, text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not math.isfinite(factor):
        raise UsageError(f"--scale {name} takes a number, not {text!r}")
    return factor


def _commands(path: Path | None, program: Program, arguments: Mapping[str, Any]) -> str:
    """What is in a file of commands, if it can be read as such."""
    if path is None:
        return ""
    if program.contract["stdin"]["form"] == "none":
        raise UsageError(f"{path}: {program.contract['id']} takes no commands")
    text = read_text(path)
    try:
        program.commands(text, arguments)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    return text


def _changed(baseline: Variant, variant: Variant) -> list[str]:
    """The parameters that have another value in the variant, at least for a time."""
    named = [*variant.parameters, *(change.name for change in variant.changes)]
    later = {change.name for change in variant.changes}
    return [
        name
        for name in dict.fromkeys(named)
        if name in later or variant.parameters[name] != baseline.parameters.get(name)
    ]


def _why_the_same(
    found: Comparison, changed: Sequence[str], options: argparse.Namespace, contract: Contract
) -> str:
    """A line on what to look at where nothing differs at all; empty where something does."""
    if not found.contrasts or found.doubts or not all(one.is_identical for one in found.contrasts):
        return ""
    takes = contract.stdin.form != "none" and not options.stdin
    hint = " Commands come with --stdin." if takes else ""
    return f"Does anything in this run use {', '.join(changed)}?{hint}\n"


def _told(options: argparse.Namespace) -> str:
    """What is done, in words."""
    from gsim_devs.interventions import told

    done = [
        *([told(_flagged(options))] if options.set or options.scale else []),
        *options.do,
        *(f"swap {text}" for text in options.swap),
        *([f"the commands in {options.variant_stdin}"] if options.variant_stdin else []),
    ]
    return "; ".join(done)


def _swapped(options: argparse.Namespace, contract: Contract, into: Path) -> Path:
    """The simulator with other components, assembled from its own plan and sources."""
    from gsim_devs.assembly import assemble, origin_of, read_sources, swapped
    from gsim_devs.contracts import load_plan
    from gsim_devs.runtime.values import pairs

    folder = options.simulator
    if not (folder / "plan.json").is_file():
        raise UsageError(f"{folder} has no plan.json, by which a component could be swapped")
    plan = load_plan(folder / "plan.json")
    sources = read_sources(folder / "components", plan)
    for place, file in pairs("--swap", options.swap).items():
        try:
            swap = swapped(plan, sources, place, read_text(Path(file)))
            defects = _misfits(swap.sources[swap.model], swap, contract)
        except UsageError as error:
            raise UsageError(f"--swap {place}={file}: {error}") from None
        if defects:
            raise UsageError("\n".join(f"--swap {place}={file}: {defect}" for defect in defects))
        plan, sources = swap.plan, swap.sources
    return assemble(plan, sources, contract, into, origin=origin_of(folder) or "by hand")


def _misfits(source: str, swap: Any, contract: Contract) -> Sequence[str]:
    """What in the class is not as in the one that it stands for."""
    from gsim_devs.generation import commission, interface_findings

    return interface_findings(
        source, replace(commission(swap.plan, swap.model, contract, []), model=swap.found)
    )
