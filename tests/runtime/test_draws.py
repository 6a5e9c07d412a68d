import copy
import json
import math
import pickle
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gsim_devs.runtime.draws import Draw
from gsim_devs.runtime.streams import stream

EVERY_DRAW: list[tuple[str, tuple[Any, ...]]] = [
    ("uniform", ()),
    ("uniform", (3.0, 3.0)),
    ("exponential", (1e-9,)),
    ("exponential", (1e300,)),
    ("normal", (1.0, 0.0)),
    ("normal", (0.0, 2.0)),
    ("lognormal", (0.0, 1.0)),
    ("gamma", (1e-300, 1.0)),
    ("gamma", (0.5, 1.0)),
    ("gamma", (1e9, 1.0)),
    ("beta", (0.5, 0.5)),
    ("beta", (1e9, 3.0)),
    ("weibull", (2.0, 1.0)),
    ("triangular", (0.0, 1.0, 2.0)),
    ("triangular", (1.0, 1.0, 1.0)),
    ("bernoulli", (0.0,)),
    ("bernoulli", (0.3,)),
    ("bernoulli", (1.0,)),
    ("integer", (0, 10**30)),
    ("integer", (4, 4)),
    ("choice", ("abc",)),
    ("choice", ([1, 2], [0.0, 1.0])),
    ("binomial", (0, 0.5)),
    ("binomial", (5, 0.0)),
    ("binomial", (5, 1.0)),
    ("binomial", (10**9, 0.3)),
    ("poisson", (0.0,)),
    ("poisson", (1e9,)),
    ("geometric", (1.0,)),
    ("geometric", (1e-9,)),
    ("negative_binomial", (0.5, 0.001)),
    ("negative_binomial", (3.0, 1.0)),
    ("sample", ("abcdef", 0)),
    ("sample", ("abcdef", 3)),
    ("shuffle", ([],)),
    ("shuffle", ([1, 2, 3],)),
]


@pytest.mark.parametrize(("name", "parameters"), EVERY_DRAW)
def test_every_draw_consumes_one_uniform(name: str, parameters: tuple[Any, ...]):
    draw, witness = Draw(5, 0, "a"), Draw(5, 0, "a")

    for position in range(1, 40):
        getattr(draw, name)(*parameters)
        witness.uniform()

        assert draw.position == position
    assert draw.uniform() == witness.uniform()


def test_every_kind_of_draw_is_tried_here():
    public = {name for name in vars(Draw) if not name.startswith("_")} - {"position", "state", "restore"}

    assert {name for name, _ in EVERY_DRAW} == public


def test_the_uniforms_are_the_upper_52_bits_of_the_stream():
    draw = Draw(42, 1, "hall.sender")
    raw = stream(42, 1, "hall.sender", "draw").bit_generator.random_raw(5000).tolist()

    # Across several blocks of the buffer.
    assert [draw.uniform() for _ in raw] == [((word >> 12) + 0.5) * 2.0**-52 for word in raw]


def test_the_draws_of_a_key_never_change():
    draw = Draw(42, 0, "hall.sender")
    drawn = [
        draw.uniform(),
        draw.exponential(2.0),
        draw.normal(10.0, 3.0),
        draw.gamma(2.5, 2.0),
        draw.beta(2.0, 5.0),
        draw.integer(1, 6),
        draw.binomial(1000, 0.3),
        draw.poisson(4.5),
        draw.choice("abcdef"),
        draw.sample(range(8), 8),
    ]

    # Pinned: a change here changes every trace that was ever drawn.
    assert drawn[0] == 0.8818987964775921
    assert drawn[1:5] == pytest.approx(
        [0.018282959866000426, 11.578701824004337, 5.019293043146867, 0.4506605687595572], rel=1e-13
    )
    assert drawn[5:] == [6, 299, 6, "d", [6, 0, 2, 5, 7, 4, 1, 3]]


def test_other_keys_give_other_draws():
    keys = [(1, 0, "a"), (2, 0, "a"), (1, 1, "a"), (1, 0, "b"), (1, 0, "a.a")]

    assert len({Draw(*key).uniform() for key in keys}) == len(keys)


