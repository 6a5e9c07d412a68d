"""Times as text mean what people mean by them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gsim_devs.runtime.durations import is_format, seconds_of


@pytest.mark.parametrize(
    ("text", "form", "seconds"),
    [
        ("00:01:00:000", "HH:MM:SS:mmm", 60),
        ("36:00:00:000", "HH:MM:SS:mmm", 129600),
        ("00:00:04:250", "HH:MM:SS:mmm", Fraction(17, 4)),
        ("06:15:03:25", "HH:MM:SS:cc", Fraction(90013, 4)),
        ("00:00:08", "HH:MM:SS[:mmm]", 8),
        ("00:00:31:500", "HH:MM:SS[:mmm]", Fraction(63, 2)),
        ("00:00:31.5", "HH:MM:SS[.mmm]", None),
        ("00:60:00", "HH:MM:SS", None),
        ("1:02", "HH:MM", 3720),
        ("90:02", "MM:SS", 5402),
        ("-1:02", "HH:MM", None),
        ("00:01:00:00", "HH:MM:SS:mmm", None),
        ("00:01:00\n", "HH:MM:SS", None),
        ("\N{ARABIC-INDIC DIGIT ZERO}0:01:00", "HH:MM:SS", None),
    ],
)
def test_a_text_stands_for_its_seconds_or_for_nothing(text, form, seconds):
    assert seconds_of(text, form) == seconds


@pytest.mark.parametrize(
    ("form", "is_one"),
    [
        ("HH:MM:SS.mmm", True),
        ("MM:SS[:cc]", True),
        ("HH:MM:mmm", False),
        ("HH:MM:SS[:mmm", False),
        ("HH:MM:SS:mmm]", False),
        ("HH:MM:SS[]", False),
        ("hh:mm", False),
        ("", False),
    ],
)
def test_only_known_formats_are_formats(form, is_one):
    assert is_format(form) is is_one
