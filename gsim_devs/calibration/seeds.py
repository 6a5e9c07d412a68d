"""The random numbers of a calibration: seeds for its simulations, and draws for its method, all from one seed."""

from __future__ import annotations

import numpy as np


class Seeds:
    """A series of seeds, each of them new."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.SeedSequence(seed)

    def next(self) -> int:
        """The next seed of a simulation."""
        return int(self._source.spawn(1)[0].generate_state(1)[0])

    def draws(self) -> np.random.Generator:
        """The next generator of a method's own draws."""
        return np.random.default_rng(self._source.spawn(1)[0])
