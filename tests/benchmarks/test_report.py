"""How a part of a benchmark is told."""

from __future__ import annotations

from dataclasses import replace

from gsim_devs.benchmarks import Bar, Part

MET, MISSED = Bar("distance", 0.25, "at most 0.3", met=True), Bar("seconds", 130.0, "at most 120", met=False)
PART = Part("emd", "How far apart.", ("system", "distance"), (("covid", 0.251234), ("supply", None)), (MET,))


def test_a_part_holds_when_every_bar_is_met():
    assert PART.holds
    assert not replace(PART, bars=(MET, MISSED)).holds


def test_the_text_shows_what_was_measured_beside_what_it_should_be():
    text = replace(PART, bars=(MET, MISSED), notes=("One core.",)).text

    assert text.splitlines() == [
        "emd: How far apart.",
        "",
        "system  distance",
        "covid     0.2512",
        "supply",
        "",
        "met     distance: 0.25 (at most 0.3)",
        "MISSED  seconds: 130 (at most 120)",
        "",
        "One core.",
    ]


def test_the_data_have_every_digit():
    assert PART.data["rows"] == [
        {"system": "covid", "distance": 0.251234},
        {"system": "supply", "distance": None},
    ]
    assert PART.data["holds"]
