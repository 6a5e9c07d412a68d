"""Problems whose answers are known, because they are formulas."""

from __future__ import annotations

import numpy as np
from scipy import stats

from gsim_devs.calibration import loss
from gsim_devs.contracts.parameters import IntegerParameter, RealParameter, SimplexParameter


def real(low, high, **more):
    return RealParameter(type="real", minimum=low, maximum=high, value=low, **more)


def whole(low, high):
    return IntegerParameter(type="integer", minimum=low, maximum=high, value=low)


def shares(count):
    return SimplexParameter(type="simplex", value=(1 / count,) * count)


class Counting:
    """Counts what it is asked, and may fail on purpose."""

    asked = 0
    fails = staticmethod(lambda theta: False)

    def losses(self, thetas, *, seed, share=1.0):
        self.asked += len(thetas)
        return np.array([np.nan if self.fails(theta) else self.loss(theta, seed, share) for theta in thetas])


class Drawn(Counting):
    """A sample of one distribution; each candidate is another one, drawn by its quantiles."""

    def __init__(self, parameters, quantiles, data, objective="energy", draws=2):
        self.parameters, self.quantiles, self.data = parameters, quantiles, np.asarray(data, float)
        self.objective, self.draws = objective, draws

    def loss(self, theta, seed, share):
        seen = self.data[: max(50, int(len(self.data) * share))]
        uniform = np.random.default_rng(seed).random((self.draws, len(seen)))
        return loss(self.objective, self.quantiles(theta, uniform)[:, :, None], seen[:, None])


def poisson(objective, count=3000):
    # Quantiles instead of a sample: the mean of the data is the truth.
    data = stats.poisson.ppf((np.random.default_rng(0).permutation(count) + 0.5) / count, 5.0)
    table = np.arange(40)

    def quantiles(theta, uniform):
        return np.searchsorted(stats.poisson.cdf(table, theta["rate"]), uniform).astype(float)

    return Drawn({"rate": real(0.5, 15.0)}, quantiles, data, objective, draws=6)


def normal(count=1500):
    data = stats.norm.ppf((np.random.default_rng(0).permutation(count) + 0.5) / count, 3.0, 2.0)
    standard = stats.norm.ppf

    def quantiles(theta, uniform):
        return theta["mean"] + theta["sd"] * standard(uniform)

    return Drawn({"mean": real(-10, 10), "sd": real(0.1, 10)}, quantiles, data)


class Formula(Counting):
    """A loss that is a formula of the parameters, with noise if wanted."""

    def __init__(self, parameters, formula, noise=0.0):
        self.parameters, self.formula, self.noise = parameters, formula, noise

    def loss(self, theta, seed, share):
        if not self.noise:
            return self.formula(theta)
        # Noise that no two candidates share.
        own = np.random.default_rng([seed, abs(hash(tuple(theta.values())))])
        return self.formula(theta) + self.noise * own.standard_normal()
