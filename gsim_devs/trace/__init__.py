"""Read, check and write traces. Knows what a contract says about records, and nothing of rules or simulators.

A contract comes as plain data, as in a simulator's contract.json.
"""

from __future__ import annotations

from .checking import TraceCheck, validate
from .form import Contract
from .reading import read
from .records import BadLine, Defect, Record
from .sources import LONGEST_LINE, Source
from .writing import write

__all__ = [
    "read",
    "Record",
    "BadLine",
    "Defect",
    "Source",
    "Contract",
    "LONGEST_LINE",
    "validate",
    "TraceCheck",
    "write",
]
