"""Rules about chance: p-values against scipy, false alarms and power on simulated data, and what is judged when."""

from __future__ import annotations

import math
import random

import msgspec
import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy import stats

from gsim_devs.contracts import Speakers
from gsim_devs.errors import UsageError
from gsim_devs.rules import check, check_runs, rule_defects, rules_schema
from gsim_devs.rules.families import Family, law_of
from gsim_devs.rules.kinds import distribution
from gsim_devs.rules.laws import Discrete, fit_counts, fit_numbers, middle_of
from gsim_devs.rules.statistics import (
    Moments,
    binomial_p,
    bounded_p,
    combined_p,
    gap_p,
    share_p,
    studentised_p,
)
from gsim_devs.trace import Record
from tests.rules.checking import CONTRACT, rules_of, trace

COME = "door.come"
ARGUMENTS = {"until": 100.0, "service": 5.0}
RATE = {"kind": "rate", "on": COME, "of": "n == 1", "equals": 0.5}
MEAN = {"kind": "mean", "on": COME, "value": "n", "equals": 0.5}
DIE = {
    "kind": "distribution",
    "on": COME,
    "value": "n",
    "follows": {"family": "integer", "low": 1, "high": 6},
}
LINE = {
    "kind": "distribution",
    "on": COME,
    "value": "n",
    "follows": {"family": "uniform", "low": 0, "high": 1},
}
ARRIVALS = {
    "kind": "distribution",
    "on": COME,
    "gap": {"longest": 5},
    "follows": {"family": "exponential", "rate": 1},
}


def come(values, keys=None, start=1):
    """Records of people who come, one every second and replication."""
    ids = keys if keys is not None else [0] * len(values)
    return [
        Record(0.001 * number, "door", "come", {"id": key, "n": value}, number)
        for number, (key, value) in enumerate(zip(ids, values, strict=True), start)
    ]


def at(times, keys=None):
    """Records of people who come at these times."""
    ids = keys if keys is not None else [0] * len(times)
    return [
        Record(time, "door", "come", {"id": key, "n": 0}, number)
        for number, (time, key) in enumerate(zip(times, ids, strict=True), 1)
    ]


def judged(records, horizon=100.0, **rule):
    return check(records, rules_of(**rule), CONTRACT, {**ARGUMENTS, "until": horizon}).rule("it")


def law(**written):
    return law_of(TypeAdapter(Family).validate_python(written), lambda _, number: float(number))


# p-values


def test_p_values_of_counts_are_those_of_the_exact_binomial_test():
    drawn = random.Random(1)
    for _ in range(600):
        n = drawn.choice([1, 2, 7, 30, 200, 3000])
        p = drawn.choice([0.5, 0.25, 1e-3, 0.0, 1.0, drawn.random()])
        k = min(n, max(0, round(drawn.gauss(n * p, 3 * math.sqrt(n * p * (1 - p)) + 1))))

        assert binomial_p(k, n, p) == pytest.approx(stats.binomtest(k, n, p).pvalue, rel=1e-7, abs=1e-280)
        for limits, side in (((p, 1.0), "less"), ((0.0, p), "greater")):
            if 0.0 < p < 1.0:
                expected = stats.binomtest(k, n, p, alternative=side).pvalue
                assert share_p(k, n, *limits) == pytest.approx(expected, rel=1e-7, abs=1e-280)


def test_p_values_of_gaps_are_never_too_small_and_right_where_they_count():
    drawn = random.Random(2)
    for _ in range(200):
        n = drawn.choice([1, 2, 5, 20, 100, 1000])
        gap = drawn.random() * min(1.0, 3.0 / math.sqrt(n))
        exact = stats.kstwo.sf(gap, n)

        assert gap_p(gap, n) >= exact * (1 - 1e-9)
        if 1e-200 < exact < 0.01:
            assert gap_p(gap, n) == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("ps", [[0.1, 0.2, 0.3], [1.0, 1.0], [1e-5] * 30, [0.9]])
def test_p_values_are_combined_as_fisher_does(ps):
    assert combined_p(ps) == pytest.approx(stats.combine_pvalues(ps).pvalue)


