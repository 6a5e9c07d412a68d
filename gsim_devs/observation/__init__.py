"""What a simulator and data have in common: trajectories, series of a trace, and simulations beside observations.

Judges nothing: losses are `calibration`'s, distances and words `diagnostics`'.
"""

from __future__ import annotations

from .datasets import Dataset, Split, Trajectory
from .experiment import Experiment, Theta
from .loading import load_dataset
from .series import Series, series_of
from .starts import Paths, Start, Transitions, untold_beginnings
from .stress import StressResult, StressTest, run_stress

__all__ = [
    "load_dataset",
    "Dataset",
    "Trajectory",
    "Split",
    "Experiment",
    "Theta",
    "Start",
    "Transitions",
    "Paths",
    "untold_beginnings",
    "series_of",
    "Series",
    "StressTest",
    "StressResult",
    "run_stress",
]
