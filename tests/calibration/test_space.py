"""Points of the unit cube mean values within bounds, and even points mean even values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gsim_devs.calibration.space import Space
from gsim_devs.contracts.parameters import (
    DirichletPrior,
    LognormalPrior,
    LogRealParameter,
    NormalPrior,
    ProbabilityParameter,
    SimplexParameter,
)
from gsim_devs.errors import UsageError
from tests.calibration.problems import real, shares, whole

SPACE = Space(
    {
        "speed": real(-2.0, 5.0),
        "rate": LogRealParameter(type="log-real", minimum=0.01, maximum=100.0, value=1.0),
        "beds": whole(3, 7),
        "mix": shares(3),
        "chance": ProbabilityParameter(type="probability", value=0.5),
    }
)
coordinates = st.lists(st.floats(-0.5, 1.5), min_size=6, max_size=6)


@given(coordinates)
def test_bounds_hold_wherever_the_point(point):
    values = SPACE.values(np.array([point]))[0]

    assert -2 <= values["speed"] <= 5
    assert 0.01 <= values["rate"] <= 100
    assert values["beds"] in range(3, 8)
    assert sum(values["mix"]) == pytest.approx(1)
    assert min(values["mix"]) >= 0
    assert 0 <= values["chance"] <= 1


@given(coordinates)
def test_values_have_a_point_that_means_them(point):
    values = SPACE.values(np.array([point]))[0]

    again = SPACE.values(SPACE.point(values)[None])[0]

    assert again["beds"] == values["beds"]
    assert again["speed"] == pytest.approx(values["speed"], abs=1e-9)
    assert again["rate"] == pytest.approx(values["rate"])
    assert again["mix"] == pytest.approx(values["mix"], abs=1e-6)


def test_every_integer_has_an_equal_piece():
    values = SPACE.values(np.random.default_rng(0).random((10_000, 6)))

    counts = np.bincount([one["beds"] for one in values])[3:]

    assert stats.chisquare(counts).pvalue > 1e-4


def test_even_points_are_even_shares():
    values = SPACE.values(np.random.default_rng(0).random((4000, 6)))

    # Each share of an even point of a triangle is Beta(1, 2).
    for share in range(3):
        assert stats.kstest([one["mix"][share] for one in values], stats.beta(1, 2).cdf).pvalue > 1e-4


def test_quantiles_of_priors_are_samples_of_priors():
    space = Space(
        {
            "mean": real(0.0, 10.0, prior=NormalPrior(kind="normal", mean=9.0, sd=2.0)),
            "rate": LogRealParameter(
                type="log-real",
                minimum=1e-6,
                maximum=1e6,
                value=1.0,
                prior=LognormalPrior(kind="lognormal", median=2.0, sigma=0.5),
            ),
            "mix": SimplexParameter(
                type="simplex",
                value=(0.5, 0.3, 0.2),
                prior=DirichletPrior(kind="dirichlet", concentration=(4.0, 2.0, 1.0)),
            ),
        }
    )
    values = space.values(space.at_quantiles(np.random.default_rng(0).random((4000, 4))))

    cut = stats.truncnorm((0 - 9) / 2, (10 - 9) / 2, loc=9, scale=2)
    assert stats.kstest([one["mean"] for one in values], cut.cdf).pvalue > 1e-4
    assert stats.kstest([one["rate"] for one in values], stats.lognorm(0.5, scale=2).cdf).pvalue > 1e-4
    for share, (a, b) in enumerate([(4, 3), (2, 5), (1, 6)]):
        assert stats.kstest([one["mix"][share] for one in values], stats.beta(a, b).cdf).pvalue > 1e-4


def test_what_is_not_of_the_space_has_no_coordinate():
    point = SPACE.point({"speed": 99.0, "beds": 4, "mix": (0.5, 0.5), "stranger": 1.0})

    assert np.isnan(point).tolist() == [True, True, False, True, True, True]


def test_the_neighbours_of_a_point_differ_in_one_whole_number():
    point = SPACE.point({"speed": 1.0, "rate": 1.0, "beds": 3, "mix": (0.2, 0.3, 0.5), "chance": 0.5})

    assert [one["beds"] for one in SPACE.values(SPACE.neighbours(point))] == [4]


def test_bounds_with_nothing_between_them_are_refused():
    with pytest.raises(UsageError, match=r"parameter rate: nothing lies between 2\.0 and 2\.0"):
        Space({"rate": real(2.0, 2.0)})


@pytest.mark.parametrize(
    "prior",
    [
        NormalPrior(kind="normal", mean=50.0, sd=0.1),
        NormalPrior(kind="normal", mean=-1.0, sd=0.1),
        LognormalPrior(kind="lognormal", median=1000.0, sigma=0.5),
    ],
)
def test_a_prior_outside_of_its_bounds_is_refused(prior):
    with pytest.raises(
        UsageError, match=r"parameter rate: its prior says that it lies nowhere between 0\.0 and 2\.0"
    ):
        Space({"rate": real(0.0, 2.0, prior=prior)})


def test_a_prior_that_overlaps_its_bounds_is_cut_off_there():
    space = Space({"rate": real(0.0, 2.0, prior=NormalPrior(kind="normal", mean=3.0, sd=0.5))})

    values = [one["rate"] for one in space.values(space.at_quantiles(np.linspace(0.01, 0.99, 9)[:, None]))]

    assert values == sorted(values)
    assert 0.0 < values[0] < values[-1] <= 2.0
    assert values[4] > 1.5


def test_no_parameters_at_all_are_refused():
    with pytest.raises(UsageError, match="nothing to calibrate"):
        Space({})
