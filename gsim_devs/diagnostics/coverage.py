"""Do central bands of the simulation hold as many observed values as they should?

Where draws differ in their parameters, as samples of a posterior do, this is the posterior-predictive coverage.
"""

from __future__ import annotations

import numpy as np

from .transitions import Floats

BANDS = (0.5, 0.8, 0.9)
"""The shares of the draws that a central band holds."""


def coverage_of(rank: Floats) -> tuple[float, ...]:
    """The shares of observed values inside each band, by where they stand among their draws, from 0 to 1."""
    if not len(rank):
        return tuple(0.0 for _ in BANDS)
    return tuple(float((np.abs(rank - 0.5) < band / 2).mean()) for band in BANDS)


def rank_among(values: Floats, draws: Floats, rng: np.random.Generator) -> Floats:
    """Where each value stands among its draws (draws first), from 0 to 1; NaN where it or they are missing.

    Ties are broken at random, so that ranks of a right simulation are uniform for counts and for few draws too.
    """
    counts = np.isfinite(draws).sum(axis=0)
    seen = np.isfinite(values) & (counts >= 2)
    less, same = (draws < values).sum(axis=0), (draws == values).sum(axis=0)
    rank: Floats = (less + rng.random(values.shape) * (same + 1)) / (counts + 1)
    rank[~seen] = np.nan
    return rank