def test_the_p_value_of_a_mean_is_that_of_the_corrected_t():
    values = np.random.default_rng(3).exponential(size=500)
    moments = _moments(values)
    n, skewness = 500, stats.skew(values) * (499 / 500) ** 1.5

    assert moments.skewness == pytest.approx(skewness)
    for expected in (0.7, 0.95, 1.3):
        t = stats.ttest_1samp(values, expected).statistic
        corrected = t + skewness * (t**2 / 3 + 1 / 6) / math.sqrt(n) + skewness**2 * t**3 / (27 * n)
        wanted = stats.t.sf(corrected, n - 1) if t > 0 else stats.t.cdf(corrected, n - 1)
        assert studentised_p(moments, expected) == pytest.approx(wanted, rel=1e-6)


def test_the_bound_for_a_mean_is_above_the_probability():
    for n in (5, 50, 500):
        for k in range(0, n + 1, max(1, n // 10)):
            moments = Moments(n, k / n)
            exact = stats.binom.sf(k - 1, n, 0.3) if k > 0.3 * n else stats.binom.cdf(k, n, 0.3)
            assert bounded_p(moments, 0.3, 0.0, 1.0) >= exact * (1 - 1e-12)
    assert bounded_p(Moments(100, 60.0), 50.0, 0.0, 100.0) == pytest.approx(
        math.exp(-100 * (0.6 * math.log(1.2) + 0.4 * math.log(0.8)))
    )


# Laws


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ({"family": "uniform", "low": 2, "high": 5}, stats.uniform(2, 3)),
        ({"family": "exponential", "rate": 0.3}, stats.expon(scale=1 / 0.3)),
        ({"family": "normal", "mean": 1, "sd": 2}, stats.norm(1, 2)),
        ({"family": "lognormal", "mean_log": 0.3, "sd_log": 0.7}, stats.lognorm(0.7, scale=math.exp(0.3))),
        ({"family": "gamma", "shape": 2.5, "scale": 3}, stats.gamma(2.5, scale=3)),
        ({"family": "weibull", "shape": 1.7, "scale": 2}, stats.weibull_min(1.7, scale=2)),
        ({"family": "triangular", "low": 1, "mode": 2, "high": 6}, stats.triang(0.2, 1, 5)),
        ({"family": "beta", "a": 2, "b": 3.5}, stats.beta(2, 3.5)),
        ({"family": "normal", "mean": 1, "sd": 2, "truncate": [0, 4]}, stats.truncnorm(-0.5, 1.5, 1, 2)),
        ({"family": "integer", "low": 0, "high": 40}, stats.randint(0, 41)),
        ({"family": "binomial", "n": 20, "p": 0.3}, stats.binom(20, 0.3)),
        ({"family": "poisson", "mean": 7.5}, stats.poisson(7.5)),
        ({"family": "geometric", "p": 0.4}, stats.geom(0.4)),
        ({"family": "negative_binomial", "r": 2.5, "p": 0.3}, stats.nbinom(2.5, 0.3)),
    ],
)
def test_laws_are_those_of_scipy(written, other):
    known = law(**written)

    for value in other.rvs(size=40, random_state=4):
        x = int(value) if isinstance(known, Discrete) else float(value)
        assert known.up_to(x) == pytest.approx((other.cdf(x), other.sf(x)), rel=1e-9, abs=1e-12)
        assert known.place(x, 1e-9) == x
    assert known.place("x", 0) is None
    assert known.place(True, 0) is None
    assert known.place(1e9, 0) is None
    assert known.place(math.inf, 0) is None


def test_a_clipped_and_rounded_law_has_its_mass_at_whole_numbers_and_at_the_ends():
    known = law(family="normal", mean=300, sd=300, clip=[60, 540], round=1)

    values = np.rint(np.clip(np.random.default_rng(5).normal(300, 300, 200_000), 60, 540))
    for low, high in ((59, 60), (60, 200), (200, 539), (539, 540)):
        share = np.mean((values > low) & (values <= high))
        assert known.between(low, high) == pytest.approx(share, abs=0.006)
    assert known.between(59, 60) == pytest.approx(stats.norm.cdf(60.5, 300, 300), rel=1e-12)
    assert [known.place(one, 1e-6) for one in (59, 60, 77.0000001, 77.5, 540, 541)] == [
        None, 60, 77, None, 540, None,
    ]  # fmt: skip


