"""Every reference simulator, in every case, with twenty seeds: a rule that is violated is a false alarm.

Where a case fixes a seed argument, that is replaced as well. What cases expect holds for their own seeds only and is
not looked at. Systems are tried side by side, the runs of one in a warm worker.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.conformance import Scenario, Warm, load_scenario, run_case
from gsim_devs.contracts import Case, load_plan
from gsim_devs.rules import in_words

ROOT = Path(__file__).parents[2]
# Replications of a case count upwards from the first seed.
FURTHER = 1000


@dataclass(frozen=True)
class Outcome:
    """What all the runs of one system came to."""

    system: str
    cases: int
    runs: int
    records: int
    checks: int
    """How many rules were exercised, over all cases and seeds."""
    alarms: Counter[str]
    """How often each rule was violated; what was not operational, under the case."""
    first: dict[str, str]
    """The first violation of each rule."""
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.alarms", description=__doc__.splitlines()[0])
    parser.add_argument("systems", metavar="ID", nargs="*", help="systems (default: all that have rules)")
    parser.add_argument("--seeds", metavar="N", type=int, default=20, help="how many seeds (default: 20)")
    parser.add_argument(
        "--from", metavar="SEED", dest="start", type=int, default=1, help="the first (default: 1)"
    )
    options = parser.parse_args()
    systems = options.systems or sorted(path.stem for path in ROOT.glob("trace_checkers/*.yaml"))
    seeds = range(options.start, options.start + options.seeds)
    with ProcessPoolExecutor(min(len(systems), os.cpu_count() or 1)) as pool:
        outcomes = list(pool.map(partial(tried, seeds=seeds), systems))
    tell(outcomes, len(seeds))
    return int(any(outcome.alarms for outcome in outcomes))


def tried(system: str, seeds: range) -> Outcome:
    """A system's reference in every case with every seed."""
    started = time.monotonic()
    scenario = load_scenario(ROOT, system)
    alarms: Counter[str] = Counter()
    first: dict[str, str] = {}
    runs = records = checks = 0
    with tempfile.TemporaryDirectory() as folder:
        simulator = assembled(scenario, Path(folder) / system)
        with Warm(simulator) as warm:
            for seed in seeds:
                for case in scenario.cases:
                    found = run_case(
                        simulator, scenario, seeded(case, seed), reference=simulator, runner=warm
                    )
                    runs += len(found.runs)
                    records += found.report.records if found.report else 0
                    checks += sum(rule.verdict != "not_exercised" for rule in found.rules)
                    if found.reason:
                        alarms[case.id] += 1
                        first.setdefault(case.id, f"{case.id}, seed {seed}: {found.reason}")
                    for rule in found.violated:
                        alarms[rule.id] += 1
                        told = "\n".join(in_words(rule.violations[0]))
                        first.setdefault(rule.id, f"{case.id}, seed {seed}: {told}")
    seconds = time.monotonic() - started
    return Outcome(system, len(scenario.cases), runs, records, checks, alarms, first, seconds)


def assembled(scenario: Scenario, folder: Path) -> Path:
    source = scenario.folder / "reference"
    return assemble(load_plan(source / "plan.yaml"), read_sources(source), scenario.contract, folder)


def seeded(case: Case, seed: int) -> Case:
    """The case with other seeds; the argument `seed`, where there is one, gets them too."""
    arguments = {name: value for name, value in case.arguments.items() if name != "seed"}
    seeds = tuple(seed * FURTHER + number for number in range(case.replications))
    return case.model_copy(update={"arguments": arguments, "seeds": seeds, "expect": quiet(case)})


def quiet(case: Case) -> object:
    """Of what the case expects only that there is nothing, which has nothing to do with chance."""
    return case.expect if case.expect and case.expect.records == 0 else None


def tell(outcomes: list[Outcome], seeds: int) -> None:
    print(f"{seeds} seeds")
    print(f"{'system':12} {'cases':>5} {'runs':>6} {'records':>9} {'checks':>7} {'seconds':>7}  alarms")
    for one in outcomes:
        alarms = ", ".join(f"{name} {count}x" for name, count in one.alarms.items()) or "none"
        print(
            f"{one.system:12} {one.cases:5} {one.runs:6} {one.records:9} {one.checks:7} {one.seconds:7.1f}  {alarms}"
        )
    for one in outcomes:
        for told in one.first.values():
            print(f"\n{told}")


if __name__ == "__main__":
    sys.exit(main())
