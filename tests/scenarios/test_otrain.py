"""The rules of the light rail, tried on traces that are computed without any simulation.

Who boards and leaves when follows from the appearances by formula. Where the specification does not say which of
several things in one instant stands first, that is drawn by lot.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gsim_devs.contracts import load_contract
from gsim_devs.rules import check, load_rule_set
from gsim_devs.trace import Record

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "contracts/otrain.yaml")
RULES = load_rule_set(ROOT / "trace_checkers/otrain.yaml")

NAMES = ("Bayview", "Carling", "Carleton", "Confed", "Greenboro")
ROUTE = (1, 2, 3, 4, 5, 4, 3, 2)
# What appearances that are made up for a purpose do not keep.
CHANCE = {"intervals-by-chance", "destinations-by-chance", "stations-have-chances-of-their-own"}
# At 30:00.500 the twentieth boards at Bayview, and somebody appears there: while ten more wait, or when nobody does.
THIRTY_IN_LINE = [60] * 60
TWENTY_IN_LINE = [*[60] * 15, *[150] * 6, *[300] * 10]


def intervals(draw):
    while True:
        yield round(60 * min(max(draw.gauss(5, 5), 1), 9))


def trace(draw, end, bayview=None, boards_too_late=False, waits_too_long=False):
    """The records up to `end`, in ms; the intervals at Bayview may be given."""
    arrivals = [(225_000 * k, ROUTE[k % 8]) for k in range(end // 225_000 + 1)]
    appeared, boarded = [], []
    for station in range(1, 6):
        line = appearances(draw, station, end, bayview if bayview and station == 1 else intervals(draw))
        visits = [time for time, at in arrivals if at == station]
        appeared += line
        boarded += boardings(line, visits, boards_too_late, waits_too_long)

    def place(number):
        return {"station_id": number, "station_name": NAMES[number - 1]}

    def numbers(passenger):
        return dict(zip(("passenger_id", "passenger_num", "origin", "destination"), passenger, strict=True))

    lines = [
        (time, 0, "train", "train_arrival", {**place(at), "station": at, "direction": int(k % 8 >= 4)})
        for k, (time, at) in enumerate(arrivals)
    ]
    for order, entity, event, happened, where in (
        (1, "station_queue", "passenger_boarding", boarded, 2),
        (1, "train_queue", "passenger_exiting", leavings(boarded, arrivals), 3),
        (2, "passenger_generator", "passenger_generated", appeared, 2),
    ):
        lines += [
            (time, order, entity, event, {**place(one[where]), **numbers(one)}) for time, one in happened
        ]
    draw.shuffle(lines)
    return [(time, *rest) for time, _, *rest in sorted(lines, key=lambda line: line[:2]) if time <= end]


def appearances(draw, station, end, given):
    """When each passenger of a station appears, and its four numbers."""
    found, time = [], 500
    for number, interval in enumerate(given):
        destination = draw.choice([other for other in range(1, 6) if other != station])
        coded = 100 * number + 10 * station + destination if number else 0
        found.append((time, (coded, number, station, destination)))
        time += 1000 * interval
        if time > end:
            break
    return found


def boardings(appeared, visits, too_late, too_long):
    """When each of them boards. `too_late`: with who appears in the last one; `too_long`: only who was there before."""
    line, found = appeared[1:], []
    for arrival in visits:
        time = seen = arrival
        while line and line[0][0] < seen + too_late:
            time += 25
            found.append((time, line.pop(0)[1]))
            seen = arrival if too_long else time
    return found


def leavings(boarded, arrivals):
    """When each of those who boarded leaves."""
    aboard, found = sorted(boarded), []
    for arrival, station in arrivals:
        leave = [one for one in aboard if one[1][3] == station and one[0] < arrival]
        aboard = [one for one in aboard if one not in leave]
        found += [(arrival + 25 * i, passenger) for i, (_, passenger) in enumerate(leave, 1)]
    return found


def violated(lines, end):
    records = [Record(time / 1000, *rest) for time, *rest in lines]
    report = check(records, RULES, CONTRACT, {"simulate_time": end / 1000})
    assert report.is_valid
    return {rule.id for rule in report.rules if rule.verdict == "violated"}


@pytest.mark.parametrize("seed", range(5))
def test_a_trace_that_is_as_it_should_be_keeps_all_rules(seed):
    lines = trace(random.Random(seed), 4 * 3_600_000)
    assert sum(line[2] == "passenger_exiting" for line in lines) > 100
    assert violated(lines, 4 * 3_600_000) == set()


def test_whatever_is_cut_off_by_the_horizon_is_not_missed():
    lines = trace(random.Random(1), 3_600_000)
    ends = {time + more for time, *_ in lines for more in (-1, 0, 1, 12) if time + more > 0}
    for end in random.Random(2).sample(sorted(ends), 60):
        assert violated([line for line in lines if line[0] <= end], end) == set()
        # What is due at exactly the horizon may be missing.
        assert violated([line for line in lines if line[0] < end], end) - CHANCE == set()


def test_a_millisecond_more_or_less_does_not_matter():
    draw = random.Random(3)
    lines = trace(draw, 3_600_000)
    # Boarding and leaving count from the arrival that was reported.
    off = {"train": (0,)}
    shifted = [
        (time + draw.choice(off.get(entity, (-1, 0, 1))), entity, *rest) for time, entity, *rest in lines
    ]
    assert violated(sorted(shifted, key=lambda line: line[0]), 3_600_000) == set()


@pytest.mark.parametrize("bayview", [THIRTY_IN_LINE, TWENTY_IN_LINE])
def test_who_appears_while_others_board_is_no_violation(bayview):
    assert violated(trace(random.Random(4), 4_000_000, bayview), 4_000_000) <= CHANCE


def test_who_appears_when_the_last_one_boards_waits_for_the_next_visit():
    lines = trace(random.Random(4), 4_000_000, TWENTY_IN_LINE, boards_too_late=True)
    assert "boards-one-by-one" in violated(lines, 4_000_000)


def test_who_appears_while_others_wait_does_not_wait_for_the_next_visit():
    lines = trace(random.Random(4), 4_000_000, THIRTY_IN_LINE, waits_too_long=True)
    assert "boards-one-by-one" in violated(lines, 4_000_000)


def test_boarding_comes_before_the_appearance_in_the_same_instant():
    lines = trace(random.Random(4), 4_000_000, TWENTY_IN_LINE)
    at = [number for number, line in enumerate(lines) if line[0] == 1_800_500]
    assert [lines[number][2] for number in at] == ["passenger_boarding", "passenger_generated"]
    lines[at[0]], lines[at[1]] = lines[at[1]], lines[at[0]]
    assert "appearances-come-last" in violated(lines, 4_000_000)