def test_draws_and_the_generator_of_a_component_are_independent():
    draw, generator = Draw(1, 0, "a"), stream(1, 0, "a")

    correlation = np.corrcoef([draw.uniform() for _ in range(4000)], generator.random(4000))[0, 1]

    assert abs(correlation) < 5 / math.sqrt(4000)


LAWS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("uniform", (2.0, 5.0), stats.uniform(2.0, 3.0)),
    ("exponential", (0.25,), stats.expon(scale=4.0)),
    ("normal", (10.0, 3.0), stats.norm(10.0, 3.0)),
    ("lognormal", (1.0, 0.5), stats.lognorm(0.5, scale=math.e)),
    ("gamma", (2.5, 3.0), stats.gamma(2.5, scale=3.0)),
    ("beta", (2.0, 5.0), stats.beta(2.0, 5.0)),
    ("weibull", (1.5, 3.0), stats.weibull_min(1.5, scale=3.0)),
    ("triangular", (1.0, 2.0, 5.0), stats.triang(0.25, 1.0, 4.0)),
    ("bernoulli", (0.3,), stats.bernoulli(0.3)),
    ("integer", (-2, 7), stats.randint(-2, 8)),
    ("binomial", (20, 0.3), stats.binom(20, 0.3)),
    ("binomial", (500, 0.7), stats.binom(500, 0.7)),
    ("poisson", (4.5,), stats.poisson(4.5)),
    ("poisson", (80.0,), stats.poisson(80.0)),
    ("geometric", (0.2,), stats.geom(0.2)),
    ("negative_binomial", (2.5, 0.3), stats.nbinom(2.5, 0.3)),
]


@pytest.mark.parametrize(("name", "parameters", "law"), LAWS)
def test_a_draw_is_the_quantile_of_its_uniform(name: str, parameters: tuple[Any, ...], law: Any):
    draw, uniform = Draw(8, 0, "a"), Draw(8, 0, "a")

    drawn = [getattr(draw, name)(*parameters) for _ in range(500)]

    np.testing.assert_allclose(drawn, law.ppf([uniform.uniform() for _ in range(500)]), rtol=1e-12)


def test_exact_edges():
    draw = Draw(3, 0, "a")

    for _ in range(100):
        assert draw.uniform(2.5, 2.5) == 2.5
        assert draw.normal(1.25, 0.0) == 1.25
        assert draw.lognormal(0.0, 0.0) == 1.0
        assert draw.triangular(0.1, 0.1, 0.1) == 0.1
        assert draw.integer(-7, -7) == -7
        assert draw.bernoulli(1.0) is True
        assert draw.bernoulli(0.0) is False
        assert draw.binomial(0, 0.5) == 0
        assert draw.binomial(10**9, 0.0) == 0
        assert draw.binomial(10**9, 1.0) == 10**9
        assert draw.poisson(0.0) == 0
        assert draw.geometric(1.0) == 1
        assert draw.negative_binomial(3.0, 1.0) == 0
        assert draw.choice(["only"]) == "only"
        assert draw.choice("abc", [0.0, 1.0, 0.0]) == "b"


def test_huge_parameters():
    draw = Draw(3, 0, "a")

    assert 0.0 < draw.exponential(1e300) < 1e-297
    assert draw.binomial(10**9, 0.3) == pytest.approx(3e8, abs=8 * math.sqrt(2.1e8))
    assert draw.binomial(2**53, 0.5) == pytest.approx(2**52, abs=8 * 2**25.5)
    assert draw.poisson(1e9) == pytest.approx(1e9, abs=8 * math.sqrt(1e9))
    assert draw.gamma(1e300, 1.0) == pytest.approx(1e300)
    assert 0 <= draw.integer(0, 10**40) <= 10**40


def test_numbers_have_the_types_that_json_knows():
    draw = Draw(3, 0, "a")

    assert type(draw.uniform(0, 2)) is float
    assert type(draw.integer(np.int64(0), np.int64(5))) is int
    assert type(draw.binomial(np.int64(50), 0.5)) is int
    assert type(draw.poisson(40)) is int
    assert type(draw.bernoulli(1)) is bool


