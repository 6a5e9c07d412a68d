"""Try simulators on the test inputs of a system, and score them by its rules. Assembles no simulator."""

from __future__ import annotations

from .expectations import unmet
from .results import CaseResult, Conformance, Finding, Run
from .running import conform, run_case
from .scenarios import Scenario, load_scenario

__all__ = [
    "load_scenario",
    "Scenario",
    "run_case",
    "CaseResult",
    "conform",
    "Conformance",
    "Finding",
    "Run",
    "unmet",
]
