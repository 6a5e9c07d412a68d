"""Numbers of many simulations: whatever is done with them is done with each, exactly as Python does it with one."""

from __future__ import annotations

import copy
import math
import operator
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.runtime.many import Many, PartedError, for_each

BINARY = "add sub mul truediv floordiv mod pow lshift rshift and_ or_ xor eq ne lt le gt ge".split()  # noqa: SIM905

numbers = st.integers(-9, 9) | st.floats(-9, 9) | st.booleans()


def outcome(function: Any, *args: Any) -> Any:
    """What comes out, with its type, or the kind of error."""
    try:
        result = function(*args)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        return type(error)
    return result


def shown(values: list[Any]) -> list[str]:
    return [f"{type(value).__name__} {value!r}" for value in values]


@pytest.mark.parametrize("name", BINARY)
@given(one=st.lists(numbers, min_size=1, max_size=4), other=numbers)
def test_an_operator_is_applied_to_each(name, one, other):
    function = getattr(operator, name)
    others = [*one[1:], other]

    for left, right, pairs in (
        (Many(one), other, [(x, other) for x in one]),
        (other, Many(one), [(other, x) for x in one]),
        (Many(one), Many(others), list(zip(one, others, strict=True))),
    ):
        expected = [outcome(function, *pair) for pair in pairs]
        failing = [isinstance(value, type) for value in expected]
        if any(failing):
            with pytest.raises(PartedError) as parted:
                function(left, right)
            assert list(map(bool, parted.value.groups)) == failing
        else:
            assert shown(function(left, right).each) == shown(expected)


@pytest.mark.parametrize("name", ["neg", "pos", "abs"])
@given(one=st.lists(numbers, min_size=1, max_size=4))
def test_a_sign_is_changed_in_each(name, one):
    function = getattr(operator, name)

    assert shown(function(Many(one)).each) == shown([function(value) for value in one])


def test_a_division_with_a_rest_is_done_in_each():
    for pair, expected in (
        (divmod(Many([7, -7.5]), 2), [divmod(7, 2), divmod(-7.5, 2)]),
        (divmod(9, Many([2, 4.0])), [divmod(9, 2), divmod(9, 4.0)]),
        (divmod(Many([9, 8]), Many([2, 3])), [divmod(9, 2), divmod(8, 3)]),
    ):
        wholes, rests = zip(*expected, strict=True)
        assert [shown(one.each) for one in pair] == [shown(wholes), shown(rests)]


def test_rounding_is_done_in_each():
    some = Many([1.5, -1.5, 2.25])

    assert shown(round(some).each) == shown([2, -2, 2])
    assert shown(round(some, 1).each) == shown([1.5, -1.5, 2.2])
    assert shown(math.floor(some).each) == shown([1, -2, 2])
    assert shown(math.ceil(some).each) == shown([2, -1, 3])


@pytest.mark.parametrize(
    "deed",
    [
        bool,
        int,
        float,
        str,
        repr,
        math.trunc,
        math.exp,
        operator.index,
        [7, 8].__getitem__,
        "{:d}".format,
        range,
    ],
)
def test_where_only_one_number_can_stand_all_must_have_the_same(deed):
    assert deed(Many([1, 1])) == deed(1)
    with pytest.raises(PartedError) as parted:
        deed(Many([0, 1]))
    first, second = parted.value.groups
    assert first != second


@pytest.mark.parametrize("values", [[0.0, -0.0], [1, 1.0], [True, 1]])
def test_numbers_that_are_equal_but_not_the_same_do_not_pass_for_one(values):
    with pytest.raises(PartedError):
        str(Many(values))


def test_nobody_takes_it_for_something_else_than_the_number_that_it_is():
    assert isinstance(Many([1, 2]), int)
    assert not isinstance(Many([1.0, 2.0]), int)
    assert Many([1, 2]) != "text"
    assert copy.deepcopy(some := Many([1, 2])) is some
    with pytest.raises(PartedError):
        isinstance(Many([1, 2.0]), int)
    with pytest.raises(TypeError):
        Many([1, 2]) + "text"


@pytest.mark.parametrize(
    "deed",
    [
        lambda some: some.is_integer(),
        lambda some: hasattr(some, "bit_length"),
        lambda some: some == Decimal("0.5"),
        lambda some: some == 2 + 0j,
        lambda some: some < Fraction(1, 3),
        lambda some: some * Fraction(1, 3),
    ],
)
def test_what_many_cannot_do_as_one_can_parts_them(deed):
    with pytest.raises(PartedError):
        deed(Many([0.5, 2.0]))


def test_a_number_with_more_digits_than_can_be_written_is_one_number():
    huge = math.factorial(2000)

    assert operator.index(Many([huge, huge])) == huge
    with pytest.raises(PartedError):
        operator.index(Many([huge, huge + 1]))


def test_it_is_no_key_under_which_others_could_find_it():
    for values in ([1, 2], [1, 1]):
        with pytest.raises(PartedError):
            hash(Many(values))


def test_numbers_of_other_simulations_are_noticed():
    for deed in (operator.add, operator.eq, lambda one, other: for_each(max, (one, other))):
        with pytest.raises(PartedError):
            deed(Many([1, 2]), Many([1, 2, 3]))


def test_a_component_cannot_hide_that_they_have_parted():
    PartedError.happened = False
    # As a careless component might do.
    with suppress(BaseException):
        bool(Many([0, 1]))

    assert PartedError.happened


def test_what_goes_wrong_in_some_of_them_parts_them():
    with pytest.raises(PartedError) as parted:
        1 / Many([1, 0, 2])

    assert parted.value.groups == ["", "ZeroDivisionError('division by zero')", ""]
