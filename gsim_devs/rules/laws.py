"""Probability laws as functions: what can occur, and how probable it is up to a value. Knows nothing of traces.

A law of numbers may be cut: clipped (what lies outside counts as the bound), truncated (what lies outside does not
occur) and rounded (to whole multiples of a unit).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor, inf, isfinite, nextafter
from typing import TypeGuard

from .statistics import binomial_p, combined_p, gap_p

Tails = tuple[float, float]
"""P(X <= x) and P(X > x)."""

NEVER = 1e-15
"""What is so far out that values there or beyond have less than this probability does not occur."""
MOST_CELLS = 64
"""Into how many groups values are sorted at most."""
FEWEST_EXPECTED = 10.0
"""Values that are seen less often than this count together with others."""


@dataclass(frozen=True, slots=True)
class Continuous:
    """A law of numbers; where the bounds cut off something, they have a probability of their own."""

    tails: Callable[[float], Tails]
    low: float = -inf
    high: float = inf

    def up_to(self, x: float) -> Tails:
        if x < self.low:
            return 0.0, 1.0
        return (1.0, 0.0) if x >= self.high else self.tails(x)

    def below(self, x: float) -> float:
        """P(X < x)."""
        if x <= self.low:
            return 0.0
        return 1.0 if x > self.high else self.tails(x)[0]

    def place(self, value: object, margin: float) -> float | None:
        """The value as the law knows it; None where it does not occur."""
        low, high = _credible(self)
        if not is_number(value) or not low - margin <= value <= high + margin:
            return None
        return max(self.low, min(self.high, float(value)))

    @property
    def least(self) -> float:
        """No value is below it."""
        return self.low

    @property
    def largest(self) -> float:
        """No value is above it."""
        return self.high

    def limited(self, longest: float) -> Continuous:
        """What is larger counts as that large."""
        return self.clipped(-inf, longest)

    def clipped(self, low: float, high: float) -> Continuous:
        return replace(self, low=max(low, self.low), high=min(high, self.high))

    def truncated(self, low: float, high: float) -> Continuous:
        low, high = max(low, self.low), min(high, self.high)
        (below, above), (to_high, beyond) = self.up_to(low), self.up_to(high)
        # The difference of the smaller tails keeps its digits.
        inside = to_high - below if below < 0.5 else above - beyond
        if inside < NEVER:
            raise ValueError("nothing lies between the bounds")

        def tails(x: float) -> Tails:
            lower, upper = self.tails(x)
            return max(0.0, lower - below) / inside, max(0.0, upper - beyond) / inside

        return Continuous(tails, low, high)

    def rounded(self, unit: float) -> Discrete:
        def tails(k: int) -> Tails:
            return self.up_to((k + 0.5) * unit)

        low = self.low if self.low == -inf else round(self.low / unit)
        high = self.high if self.high == inf else round(self.high / unit)
        return Discrete(tails, low, high, unit)


@dataclass(frozen=True, slots=True)
class Discrete:
    """A law of whole numbers: of multiples of a unit, or of the places of options."""

    tails: Callable[[int], Tails]
    low: float
    high: float
    unit: float = 1.0
    options: tuple[object, ...] = ()
    """What the numbers 0, 1, … stand for; none: multiples of the unit."""

    def up_to(self, k: float) -> Tails:
        if k < self.low or k == -inf:
            return 0.0, 1.0
        return (1.0, 0.0) if k >= self.high else self.tails(int(k))

    def place(self, value: object, margin: float) -> int | None:
        """The number that stands for a value; None where it does not occur."""
        k = self._option(value, margin) if self.options else self._multiple(value, margin)
        low, high = _credible(self)
        return k if k is not None and low <= k <= high else None

    @property
    def least(self) -> float:
        """No value is below it; of options, this is not asked."""
        return self.low * self.unit

    @property
    def largest(self) -> float:
        """No value is above it."""
        if not self.options:
            return self.high * self.unit
        return max((one for one in self.options if is_number(one)), default=inf)

    def limited(self, longest: float) -> Discrete:
        """What is larger counts as that large."""
        return replace(self, high=min(self.high, floor(longest / self.unit)))

    def _option(self, value: object, margin: float) -> int | None:
        for k, option in enumerate(self.options):
            if is_number(option) and is_number(value):
                if abs(option - value) <= margin:
                    return k
            elif option == value and type(option) is type(value):
                return k
        return None

    def _multiple(self, value: object, margin: float) -> int | None:
        if not is_number(value) or not isfinite(value / self.unit):
            return None
        k = round(value / self.unit)
        return k if abs(value - k * self.unit) <= margin else None

    def between(self, low: float, high: float) -> float:
        """P(low < X <= high)."""
        (below, above), (to_high, beyond) = self.up_to(low), self.up_to(high)
        return to_high - below if below < 0.5 else above - beyond

    def values(self, low: float, high: float) -> str:
        """In words: the values from low (left out) to high."""
        first = low + 1
        if self.options:
            return " or ".join(repr(one) for one in self.options[int(first) : int(high) + 1])
        if first == high:
            return f"{self.unit * high:.10g}"
        if low < self.low or low == -inf:
            return f"up to {self.unit * high:.10g}"
        return f"over {self.unit * low:.10g}" + (
            "" if high >= self.high else f" and up to {self.unit * high:.10g}"
        )


@dataclass(frozen=True, slots=True)
class Split:
    """Two neighbouring groups of values: over `low` and up to `middle`, over `middle` and up to `high`."""

    low: float
    middle: float
    high: float
    share: float
    """The probability of the lower group within both."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a sample fits a law, and where it fits worst."""

    p: float
    where: str
    """The values that are too many or too few."""
    expected: float
    """Their share by the law."""
    found: float
    """Their share of the sample."""


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@lru_cache(maxsize=256)
def splits(law: Discrete, n: int) -> tuple[Split, ...]:
    """The values in halves as equal as they can be, these again, as long as enough of n values are expected in each.

    How many of a group fall into its lower half is binomial, whatever the groups above are: the splits together test
    all counts, exactly for samples of any size.
    """
    low = law.low - 1
    found: list[Split] = []
    open_groups = [(low, law.high)]
    while open_groups and len(found) < MOST_CELLS - 1:
        low, high = open_groups.pop(0)
        probability = law.between(low, high)
        if found and n * probability < 2.0 * FEWEST_EXPECTED:
            continue
        middle = _half(law, low, high, probability)
        if middle is None:
            continue
        share = law.between(low, middle) / probability
        if not 0.0 < share < 1.0:
            continue
        found.append(Split(low, middle, high, share))
        open_groups += [(low, middle), (middle, high)]
    return tuple(found)


