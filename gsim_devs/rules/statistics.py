"""Tests of what chance decides: how probable is a sample as odd as this one, if all is as it should be?

The p-values hold for samples of any size: a small one is not too small. Only `studentised_p` is an approximation.
Leaves out which values belong to a sample, and what follows from a p-value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, lgamma, log, log1p, sqrt

from gsim_devs.runtime.incomplete import beta_tails, gamma_tails

_NOTHING = 745.0
"""e to the minus this is the least number above 0."""
_PER_SQUARED_SKEWNESS = 50.0
_EQUALLY_PROBABLE = 1e-7
"""How far apart logarithms of probabilities may be that count as equal."""


def gamma_shares(shape: float, x: float) -> tuple[float, float]:
    """The regularised incomplete gamma functions P and Q; so far out that one is as good as 0, it is 0."""
    if x <= 0.0:
        return 0.0, 1.0
    if x - shape - shape * (log(x) - log(shape)) > _NOTHING:
        return (0.0, 1.0) if x < shape else (1.0, 0.0)
    return gamma_tails(shape, x)[:2]


def beta_shares(a: float, b: float, x: float, y: float) -> tuple[float, float]:
    """The regularised incomplete beta function at x and its complement, where y = 1 - x; far out one of them is 0."""
    if x <= 0.0 or y <= 0.0:
        return (0.0, 1.0) if x <= 0.0 else (1.0, 0.0)
    total = a + b
    if a * log(a / total / x) + b * log(b / total / y) > _NOTHING:
        return (0.0, 1.0) if x < a / total else (1.0, 0.0)
    return beta_tails(a, b, x, y)[:2]


def binomial_tails(k: int, n: int, p: float) -> tuple[float, float]:
    """P(X <= k) and P(X >= k) for the number of successes in n trials."""
    return _at_most(k, n, p, 1.0 - p), _at_most(n - k, n, 1.0 - p, p)


def binomial_p(k: int, n: int, p: float) -> float:
    """The probability of all numbers of successes that are not more probable than k."""
    mode = min(n, int((n + 1) * p))
    if k == mode:
        return 1.0
    lower, upper = binomial_tails(k, n, p)
    limit = _log_binomial(k, n, p) + _EQUALLY_PROBABLE
    # From the mode outwards probabilities fall, so that the other tail begins at a border.
    if k < mode:
        above = _first(mode, n + 1, lambda j: _log_binomial(j, n, p) <= limit)
        return min(1.0, lower + (binomial_tails(above, n, p)[1] if above <= n else 0.0))
    steps = _first(0, mode + 1, lambda j: _log_binomial(mode - j, n, p) <= limit)
    return min(1.0, upper + (binomial_tails(mode - steps, n, p)[0] if steps <= mode else 0.0))


def share_p(k: int, n: int, least: float, most: float) -> float:
    """The p-value of k successes in n trials, where the probability is to be from least to most."""
    if least == most:
        return binomial_p(k, n, least)
    sides = 2.0 if least > 0.0 and most < 1.0 else 1.0
    return min(1.0, sides * min(binomial_tails(k, n, least)[0], binomial_tails(k, n, most)[1]))


def combined_p(ps: Sequence[float]) -> float:
    """What several p-values say together (Fisher), where each holds whatever those before it are."""
    if not ps:
        return 1.0
    if min(ps) <= 0.0:
        return 0.0
    total = -sum(map(log, ps))
    return gamma_shares(len(ps), total)[1]


def gap_p(gap: float, n: int) -> float:
    """The probability that the distribution functions of n values and of their law are somewhere that far apart.

    Twice the exact probability for one side (Smirnov 1944). As both sides are rarely so far apart, nothing is lost
    where it is below 0.01; where single values have a probability of their own, the truth is still smaller.
    """
    if gap <= 0.0:
        return 1.0
    total = 0.0
    for j in range(n):
        rest = 1.0 - gap - j / n
        if rest <= 0.0:
            break
        total += exp(_log_choose(n, j) + (j - 1) * log(gap + j / n) + (n - j) * log(rest))
    return min(1.0, 2.0 * gap * total)


@dataclass(slots=True)
class Moments:
    """Count, mean, and what is needed for scatter and skewness, value by value (Pébay 2008)."""

    count: int = 0
    mean: float = 0.0
    _second: float = 0.0
    _third: float = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        n = self.count
        delta = value - self.mean
        part = delta / n
        term = delta * part * (n - 1)
        self.mean += part
        self._third += term * part * (n - 2) - 3.0 * part * self._second
        self._second += term

    @property
    def sd(self) -> float:
        return sqrt(self._second / (self.count - 1)) if self.count > 1 else 0.0

    @property
    def skewness(self) -> float:
        """Infinite where all values are the same: then nothing is known of how they scatter."""
        return self._third / self.count / self.sd**3 if self.sd**3 > 0.0 else inf

    @property
    def enough(self) -> float:
        """How many values `studentised_p` needs: the more skewed they are, the more."""
        return max(100.0, _PER_SQUARED_SKEWNESS * self.skewness**2)


def bounded_p(values: Moments, expected: float, low: float, high: float) -> float:
    """The greatest probability of such a mean to this side of the expectation, for values from low to high.

    Holds for any distribution (Hoeffding 1963, theorem 1).
    """
    width = high - low
    found, wanted = (values.mean - low) / width, (expected - low) / width
    return exp(-values.count * (_times_log(found, wanted) + _times_log(1.0 - found, 1.0 - wanted)))


def studentised_p(values: Moments, expected: float) -> float:
    """The probability of such a mean to this side of the expectation: Student's t, corrected for skewness (Hall 1992).

    Approximate. Of the values that are `enough`, 1 in 10,000 samples should have one below 5e-5 to either side; by
    simulation these are 1.0 (normal), 0.5 (uniform) and 1.3 (exponential) in 10,000 for samples of 100.
    """
    n, skewness = values.count, values.skewness
    t = (values.mean - expected) / values.sd * sqrt(n)
    corrected = t + skewness * (t * t / 3.0 + 1.0 / 6.0) / sqrt(n) + skewness**2 * t**3 / (27.0 * n)
    freedom = n - 1.0
    scaled = freedom / (freedom + corrected**2)
    beyond = 0.5 * beta_shares(0.5 * freedom, 0.5, scaled, 1.0 - scaled)[0]
    return beyond if (corrected > 0.0) == (t > 0.0) else 1.0 - beyond


def _at_most(k: int, n: int, p: float, q: float) -> float:
    if k >= n or p <= 0.0:
        return 1.0
    if k < 0 or q <= 0.0:
        return 0.0
    return beta_shares(n - k, k + 1.0, q, p)[0]


def _log_binomial(k: int, n: int, p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return 0.0 if k == n * p else -inf
    return _log_choose(n, k) + k * log(p) + (n - k) * log1p(-p)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first number from low that holds, where all after it do; `high` if none below it does."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _times_log(found: float, wanted: float) -> float:
    if found <= 0.0:
        return 0.0
    return found * log(found / wanted) if wanted > 0.0 else inf