def test_a_law_of_options_knows_their_weights_and_types():
    known = law(family="choice", options=["red", True, 2, "never"], weights=[1, 2, 1, 0])

    assert [known.place(one, 1e-9) for one in ("red", True, 2.0, "never", 1, None)] == [
        0, 1, 2, None, None, None,
    ]  # fmt: skip
    assert [known.between(k - 1, k) for k in range(3)] == [0.25, 0.5, 0.25]


# Tests of whole distributions


def test_counts_are_tested_half_by_half():
    found = fit_counts(law(family="integer", low=1, high=4), {1: 30, 2: 10, 3: 25, 4: 35})

    halves = [stats.binomtest(*one, 0.5).pvalue for one in ((40, 100), (30, 40), (25, 60))]
    assert found.p == pytest.approx(stats.combine_pvalues(halves).pvalue)
    assert (found.where, found.expected, found.found) == ("2", 0.25, 0.1)


def test_numbers_are_tested_by_the_largest_gap():
    values = np.random.default_rng(6).normal(0.1, 1.2, 80)

    found = fit_numbers(law(family="normal", mean=0, sd=1), list(values))

    other = stats.kstest(values, stats.norm.cdf)
    assert abs(found.found - found.expected) == pytest.approx(other.statistic)
    assert found.p == pytest.approx(min(1, 2 * stats.ksone.sf(other.statistic, 80)))


@pytest.mark.parametrize(
    ("written", "draw"),
    [
        ({"family": "integer", "low": 1, "high": 4}, lambda r: r.integers(1, 5, 150)),
        ({"family": "integer", "low": 0, "high": 40}, lambda r: r.integers(0, 41, 60)),
        ({"family": "geometric", "p": 0.5}, lambda r: r.geometric(0.5, 100)),
        ({"family": "poisson", "mean": 3}, lambda r: r.poisson(3, 40)),
        ({"family": "exponential", "rate": 1}, lambda r: r.exponential(1, 50)),
        (
            {"family": "normal", "mean": 3, "sd": 3, "clip": [1, 9]},
            lambda r: np.clip(r.normal(3, 3, 50), 1, 9),
        ),
        (
            {"family": "normal", "mean": 30, "sd": 30, "clip": [6, 54], "round": 1},
            lambda r: np.rint(np.clip(r.normal(30, 30, 80), 6, 54)),
        ),
    ],
)
def test_one_correct_sample_in_a_hundred_at_most_is_rejected_at_that_level(written, draw):
    known, drawn = law(**written), np.random.default_rng(7)

    rejected = sum(_fit(known, draw(drawn)).p <= 0.01 for _ in range(2000))

    # 20 are expected at most; 4 standard deviations more are 38.
    assert rejected <= 38


@pytest.mark.parametrize("draw", ["normal", "exponential", "random"])
def test_means_of_samples_that_are_enough_are_seldom_rejected(draw):
    drawn = np.random.default_rng(8)
    expected = {"normal": 0.0, "exponential": 1.0, "random": 0.5}[draw]
    samples = [_moments(getattr(drawn, draw)(size=200)) for _ in range(2000)]

    rejected = sum(2 * studentised_p(one, expected) <= 0.01 for one in samples)

    assert rejected <= 38


