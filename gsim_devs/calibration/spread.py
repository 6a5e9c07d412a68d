"""Points that cover the unit cube evenly: a scrambled Sobol sequence."""

from __future__ import annotations

import numpy as np

from .arrays import Array
from .seeds import Seeds


def spread_out(count: int, dimension: int, seeds: Seeds) -> Array:
    """So many points."""
    from scipy.stats import qmc  # type: ignore[import-untyped]

    # Sobol's points are even in powers of two; the first of so many are nearly so.
    power = max(0, int(np.ceil(np.log2(count))))
    sequence = qmc.Sobol(dimension, rng=seeds.draws())
    return np.asarray(sequence.random_base2(power)[:count])
