"""The types that plans know, and which value fits which."""

from __future__ import annotations

import pytest

from gsim_devs.contracts.type_expressions import accepts, holds, parse_type


@pytest.mark.parametrize(
    "text", ["int", "Packet | None", "tuple[float, ...]", "tuple[tuple[int, ...] | None, ...]"]
)
def test_types_are_read_and_written(text):
    assert str(parse_type(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "list[int]",
        "int | str",
        "None | int",
        "tuple[int]",
        "tuple[int, str]",
        "a.b",
        "f()",
        "1",
        "int;",
        "(",
    ],
)
def test_what_plans_do_not_know_is_no_type(text):
    assert parse_type(text) is None


@pytest.mark.parametrize(
    ("target", "source", "fits"),
    [
        ("int", "int", True),
        ("float", "int", True),
        ("int", "float", False),
        ("float", "bool", False),
        ("int | None", "int", True),
        ("int | None", "int | None", True),
        ("int", "int | None", False),
        ("tuple[float, ...]", "tuple[int, ...]", True),
        ("tuple[float, ...]", "float", False),
        ("str", "tuple[str, ...]", False),
    ],
)
def test_an_int_may_stand_for_a_float_and_something_for_something_or_nothing(target, source, fits):
    assert accepts(parse_type(target), parse_type(source)) is fits


@pytest.mark.parametrize(
    ("target", "value", "fits"),
    [
        ("int", 1, True),
        ("int", True, False),
        ("int", 1.0, False),
        ("float", 1, True),
        ("bool", True, True),
        ("bool", 1, False),
        ("str | None", None, True),
        ("str", None, False),
        ("tuple[int, ...]", [1, 2], True),
        ("tuple[int, ...]", [1, "x"], False),
        ("tuple[dict, ...]", [{}], True),
        ("Packet", {}, False),
    ],
)
def test_a_value_from_a_file_fits_its_type(target, value, fits):
    assert holds(parse_type(target), value) is fits
