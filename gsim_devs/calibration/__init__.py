"""Find the numbers of a model that fit data. Knows nothing of traces and simulators: a `Problem` answers for them."""

from __future__ import annotations

from .asking import Budget
from .calibrating import METHODS, calibrate
from .estimate import Estimate, load_estimate, save_estimate
from .objectives import LEAST_DRAWS, OBJECTIVES, loss
from .problem import Followed, Problem, Summarised, Validated
from .space import Value, Values

__all__ = [
    "calibrate",
    "METHODS",
    "Budget",
    "Problem",
    "Summarised",
    "Followed",
    "Validated",
    "Values",
    "Value",
    "Estimate",
    "save_estimate",
    "load_estimate",
    "loss",
    "OBJECTIVES",
    "LEAST_DRAWS",
]
