"""`gsim-devs mutate [--scenario ID]`: do the rules of a system notice small faults, and blame the right component?"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import GsimError, UsageError

from .conform import assembled_reference, scenario_of
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.conformance import MutantResult, MutationReport, Reference
    from gsim_devs.contracts import Mutant, MutantFile

_FILE = "mutants.yaml"


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "mutate",
        help="check the rules of a system with faulty variants of its reference simulator",
        description="Try the mutants of a system: each is a small fault that a certain rule is meant to notice.",
        epilog="exit code: 0 all bars are reached, 1 one is not, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--scenario",
        metavar="ID",
        help="the system, or the path of its folder in scenarios/ (default: all that have mutants)",
    )
    parser.add_argument("--only", metavar="MUTANT,...", help="only these mutants")
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="how many are tried at once (default: as many as cores)"
    )
    add_json_option(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print a table for each system and the sums; 1 if a bar is not reached."""
    from gsim_devs.conformance import in_sum

    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"--jobs must be at least 1, not {options.jobs}")
    if options.only and not options.scenario:
        raise UsageError("--only needs --scenario: the names are those of one system")
    reports = []
    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder, ExitStack() as stack:
        jobs = options.jobs or os.cpu_count() or 1
        pool = stack.enter_context(_workers(jobs)) if jobs > 1 else None
        for text in [options.scenario] if options.scenario else _all():
            report = _tried(text, options.only, Path(folder), pool)
            print(report.table, report.totals, sep="\n", flush=True)
            reports.append(report)
    if len(reports) > 1:
        print(in_sum(reports).totals, end="")
    write_json(options, {"systems": [report.data for report in reports]})
    return 0 if all(report.holds for report in reports) else 1


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where the mutants of one system are tried."""

    reference: Reference
    files: dict[str, str]
    """Those of the reference simulator."""


def _all() -> list[str]:
    found = sorted(path.parent.name for path in Path("scenarios").glob(f"*/{_FILE}"))
    if not found:
        raise UsageError(f"there is no scenarios/*/{_FILE} here")
    return found


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes, because checking traces is work for Python itself; Ctrl-C is for this one alone."""
    pool = ProcessPoolExecutor(
        jobs,
        # Not forked: this process has threads by then.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _tried(text: str, only: str | None, folder: Path, pool: ProcessPoolExecutor | None) -> MutationReport:
    from gsim_devs.conformance import MutationReport, Reference
    from gsim_devs.contracts import load_mutants, reference_files, seldom_broken

    scenario = scenario_of(text)
    declared = load_mutants(scenario.folder / _FILE)
    simulator = assembled_reference(scenario, folder / scenario.id)
    bench = _Bench(Reference(scenario, simulator, folder), reference_files(scenario.folder / "reference"))
    _refuse_defects(declared, bench)
    chosen = _chosen(declared, only)
    results: Iterator[MutantResult] = (
        pool.map(_try, [bench] * len(chosen), chosen) if pool else (_try(bench, one) for one in chosen)
    )
    rules = [rule.id for rule in scenario.rules.rules]
    return MutationReport(scenario.id, tuple(results), () if only else tuple(seldom_broken(declared, rules)))


def _refuse_defects(declared: MutantFile, bench: _Bench) -> None:
    from gsim_devs.conformance import trace_edit_defects
    from gsim_devs.contracts import CaseFile, check_mutants

    scenario = bench.reference.scenario
    cases = CaseFile(system=scenario.id, cases=scenario.cases)
    defects = check_mutants(declared, [rule.id for rule in scenario.rules.rules], cases, bench.files)
    defects += [one for mutant in declared.mutants for one in trace_edit_defects(mutant, scenario.contract)]
    if defects:
        raise UsageError("\n".join(defects))


def _chosen(declared: MutantFile, only: str | None) -> list[Mutant]:
    if only is None:
        return list(declared.mutants)
    known = {mutant.id: mutant for mutant in declared.mutants}
    for name in only.split(","):
        if name not in known:
            raise UsageError(f"there is no mutant {name!r}; there are {', '.join(known)}")
    return [known[name] for name in only.split(",")]


def _try(bench: _Bench, mutant: Mutant) -> MutantResult:
    """Assemble a mutant and try it."""
    from gsim_devs.assembly import assemble, read_sources
    from gsim_devs.conformance import try_mutant
    from gsim_devs.contracts import load_plan

    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder:
        source = Path(folder, "source")
        for name, text in mutant.applied_to(bench.files).items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        try:
            plan = load_plan(source / "plan.yaml")
            simulator = None
            if mutant.source:
                contract = bench.reference.scenario.contract
                simulator = assemble(plan, read_sources(source), contract, Path(folder, "mutant"))
            return try_mutant(mutant, bench.reference, plan, simulator)
        except GsimError as error:
            raise UsageError(f"Mutant {mutant.id}: {error}") from None
