"""What interventions come to: values at the beginning, and changes at times."""

from __future__ import annotations

import math

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.interventions import Scaling, Setting, Variant, seeds_of, told, variant_of
from gsim_devs.runtime.program import load
from tests.interventions.references import reference
from tests.runtime.simulators import dice


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    root = tmp_path_factory.mktemp("variants")
    return {
        "supply": load(reference("supply", root / "supply")),
        "covid": load(reference("covid", root / "covid")),
        "dice": load(dice(root / "dice")),
    }


RATE = "infection_rate"  # 0.5 unless told otherwise


@pytest.mark.parametrize(
    ("interventions", "parameters", "changes"),
    [
        ([], {}, ()),
        ([Setting(RATE, 0.1)], {RATE: 0.1}, ()),
        ([Setting(RATE, "0.1", 20)], {}, ((20, RATE, 0.1),)),
        ([Setting(RATE, 0.1, 20, 60)], {}, ((20, RATE, 0.1), (60, RATE, 0.5))),
        ([Setting(RATE, 0.1, 0, 60)], {RATE: 0.1}, ((60, RATE, 0.5),)),
        ([Scaling(RATE, 0.5, 1, 2)], {}, ((1, RATE, 0.25), (2, RATE, 0.5))),
        ([Scaling(RATE, 1.0, 1, 2)], {}, ()),
        (
            [Scaling(RATE, 0.5, 0, 40), Scaling(RATE, 0.5, 20, 60)],
            {RATE: 0.25},
            ((20, RATE, 0.125), (40, RATE, 0.25), (60, RATE, 0.5)),
        ),
        ([Scaling(RATE, 0.5, 5, 9), Setting(RATE, 1, 6, 7)], {}, (
            (5, RATE, 0.25), (6, RATE, 1.0), (7, RATE, 0.25), (9, RATE, 0.5),
        )),
        (
            [Setting(RATE, 1, 6), Scaling("recovery_probability", 2, 3)],
            {},
            ((3, "recovery_probability", 0.2), (6, RATE, 1.0)),
        ),
    ],
)  # fmt: skip
def test_values_in_force_follow_one_another(programs, interventions, parameters, changes):
    assert variant_of(programs["covid"], interventions) == Variant(parameters, changes)


def test_other_values_for_the_whole_run_are_what_interventions_act_on(programs):
    given = {"infection_rate": 1.0, "recovery_probability": 0.2}

    variant = variant_of(programs["covid"], [Scaling(RATE, 0.5, 3, 4)], parameters=given, stdin="x")

    assert variant == Variant(given, ((3, RATE, 0.5), (4, RATE, 1.0)), {}, "x")


def test_a_whole_number_stays_one(programs):
    variant = variant_of(programs["supply"], [Scaling("lead_time", 1.7)])

    assert variant.parameters == {"lead_time": 3}
    assert type(variant.parameters["lead_time"]) is int


@pytest.mark.parametrize(
    ("system", "intervention", "said"),
    [
        ("covid", Setting("rate", 1), "unknown parameter rate; there are infection_rate"),
        ("covid", Setting(RATE, 3), "parameter infection_rate must be at most 2.0"),
        ("covid", Setting(RATE, "x"), "parameter infection_rate must be a number"),
        ("covid", Setting(RATE, 1, 3, 3), "changes from 3 to 3: the end must come after the beginning"),
        ("covid", Setting(RATE, 1, 3, math.nan), "the end must come after the beginning"),
        ("covid", Setting(RATE, 1, -1), "cannot change at time -1"),
        ("covid", Setting(RATE, 1, math.inf), "cannot change at time inf"),
        ("covid", Scaling(RATE, 5), "parameter infection_rate must be at most 2.0, not 2.5"),
        ("covid", Scaling(RATE, -1), "parameter infection_rate must be at least 0.0"),
        ("covid", Scaling(RATE, math.inf), "cannot be scaled by inf: that is no finite number"),
        ("supply", Scaling("lead_time", 9), "parameter lead_time must be at most 7, not 18"),
        ("dice", Scaling("mix", 0.5), "parameter mix holds shares that add up to 1"),
    ],
)
def test_what_cannot_be_is_refused(programs, system, intervention, said):
    with pytest.raises(UsageError, match=said):
        variant_of(programs[system], [intervention])


def test_shares_can_be_set_for_a_time(programs):
    variant = variant_of(programs["dice"], [Setting("mix", "0.5,0.5", 1, 2)])

    assert variant.changes == ((1, "mix", (0.5, 0.5)), (2, "mix", (0.25, 0.75)))


def test_what_is_done_is_told_in_words():
    doings = [Setting(RATE, 0.1, 20, 60), Scaling("lead_time", 0.5), Setting("x", 1, 3)]

    assert told(doings) == "infection_rate = 0.1 from 20 to 60; lead_time x 0.5; x = 1 from 3"


def test_seeds_of_replications_do_not_depend_on_how_many_there_are():
    assert seeds_of(3, 5)[2:] == seeds_of(3, 3, first=2)
    assert len({*seeds_of(0, 100), *seeds_of(1, 100)}) == 200
