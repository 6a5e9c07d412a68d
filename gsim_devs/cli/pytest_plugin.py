"""pytest collects the cases of scenarios: `pytest scenarios/ --simulator abp=DIR`, an item for each case and rule.

For tests written by hand there are the fixtures `run`, `trace` and `contract`. Where `--simulator` is not given nothing
is collected. This module imports nothing of gsim_devs until it is needed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from gsim_devs.conformance import CaseResult, Scenario
    from gsim_devs.contracts import Case, Contract
    from gsim_devs.execution import Result, Simulator
    from gsim_devs.trace import Record

_MOST_VIOLATIONS = 3
_MOST_SENTENCES = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--simulator`."""
    parser.getgroup("gsim-devs", "simulators").addoption(
        "--simulator",
        action="append",
        default=[],
        metavar="ID=SIMULATOR",
        help="try this simulator on the cases of scenarios/ID: a folder, a file, a command line, or: reference",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take note of the simulators."""
    config.stash[_SIMULATORS] = _Simulators(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what was assembled on the way."""
    if simulators := config.stash.get(_SIMULATORS, None):
        simulators.remove()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The cases of a scenario for which a simulator was named."""
    if file_path.name != "cases.yaml" or file_path.parent.parent.name != "scenarios":
        return None
    if file_path.parent.name not in parent.config.stash[_SIMULATORS].named:
        return None
    found: pytest.Collector = _Cases.from_parent(parent, path=file_path)
    return found


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """The items of a case run in one process, so that the case is run once."""
    if config.getvalue("dist") != "load" or not config.stash[_SIMULATORS].named:
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class ByCase(LoadScopeScheduling):  # type: ignore[misc]
        """Other tests stand alone."""

        def _split_scope(self, nodeid: str) -> str:
            return nodeid.rpartition("::")[0] if "/cases.yaml::" in f"/{nodeid}" else nodeid

    return ByCase(config, log)


class _Simulators:
    """The simulators named on the command line, by system."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.named: dict[str, str] = {}
        for text in config.getoption("simulator"):
            system, equals, simulator = text.partition("=")
            if not (system and equals and simulator):
                raise pytest.UsageError(f"--simulator takes ID=SIMULATOR, not {text!r}")
            self.named[system] = simulator
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._ready: dict[Path, Simulator] = {}

    def root(self, system: str) -> Path:
        """The folder that holds `contracts/SYSTEM.yaml`: pytest's own, the current one, or one above these."""
        places = (self._config.rootpath, self._config.invocation_params.dir)
        for folder in (folder for place in places for folder in (place, *place.parents)):
            if (folder / "contracts" / f"{system}.yaml").is_file():
                return folder
        # Whoever reads there says what is missing.
        return self._config.rootpath

    def of(self, scenario: Scenario) -> Simulator:
        """The simulator for a scenario: the one that was named, else its reference."""
        from .conform import simulator_of

        if scenario.folder not in self._ready:
            named = self.named.get(scenario.id, "reference")
            self._ready[scenario.folder] = simulator_of(named, scenario, self._new_folder())
        return self._ready[scenario.folder]

    def reference_of(self, scenario: Scenario) -> Path | None:
        """The reference simulator of a scenario, where a rule compares with it."""
        from .conform import reference_for

        return reference_for(scenario, self._new_folder())

    def _new_folder(self) -> Path:
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="gsim-devs-")
        return Path(tempfile.mkdtemp(dir=self._folder.name))

    def remove(self) -> None:
        if self._folder:
            self._folder.cleanup()


_SIMULATORS = pytest.StashKey[_Simulators]()


class _Cases(pytest.File):
    """The file of a scenario's cases."""

    def collect(self) -> Iterator[pytest.Collector]:
        from gsim_devs.conformance import load_scenario
        from gsim_devs.errors import GsimError

        try:
            scenario = load_scenario(self.path.parents[2], self.path.parent.name)
            simulators = self.config.stash[_SIMULATORS]
            simulator, reference = simulators.of(scenario), simulators.reference_of(scenario)
        except GsimError as error:
            raise self.CollectError(str(error)) from None
        for case in scenario.cases:
            yield _OneCase.from_parent(
                self, name=case.id, scenario=scenario, case=case, simulator=simulator, reference=reference
            )


class _OneCase(pytest.Collector):
    """One case, which is run when the first of its items is."""

    def __init__(
        self, *, scenario: Scenario, case: Case, simulator: Simulator, reference: Path | None, **more: Any
    ) -> None:
        super().__init__(**more)
        self.scenario = scenario
        self.case = case
        self._simulator = simulator
        self._reference = reference

    def collect(self) -> Iterator[pytest.Item]:
        yield _Operational.from_parent(self, name="operational")
        if self.case.expect is not None:
            yield _Expectations.from_parent(self, name="expectations")
        for rule in self.scenario.rules.rules:
            yield _OneRule.from_parent(self, name=rule.id)

    @cached_property
    def found(self) -> CaseResult:
        from gsim_devs.conformance import run_case

        # Whoever runs a project's tests runs its code.
        return run_case(
            self._simulator, self.scenario, self.case, reference=self._reference, allow_python=True
        )


