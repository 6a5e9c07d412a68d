"""Draws of many rows at once: against the draws of single rows and against formulas."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.runtime.array_draws import ArrayDraw, normal_quantiles
from gsim_devs.runtime.quantiles import binomial_quantile, normal_quantile, poisson_quantile

ROWS = 4000
KEYS = np.random.default_rng(1).integers(0, 2**64, ROWS, dtype=np.uint64)


def uniforms() -> list[float]:
    """The first uniform number of each row."""
    return ArrayDraw(KEYS).uniform().tolist()


def test_a_row_is_splitmix64_started_at_its_key():
    draw = ArrayDraw(np.array([1234567], dtype=np.uint64))

    found = [int(draw.uniform()[0] * 2**52) for _ in range(3)]

    # The first numbers of that generator for the seed 1234567, as its authors' program prints them.
    assert found == [n >> 12 for n in (6457827717110365317, 3203168211198807973, 9817491932198370423)]


def test_uniform_numbers_are_uniform_and_rows_and_draws_independent():
    draw = ArrayDraw(np.arange(2000, dtype=np.uint64) * np.uint64(977))
    found = np.array([draw.uniform() for _ in range(20)])

    counts = np.histogram(found, bins=50, range=(0, 1))[0]
    assert ((counts - 800) ** 2 / 800).sum() < 110
    assert np.abs(np.corrcoef(found) - np.eye(20)).max() < 0.12


@pytest.mark.parametrize("p", [0.0, 1e-9, 0.01, 0.3, 0.5, 0.7, 0.999, 1.0])
@pytest.mark.parametrize("n", [0, 1, 7, 90, 1000, 10**6, 10**10])
def test_binomial_draws_are_those_of_single_rows(n, p):
    found = ArrayDraw(KEYS).binomial(n, p)

    chosen = slice(0, ROWS, 1 if n < 1000 else 10)
    assert found[chosen].tolist() == [binomial_quantile(u, n, p) for u in uniforms()[chosen]]


@pytest.mark.parametrize("mean", [0.0, 1e-9, 0.5, 5.0, 29.9, 30.0, 1000.0, 1e8])
def test_poisson_draws_are_those_of_single_rows(mean):
    found = ArrayDraw(KEYS).poisson(mean)

    assert found[::4].tolist() == [poisson_quantile(u, mean) for u in uniforms()[::4]]


def test_normal_quantiles_are_those_of_single_numbers():
    u = np.array([2.0**-53, 1e-12, 0.01, 0.075, 0.2, 0.5, 0.9, 0.93, 1 - 1e-12, 1 - 2.0**-53])

    np.testing.assert_allclose(normal_quantiles(u), [normal_quantile(one) for one in u], rtol=1e-14, atol=0)


def test_exponential_and_bernoulli_draws_have_their_means():
    draw = ArrayDraw(KEYS)

    assert abs(draw.exponential(4.0).mean() - 0.25) < 5 * 0.25 / ROWS**0.5
    assert abs(draw.bernoulli(0.3).mean() - 0.3) < 5 * (0.21 / ROWS) ** 0.5
    assert abs(draw.normal(2.0, 3.0).mean() - 2.0) < 5 * 3 / ROWS**0.5


def test_every_row_has_its_own_parameters_and_the_company_does_not_matter():
    n, p = np.arange(ROWS) % 300, np.linspace(0, 1, ROWS)

    whole = ArrayDraw(KEYS).binomial(n, p)

    assert whole[7::11].tolist() == ArrayDraw(KEYS[7::11]).binomial(n[7::11], p[7::11]).tolist()


def test_impossible_parameters_give_nan_in_their_row_only():
    keys = KEYS[:4]

    assert np.isnan(ArrayDraw(keys).binomial([5, 5, -1, 2.5], [0.5, 1.5, 0.5, 0.5])).tolist() == [0, 1, 1, 1]
    assert np.isnan(ArrayDraw(keys).poisson([1, -1, np.nan, np.inf])).tolist() == [0, 1, 1, 1]
    assert np.isnan(ArrayDraw(keys).exponential([1, 0, -1, np.inf])).tolist() == [0, 1, 1, 1]
    assert np.isnan(ArrayDraw(keys).bernoulli([1, -0.1, 1.1, np.nan])).tolist() == [0, 1, 1, 1]
    assert np.isnan(ArrayDraw(keys).normal(0, [0, -1, 1, np.nan])).tolist() == [0, 1, 0, 1]
    assert np.isnan(ArrayDraw(keys).uniform([0, 2, 0, np.nan], 1)).tolist() == [0, 1, 0, 1]


def test_columns_are_draws_one_after_the_other():
    rates, means = np.full((ROWS, 3), 2.5), np.linspace(0, 60, ROWS)[:, None] + np.arange(3)

    wide, narrow = ArrayDraw(KEYS), ArrayDraw(KEYS)

    for name, parameters in (
        ("poisson", (means,)),
        ("normal", (means, np.ones((ROWS, 1)))),
        ("exponential", (rates,)),
    ):
        columns = [
            getattr(narrow, name)(*(one[:, min(k, one.shape[1] - 1)] for one in parameters)) for k in range(3)
        ]
        assert (getattr(wide, name)(*parameters) == np.column_stack(columns)).all()
