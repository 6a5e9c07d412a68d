"""Keyed draws for common random numbers: one uniform number per draw, whatever its parameters.

Two runs that differ in a parameter stay in step: their k-th draws start from the same uniform, and a little more of
the parameter gives a little more of the value. A numpy generator does not do that, even with the same seed: how much
it consumes depends on the parameters. What a uniform becomes is in `quantiles`; here are keys, buffers and checks.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from math import inf, log1p
from operator import index
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .quantiles import (
    beta_quantile,
    binomial_quantile,
    gamma_quantile,
    geometric_quantile,
    lognormal_quantile,
    negative_binomial_quantile,
    normal_quantile,
    poisson_quantile,
    triangular_quantile,
    weibull_quantile,
)
from .streams import bits_of, stream_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import PCG64

T = TypeVar("T")

_FIRST_BLOCK, _LARGEST_BLOCK = 16, 1024
_ONE = 2.0**53


class Draw:
    """The draws of one component. Refuses bad parameters with a ValueError, before anything is consumed.

    Its state is its key and the number of draws so far; it can be copied (also by `copy.deepcopy`) and pickled, and
    the copy goes on with the same draws.
    """

    __slots__ = ("_bits", "_block", "_fetched", "_key", "_waiting")

    def __init__(self, seed: int, replication: int, path: str) -> None:
        """Key the draws like `stream(seed, replication, path, "draw")`; numpy is imported at the first draw."""
        self._start(stream_key(seed, replication, path, "draw"), 0)

    @property
    def position(self) -> int:
        """How many draws have been made."""
        return self._fetched - len(self._waiting)

    def state(self) -> dict[str, Any]:
        """Return everything that decides the draws to come, ready for JSON."""
        return {"key": self._key, "position": self.position}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where the draws stood whose `state` this is."""
        self._start(state["key"], state["position"])

    __getstate__ = state
    __setstate__ = restore

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw a number between low and high."""
        width = high - low
        if not 0.0 <= width < inf:
            _refuse("uniform", "finite low <= high", low=low, high=high)
        # u is at most 1 - 2**-53, so that no rounding carries the result beyond high.
        return low + width * self._next()

    def exponential(self, rate: float) -> float:
        """Draw an exponential time; its mean is 1 / rate."""
        if not 0.0 < rate < inf:
            _refuse("exponential", "a positive, finite rate", rate=rate)
        try:
            u = self._waiting.pop()
        except IndexError:
            u = self._fetch()
        return -log1p(-u) / rate

    def normal(self, mean: float, sd: float) -> float:
        """Draw a normal number from its mean and standard deviation; sd 0 is the mean."""
        if not (0.0 <= sd < inf and -inf < mean < inf):
            _refuse("normal", "a finite mean and a finite sd >= 0", mean=mean, sd=sd)
        return mean + sd * normal_quantile(self._next())

    def lognormal(self, mean_log: float, sd_log: float) -> float:
        """Draw a positive number whose natural logarithm is normal with this mean and standard deviation."""
        if not (0.0 <= sd_log < inf and -inf < mean_log < inf):
            _refuse(
                "lognormal", "a finite mean_log and a finite sd_log >= 0", mean_log=mean_log, sd_log=sd_log
            )
        return lognormal_quantile(self._next(), mean_log, sd_log)

    def gamma(self, shape: float, scale: float) -> float:
        """Draw a gamma number; its mean is shape * scale, in the unit of scale."""
        if not (1e-300 <= shape <= 1e300 and 0.0 < scale < inf):
            _refuse(
                "gamma", "a shape from 1e-300 to 1e300 and a positive, finite scale", shape=shape, scale=scale
            )
        return scale * gamma_quantile(self._next(), shape)

    def beta(self, a: float, b: float) -> float:
        """Draw a number between 0 and 1; its mean is a / (a + b)."""
        if not (1e-300 <= a <= 1e300 and 1e-300 <= b <= 1e300):
            _refuse("beta", "a and b from 1e-300 to 1e300", a=a, b=b)
        return beta_quantile(self._next(), a, b)

    def weibull(self, shape: float, scale: float) -> float:
        """Draw a Weibull time in the unit of scale; shape 1 is exponential with mean scale."""
        if not (0.0 < shape < inf and 0.0 < scale < inf):
            _refuse("weibull", "a positive, finite shape and scale", shape=shape, scale=scale)
        return weibull_quantile(self._next(), shape, scale)

    def triangular(self, low: float, mode: float, high: float) -> float:
        """Draw a number between low and high, most often near the mode."""
        if not (-inf < low <= mode <= high and high - low < inf):
            _refuse("triangular", "finite low <= mode <= high", low=low, mode=mode, high=high)
        return triangular_quantile(self._next(), low, mode, high)

    def bernoulli(self, p: float) -> bool:
        """Draw True with probability p."""
        if not 0.0 <= p <= 1.0:
            _refuse("bernoulli", "p from 0 to 1", p=p)
        return self._next() > 1.0 - p

    def integer(self, low: int, high: int) -> int:
        """Draw a whole number from low to high, both included, all equally likely."""
        first, last = _whole("integer", "low", low), _whole("integer", "high", high)
        if first > last:
            _refuse("integer", "low <= high", low=low, high=high)
        return first + self._below(last - first + 1)

    def choice(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """Draw one of the options, in proportion to the weights (default: equal).

        With numbers in ascending order as options, this draws from a discrete or an empirical distribution.
        """
        count = len(options)
        if not count:
            _refuse("choice", "at least one option", options=options)
        if isinstance(options, (set, frozenset, dict)):
            _refuse("choice", "options in an order (a list or tuple)", options=options)
        if weights is None:
            return options[self._below(count)]
        if len(weights) != count or not all(0.0 <= weight < inf for weight in weights):
            _refuse("choice", f"{count} finite weights >= 0, one for each option", weights=weights)
        sums = list(accumulate(weights))
        if not 0.0 < sums[-1] < inf:
            _refuse("choice", "weights with a positive, finite sum", weights=weights)
        # The first sum beyond the target belongs to an option with a weight.
        return options[bisect_right(sums, self._next() * sums[-1], 0, count - 1)]

    def binomial(self, n: int, p: float) -> int:
        """Draw the number of successes in n trials with probability p each; n up to 2**53."""
        trials = _whole("binomial", "n", n)
        if not 0 <= trials <= _ONE:
            _refuse("binomial", "n from 0 to 2**53", n=n)
        if not 0.0 <= p <= 1.0:
            _refuse("binomial", "p from 0 to 1", p=p)
        return binomial_quantile(self._next(), trials, p)

    def poisson(self, mean: float) -> int:
        """Draw the number of events where `mean` are expected."""
        if not 0.0 <= mean < inf:
            _refuse("poisson", "a finite mean >= 0", mean=mean)
        return poisson_quantile(self._next(), mean)

    def geometric(self, p: float) -> int:
        """Draw the number of trials up to and including the first success (1, 2, ...); p is the probability of each."""
        if not 0.0 < p <= 1.0:
            _refuse("geometric", "p above 0, up to 1", p=p)
        return geometric_quantile(self._next(), p)

    def negative_binomial(self, r: float, p: float) -> int:
        """Draw the number of failures before the r-th success; r need not be whole, the mean is r * (1 - p) / p."""
        if not (1e-300 <= r <= 1e100 and 0.0 < p <= 1.0):
            _refuse("negative_binomial", "r from 1e-300 to 1e100 and p above 0, up to 1", r=r, p=p)
        return negative_binomial_quantile(self._next(), r, p)

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Draw `count` different positions of the options, in random order.

        The one uniform seeds a key for every position, and the keys are sorted: more options at the end, or a larger
        count, leave the order of the rest as it was.
        """
        if not 0 <= _whole("sample", "count", count) <= len(options):
            _refuse("sample", f"a count from 0 to the {len(options)} options", count=count)
        from random import Random

        # random() of a seed is promised to stay the same in every version of Python; its shuffle is not.
        key = Random(int(self._next() * _ONE)).random
        keys = [key() for _ in options]
        return [options[i] for i in sorted(range(len(options)), key=keys.__getitem__)[:count]]

    def shuffle(self, items: list[T]) -> None:
        """Put the items into a random order, in place; see `sample`."""
        items[:] = self.sample(items, len(items))

    def _start(self, key: str, position: int) -> None:
        self._key = key
        self._fetched = position
        self._waiting: list[float] = []
        self._block = _FIRST_BLOCK
        self._bits: PCG64 | None = None

    def _next(self) -> float:
        """Return the next uniform number, from 2**-53 to 1 - 2**-53."""
        try:
            return self._waiting.pop()
        except IndexError:
            return self._fetch()

    def _below(self, count: int) -> int:
        """Return the next uniform number as a whole one from 0 to count - 1, in exact arithmetic."""
        return int(self._next() * _ONE) * count >> 53

    def _fetch(self) -> float:
        """Fill the buffer, which is consumed from its end, and return the next uniform number."""
        if self._bits is None:
            self._bits = bits_of(self._key)
            self._bits.advance(self._fetched)
        # The middles of 2**52 equal parts of (0, 1): u and 1 - u are both exact, and neither is ever 0.
        uniforms = (self._bits.random_raw(self._block) >> 12) * 2.0**-52 + 2.0**-53
        self._waiting = uniforms[::-1].tolist()
        self._fetched += self._block
        self._block = min(2 * self._block, _LARGEST_BLOCK)
        return self._waiting.pop()


def _whole(law: str, name: str, value: int) -> int:
    try:
        return index(value)
    except TypeError:
        _refuse(law, f"a whole number as {name}", **{name: value})


def _refuse(law: str, needed: str, **values: object) -> NoReturn:
    from reprlib import repr as shorten

    found = ", ".join(f"{name} = {shorten(value)}" for name, value in values.items())
    raise ValueError(f"{law} needs {needed}; found {found}")