class _NotAsItShouldBeError(Exception):
    """What an item has to say; shown without a traceback, for no code of the user's is in it."""


class _Item(pytest.Item):
    parent: _OneCase

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, _NotAsItShouldBeError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.parent.name} {self.name}"

    def fail(self, sentences: Iterable[str]) -> None:
        """Say what is wrong, and what to type to see it again."""
        from gsim_devs.conformance import telling

        raise _NotAsItShouldBeError("\n".join([*sentences, *telling.again(self.parent.found, None)]))


class _Operational(_Item):
    """Whether every run ends well, in time, with a trace that the contract allows."""

    def runtest(self) -> None:
        if self.parent.found.reason:
            self.fail([self.parent.found.reason])


class _Expectations(_Item):
    """Whether the traces hold what the case expects."""

    def runtest(self) -> None:
        if not self.parent.found.operational:
            pytest.skip("not operational")
        if self.parent.found.unmet:
            self.fail(self.parent.found.unmet[:_MOST_SENTENCES])


class _OneRule(_Item):
    """Whether the traces keep one rule."""

    def runtest(self) -> None:
        from gsim_devs.conformance import telling

        found = self.parent.found
        if not found.operational or found.report is None:
            pytest.skip("not operational")
        rule = found.report.rule(self.name)
        if rule.verdict == "not_exercised":
            pytest.skip("not exercised")
        if rule.verdict == "violated":
            shown = [one for one in found.findings if one.violation.rule == self.name][:_MOST_VIOLATIONS]
            told = ["\n".join(telling.told(found, one)) for one in shown]
            raise _NotAsItShouldBeError("\n\n".join([*told, f"{rule.met} of {rule.due} met"]))


class Contracts(Protocol):
    """`contract("shop")`: the contract of a system."""

    def __call__(self, system: str) -> Contract: ...


class Runs(Protocol):
    """`run("shop", duration=40)`: the simulator of a system runs with these arguments, as a case with them would."""

    def __call__(
        self, system: str, *, stdin: str = "", seed: int | None = None, **arguments: object
    ) -> Result: ...


class Traces(Protocol):
    """`trace("shop", duration=40)`: the records of such a run, which must end well."""

    def __call__(
        self, system: str, *, stdin: str = "", seed: int | None = None, **arguments: object
    ) -> list[Record]: ...


@pytest.fixture(scope="session")
def contract(pytestconfig: pytest.Config) -> Contracts:
    """`contract("shop")` reads the contract of a system."""
    from gsim_devs.contracts import load_contract

    def read_contract(system: str) -> Contract:
        root = pytestconfig.stash[_SIMULATORS].root(system)
        return load_contract(root / "contracts" / f"{system}.yaml")

    return read_contract


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Runs:
    """`run("shop", duration=40)` runs a system's simulator: that of `--simulator`, else the reference; how it went."""
    from gsim_devs import execution
    from gsim_devs.conformance import load_scenario
    from gsim_devs.conformance.simulators import starts
    from gsim_devs.contracts import Case, from_data
    from gsim_devs.errors import UsageError

    simulators = pytestconfig.stash[_SIMULATORS]

    def run_simulator(
        system: str, *, stdin: str = "", seed: int | None = None, **arguments: object
    ) -> Result:
        seeds = [] if seed is None else [seed]
        given = {"id": "run", "level": "normal", "arguments": arguments, "stdin": stdin, "seeds": seeds}
        try:
            scenario = load_scenario(simulators.root(system), system)
            (start,) = starts(simulators.of(scenario), scenario, from_data(Case, given, "run"))
            return execution.run(start.simulator, start.arguments, stdin=stdin, seed=start.seed)
        except UsageError as error:
            pytest.fail(str(error), pytrace=False)

    return run_simulator


@pytest.fixture(scope="session")
def trace(run: Runs, contract: Contracts) -> Traces:
    """`trace("shop", duration=40)` runs a system's simulator, as `run` does, and returns the records."""
    from gsim_devs.trace import BadLine, read

    def records_of(
        system: str, *, stdin: str = "", seed: int | None = None, **arguments: object
    ) -> list[Record]:
        result = run(system, stdin=stdin, seed=seed, **arguments)
        if not result.ok:
            pytest.fail(f"{system}: {result.reason}", pytrace=False)
        items = list(read(result.trace, contract(system).model_dump(mode="json", by_alias=True)))
        records = [item for item in items if not isinstance(item, BadLine)]
        wrong: Iterable[object] = [
            *(item for item in items if isinstance(item, BadLine)),
            *(defect for record in records for defect in record.defects),
        ]
        if wrong:
            pytest.fail(
                "\n".join([f"{system}: its trace does not fit its contract", *map(str, wrong)]), pytrace=False
            )
        return records

    return records_of
