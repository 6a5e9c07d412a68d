"""Times as text: formats such as `HH:MM:SS:mmm`, and what units of time are worth.

A format is `HH:MM:SS`, `HH:MM`, or `MM:SS`; seconds may be followed by thousandths (`mmm`) or hundredths (`cc`) after
`:` or `.`; what stands in brackets may be missing. The first group has any number of digits, the others two (`mmm`
three) and stay below 60. Everything is exact: what is read or printed is a fraction of seconds.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

SECONDS_PER_UNIT: dict[str, Fraction] = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "day": Fraction(86400),
    "week": Fraction(604800),
}

_FORMAT = re.compile(r"(HH:MM:SS|HH:MM|MM:SS)(\[?)(?:([:.])(mmm|cc))?(\]?)")
_SECONDS = {"HH": 3600, "MM": 60, "SS": 1}
FORMATS_IN_WORDS = (
    "HH:MM:SS, HH:MM or MM:SS, then nothing, :mmm, .mmm, :cc or .cc, in brackets where it may be missing"
)


def is_format(form: str) -> bool:
    """Whether this is a format of times."""
    match = _FORMAT.fullmatch(form)
    if match is None:
        return False
    opened, fraction, closed = match[2] == "[", match[4] is not None, match[5] == "]"
    return opened == closed and (fraction or not opened) and (match[1].endswith("SS") or not fraction)


@cache
def pattern_of(form: str) -> str:
    """The regular expression of the texts that a format allows; it has no groups that capture."""
    match = _FORMAT.fullmatch(form)
    if match is None:
        raise ValueError(f"{form!r} is no format of times")
    text = "[0-9]+" + ":[0-5][0-9]" * match[1].count(":")
    if match[4]:
        fraction = re.escape(match[3]) + f"[0-9]{{{len(match[4])}}}"
        text += f"(?:{fraction})?" if match[2] else fraction
    return text


def seconds_of(text: str, form: str) -> Fraction | None:
    """The seconds that a text stands for; None where it does not have the format."""
    if not re.fullmatch(pattern_of(form), text):
        return None
    groups = form[:8].split(":") if form.startswith("HH:MM:SS") else form[:5].split(":")
    digits = re.split("[:.]", text)
    seconds = Fraction(sum(int(part) * _SECONDS[group] for group, part in zip(groups, digits, strict=False)))
    if len(digits) > len(groups):
        seconds += Fraction(int(digits[-1]), 10 ** len(digits[-1]))
    return seconds


def text_of(seconds: Fraction, form: str) -> str:
    """The text of a time in a format, rounded to its last group."""
    match = _FORMAT.fullmatch(form)
    if match is None:
        raise ValueError(f"{form!r} is no format of times")
    digits = len(match[4] or "")
    groups = match[1].split(":")
    smallest = _SECONDS[groups[-1]]
    whole, fraction = divmod(round(seconds / smallest * 10**digits), 10**digits)
    parts = []
    for _ in groups[1:]:
        whole, part = divmod(whole, 60)
        parts.append(f"{part:02d}")
    parts.append(f"{whole:02d}")
    return ":".join(reversed(parts)) + (f"{match[3]}{fraction:0{digits}d}" if digits else "")
