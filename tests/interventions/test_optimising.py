"""The search over a grid, where the costs are known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gsim_devs.errors import GsimError, UsageError
from gsim_devs.interventions.costs import Scope
from gsim_devs.interventions.grids import Point, Variable
from gsim_devs.interventions.optimising import optimise, regret
from gsim_devs.interventions.optimum_table import optimum_data, optimum_text, regret_text
from gsim_devs.interventions.variants import Variant


def points(count: int) -> list[Point]:
    return [Point({"x": k}, Variant(), Scope({"x": float(k)})) for k in range(count)]


class Lottery:
    """Costs that are a truth, chance that all points share, and chance of their own."""

    means = "lots"

    def __init__(self, truth, shared=0.0, own=0.0, seed=0):
        self.truth, self.shared, self.own, self.seed = np.array(truth, float), shared, own, seed
        self.simulations, self.reasons = 0, Counter()

    def costs(self, points, first, count):
        places = [point.values["x"] for point in points]
        self.simulations += len(places) * count
        return np.column_stack([self._replication(first + k)[places] for k in range(count)])

    def _replication(self, number):
        chance = np.random.default_rng([self.seed, number])
        return self.truth + self.shared * chance.normal() + self.own * chance.normal(size=len(self.truth))


def test_the_best_point_is_found_where_chance_is_common():
    lots = Lottery([5, 4, 3, 3.1, 9], shared=100)

    found = optimise(lots, points(5), replications=20)

    assert found.point.values == {"x": 2}
    assert found.rivals == ()
    assert found.simulations == 5 * 10


def test_all_points_are_simulated_as_often_if_that_is_asked_for():
    found = optimise(Lottery([5, 4, 3], shared=1), points(3), replications=20, full=True)

    assert [one.cost.count for one in found.scored] == [20, 20, 20]
    assert found.simulations == 60
    assert [one.cost.mean - found.scored[0].cost.mean for one in found.scored] == pytest.approx([0, -1, -2])


def test_what_is_hopeless_gets_few_replications_and_what_may_be_best_all():
    found = optimise(Lottery([10, 0, 0.1, 10], own=1), points(4), replications=50)

    assert [one.cost.count for one in found.scored] == [10, 50, 50, 10]
    assert {found.best, *found.rivals} == {1, 2}


def test_the_best_is_among_those_that_are_named_as_often_as_is_said():
    truth = [0.0, 0.3, 0.3, 0.6, 1, 1, 2, 3]
    missed = [
        0 not in {found.best, *found.rivals}
        for seed in range(150)
        for found in [optimise(Lottery(truth, own=1, seed=seed), points(8), replications=30)]
    ]

    # At most 5 % are to be missed; more than 15 of 150 would be so by chance in one of 400 cases.
    assert sum(missed) <= 15


def test_the_cost_of_the_winner_is_not_the_luckiest_one():
    equal = [optimise(Lottery([0] * 50, own=1, seed=seed), points(50), replications=10) for seed in range(40)]

    lucky = [found.scored[found.best].cost.mean for found in equal]
    fresh = [found.fresh.mean for found in equal]

    assert np.mean(lucky) < -0.5
    # 400 values with a deviation of 1.
    assert abs(np.mean(fresh)) < 4 / 400**0.5


def test_regret_is_what_the_choice_costs_more_as_a_share_of_the_least():
    lots = Lottery([110, 100, 130], shared=10, own=1)

    found = regret(lots, points(3)[0], points(3)[1], replications=400)

    assert found.share.mean == pytest.approx(0.1, abs=3 * found.share.half)
    # A tenth of what both share, and 1.1 of the chance of the best; unpaired it would be eight times that.
    scatter = ((0.1 * 10) ** 2 + 1 + 1.1**2) ** 0.5
    assert found.share.half == pytest.approx(1.96 * scatter / 400**0.5 / 100, rel=0.15)


def test_there_is_no_regret_of_the_best():
    found = regret(Lottery([110, 100], own=5), points(2)[1], points(2)[1])

    assert (found.share.mean, found.share.half) == (0, 0)


def test_a_regret_over_no_cost_is_refused():
    with pytest.raises(UsageError, match="no share of that is a regret"):
        regret(Lottery([1, -100]), points(2)[0], points(2)[1])


class Failing(Lottery):
    """One point of several cannot be simulated."""

    def __init__(self, truth, failing):
        super().__init__(truth, own=0.1)
        self.failing = failing
        self.reasons = Counter({"ran out of beds": 3})

    def costs(self, points, first, count):
        found = super().costs(points, first, count)
        found[[point.values["x"] in self.failing for point in points]] = np.nan
        return found


def test_a_point_that_cannot_be_simulated_is_not_the_best():
    found = optimise(Failing([0, 1, 2], {0}), points(3), replications=10)

    assert found.point.values == {"x": 1}
    assert "failed" in optimum_text(found, [Variable("x", (0, 1, 2))])
    assert optimum_data(found)["points"][0] == {
        "x": 0,
        "mean": None,
        "low": None,
        "high": None,
        "replications": 0,
    }


def test_where_nothing_can_be_simulated_the_reason_is_told():
    with pytest.raises(GsimError, match="no point can be simulated: ran out of beds"):
        optimise(Failing([0, 1], {0, 1}), points(2), replications=10)


@pytest.mark.parametrize(("replications", "said"), [(1, "at least 2"), (100_000_000, "too many")])
def test_a_number_of_replications_that_makes_no_sense_is_refused(replications, said):
    with pytest.raises(UsageError, match=said):
        optimise(Lottery([1, 2]), points(2), replications=replications)


def test_a_table_of_two_variables_marks_the_best_and_those_that_may_be_as_good():
    variables = [Variable("a", (0, 1)), Variable("b", (0, 1, 2))]
    several = [
        Point({"a": place // 3, "b": place % 3, **one.values}, one.variant, one.scope)
        for place, one in enumerate(points(6))
    ]
    found = optimise(Lottery([5, 1, 9, 1, 5, 12345]), several, replications=10)

    text = optimum_text(found, variables)

    assert [line.split() for line in text.splitlines()[5:8]] == [
        ["a", "\\", "b", "0", "1", "2"],
        ["0", "5", "1*", "9"],
        ["1", "1~", "5", "12345"],
    ]
    assert "1 other point may be as good" in text


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ([1, 5, 9], "x = 0 is the least value tried"),
        ([9, 5, 1], "x = 2 is the greatest value tried"),
        ([9, 1, 5], ""),
        # Whichever of two it is, it is the last one.
        ([1, 5], ""),
    ],
)
def test_a_best_point_at_the_edge_of_what_was_tried_is_told(costs, said):
    found = optimise(Lottery(costs), points(len(costs)), replications=10)

    text = optimum_text(found, [Variable("x", tuple(range(len(costs))))])

    assert said in text
    assert ("value tried" in text) == bool(said)


@pytest.mark.parametrize(("others", "count"), [("ab", 20), ("a", 30), ("", 70)])
def test_a_table_that_would_be_too_large_shows_the_cheapest(others, count):
    more = dict.fromkeys(others, 0)
    several = [Point({**more, **one.values}, one.variant, one.scope) for one in points(count)]
    found = optimise(Lottery(range(count, 0, -1)), several, replications=10)

    lines = optimum_text(
        found, [*(Variable(name, (0,)) for name in others), Variable("x", tuple(range(count)))]
    )

    shown = [line.split()[len(others)] for line in lines.splitlines()[4:] if "± 0 " in line]
    assert shown == [str(count - k) for k in range(1, 11)]


def test_regret_is_told_in_words():
    found = regret(Lottery([110, 100]), points(2)[0], points(2)[1])
    there = optimise(Lottery([110, 100]), points(2), replications=10)

    assert "regret: 10.00 % (95 % within 10.00 % and 10.00 %)" in regret_text(found, there, "truth")
