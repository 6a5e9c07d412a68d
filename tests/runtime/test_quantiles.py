"""Quantiles against scipy, and where scipy is inexact against sums of the probabilities themselves."""

import itertools
import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from gsim_devs.runtime import quantiles
from gsim_devs.runtime.incomplete import beta_tails, gamma_tails
from gsim_devs.runtime.quantiles import (
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


def on_the_grid(u: float) -> float:
    """Return the uniform number next to u that a draw can start from."""
    return min(max((math.floor(u * 2**52) + 0.5) * 2.0**-52, 2.0**-53), 1.0 - 2.0**-53)


LOW_TAIL = [2.0**-53, 1e-12, 1e-9, 1e-6, 1e-3]
GRID = [
    on_the_grid(u)
    for u in [*LOW_TAIL, *np.linspace(0.01, 0.99, 197).tolist(), *(1 - u for u in reversed(LOW_TAIL))]
]


def assert_continuous(
    quantile: Callable[[float], float], law: stats.rv_continuous, accuracy: float = 1e-12
) -> None:
    found = [quantile(u) for u in GRID]

    np.testing.assert_allclose(found, law.ppf(GRID), rtol=accuracy, atol=1e-300)
    assert found == sorted(found)


def assert_discrete(quantile: Callable[[float], int], law: stats.rv_discrete) -> None:
    """Equal to scipy, or, where scipy steps by rounding, within 1e-12 of the definition."""
    found = [quantile(u) for u in GRID]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scipys = law.ppf(GRID)

    assert all(type(k) is int for k in found)
    assert found == sorted(found)
    for u, k, expected in zip(GRID, found, scipys, strict=True):
        if k != expected:
            assert law.cdf(float(k) - 1.0) < u * (1 + 1e-12)
            assert law.cdf(float(k)) > u * (1 - 1e-12)


def test_normal():
    assert_continuous(normal_quantile, stats.norm(), 1e-15)


@pytest.mark.parametrize(("mean_log", "sd_log"), [(0.0, 1.0), (-3.0, 0.01), (2.0, 10.0)])
def test_lognormal(mean_log: float, sd_log: float):
    law = stats.lognorm(sd_log, scale=math.exp(mean_log))

    assert_continuous(lambda u: lognormal_quantile(u, mean_log, sd_log), law)


@pytest.mark.parametrize("shape", [0.1, 0.5, 1.0, 2.0, 50.0, 1e6])
def test_weibull(shape: float):
    assert_continuous(lambda u: weibull_quantile(u, shape, 3.0), stats.weibull_min(shape, scale=3.0))


@pytest.mark.parametrize(
    ("low", "mode", "high"), [(0.0, 1.0, 3.0), (-5.0, -5.0, 2.0), (1.0, 4.0, 4.0), (0.0, 1e-9, 1e9)]
)
def test_triangular(low: float, mode: float, high: float):
    law = stats.triang((mode - low) / (high - low), low, high - low)
    found = [triangular_quantile(u, low, mode, high) for u in GRID]

    np.testing.assert_allclose(found, law.ppf(GRID), rtol=1e-12, atol=1e-14 * (high - low))
    assert found == sorted(found)


# scipy loses digits beyond shapes of about 1e6; those are compared with an expansion below.
@pytest.mark.parametrize(
    "shape", [1e-300, 1e-3, 0.05, 0.3, 0.5, 0.9, 1.0, 1.5, 2.0, 5.0, 10.0, 29.9, 30.0, 100.0, 1e3, 1e5]
)
def test_gamma(shape: float):
    assert_continuous(lambda u: gamma_quantile(u, shape), stats.gamma(shape), 2e-12)


@pytest.mark.parametrize("shape", [1e7, 1e9, 0.99e12, 1e12, 1e15, 1e300])
def test_gamma_of_a_huge_shape(shape: float):
    for u in GRID:
        z = normal_quantile(u)
        expansion = z * math.sqrt(shape) + (z * z - 1) / 3 + (z**3 - 7 * z) / 36 / math.sqrt(shape)

        assert gamma_quantile(u, shape) == pytest.approx(shape + expansion, rel=3e-13)


SHAPES = [1e-3, 0.1, 0.5, 1.0, 1.1, 2.0, 5.0, 20.0, 30.0, 100.0, 1e4]


@pytest.mark.parametrize(("a", "b"), list(itertools.product(SHAPES, SHAPES)))
def test_beta(a: float, b: float):
    # scipy's own quantile is wrong, or gives up, for some of these shapes; its distribution function is right.
    found = np.array([beta_quantile(u, a, b) for u in GRID])
    mirrored = np.array([beta_quantile(1.0 - u, b, a) for u in GRID])
    grid = np.array(GRID)
    inside = (found > 1e-300) & (found < 0.9)
    left, right = inside & (grid <= 0.5), inside & (grid > 0.5)

    np.testing.assert_allclose(special.betainc(a, b, found[left]), grid[left], rtol=1e-10)
    np.testing.assert_allclose(special.betaincc(a, b, found[right]), 1.0 - grid[right], rtol=1e-9)
    np.testing.assert_allclose(found, 1.0 - mirrored, rtol=1e-9, atol=1e-15)
    assert np.all((found > 0.0) | (np.log(grid) + np.log(a) + special.betaln(a, b) < -740.0 * a))
    assert np.all(np.diff(found) >= 0.0)


@pytest.mark.parametrize("b", [1e7, 1e9, 1e12, 1e15, 1e300])
def test_beta_with_one_huge_shape_is_a_small_gamma(b: float):
    for a in (0.1, 1.0, 3.0, 50.0):
        for u in (0.001, 0.3, 0.9, 0.999):
            limit = gamma_quantile(u, a) / b

            assert beta_quantile(u, a, b) == pytest.approx(limit, rel=300 * (1 + a) / b + 1e-12)


@pytest.mark.parametrize("a", [1e7, 1e11, 1e12, 1e15, 1e300])
def test_beta_with_two_huge_equal_shapes_is_normal(a: float):
    for u in GRID:
        normal = 0.5 + normal_quantile(u) / math.sqrt(8.0) / math.sqrt(a)

        assert beta_quantile(u, a, a) == pytest.approx(normal, abs=100.0 * a**-1.5 + 1e-15)


@pytest.mark.parametrize(
    "mean", [0.0, 1e-300, 1e-12, 1e-3, 0.5, 3.0, 29.9, 30.0, 30.1, 50.0, 100.0, 700.0, 1e4, 1e6]
)
def test_poisson(mean: float):
    assert_discrete(lambda u: poisson_quantile(u, mean), stats.poisson(mean))


@pytest.mark.parametrize("n", [0, 1, 2, 10, 61, 100, 1000, 10**5, 10**9])
@pytest.mark.parametrize("p", [0.0, 1e-300, 1e-10, 1e-3, 0.1, 0.5, 0.7, 0.999, 1 - 1e-10, 1.0])
def test_binomial(n: int, p: float):
    if n * min(p, 1 - p) < 1e7:
        assert_discrete(lambda u: binomial_quantile(u, n, p), stats.binom(n, p))


def by_summation(
    mode: int, reach: int, ratio: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return F(k) and 1 - F(k) for k within `reach` of the mode, from ratio(k) = P(k) / P(k - 1)."""
    up = np.cumprod(ratio(np.arange(mode + 1, mode + reach + 1, dtype=np.longdouble)))
    down = 1 / np.cumprod(ratio(np.arange(mode, mode - reach, -1, dtype=np.longdouble)))[::1]
    weights = np.concatenate([down[::-1], [1], up])
    weights /= weights.sum()
    return np.cumsum(weights), np.concatenate([np.cumsum(weights[::-1])[-2::-1], [0]])


def assert_summation_agrees(
    quantile: Callable[[float], int], mode: int, sd: float, ratio: Callable[[np.ndarray], np.ndarray]
) -> None:
    reach = int(12 * sd)
    lower, upper = by_summation(mode, reach, ratio)
    for u in GRID:
        expected = (
            np.searchsorted(lower, u)
            if u <= 0.5
            else reach * 2 + 1 - np.searchsorted(upper[::-1], 1 - u, "right")
        )

        assert quantile(u) == mode - reach + expected


@pytest.mark.parametrize("mean", [1e7 + 0.3, 1e9])
def test_poisson_of_a_huge_mean(mean: float):
    assert_summation_agrees(
        lambda u: poisson_quantile(u, mean), int(mean), math.sqrt(mean), lambda k: np.longdouble(mean) / k
    )


@pytest.mark.parametrize(("n", "p"), [(10**9, 0.3), (10**9, 0.5), (10**8, 0.9)])
def test_binomial_of_many_trials(n: int, p: float):
    odds = np.longdouble(p) / (1 - np.longdouble(p))

    assert_summation_agrees(
        lambda u: binomial_quantile(u, n, p),
        int(n * p),
        math.sqrt(n * p * (1 - p)),
        lambda k: (n - k + 1) / k * odds,
    )


@pytest.mark.parametrize("mean", [1e13, 1e18, 1e300])
def test_poisson_beyond_whole_floats_is_normal(mean: float):
    for u in GRID:
        z = normal_quantile(u)

        assert poisson_quantile(u, mean) == pytest.approx(
            mean + z * math.sqrt(mean) + (z * z - 1) / 6, rel=1e-15, abs=2
        )


@pytest.mark.parametrize("p", [1e-10, 1e-3, 0.1, 0.5, 0.7, 0.999, 1 - 1e-10])
def test_geometric(p: float):
    assert_discrete(lambda u: geometric_quantile(u, p), stats.geom(p))


def test_geometric_of_a_tiny_probability_is_exponential():
    assert geometric_quantile(0.5, 1e-300) == pytest.approx(math.log(2) * 1e300)


@pytest.mark.parametrize("r", [1e-3, 0.3, 1.0, 2.5, 10.0, 100.0, 1e4])
@pytest.mark.parametrize("p", [1e-3, 0.1, 0.5, 0.9, 0.999, 1.0])
def test_negative_binomial(r: float, p: float):
    assert_discrete(lambda u: negative_binomial_quantile(u, r, p), stats.nbinom(r, p))


@pytest.mark.parametrize(
    ("r", "p"),
    list(itertools.product([1e-300, 1e-10, 0.3, 2.5, 1e4, 1e9, 1e50, 1e100], [1e-300, 1e-99, 1e-30, 1e-8])),
)
def test_negative_binomial_of_a_tiny_probability_is_gamma(r: float, p: float):
    found = [negative_binomial_quantile(u, r, p) for u in GRID]
    expected = [gamma_quantile(u, r) / p for u in GRID]

    assert found == sorted(found)
    for k, limit in zip(found, expected, strict=True):
        assert k == pytest.approx(min(limit, 1.7976931348623157e308), rel=1e-7, abs=3.0)


@pytest.mark.parametrize(
    ("quantile", "laws"),
    [
        (poisson_quantile, [(30.5,), (90.0,), (1e4,)]),
        (binomial_quantile, [(100, 0.4), (1000, 0.05), (10**6, 0.5), (1000, 0.9)]),
        (negative_binomial_quantile, [(60.0, 0.5), (1e4, 0.99), (300.0, 0.01)]),
    ],
)
def test_an_expansion_that_is_believed_is_right(monkeypatch, quantile, laws):
    # With every draw sent on to the distribution function itself, nothing changes.
    uniforms = [on_the_grid(u) for u in np.random.default_rng(5).random(1500)] + GRID
    quick = [[quantile(u, *law) for u in uniforms] for law in laws]
    monkeypatch.setattr(quantiles, "NEAR", 0.0)

    exact = [[quantile(u, *law) for u in uniforms] for law in laws]

    assert quick == exact


def test_a_discrete_quantile_reaches_exactly_at_a_border():
    assert binomial_quantile(0.5, 1, 0.5) == 0
    assert binomial_quantile(math.nextafter(0.5, 1), 1, 0.5) == 1
    assert binomial_quantile(0.25, 1, 0.75) == 0
    assert binomial_quantile(0.25, 2, 0.5) == 0
    assert binomial_quantile(0.75, 2, 0.5) == 1
    assert geometric_quantile(0.75, 0.5) == 2
    assert negative_binomial_quantile(0.75, 1.0, 0.5) == 1


def test_edges_are_exact():
    for u in GRID:
        assert lognormal_quantile(u, 2.0, 0.0) == math.exp(2.0)
        assert triangular_quantile(u, 3.3, 3.3, 3.3) == 3.3
        assert binomial_quantile(u, 0, 0.3) == 0
        assert binomial_quantile(u, 7, 0.0) == 0
        assert binomial_quantile(u, 7, 1.0) == 7
        assert poisson_quantile(u, 0.0) == 0
        assert geometric_quantile(u, 1.0) == 1
        assert negative_binomial_quantile(u, 2.5, 1.0) == 0


def test_what_is_too_large_for_a_float_is_infinite():
    assert lognormal_quantile(0.5, 1000.0, 1.0) == math.inf
    assert weibull_quantile(0.9, 1e-5, 1.0) == math.inf


@pytest.mark.parametrize("a", [1e-3, 0.5, 3.0, 29.0, 30.0, 500.0, 1e8])
def test_the_tails_of_gamma_are_those_of_poisson_and_add_to_one(a: float):
    for z in (-7.0, -1.0, 0.0, 0.5, 6.0):
        tails = gamma_tails(a, x := a * math.exp(z / math.sqrt(a + 1)))
        # P(a, x) = P(a + 1, x) + x^a e^-x / Γ(a + 1)
        following = gamma_tails(a + 1, x)

        assert tails.lower + tails.upper == pytest.approx(1.0, abs=1e-15)
        assert tails.lower == pytest.approx(following.lower + tails.weight / a, rel=1e-10)


@pytest.mark.parametrize(
    ("a", "b"), [(0.5, 3.0), (29.0, 31.0), (30.0, 1e6), (1e5, 2e5), (1e9, 29.0), (1e9, 0.3)]
)
def test_the_tails_of_beta_mirror_each_other_and_add_to_one(a: float, b: float):
    for z in (-6.0, -1.0, 0.0, 0.5, 5.0):
        odds = a / b * math.exp(z * math.sqrt(1 / (a + 1) + 1 / (b + 1)))
        x, y = odds / (1 + odds), 1 / (1 + odds)
        tails, mirrored = beta_tails(a, b, x, y), beta_tails(b, a, y, x)

        assert tails.lower == pytest.approx(mirrored.upper, rel=1e-12)
        assert tails.lower + tails.upper == pytest.approx(1.0, abs=1e-15)


uniforms = st.integers(0, 2**52 - 1).map(lambda k: (k + 0.5) * 2.0**-52)
shapes = st.floats(1e-3, 1e6)
probabilities = st.floats(0.0, 1.0)


@given(uniforms, uniforms, st.integers(0, 10**9), probabilities)
def test_binomial_is_monotone_and_in_range(u: float, v: float, n: int, p: float):
    low, high = (binomial_quantile(w, n, p) for w in sorted((u, v)))

    assert 0 <= low <= high <= n


@given(uniforms, st.integers(0, 10**6), probabilities, probabilities)
def test_a_larger_probability_gives_no_fewer_successes(u: float, n: int, p: float, q: float):
    fewer, more = (binomial_quantile(u, n, r) for r in sorted((p, q)))

    assert fewer <= more


@given(uniforms, uniforms, st.floats(0.0, 1e9))
def test_poisson_is_monotone(u: float, v: float, mean: float):
    low, high = (poisson_quantile(w, mean) for w in sorted((u, v)))

    assert 0 <= low <= high


@given(uniforms, uniforms, shapes, st.floats(1e-9, 1.0))
def test_negative_binomial_is_monotone(u: float, v: float, r: float, p: float):
    low, high = (negative_binomial_quantile(w, r, p) for w in sorted((u, v)))

    assert 0 <= low <= high


@given(uniforms, uniforms, st.floats(1e-12, 1.0))
def test_geometric_is_monotone(u: float, v: float, p: float):
    low, high = (geometric_quantile(w, p) for w in sorted((u, v)))

    assert 1 <= low <= high


@given(uniforms, uniforms, shapes, shapes)
def test_continuous_quantiles_are_monotone_up_to_rounding(u: float, v: float, a: float, b: float):
    low, high = sorted((u, v))
    rounding = 1.0 + 1e-13

    assert normal_quantile(low) <= normal_quantile(high) + 1e-15 * abs(normal_quantile(high))
    assert 0.0 <= gamma_quantile(low, a) <= gamma_quantile(high, a) * rounding
    assert 0.0 <= beta_quantile(low, a, b) <= beta_quantile(high, a, b) * rounding <= rounding
    assert weibull_quantile(low, a, b) <= weibull_quantile(high, a, b) * rounding


@given(uniforms, uniforms, st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3))
def test_triangular_is_monotone_and_in_range(u: float, v: float, corners: list[float]):
    low, mode, high = sorted(corners)
    first, second = (triangular_quantile(w, low, mode, high) for w in sorted((u, v)))

    assert low <= first <= second + 1e-15 * (high - low)
    assert second <= high
