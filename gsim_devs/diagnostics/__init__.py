"""Compare a simulation with data: distances beside their floors, errors by time and state, a verdict, and words.

Works on arrays; only `check_up` has a simulator run.
"""

from __future__ import annotations

from .causes import Cause
from .checkup import Checkup, check_up
from .diagnosis import Diagnosis, diagnose
from .distances import marginal_wasserstein, median_distance, mmd, sliced_wasserstein, wasserstein
from .findings import Finding
from .measuring import Comparison, Forecast, beside_truth
from .paths import PathCheck, check_paths
from .sensitivity import Effect
from .stretches import Stretch
from .transitions import Simulate, Transitions

__all__ = [
    "diagnose",
    "check_up",
    "Checkup",
    "check_paths",
    "beside_truth",
    "Diagnosis",
    "Transitions",
    "Simulate",
    "Finding",
    "Cause",
    "Stretch",
    "Comparison",
    "Forecast",
    "Effect",
    "PathCheck",
    "wasserstein",
    "sliced_wasserstein",
    "marginal_wasserstein",
    "mmd",
    "median_distance",
]
