"""What an array of numbers is called here. Leaves out everything that is done with one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
"""Floating-point numbers; NaN where there is none."""