@pytest.mark.parametrize(
    ("written", "draw"),
    [
        ({"family": "integer", "low": 1, "high": 4}, lambda r: r.choice([1, 2, 3, 4], 400, p=[0.4, 0.2, 0.2, 0.2])),
        ({"family": "integer", "low": 0, "high": 40}, lambda r: r.integers(10, 41, 150)),
        ({"family": "integer", "low": 0, "high": 40}, lambda r: 2 * r.integers(0, 21, 300)),
        ({"family": "geometric", "p": 0.5}, lambda r: r.geometric(0.7, 250)),
        ({"family": "exponential", "rate": 1}, lambda r: r.uniform(0, 2, 400)),
        (
            {"family": "normal", "mean": 300, "sd": 300, "clip": [60, 540], "round": 1},
            lambda r: r.integers(60, 541, 120),
        ),
        (
            {"family": "normal", "mean": 300, "sd": 300, "clip": [60, 540]},
            lambda r: [x for x in r.normal(300, 300, 1000) if 60 < x < 540][:150],
        ),
    ],
)  # fmt: skip
def test_samples_of_another_law_are_rejected(written, draw):
    known, drawn = law(**written), np.random.default_rng(9)

    assert sum(_fit(known, draw(drawn)).p <= 1e-4 for _ in range(30)) >= 27


# Rates


def test_a_rate_is_judged_over_all_runs_together():
    runs = [come([1, 0, 1]), come([0, 0, 1]), come([1, 1, 0])]

    several = check_runs(runs * 2, rules_of(**RATE), CONTRACT, ARGUMENTS).rule("it")
    one = check_runs(runs[:1], rules_of(**RATE), CONTRACT, ARGUMENTS).rule("it")

    assert (several.verdict, several.due) == ("held", 1)
    assert (one.verdict, one.due) == ("not_exercised", 0)


def test_a_rate_is_judged_over_all_replications_and_parts_of_a_scope_together():
    parts = "; ".join(f"{number} pay; {number} come 1 1; {number} go" for number in range(3))
    records = [
        msgspec.structs.replace(one, replication=number) for number in range(5) for one in trace(parts)
    ]

    found = judged(records, scope={"after": "till.pay", "before": "door.go"}, **RATE)

    assert (found.verdict, found.due, len(found.violations)) == ("violated", 1, 1)
    # All of 15 or none of them: 2 / 2 ** 15.
    assert found.violations[0].expected == "n == 1 in 50 % of 15 records"
    assert found.violations[0].actual == "in 100 % (p = 6.1e-05, violated at 0.0001 and below)"


def test_a_violation_over_all_runs_names_who_reports_the_records_and_no_line():
    rules = rules_of(**RATE)
    speakers = Speakers({("door", "come"): ["shop.door"]}, {})

    report = check_runs([come([1] * 30)], rules, CONTRACT, ARGUMENTS, speakers=speakers)

    [violation] = report.rule("it").violations
    assert (violation.entity, violation.components) == ("door", ("shop.door",))
    assert (violation.target, violation.line, violation.window) == (None, 0, [])
    assert "\nit: So it is.\n" in report.text


def test_a_rule_of_chance_says_nothing_before_the_last_run_is_over():
    told = []

    def runs():
        for _ in range(3):
            yield come([1] * 10)
            assert not told

    check_runs(runs(), rules_of(**RATE), CONTRACT, ARGUMENTS, notify=told.append)

    assert [one.rule for one in told] == ["it"]


def test_a_biased_coin_is_found_and_a_fair_one_is_not():
    fair = [number % 2 for number in range(400)]
    biased = [number % 3 == 0 for number in range(400)]

    assert judged(come(fair), **RATE).verdict == "held"
    assert judged(come(biased), **RATE).verdict == "violated"
    assert judged(come(biased), **{**RATE, "equals": "args.service / 15"}).verdict == "held"


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"at_least": 0.4}, "held"),
        ({"at_least": 0.8}, "violated"),
        ({"at_most": 0.6}, "held"),
        ({"at_most": 0.2}, "violated"),
        ({"at_least": 0.4, "at_most": 0.6}, "held"),
        ({"at_least": 0.1, "at_most": 0.3}, "violated"),
        ({"at_least": 0.7, "at_most": 0.9}, "violated"),
    ],
)
def test_a_rate_may_have_bounds(bounds, verdict):
    rule = {name: value for name, value in RATE.items() if name != "equals"}

    assert judged(come([number % 2 for number in range(200)]), **rule, **bounds).verdict == verdict


