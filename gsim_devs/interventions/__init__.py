"""What would happen if: variants of a run, simulated beside a baseline under common random numbers, and compared."""

from __future__ import annotations

from .contrasts import Contrast, contrasts_of
from .costs import Measure, Scope, compiled
from .courses import Courses
from .grids import interventions_of, settled_arguments
from .trials import Trials, seeds_of
from .variants import Change, Intervention, Scaling, Setting, Variant, told, variant_of
from .whatif import Comparison, Side, usual_measures, what_if

__all__ = [
    "Variant",
    "Change",
    "Intervention",
    "Setting",
    "Scaling",
    "told",
    "variant_of",
    "interventions_of",
    "settled_arguments",
    "Trials",
    "seeds_of",
    "Measure",
    "Scope",
    "compiled",
    "usual_measures",
    "Side",
    "what_if",
    "Comparison",
    "Contrast",
    "contrasts_of",
    "Courses",
]
