"""Try simulators on the test inputs of a system, and score them by its rules. Assembles no simulator."""

from __future__ import annotations

from .expectations import unmet
from .mutation import MutantResult, Reference, try_mutant
from .mutation_report import MutationReport, in_sum
from .results import CaseResult, Conformance, Finding, Run
from .runners import Runner, Warm
from .running import conform, run_case
from .scenarios import Scenario, load_scenario
from .trace_edits import trace_edit_defects

__all__ = [
    "load_scenario",
    "Scenario",
    "run_case",
    "CaseResult",
    "conform",
    "Conformance",
    "Finding",
    "Run",
    "Runner",
    "Warm",
    "unmet",
    "try_mutant",
    "MutantResult",
    "Reference",
    "MutationReport",
    "in_sum",
    "trace_edit_defects",
]
