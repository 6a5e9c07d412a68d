"""Have components written by a language model and examine what it wrote. Plans nothing, assembles nothing."""

from __future__ import annotations

from .asking import Trial, Version, mend_component, write_component
from .commission import Commission, commission
from .interface import interface_findings
from .policy import Finding, policy_findings
from .trial import try_alone
from .verifying import Answer, Reading, answer_reader, read_component

__all__ = [
    "commission",
    "Commission",
    "write_component",
    "mend_component",
    "Version",
    "Trial",
    "policy_findings",
    "Finding",
    "interface_findings",
    "try_alone",
    "read_component",
    "Reading",
    "answer_reader",
    "Answer",
]
