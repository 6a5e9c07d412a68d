"""The families of probability laws that rules can name: called as the draws of a simulator are, parameters included.

Parameters are expressions over the run's arguments. Leaves out what is done with a law.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from math import erfc, exp, expm1, inf, log, log1p, sqrt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gsim_devs.contracts.declaration import Declaration

from .laws import Continuous, Discrete, Tails
from .patterns import Expression
from .statistics import beta_shares, binomial_tails, gamma_shares

Given = Mapping[str, float]
"""The values of parameters by their dotted names."""

LARGEST = 1e12
"""Parameters may be as large as this; those that must be more than 0 as small as its inverse."""

Bounds = tuple[Expression | None, Expression | None]
Law = Continuous | Discrete


class NumberFamily(Declaration):
    """A law of numbers, which may be cut: first truncated, then clipped, then rounded."""

    truncate: Bounds | None = None
    """Lower and upper bound; what is drawn outside is drawn again. A null does not bound."""
    clip: Bounds | None = None
    """Lower and upper bound; what is drawn outside becomes the bound. A null does not bound."""
    round: Expression | None = None
    """The unit to whole multiples of which the numbers are rounded."""

    def law(self, given: Given) -> Law:
        """Raises ValueError for parameters that make no sense."""
        law = self.uncut(given)
        if self.truncate is not None:
            law = law.truncated(*_bounds(given, "truncate"))
        if self.clip is not None:
            law = law.clipped(*_bounds(given, "clip"))
        return law if self.round is None else law.rounded(_positive(given, "round"))

    def uncut(self, given: Given) -> Continuous:
        raise NotImplementedError


class Uniform(NumberFamily):
    """A number from low to high."""

    family: Literal["uniform"]
    """Says which."""
    low: Expression
    """The least one."""
    high: Expression
    """The greatest one."""

    def uncut(self, given: Given) -> Continuous:
        low, high = _ascending(given, "low", "high")
        width = high - low
        return Continuous(lambda x: ((x - low) / width, (high - x) / width), low, high)


class Exponential(NumberFamily):
    """An exponential number."""

    family: Literal["exponential"]
    """Says which."""
    rate: Expression
    """1 / mean."""

    def uncut(self, given: Given) -> Continuous:
        rate = _positive(given, "rate")
        return Continuous(lambda x: (-expm1(-rate * x), exp(-rate * x)), 0.0)


class Normal(NumberFamily):
    """A normal number."""

    family: Literal["normal"]
    """Says which."""
    mean: Expression
    """Its mean."""
    sd: Expression
    """Its standard deviation."""

    def uncut(self, given: Given) -> Continuous:
        mean, sd = given["mean"], _positive(given, "sd")
        return Continuous(lambda x: _normal((x - mean) / sd))


class Lognormal(NumberFamily):
    """A number whose natural logarithm is normal."""

    family: Literal["lognormal"]
    """Says which."""
    mean_log: Expression
    """The mean of the logarithm."""
    sd_log: Expression
    """The standard deviation of the logarithm."""

    def uncut(self, given: Given) -> Continuous:
        mean, sd = given["mean_log"], _positive(given, "sd_log")
        return Continuous(lambda x: _normal((log(x) - mean) / sd) if x > 0.0 else (0.0, 1.0), 0.0)


class Gamma(NumberFamily):
    """A gamma number; its mean is shape * scale."""

    family: Literal["gamma"]
    """Says which."""
    shape: Expression
    """1: exponential; a whole number: the sum of so many exponential ones."""
    scale: Expression
    """In the unit of the value."""

    def uncut(self, given: Given) -> Continuous:
        shape, scale = _positive(given, "shape"), _positive(given, "scale")

        return Continuous(lambda x: gamma_shares(shape, x / scale), 0.0)


class Weibull(NumberFamily):
    """A Weibull number."""

    family: Literal["weibull"]
    """Says which."""
    shape: Expression
    """1: exponential."""
    scale: Expression
    """In the unit of the value."""

    def uncut(self, given: Given) -> Continuous:
        shape, scale = _positive(given, "shape"), _positive(given, "scale")

        def tails(x: float) -> Tails:
            hazard = exp(min(700.0, shape * (log(x) - log(scale)))) if x > 0.0 else 0.0
            return -expm1(-hazard), exp(-hazard)

        return Continuous(tails, 0.0)


class Triangular(NumberFamily):
    """A number from low to high, most often near the mode."""

    family: Literal["triangular"]
    """Says which."""
    low: Expression
    """The least one."""
    mode: Expression
    """The most probable one."""
    high: Expression
    """The greatest one."""

    def uncut(self, given: Given) -> Continuous:
        low, high = _ascending(given, "low", "high")
        mode = given["mode"]
        if not low <= mode <= high:
            raise ValueError(f"mode is {mode!r}; it must lie from low to high")

        def tails(x: float) -> Tails:
            if x < mode:
                lower = (x - low) ** 2 / ((high - low) * (mode - low))
                return lower, 1.0 - lower
            upper = (high - x) ** 2 / ((high - low) * (high - mode)) if mode < high else 0.0
            return 1.0 - upper, upper

        return Continuous(tails, low, high)


class Beta(NumberFamily):
    """A number from 0 to 1 with mean a / (a + b)."""

    family: Literal["beta"]
    """Says which."""
    a: Expression
    """The first shape."""
    b: Expression
    """The second shape."""

    def uncut(self, given: Given) -> Continuous:
        a, b = _positive(given, "a"), _positive(given, "b")

        return Continuous(lambda x: beta_shares(a, b, x, 1.0 - x), 0.0, 1.0)


class Choice(Declaration):
    """One of several values."""

    family: Literal["choice"]
    """Says which."""
    options: tuple[bool | int | float | str, ...] = Field(min_length=1, max_length=100)
    """The values, as they are; where they have an order, in that order."""
    weights: tuple[Expression, ...] | None = None
    """How probable each is, in proportion; none: all alike."""

    @model_validator(mode="after")
    def _agrees(self) -> Choice:
        if len({(isinstance(one, bool), one) for one in self.options}) < len(self.options):
            raise ValueError("an option is there twice")
        if self.weights is not None and len(self.weights) != len(self.options):
            raise ValueError(f"{len(self.weights)} weights for {len(self.options)} options")
        return self

    def law(self, given: Given) -> Law:
        """Raises ValueError for parameters that make no sense."""
        weights = [1.0] * len(self.options)
        if self.weights is not None:
            weights = [_at_least(given, f"weights.{number}", 0.0) for number in range(len(self.options))]
        total = sum(weights)
        if not 0.0 < total < inf:
            raise ValueError("the weights add up to nothing")
        able = [number for number, weight in enumerate(weights) if weight > 0.0]
        lower = list(accumulate(weights[number] / total for number in able))
        upper = [*list(accumulate(weights[number] / total for number in reversed(able)))[::-1], 0.0]
        options = tuple(self.options[number] for number in able)
        return Discrete(lambda k: (lower[k], upper[k + 1]), 0, len(able) - 1, options=options)


class Integer(Declaration):
    """A whole number from low to high, both included, all equally probable."""

    family: Literal["integer"]
    """Says which."""
    low: Expression
    """The least one."""
    high: Expression
    """The greatest one."""

    def law(self, given: Given) -> Law:
        """Raises ValueError for parameters that make no sense."""
        low, high = _whole(given, "low"), _whole(given, "high")
        if low > high:
            raise ValueError(f"low is {low} and high is {high}; low must not be more")
        count = high - low + 1
        return Discrete(lambda k: ((k - low + 1) / count, (high - k) / count), low, high)


class Binomial(Declaration):
    """The number of successes in n trials."""

    family: Literal["binomial"]
    """Says which."""
    n: Expression
    """How many trials."""
    p: Expression
    """The probability of success in each."""

    def law(self, given: Given) -> Law:
        """Raises ValueError for parameters that make no sense."""
        n, p = _whole(given, "n"), _share(given, "p")
        if n < 1:
            raise ValueError(f"n is {n}; it must be at least 1")
        return Discrete(lambda k: (binomial_tails(k, n, p)[0], binomial_tails(k + 1, n, p)[1]), 0, n)


class Poisson(Declaration):
    """The number of events where `mean` are expected."""

    family: Literal["poisson"]
    """Says which."""
    mean: Expression
    """How many are expected."""

    def law(self, given: Given) -> Law:
        """Raises ValueError for parameters that make no sense."""
        mean = _positive(given, "mean")
        return Discrete(lambda k: gamma_shares(k + 1.0, mean)[::-1], 0, inf)


class Geometric(Declaration):
    """The number of trials up to and including the first success: 1, 2, …"""

    family: Literal["geometric"]
    """Says which."""
    p: Expression
    """The probability of success in each."""

    def law(self, given: Given) -> Law:
        """Raises ValueError for parameters that make no sense."""
        failure = log1p(-_share(given, "p"))
        return Discrete(lambda k: (-expm1(k * failure), exp(k * failure)), 1, inf)


class NegativeBinomial(Declaration):
    """The number of failures before the r-th success."""

    family: Literal["negative_binomial"]
    """Says which."""
    r: Expression
    """How many successes; it need not be whole."""
    p: Expression
    """The probability of success in each trial."""

    def law(self, given: Given) -> Law:
        """Raises ValueError for parameters that make no sense."""
        r, p = _positive(given, "r"), _share(given, "p")
        return Discrete(lambda k: beta_shares(r, k + 1.0, p, 1.0 - p), 0, inf)


Family = Annotated[
    Uniform
    | Exponential
    | Normal
    | Lognormal
    | Gamma
    | Weibull
    | Triangular
    | Beta
    | Choice
    | Integer
    | Binomial
    | Poisson
    | Geometric
    | NegativeBinomial,
    Field(discriminator="family"),
]
"""A law of any family."""


def law_of(family: Family, number: Callable[[str, Expression], float | None]) -> Law | None:
    """The law, given the numbers that its parameters stand for; None where one is not known."""
    given = {name: number(name, written) for name, written in _parameters(family).items()}
    known = {name: value for name, value in given.items() if value is not None}
    for name, value in known.items():
        if not abs(value) <= LARGEST:
            raise ValueError(f"{name} is {value:g}; it must be at most {LARGEST:g} in size")
    return family.law(known) if len(known) == len(given) else None


def _parameters(family: Family) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    for name in type(family).model_fields:
        written = getattr(family, name)
        if isinstance(written, tuple) and name != "options":
            found |= {f"{name}.{at}": one for at, one in enumerate(written) if one is not None}
        elif written is not None and name not in ("family", "options"):
            found[name] = written
    return found


def _normal(z: float) -> Tails:
    return 0.5 * erfc(-z / sqrt(2.0)), 0.5 * erfc(z / sqrt(2.0))


def _bounds(given: Given, name: str) -> tuple[float, float]:
    low, high = given.get(f"{name}.0", -inf), given.get(f"{name}.1", inf)
    if low >= high:
        raise ValueError(f"{name} is from {low!r} to {high!r}; the first must be less")
    return low, high


def _ascending(given: Given, first: str, second: str) -> tuple[float, float]:
    low, high = given[first], given[second]
    if low >= high:
        raise ValueError(f"{first} is {low!r} and {second} is {high!r}; {first} must be less")
    return low, high


def _positive(given: Given, name: str) -> float:
    if not given[name] >= 1.0 / LARGEST:
        raise ValueError(f"{name} is {given[name]!r}; it must be more than 0")
    return given[name]


def _at_least(given: Given, name: str, least: float) -> float:
    if given[name] < least:
        raise ValueError(f"{name} is {given[name]!r}; it must be at least {least!r}")
    return given[name]


def _share(given: Given, name: str) -> float:
    if not 1.0 / LARGEST <= given[name] < 1.0:
        raise ValueError(f"{name} is {given[name]!r}; it must be between 0 and 1")
    return given[name]


def _whole(given: Given, name: str) -> int:
    if given[name] != round(given[name]):
        raise ValueError(f"{name} is {given[name]!r}; it must be a whole number")
    return round(given[name])