def fit_counts(law: Discrete, counts: dict[int, int]) -> Fit:
    """How well numbers of occurrences fit: all splits together."""
    places = sorted(counts)
    sums = [0]
    for place in places:
        sums.append(sums[-1] + counts[place])
    n = sums[-1]

    def count(low: float, high: float) -> int:
        return sums[bisect_left(places, high + 1)] - sums[bisect_left(places, low + 1)]

    ps = []
    worst: tuple[float, Split] | None = None
    for split in splits(law, n):
        both = count(split.low, split.high)
        p = binomial_p(count(split.low, split.middle), both, split.share)
        ps.append(p)
        if worst is None or p < worst[0]:
            worst = p, split
    if worst is None:
        return Fit(1.0, "any", 1.0, 1.0)
    p, split = combined_p(ps), worst[1]
    groups = [(split.low, split.middle), (split.middle, split.high)]
    fits = [Fit(p, law.values(*group), law.between(*group), count(*group) / n) for group in groups]
    return max(fits, key=lambda fit: abs(fit.found / fit.expected - 1.0))


def fit_numbers(law: Continuous, numbers: Sequence[float]) -> Fit:
    """How well numbers fit: the largest gap between their distribution function and the law's (Kolmogorov, Smirnov)."""
    ordered = sorted(numbers)
    n = len(ordered)
    largest, worst = -1.0, (ordered[0], 0.0, 0.0)
    seen = 0
    while seen < n:
        x = ordered[seen]
        before = seen
        while seen < n and ordered[seen] == x:
            seen += 1
        for expected, found in ((law.below(x), before / n), (law.up_to(x)[0], seen / n)):
            if abs(found - expected) > largest:
                largest, worst = abs(found - expected), (x, expected, found)
    x, expected, found = worst
    return Fit(gap_p(largest, n), f"up to {x:.10g}", expected, found)


