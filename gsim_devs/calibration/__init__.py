"""Find the numbers of a model that fit data. Methods know nothing of simulators: a `Problem` answers for them."""

from __future__ import annotations

from .applying import apply_estimate
from .asking import Budget
from .calibrating import METHODS, calibrate
from .estimate import Estimate, load_estimate, save_estimate
from .fitting import problem_of, steps_are_few
from .objectives import LEAST_DRAWS, OBJECTIVES, loss
from .problem import Followed, Problem, Summarised, Validated
from .space import Value, Values
from .starting import left_out
from .stressed import stressed

__all__ = [
    "calibrate",
    "METHODS",
    "Budget",
    "problem_of",
    "steps_are_few",
    "stressed",
    "Problem",
    "Summarised",
    "Followed",
    "Validated",
    "Values",
    "Value",
    "Estimate",
    "save_estimate",
    "load_estimate",
    "left_out",
    "apply_estimate",
    "loss",
    "OBJECTIVES",
    "LEAST_DRAWS",
]
