"""What calibration, diagnosis and interventions are worth, where the truth is known. A file for each part.

Every part says what it measured beside what it should be, and beside what a published system reports where there is
such a number. Leaves out the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import coverage, emd, policies, speed, words
from .report import Bar, Part
from .systems import Systems

__all__ = ["PARTS", "Part", "Bar", "Systems"]

PARTS: Mapping[str, Callable[[Systems, Sequence[int], Callable[[str], None]], Part]] = {
    "coverage": coverage.measure,
    "emd": emd.measure,
    "policies": policies.measure,
    "speed": speed.measure,
    "words": words.measure,
}
"""By name; of the systems, the seeds, and whom to tell how far it is."""