def test_an_integer_reaches_both_ends_equally_often():
    draw = Draw(1, 0, "a")

    counts = Counter(draw.integer(1, 6) for _ in range(6000))

    assert sorted(counts) == [1, 2, 3, 4, 5, 6]
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_weights_decide_how_often_an_option_is_chosen():
    draw = Draw(1, 0, "a")

    counts = Counter(draw.choice(["rare", "never", "often"], [1.0, 0.0, 3.0]) for _ in range(4000))

    assert set(counts) == {"rare", "often"}
    assert stats.binomtest(counts["rare"], 4000, 0.25).pvalue > 0.001


def test_a_sample_has_no_option_twice_and_every_order_is_equally_likely():
    draw = Draw(1, 0, "a")

    counts = Counter("".join(draw.sample("abcd", 2)) for _ in range(6000))

    assert len(counts) == 12
    assert all(len(set(pair)) == 2 for pair in counts)
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_one_more_item_leaves_the_order_of_the_others():
    few, many = list(range(20)), list(range(21))
    Draw(1, 0, "a").shuffle(few)
    Draw(1, 0, "a").shuffle(many)

    assert sorted(few) == list(range(20))
    assert few != sorted(few)
    assert [item for item in many if item != 20] == few


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda draw: draw.exponential(-1.0),
            r"exponential needs a positive, finite rate; found rate = -1\.0",
        ),
        (lambda draw: draw.exponential(0), "exponential .* rate = 0"),
        (lambda draw: draw.exponential(math.nan), "exponential .* rate = nan"),
        (lambda draw: draw.exponential(math.inf), "exponential .* rate = inf"),
        (lambda draw: draw.uniform(2, 1), "uniform needs finite low <= high; found low = 2, high = 1"),
        (lambda draw: draw.uniform(0, math.inf), "uniform .* high = inf"),
        (lambda draw: draw.uniform(math.nan, 1), "uniform .* low = nan"),
        (lambda draw: draw.normal(0, -1), "normal .* sd = -1"),
        (lambda draw: draw.normal(math.nan, 1), "normal .* mean = nan"),
        (lambda draw: draw.lognormal(0, math.inf), "lognormal .* sd_log = inf"),
        (lambda draw: draw.gamma(0, 1), "gamma .* shape = 0"),
        (lambda draw: draw.gamma(1, math.nan), "gamma .* scale = nan"),
        (lambda draw: draw.beta(1, -2), "beta .* b = -2"),
        (lambda draw: draw.weibull(math.nan, 1), "weibull .* shape = nan"),
        (
            lambda draw: draw.triangular(0, 3, 2),
            "triangular needs finite low <= mode <= high; found low = 0, mode = 3",
        ),
        (lambda draw: draw.triangular(0, math.nan, 2), "triangular .* mode = nan"),
        (lambda draw: draw.bernoulli(1.5), r"bernoulli needs p from 0 to 1; found p = 1\.5"),
        (lambda draw: draw.bernoulli(math.nan), "bernoulli .* p = nan"),
        (lambda draw: draw.integer(3, 2), "integer needs low <= high; found low = 3, high = 2"),
        (lambda draw: draw.integer(0, 2.5), r"integer needs a whole number as high; found high = 2\.5"),
        (lambda draw: draw.choice([]), r"choice needs at least one option; found options = \[\]"),
        (lambda draw: draw.choice({1, 2}), r"choice needs options in an order .* \{1, 2\}"),
        (lambda draw: draw.choice("ab", [1]), r"choice needs 2 finite weights >= 0, .* weights = \[1\]"),
        (lambda draw: draw.choice("ab", [1, -1]), r"choice .* weights = \[1, -1\]"),
        (
            lambda draw: draw.choice("ab", [0, 0]),
            r"choice needs weights with a positive, finite sum; .*\[0, 0\]",
        ),
        (lambda draw: draw.choice("ab", [1, math.nan]), r"choice .* weights = \[1, nan\]"),
        (lambda draw: draw.binomial(-1, 0.5), r"binomial needs n from 0 to 2\*\*53; found n = -1"),
        (lambda draw: draw.binomial(2.0, 0.5), r"binomial needs a whole number as n; found n = 2\.0"),
        (lambda draw: draw.binomial(2, -0.1), r"binomial .* p = -0\.1"),
        (lambda draw: draw.poisson(-1), "poisson needs a finite mean >= 0; found mean = -1"),
        (lambda draw: draw.poisson(math.nan), "poisson .* mean = nan"),
        (lambda draw: draw.geometric(0), "geometric needs p above 0, up to 1; found p = 0"),
        (lambda draw: draw.negative_binomial(0, 0.5), "negative_binomial .* r = 0"),
        (lambda draw: draw.negative_binomial(1, 0), "negative_binomial .* p = 0"),
        (lambda draw: draw.sample("ab", 3), "sample needs a count from 0 to the 2 options; found count = 3"),
        (lambda draw: draw.sample("ab", -1), "sample .* count = -1"),
    ],
)
def test_bad_parameters_are_refused_before_anything_is_consumed(
    call: Callable[[Draw], object], sentence: str
):
    draw = Draw(1, 0, "a")

    with pytest.raises(ValueError, match=f"^{sentence}"):
        call(draw)
    assert draw.position == 0