@pytest.mark.parametrize("never", [0, 1])
def test_one_record_is_enough_against_a_certainty(never):
    rule = {**RATE, "equals": never}

    assert judged(come([never]), **rule).verdict == "held"
    assert judged(come([1 - never]), **rule).verdict == "violated"


def test_an_alternating_sequence_is_not_independent():
    alternating = [number % 2 for number in range(100)]
    drawn = random.Random(10)
    fair = [drawn.randrange(2) for _ in range(100)]

    assert judged(come(alternating), **RATE).verdict == "held"
    found = judged(come(alternating), **RATE, independent=True)
    assert (found.met, found.due) == (1, 2)
    assert found.violations[0].expected == "independent values: 50 % of 50 pairs of neighbours alike"
    assert judged(come(fair), **RATE, independent=True).verdict == "held"


def test_neighbours_have_the_same_key_and_are_of_one_run():
    # Each key sees 0, 1, 0, 1, …, all together 0, 0, 1, 1, ….
    records = come([number // 2 % 2 for number in range(200)], [number % 2 for number in range(200)])
    pairs = [come([0, 1])] * 100
    singles = [come([number % 2]) for number in range(200)]

    assert judged(records, **RATE, independent=True, by="id").met == 2
    for runs, due in ((pairs, 2), (singles, 1)):
        found = check_runs(runs, rules_of(**RATE, independent=True), CONTRACT, ARGUMENTS).rule("it")
        assert (found.due, found.met) == (due, 1)


def test_each_key_has_its_test_and_its_part_of_the_error():
    values, keys = [1] * 16 + [0, 1] * 8, [7] * 16 + [8] * 16

    alone = judged(come(values[:16], keys[:16]), **RATE, by="id")
    both = judged(come(values, keys), **RATE, by="id")
    many = judged(come(values * 1 + [0] * 20, keys + list(range(20))), **RATE, by="id")

    assert (alone.verdict, alone.due) == ("violated", 1)
    assert (both.met, both.due) == (1, 2)
    assert "with key 7" in both.violations[0].expected
    # 2 / 2 ** 16 is more than 1e-4 / 22: no test of 16 could reject.
    assert many.verdict == "not_exercised"


def test_the_minimum_and_the_error_can_be_declared():
    ones = come([1] * 20)

    assert judged(ones, **RATE).verdict == "violated"
    assert judged(ones, **RATE, minimum=21).verdict == "not_exercised"
    assert judged(ones, **RATE, error=1e-7).verdict == "not_exercised"
    assert judged(come([1] * 5), **RATE, minimum=5).verdict == "not_exercised"
    assert judged(come([1] * 5), **RATE, error=0.1).verdict == "violated"


# Means


def test_a_mean_within_a_range_is_judged_for_any_distribution():
    half = [number % 2 for number in range(200)]

    assert judged(come(half), **MEAN, range=[0, 1]).verdict == "held"
    assert judged(come(half), **{**MEAN, "equals": 0.8}, range=[0, 1]).verdict == "violated"
    assert judged(come([1] * 5), **MEAN, range=[0, 1]).verdict == "not_exercised"


def test_a_value_out_of_range_is_a_violation_at_once():
    found = judged(come([0, 1, 2, 0]), **MEAN, range=[0, 1])

    assert [(one.target.line, one.actual) for one in found.violations] == [(3, "n = 2")]


def test_a_mean_without_a_range_takes_a_hundred_values():
    drawn = random.Random(11)
    values = [drawn.gauss(0.5, 1) for _ in range(400)]

    assert judged(come(values[:99]), **MEAN).verdict == "not_exercised"
    assert judged(come(values[:100]), **MEAN).verdict == "held"
    assert judged(come(values), **{**MEAN, "equals": 0.9}).verdict == "violated"
    assert judged(come(values), kind="mean", on=COME, value="n", at_most=0.1).verdict == "violated"
    assert judged(come(values), kind="mean", on=COME, value="n", at_most=1).verdict == "held"


def test_nothing_is_said_of_a_mean_where_nothing_says_how_values_scatter():
    seldom = [number == 0 for number in range(1000)]

    assert judged(come([0.7] * 200), **MEAN).verdict == "not_exercised"
    assert judged(come([int(one) for one in seldom]), **{**MEAN, "equals": 0.01}).verdict == "not_exercised"


def test_numbers_beyond_all_bounds_are_violations():
    found = judged(come([0.1, 1e101, math.inf]), **MEAN)

    assert [one.target.line for one in found.violations] == [2, 3]


# Distributions


def test_a_die_is_thrown():
    drawn = random.Random(12)
    fair = [drawn.randint(1, 6) for _ in range(300)]
    loaded = [max(1, drawn.randint(0, 6)) for _ in range(900)]

    assert judged(come(fair), **DIE, independent=True).verdict == "held"
    found = judged(come(loaded), **DIE)
    assert found.verdict == "violated"
    assert found.violations[0].expected.startswith("n 1: 16.67 % of 900 values")


@pytest.mark.parametrize("sequence", [[3], [1, 2, 3, 4, 5, 6], [1, 6], [6, 1, 5, 2, 4, 3]])
def test_a_constant_or_a_round_is_no_die(sequence):
    assert judged(come(sequence * 60), **DIE, independent=True).verdict == "violated"


def test_what_cannot_occur_is_a_violation_at_once():
    found = judged(come([1, 7, 2, 2.5]), **DIE)

    assert [(one.target.line, one.actual) for one in found.violations] == [(2, "n = 7"), (4, "n = 2.5")]
    assert found.due == 2


def test_what_occurs_once_in_a_thousand_years_is_a_violation_at_once():
    rule = {**LINE, "follows": {"family": "normal", "mean": 0, "sd": 1}}

    assert judged(come([0.1, 9.0]), **rule).violations[0].target.line == 2
    assert judged(come([0.1, 4.0]), **rule).verdict == "not_exercised"


def test_numbers_of_another_law_are_found():
    drawn = random.Random(13)
    values = [drawn.random() for _ in range(300)]

    assert judged(come(values), **LINE, independent=True).verdict == "held"
    assert judged(come(sorted(values)), **LINE, independent=True).met == 1
    assert judged(come([value**2 for value in values]), **LINE).verdict == "violated"
    assert judged(come(values[:18]), **LINE).verdict == "not_exercised"


def test_parameters_may_be_arguments():
    drawn = random.Random(14)
    values = [drawn.expovariate(1 / 5) for _ in range(300)]
    rule = {**LINE, "follows": {"family": "exponential", "rate": "1 / args.service"}}

    assert judged(come(values), **rule).verdict == "held"
    assert judged(come([2 * one for one in values]), **rule).verdict == "violated"


def test_only_the_first_values_are_kept(monkeypatch):
    monkeypatch.setattr(distribution, "MOST_VALUES", 50)

    found = judged(come([0.01] * 60), **LINE)
    faces = judged(come([3] * 60), **DIE)

    assert found.violations[0].expected.endswith("of 50 values")
    assert faces.violations[0].expected.endswith("of 60 values")


# Gaps


def test_gaps_follow_a_law_up_to_the_longest():
    assert judged(at(_arrivals(1.0)), **ARRIVALS).verdict == "held"
    assert judged(at(_arrivals(3.0)), **ARRIVALS).verdict == "violated"
    assert judged(at([0.5 * number for number in range(200)]), **ARRIVALS).verdict == "violated"


def test_the_horizon_cuts_no_gap_off():
    drawn = random.Random(15)
    rejected = 0
    for _ in range(150):
        # Within 8 s, hardly any gap of more than 5 s is seen in full.
        runs = [at(_arrivals(1.0, 8.0, drawn)) for _ in range(30)]
        rules = rules_of(**ARRIVALS, error=0.05)
        report = check_runs(runs, rules, CONTRACT, {**ARGUMENTS, "until": 8.0})
        rejected += report.rule("it").verdict == "violated"

    # 7.5 are expected at most; 4 standard deviations more are 18.
    assert rejected <= 18


def test_gaps_that_begin_late_are_left_out():
    rule = {**ARRIVALS, "gap": {}, "follows": {"family": "uniform", "low": 1, "high": 9}}

    assert judged(at([0, 5, 12, 14, 14.5]), horizon=21, **rule).verdict == "not_exercised"
    assert judged(at([0, 5, 11, 11.5]), horizon=21, **rule).violations[0].target.line == 4


def test_a_gap_that_has_not_ended_in_time_is_a_violation_where_the_law_allows_no_longer_one():
    rule = {**ARRIVALS, "gap": {}, "follows": {"family": "uniform", "low": 1, "high": 9}}

    [violation] = judged(at([0, 5, 11]), **rule).violations

    assert (violation.trigger.line, violation.due, violation.actual) == (3, 20, "missing")
    assert judged(at([0, 5, 11]), horizon=20, **rule).verdict == "not_exercised"
    assert judged(at([0, 5, 21]), horizon=40, **rule).violations[0].actual == "time between door.come = 16"


def test_gaps_are_between_records_of_the_same_key():
    times = [number // 2 * 5 + number % 2 for number in range(38)]
    keys = [number % 2 for number in range(38)]
    rule = {**ARRIVALS, "follows": {"family": "choice", "options": [5, 10]}}

    within = judged(at(times, keys), **{**rule, "gap": {"by": "id"}})
    across = judged(at(times, keys), **{**rule, "gap": {}})
    apart = judged(at(times, keys), **{**rule, "gap": {}}, by="id", error=1e-3)

    # All gaps are of 5 s, which is not by chance; of 1 s and 4 s, none can occur.
    assert [one.expected for one in within.violations] == ["time between door.come 5: 50 % of 36 values"]
    assert across.violations[0].actual == "time between door.come = 1"
    assert [one.expected[-23:] for one in apart.violations] == [
        "of 18 values with key 0", "of 18 values with key 1",
    ]  # fmt: skip


def test_gaps_of_times_that_are_rounded_are_as_good_as_whole():
    drawn = random.Random(16)
    times = [0.1]
    while times[-1] < 1e6:
        times.append(times[-1] + drawn.choice([60, 120, 180]))
    rule = {**ARRIVALS, "gap": {}, "follows": {"family": "choice", "options": [60, 120, 180]}}

    assert judged(at(times[:300]), horizon=times[300], **rule).verdict == "held"


# What is declared


def _die(**follows):
    return {**DIE, "follows": follows}


def _line(**follows):
    return {**LINE, "follows": follows}


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({**RATE, "equals": 1.5}, "equals: it is 1.5; it must lie from 0.0 to 1.0"),
        ({**RATE, "equals": "10 ** 200"}, "equals: it must be a number of at most 1e+100 in size"),
        ({**MEAN, "equals": "1e300 * 1e300"}, "equals: it must be a number of at most 1e+100 in size"),
        ({**RATE, "equals": "n"}, "equals: 'n': unknown name 'n'; known are args, horizon (column 1)"),
        ({**RATE, "of": "n"}, "of: 'n': n is a number; wanted is true or false (column 1)"),
        (
            {"kind": "rate", "on": COME, "of": "n == 1", "at_least": 0.6, "at_most": 0.4},
            "at_least: it is 0.6, and at_most is 0.4; it must not be more",
        ),
        ({**MEAN, "range": [1, 1]}, "range: it is from 1.0 to 1.0; the first must be less"),
        ({**MEAN, "range": [0, "1 / 4"]}, "equals: it is 0.5; it must lie from 0.0 to 0.25"),
        (_die(family="integer", low=6, high=1), "follows: low is 6 and high is 1; low must not be more"),
        (_die(family="integer", low=0.5, high=1), "follows: low is 0.5; it must be a whole number"),
        (_die(family="poisson", mean=0), "follows: mean is 0.0; it must be more than 0"),
        (_die(family="poisson", mean=1e13), "follows: mean is 1e+13; it must be at most 1e+12 in size"),
        (_die(family="geometric", p=1), "follows: p is 1.0; it must be between 0 and 1"),
        (
            _die(family="choice", options=[1, 2], weights=[1, -1]),
            "follows: weights.1 is -1.0; it must be at least 0.0",
        ),
        (_die(family="choice", options=[1, 2], weights=[0, 0]), "follows: the weights add up to nothing"),
        (
            _line(family="normal", mean=0, sd=1, clip=[2, 1]),
            "follows: clip is from 2.0 to 1.0; the first must be less",
        ),
        (
            _line(family="normal", mean=0, sd=1, truncate=[50, 60]),
            "follows: nothing lies between the bounds",
        ),
        (_line(family="normal", mean="args.servce", sd=1), "servce"),
        (
            {**ARRIVALS, "gap": {"longest": -1}},
            "gap: longest is -1.0, and the law allows nothing below 0.0",
        ),
        ({**ARRIVALS, "gap": {"longest": 5, "by": "[id, n]"}}, "gap.by: '[id, n]': a list is no key; write (id, n)"),
        ({**ARRIVALS, "gap": {}}, "gap: the law allows gaps of any length; say `longest`"),
        (
            {**ARRIVALS, "follows": {"family": "choice", "options": ["a"]}},
            "follows: a gap is a number, and no option is one",
        ),
        ({**ARRIVALS, "follows": {"family": "choice", "options": [4, 6]}}, "gap: longest is 5.0, but an option is 6"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_found_when_rules_are_read(rule, sentence):
    defects = rule_defects(rules_of(**rule), CONTRACT)

    assert len(defects) == 1
    assert sentence in defects[0]


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "rate", "on": COME, "of": "n == 1"},
        {**RATE, "at_least": 0.2},
        {"kind": "rate", "on": COME, "of": "n == 1", "at_least": 0.2, "independent": True},
        {**RATE, "error": 0},
        {**DIE, "gap": {}},
        {**ARRIVALS, "scope": {"before": "door.go"}},
        {**DIE, "follows": {"family": "choice", "options": []}},
        {**DIE, "follows": {"family": "choice", "options": [1, 1]}},
        {**DIE, "follows": {"family": "choice", "options": [1, 2], "weights": [1]}},
        {**DIE, "follows": {"family": "zipf"}},
    ],
)
def test_what_cannot_be_said_is_refused(rule):
    with pytest.raises(UsageError):
        rules_of(**rule)


def test_what_makes_no_sense_for_the_arguments_of_a_run_is_found_before_it_is_read():
    rule = {**LINE, "follows": {"family": "exponential", "rate": "args.service - 5"}}

    assert rule_defects(rules_of(**rule), CONTRACT) == []
    with pytest.raises(UsageError, match="rate is 0.0; it must be more than 0"):
        judged(come([1]), **rule)
    with pytest.raises(UsageError, match="equals: it must be a number"):
        judged(come([1]), **{**RATE, "equals": "['a'][0]"})


def test_the_schema_tells_of_rules_about_chance():
    schema = rules_schema()

    assert {"Rate", "Mean", "Distribution", "Geometric", "Gap"} <= set(schema["$defs"])
    assert "Kolmogorov" in schema["$defs"]["Distribution"]["description"]


def test_a_law_without_a_middle_has_no_neighbours():
    assert middle_of(law(family="integer", low=3, high=3)) is None
    assert middle_of(law(family="normal", mean=0, sd=1, clip=[0.5, None])) == pytest.approx(
        (0.5, stats.norm.cdf(0.5))
    )
    assert middle_of(law(family="exponential", rate=2)) == pytest.approx((math.log(2) / 2, 0.5))


def _arrivals(rate_of_arrivals, until=100.0, drawn=None):
    drawn = drawn or random.Random(17)
    times = [0.0]
    while times[-1] < until:
        times.append(times[-1] + drawn.expovariate(rate_of_arrivals))
    return times[:-1]


def _moments(values):
    moments = Moments()
    for value in values:
        moments.add(float(value))
    return moments


def _fit(known, values):
    if isinstance(known, Discrete):
        found, counts = np.unique(values, return_counts=True)
        return fit_counts(known, {int(k): int(n) for k, n in zip(found, counts, strict=True)})
    return fit_numbers(known, [float(value) for value in values])
