"""Contrasts of pairs, against formulas and against how often their intervals hold the truth."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest
from scipy import stats

from gsim_devs.interventions import Courses, contrasts_of
from gsim_devs.interventions.contrasts import sentences, table
from gsim_devs.interventions.courses import times_until
from tests.interventions.references import desk_contract

ONE = np.array([3.0, 5.0, 8.0, 4.0])
OTHER = np.array([4.0, 5.0, 11.0, 6.0])


def contrast(one, other, level=0.95):
    (found,) = contrasts_of({"x": np.stack([one, other], axis=1)}, level)
    return found


def test_the_difference_is_that_of_a_paired_t_test():
    found = contrast(ONE, OTHER, 0.9)

    low, high = stats.ttest_rel(OTHER, ONE).confidence_interval(0.9)
    assert found.difference.mean == 1.5
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high))
    assert (found.baseline.mean, found.variant.mean) == (5, 6.5)
    assert found.saving == pytest.approx((ONE.var(ddof=1) + OTHER.var(ddof=1)) / (OTHER - ONE).var(ddof=1))


def test_what_never_differs_is_identical_and_what_always_differs_alike_is_clear():
    same, shifted, constant = contrast(ONE, ONE), contrast(ONE, ONE + 2), contrast(ONE * 0, ONE * 0)

    assert (same.is_identical, same.is_clear, same.saving) == (True, False, math.inf)
    assert (shifted.difference.low, shifted.difference.high, shifted.is_clear) == (2, 2, True)
    assert constant.is_identical
    assert math.isnan(constant.saving)


def test_intervals_hold_the_truth_as_often_as_they_say():
    draws = np.random.default_rng(1).normal(size=(2000, 12, 3))
    held = 0
    for shared, one, other in draws.transpose(0, 2, 1):
        found = contrast(shared + 0.3 * one, shared + 0.3 * other + 1, 0.9).difference
        held += found.low <= 1 <= found.high

    assert stats.binomtest(held, len(draws), 0.9).pvalue > 1e-3


def test_that_anything_is_called_clear_by_mistake_is_as_rare_as_the_level_says():
    draws = np.random.default_rng(2).normal(size=(600, 20, 10, 2))
    wrong = sum(
        any(one.is_clear for one in contrasts_of({str(k): trial[:, k] for k in range(10)})) for trial in draws
    )

    # Ten independent measures: 1 - (1 - 0.05 / 10) ** 10.
    assert stats.binomtest(wrong, len(draws), 0.0489).pvalue > 1e-3


def test_words_say_which_way_from_where_and_how_much():
    found = contrasts_of({
        "max(I)": np.stack([100 + ONE, 50 + ONE], axis=1),
        "mean(I)": np.stack([ONE, ONE[::-1]], axis=1),
        "last(I)": np.stack([ONE, ONE], axis=1),
    })  # fmt: skip

    assert sentences(found, 0.95) == [
        "max(I) falls by 50 (50 to 50), from 105 to 55 (-47.6 %).",
        "No clear difference: mean(I).",
        "The same in each pair: last(I).",
        (
            "What is called clear is judged for all 3 measures together: if nothing differed, any of them would be "
            "called clear in at most 5 % of such comparisons."
        ),
        "With 4 pairs the intervals rely on differences that are distributed normally; take 10 or more.",
    ]
    lines = table(found, 0.95)
    assert lines[0].split("  ")[0] == "measure"
    assert lines[1].split() == ["max(I)", "105", "55", "-50", "-50", "to", "-50", "all"]


def test_courses_are_means_over_pairs_with_their_intervals():
    runs = [[(float(t), "left", "done", {"amount": value * t}) for t in range(1, 11)] for value in (1, 2, 4)]
    courses = Courses(desk_contract(), 10)

    for run in runs:
        courses.add(run, run[:5])
    file = io.StringIO()
    courses.write(file, 0.95)

    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["t"] for row in rows] == [str(t) for t in range(11)]
    assert rows[0]["baseline"] == rows[0]["variant_low"] == ""
    assert (rows[0]["pairs"], rows[3]["pairs"]) == ("0", "3")
    # At 8 the baseline has got to 8 times 1, 2, 4, and the variant has stayed at 5 times that.
    low, high = stats.t.interval(0.95, 2, 7 * 8 / 3, stats.sem([8, 16, 32]))
    assert [float(rows[8][name]) for name in ("baseline", "baseline_low", "baseline_high", "variant")] == (
        pytest.approx([7 * 8 / 3, low, high, 7 * 5 / 3])
    )
    assert float(rows[8]["difference"]) == pytest.approx(-7)
    assert float(rows[3]["difference_high"]) == 0


@pytest.mark.parametrize(
    ("until", "count", "last"), [(60, 61, 60), (0, 1, 0), (0.5, 101, 0.5), (10.7, 11, 10), (1e9, 101, 1e9)]
)
def test_courses_have_enough_times_and_not_too_many(until, count, last):
    times = times_until(until)

    assert (len(times), times[0], times[-1]) == (count, 0, last)