def test_a_long_list_does_not_flood_the_message():
    with pytest.raises(ValueError, match="weights") as refusal:
        Draw(1, 0, "a").choice(range(10_000), [-1] * 10_000)

    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("position", [0, 1, 15, 16, 17, 48, 49, 5000])
def test_draws_go_on_from_a_saved_state(position: int):
    draw = Draw(6, 2, "a.b")
    for _ in range(position):
        draw.uniform()
    saved = json.loads(json.dumps(draw.state()))
    expected = [draw.uniform() for _ in range(100)]

    other = Draw(0, 0, "elsewhere")
    other.uniform()
    other.restore(saved)

    assert other.position == position
    assert [other.uniform() for _ in range(100)] == expected


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda draw: pickle.loads(pickle.dumps(draw))]
)
def test_a_copy_goes_on_by_itself(duplicate: Callable[[Draw], Draw]):
    draw = Draw(6, 2, "a.b")
    for _ in range(20):
        draw.uniform()

    other = duplicate(draw)
    ahead = [other.uniform() for _ in range(50)]

    assert draw.position == 20
    assert [draw.uniform() for _ in range(50)] == ahead


def epidemic(successes: Callable[[int, float], int], p: float, days: int = 40) -> int:
    """Return how many are infected in a chain of binomial draws whose sizes depend on the draws before."""
    # Many enough that none dies out at once: whether one does is chance of another kind.
    susceptible, infected, total = 900, 100, 100
    for _ in range(days):
        fresh = successes(susceptible, 1.0 - (1.0 - p) ** infected)
        recovered = successes(infected, 0.2)
        susceptible, infected, total = susceptible - fresh, infected + fresh - recovered, total + fresh
    return total


def test_common_random_numbers_make_differences_precise():
    p, dp, runs = 0.0004, 0.00001, range(150)

    keyed = [epidemic(Draw(k, 0, "a").binomial, p + dp) - epidemic(Draw(k, 0, "a").binomial, p) for k in runs]
    reseeded = [
        epidemic(np.random.default_rng(k).binomial, p + dp) - epidemic(np.random.default_rng(k).binomial, p)
        for k in runs
    ]

    assert np.var(reseeded) > 10 * np.var(keyed)


@given(st.lists(st.sampled_from(EVERY_DRAW), max_size=30), st.integers())
def test_runs_with_different_parameters_stay_in_step(calls: list[tuple[str, tuple[Any, ...]]], seed: int):
    first, second = Draw(seed, 0, "a"), Draw(seed, 0, "a")
    for name, parameters in calls:
        getattr(first, name)(*parameters)
        second.binomial(17, 0.3)

    assert first.uniform() == second.uniform()


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers())
def test_a_uniform_number_stays_in_its_range(one: float, other: float, seed: int):
    low, high = sorted((one, other))

    assert low <= Draw(seed, 0, "a").uniform(low, high) <= high


@given(st.integers(), st.integers(), st.integers())
def test_an_integer_stays_in_its_range(one: int, other: int, seed: int):
    low, high = sorted((one, other))

    assert low <= Draw(seed, 0, "a").integer(low, high) <= high
