"""Series of traces: against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.contracts import Contract, parse_yaml
from gsim_devs.errors import UsageError
from gsim_devs.observation import series_of
from gsim_devs.observation.series import Observer
from gsim_devs.trace import read

CONTRACT = """
id: shop
title: Shop
time: {unit: min}
horizon: {argument: until}
arguments: {until: {type: number}}
events:
  - {entity: [left, right], event: sold, payload: {size: {type: number}}}
observables:
  sizes: {event: sold, field: size}
  number: {event: sold}
  lefts: {event: sold, entity: left}
  last: {event: sold, field: size, at: {every: 2, start: 1}}
  sum: {event: sold, field: size, at: {every: 2, start: 1, take: sum}}
  mean: {event: sold, field: size, at: {every: 2, start: 1, take: mean}}
  count: {event: sold, at: {every: 2, start: 1, take: count}}
"""

RECORDS = [
    (0.0, "left", "sold", {"size": 4}),
    (0.5, "right", "sold", {"size": 2}),
    (1.0, "left", "sold", {"size": 3}),
    (1.0, "clock", "tick", {"size": 100}),
    (4.0, "right", "sold", {"size": 8}),
]

nan = np.nan

TRACE = b"""\
{"time": 0.0, "entity": "left", "event": "sold", "payload": {"size": 4}}
{"time": 0.5, "entity": "right", "event": "sold", "payload": {"size": 2}}
no record
{"time": 1.0, "entity": "left", "event": "sold", "payload": {"size": 3}}
"""


@pytest.fixture
def shop() -> Contract:
    return parse_yaml(Contract, CONTRACT, "shop.yaml")


def test_series_are_what_the_observables_say(shop):
    found = {
        name: (one.times.tolist(), one.values.tolist()) for name, one in series_of(RECORDS, shop, 6).items()
    }

    means = found.pop("mean")
    assert found == {
        "sizes": ([0, 0.5, 1, 4], [4, 2, 3, 8]),
        "number": ([0, 0.5, 1, 4], [1, 2, 3, 4]),
        "lefts": ([0, 1], [1, 2]),
        "last": ([1, 3, 5], [3, 3, 8]),
        "sum": ([1, 3, 5], [9, 0, 8]),
        "count": ([1, 3, 5], [3, 0, 1]),
    }
    assert means[0] == [1, 3, 5]
    np.testing.assert_array_equal(means[1], [3, nan, 8])


def test_a_printed_trace_has_the_same_series(shop):
    read_again = series_of(read(TRACE, shop.model_dump(mode="json", by_alias=True)), shop, 3)

    for name, expected in series_of(RECORDS[:3], shop, 3).items():
        np.testing.assert_array_equal(read_again[name], expected)


def test_at_given_times_it_is_the_latest_value_or_that_of_a_regular_time(shop):
    names = ["sizes", "number", "last", "count"]

    found = Observer(shop, names).at(RECORDS, [0.25, 1, 2, 5])

    np.testing.assert_array_equal(found, [[4, 1, nan, nan], [3, 3, 3, 3], [3, 3, nan, nan], [8, 4, 8, 1]])


def test_before_the_first_record_there_is_no_value(shop):
    found = Observer(shop, ["sizes", "number"]).at(RECORDS[1:], [0.25])

    np.testing.assert_array_equal(found, [[nan, 0]])


def test_regular_times_far_away_are_met_in_spite_of_rounding(shop):
    tenths = parse_yaml(
        Contract, CONTRACT.replace("every: 2, start: 1, take: count", "every: 0.1, take: count"), ""
    )
    records = [(k / 10, "left", "sold", {"size": 1}) for k in range(1001)]

    assert series_of(records, tenths, 100)["count"].values.tolist() == [1.0] * 1001


@pytest.mark.parametrize("value", ["4", None, [1], {}, 10**400, float("nan"), float("inf")])
def test_what_is_no_number_is_missing(shop, value):
    found = series_of([(0.0, "left", "sold", {"size": value}), (0.5, "left", "sold", {})], shop, 1)

    assert np.isnan(found["sizes"].values).all()
    assert np.isnan(found["sum"].values).all()
    assert found["count"].values.tolist() == [2]


def test_more_samples_than_memory_has_are_refused(shop):
    with pytest.raises(UsageError, match="choose an earlier horizon"):
        series_of(RECORDS, shop, 1e12)
