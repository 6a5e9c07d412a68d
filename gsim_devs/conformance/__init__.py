"""Hold traces against what the test inputs of a system say about them. Runs no simulator, knows no rules."""

from __future__ import annotations

from .expectations import unmet

__all__ = ["unmet"]
