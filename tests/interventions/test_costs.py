"""Measures of runs: against sums by hand, from records and from series alike."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.errors import UsageError
from gsim_devs.interventions.costs import Scope, compiled
from gsim_devs.trace import Record
from tests.interventions.shop import SCOPE, contract_of_a_shop

CONTRACT = contract_of_a_shop()
# Stock 5, 3, 8 at 0, 1, 2; two sales between, one of them in cash.
RECORDS = (
    (0.0, "shop", "state", {"stock": 5, "debt": 0.0}),
    (0.5, "till", "sold", {"price": 2.5, "how": "cash"}),
    (1.0, "shop", "state", {"stock": 3, "debt": 4.0}),
    (1.0, "till", "sold", {"price": 4.0, "how": "card"}),
    (2.0, "shop", "state", {"stock": 8, "debt": 1.0}),
)
SERIES = np.array([[5.0, 0.0], [3.0, 4.0], [8.0, 1.0]])


def measured(text: str, records=RECORDS) -> float:
    return compiled(text, CONTRACT, ["extra"]).of_records(records, SCOPE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(stock)", 16),
        ("mean(stock)", 16 / 3),
        ("max(stock) - min(stock)", 5),
        ("first(stock) + 10 * last(stock)", 85),
        ("time_of_max(stock)", 2),
        ("time_of_min(stock)", 1),
        ("sum(max(0, stock - 4))", 5),
        ("sum(max(0, stock - (2 + extra))) + 10 * extra", 0 + 0 + 3 + 30),
        ("sum(stock * debt)", 20),
        ("sum(stock * (time(stock) >= 1))", 11),
        ("sum(stock if stock > 4 else -1)", 12),
        ("sum(max(stock) - stock)", 8),
        ("count(stock > 4)", 2),
        ("count(stock > 4 and debt > 0)", 1),
        ("count(not stock > 4 or debt == 1)", 2),
        ("count(3 <= stock < 8)", 2),
        ("count(till.sold)", 2),
        ("sum(till.sold.price)", 6.5),
        ("count(till.sold.how == 'cash')", 1),
        ("sum((till.sold.how != 'cash') * till.sold.price)", 4),
        ("rate * 2 + args.days + extra", 1.0 + 2 + 3),
        ("count(shop.closed)", 0),
        ("sum(shop.closed.hours)", 0),
        (
            "2 ** 3 + 7 // 2 + 7 % 4 - abs(-1) + sqrt(9) + floor(1.5) + ceil(1.5) + round(1.4)",
            8 + 3 + 3 - 1 + 3 + 4,
        ),
        ("1 / extra if extra > 0 else 0", 1 / 3),
    ],
)
def test_a_measure_is_the_sum_by_hand(text, value):
    assert measured(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["sum(stock)", "time_of_max(stock)", "max(0, last(debt) - 3)", "sum(max(stock) - stock)"]
)
def test_series_of_many_runs_give_what_the_records_of_each_give(text):
    measure = compiled(text, CONTRACT)
    many = np.stack([SERIES, SERIES[::-1]])[:, None]
    turned = [(time, *rest) for (time, *_), (_, *rest) in zip(RECORDS, RECORDS[::-1], strict=True)]
    shifted = [(round(time), *rest) for time, *rest in turned]

    found = measure.of_series(many, ["stock", "debt"], [0.0, 1.0, 2.0], SCOPE)

    assert found.shape == (2, 1)
    assert found[0, 0] == measured(text)
    assert found[1, 0] == measured(text, [one for one in shifted if one[1] == "shop"])


def test_what_a_measure_needs_is_known_beforehand():
    of_stock, of_sales, of_none = (
        compiled(text, CONTRACT) for text in ("sum(stock)", "count(till.sold)", "rate * 2")
    )

    assert (of_stock.observables, of_stock.needs_records) == (("stock",), False)
    assert (of_sales.observables, of_sales.needs_records) == ((), True)
    assert of_none.is_known_before
    assert of_none.known(SCOPE) == 1.0
    assert (of_none.of_series(np.empty((4, 0, 0)), [], [], SCOPE) == 1.0).all()


def test_records_of_a_trace_serve_as_well():
    records = [Record(time, entity, event, payload) for time, entity, event, payload in RECORDS]

    assert measured("sum(stock) + count(till.sold)", records) == 18


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(stok)", "there is no 'stok'; did you mean stock?"),
        ("sum(x)", "there is no 'x'; there are extra, stock, debt, takings, rate, shares"),
        ("stock", "`stock` is a series; wanted is one number: take its sum"),
        ("stock > 4", "`stock > 4` is a series of conditions; wanted is one number: count it"),
        ("till.sold", "the records of an event; wanted is one number: count them"),
        ("sum(till.sold)", "`till.sold` is the records of an event; sum takes a series"),
        ("count(stock)", "count takes the records of an event"),
        ("sum(till.sold.how)", "a series of texts; sum takes a series"),
        ("till.sold.colour", "till.sold has no field 'colour'; there are price, how"),
        ("till.bought", "there is no 'till.bought'; did you mean till.sold?"),
        ("till", "till is an entity; write till.EVENT"),
        ("days + 1", "days is an argument; write args.days"),
        ("args.weeks", "there is no argument 'weeks'"),
        ("max(extra)", "`extra` is a number; max takes a series"),
        ("abs(1, 2)", "abs takes 1 argument"),
        ("avg(stock)", "avg cannot be called"),
        ("count(till.sold.how < 'cash')", "a text can be compared with a text, by =="),
        ("'a' + 1", "`'a'` is a text; wanted is a number"),
        ("sum([1, 2])", "has no place here"),
        ("sum(stock for x in stock)", "has no place here"),
        ("stock[0]", "has no place here"),
        ("().__class__", "there is no"),
        ("lambda: 1", "lambda is not allowed"),
        ("1e999", "not a finite number"),
        ("9" * 400, "not a finite number"),
        ("sum(stock", "not an expression"),
        ("note", "note is a series of texts"),
        ("shares", "shares is several shares"),
        ("args.name + 1", "a text; wanted is a number"),
    ],
)  # fmt: skip
def test_what_is_no_measure_is_refused_in_one_sentence(text, said):
    with pytest.raises(UsageError) as caught:
        compiled(text, CONTRACT, ["extra"])

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / (extra - 3)", "`1 / (extra - 3)` divides by zero"),
        ("sum(stock / debt)", "`stock / debt` divides by zero"),
        ("count(1 / debt > 0)", "`1 / debt` divides by zero"),
        ("10 ** 400.0", "the numbers are too large"),
        ("mean(shop.closed.hours)", "`shop.closed.hours` has no values in a run"),
        ("sum(stock + till.sold.price)", "have values at different times"),
    ],
)
def test_a_value_that_is_no_number_is_told_with_its_reason(text, said):
    with pytest.raises(UsageError) as caught:
        measured(text)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("five", "is no finite number: there is no number in stock at time 1"),
        (None, "no number in stock"),
        (10**400, "no number in stock"),
    ],
)
@pytest.mark.parametrize("text", ["sum(stock)", "count(stock > 2)", "time_of_max(stock)", "max(stock)"])
def test_what_a_hostile_trace_holds_in_place_of_a_number_is_not_counted_as_one(text, value, said):
    records = (*RECORDS[:2], (1.0, "shop", "state", {"stock": value, "debt": 0}), RECORDS[-1])

    with pytest.raises(UsageError, match=said):
        measured(text, records)


def test_a_text_in_place_of_a_number_in_a_record_is_refused():
    records = (*RECORDS[:2], (1.0, "till", "sold", {"price": "much", "how": 3}))

    with pytest.raises(UsageError, match=r"till\.sold\.price is a text in some record"):
        measured("sum(till.sold.price)", records)

    assert measured("count(till.sold.how == 'cash')", records) == 1


def test_an_observable_at_regular_times_is_looked_at_until_the_horizon():
    measure = compiled("sum(takings)", CONTRACT)

    assert measure.of_records(RECORDS, SCOPE) == 6.5
    assert measure.of_records(RECORDS, Scope(arguments={"days": 0, "name": ""})) == 0


def test_what_is_not_told_at_some_time_has_no_value_then():
    many = np.stack([SERIES, SERIES])
    many[:, 0, 1] = np.nan

    found = compiled("sum(stock) + 100 * mean(debt)", CONTRACT).of_series(
        many, ["stock", "debt"], [0.0, 1.0, 2.0], SCOPE
    )

    assert found.tolist() == [266.0, 266.0]
