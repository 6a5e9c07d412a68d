"""What would happen if: variants of a run, simulated beside a baseline under common random numbers, and compared."""

from __future__ import annotations

from .trials import Trials, seeds_of
from .variants import Change, Intervention, Scaling, Setting, Variant, variant_of

__all__ = [
    "Variant",
    "Change",
    "Intervention",
    "Setting",
    "Scaling",
    "variant_of",
    "Trials",
    "seeds_of",
]