def one_sided_p(law: Continuous | Discrete, n: int) -> float:
    """The p-value of n values that all lie in the same half of the law."""
    if isinstance(law, Continuous):
        return gap_p(0.5, n)
    first = splits(law, n)[:1]
    return min((binomial_p(k, n, split.share) for split in first for k in (0, n)), default=1.0)


def middle_of(law: Continuous | Discrete) -> tuple[float, float] | None:
    """A value and the probability, about a half, of what is not greater; None where all values are the same."""
    if isinstance(law, Discrete):
        first = splits(law, 1)
        return (first[0].middle, first[0].share) if first else None
    x = _first_number(law, lambda x: law.up_to(x)[0] >= 0.5)
    middle = min((law.up_to(x)[0], x), (law.below(x), nextafter(x, -inf)), key=lambda one: abs(one[0] - 0.5))
    return (middle[1], middle[0]) if 0.0 < middle[0] < 1.0 else None


@lru_cache(maxsize=256)
def _credible(law: Continuous | Discrete) -> tuple[float, float]:
    """The least and the greatest value that occur, without those that are as good as never so far out."""
    if isinstance(law, Discrete):
        return (
            _first_whole(law.low, law.high, lambda k: law.up_to(k)[0] >= NEVER),
            _first_whole(law.low, law.high, lambda k: law.up_to(k)[1] < NEVER),
        )
    low = law.low if law.low > -inf else _first_number(law, lambda x: law.up_to(x)[0] >= NEVER)
    high = law.high if law.high < inf else _first_number(law, lambda x: law.up_to(x)[1] < NEVER)
    return low, high


def _first_number(law: Continuous, holds: Callable[[float], bool]) -> float:
    """The least number that holds, where all greater ones do."""
    low = law.low if law.low > -inf else -_doubled(lambda x: not holds(-x))
    high = law.high if law.high < inf else _doubled(holds)
    for _ in range(2000):
        middle = low + (high - low) / 2.0
        if not low < middle < high:
            break
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _first_whole(low: float, high: float, holds: Callable[[int], bool]) -> int:
    """The least whole number from low to high that holds, where all greater ones do; high if no other does."""
    first = int(low) if low > -inf else -int(_doubled(lambda x: not holds(-int(x))))
    last = int(high) if high < inf else max(first, int(_doubled(lambda x: holds(int(x)))))
    while first < last:
        middle = (first + last) // 2
        if holds(middle):
            last = middle
        else:
            first = middle + 1
    return first


def _doubled(holds: Callable[[float], bool]) -> float:
    """A power of 2 that holds."""
    x = 1.0
    while not holds(x) and x < 2.0**1000:
        x *= 2.0
    return x


def _half(law: Discrete, low: float, high: float, probability: float) -> float | None:
    """The value up to which about half of a group lies; None where the group is a single value."""
    if high - low <= 1:
        return None
    k = _first_whole(low + 1, high, lambda k: law.between(low, k) >= 0.5 * probability)
    nearest = min((k - 1, k), key=lambda k: abs(law.between(low, k) - 0.5 * probability))
    return min(max(nearest, low + 1), high - 1)
