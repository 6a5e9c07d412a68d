"""A simulator against a variant of it, where the truth is known."""

from __future__ import annotations

import json
from contextlib import contextmanager

import numpy as np
import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Pool
from gsim_devs.interventions import (
    Scaling,
    Scope,
    Setting,
    Side,
    Trials,
    Variant,
    compiled,
    seeds_of,
    settled_arguments,
    usual_measures,
    variant_of,
    what_if,
)
from gsim_devs.runtime.program import load
from tests.interventions.references import DESK, contract_of, desk, desk_contract, reference


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("whatif")
    made = {system: reference(system, root / system) for system in ("covid", "supply")}
    return made | {"desk": desk(root / "desk")}


def contract_for(system):
    return desk_contract() if system == "desk" else contract_of(system)


@contextmanager
def trials_of(folder, system, workers=1):
    with Trials(folder, contract_for(system), workers=workers) as trials:
        yield trials, load(folder)


def asked(folder, system, doings, measures, count, *, seed=1, workers=1, **how):
    """Compare; `how` are arguments of the simulator."""
    contract = contract_for(system)
    with trials_of(folder, system, workers) as (trials, program):
        scope = Scope({}, program.settle_parameters({}), settled_arguments(program, how))
        sides = [Side(trials, variant_of(program, doing, arguments=how), scope) for doing in ((), doings)]
        looked = [compiled(text, contract) for text in measures] or usual_measures(contract)
        return what_if(contract, *sides, looked, seeds_of(seed, count))


def test_trials_are_runs_with_these_seeds_and_changes(folders):
    variant = Variant({"infection_rate": 1.0}, ((3.0, "infection_rate", 0.1),), {"days": 6})

    with trials_of(folders["covid"], "covid", 2) as (trials, _), Pool(folders["covid"], workers=1) as pool:
        first, second = trials.records(variant, [5, 6])
        jobs = [Job({"days": 6}, seed=seed, parameters={"infection_rate": 1.0}) for seed in (5, 6)]
        plain = list(pool.run(jobs))

    for changed, same in zip((first, second), plain, strict=True):
        assert [r for r in changed.records if r[0] < 3] == [r for r in same.records if r[0] < 3]
        assert changed.records != same.records
    assert first.records != second.records


def test_nothing_differs_before_an_intervention_begins(folders):
    doings = [Scaling("infection_rate", 0.3, 20, 60)]
    with trials_of(folders["covid"], "covid") as (trials, program):
        pairs = list(trials.side_by_side([Variant(), variant_of(program, doings)], seeds_of(1, 10)))

    for baseline, variant in pairs:
        before = [record for record in baseline.records if record[0] < 20]
        assert [record for record in variant.records if record[0] < 20] == before
        assert variant.records != baseline.records


def test_scaling_by_1_and_being_the_same_is_the_same_everywhere(folders):
    found = asked(folders["covid"], "covid", [Scaling("infection_rate", 1.0, 20, 60)], [], 5)

    assert len(found.contrasts) == 12
    assert all(one.is_identical for one in found.contrasts)
    assert "Baseline and variant are the same by these measures in each of 5 pairs." in found.text


def test_more_demand_is_found_as_much_as_it_is(folders):
    doings = [Setting("demand_mean", 8, 11)]

    found = asked(
        folders["supply"], "supply", doings, ["sum(market.demand.units)", "max(pipeline)"], 60, days=40
    )

    demand, pipeline = found.contrasts
    # 30 updates, from 11 to 40, with 3 more on average; the paired difference of two Poisson numbers with one
    # uniform each varies much less than that of independent ones, whose variance is 10 * 5 + 30 * (5 + 8) + 10 * 5.
    assert demand.difference.low <= 90 <= demand.difference.high
    assert demand.difference.high - demand.difference.low < 2 * 2.5 * np.sqrt(490 / 60) / 3
    assert demand.saving > 9
    assert demand.is_clear
    assert pipeline.is_identical


def test_the_interval_holds_the_truth_in_most_experiments(folders):
    held = []
    with trials_of(folders["desk"], "desk") as (trials, program):
        variant = variant_of(program, [Setting("risk", 0), Setting("pace", 3, 3)])
        # A desk adds up five amounts; the last three are 2 more. The baseline's left desk beside the variant's right
        # one: they share no draws, so that there is something for the interval to be wrong about.
        for seed in range(60):
            pairs = trials.side_by_side([Variant(), variant], seeds_of(seed, 8))
            rows = [
                (first.records[-2][3]["amount"], second.records[-1][3]["amount"]) for first, second in pairs
            ]
            differences = np.array([after - before for before, after in rows])
            half = 2.3646 * differences.std(ddof=1) / np.sqrt(8)
            held.append(abs(differences.mean() - 6) <= half)

    # 95 % of 60; fewer than 50 are as improbable as one in two thousand.
    assert sum(held) >= 50


def test_a_lockdown_is_a_scaling_that_begins_with_the_next_update(folders):
    commands = [{"command": "lockdown", "time": time, "strength": a} for time, a in ((19, 0.5), (39, 0))]
    stdin = "".join(json.dumps(one) + "\n" for one in commands)

    with trials_of(folders["covid"], "covid") as (trials, program):
        scaled = variant_of(program, [Scaling("infection_rate", 0.5, 20, 40)])
        pairs = list(trials.side_by_side([Variant(stdin=stdin), scaled], seeds_of(1, 5)))

    for locked, scaled_run in pairs:
        assert [record for record in locked.records if record[2] != "lockdown"] == [*scaled_run.records]


def test_the_comparison_depends_on_the_seed_and_not_on_the_workers(folders):
    doings = [Scaling("infection_rate", 0.5, 5)]

    one, same, other = (
        asked(
            folders["covid"], "covid", doings, ["max(I)", "mean(S)"], 12, seed=seed, workers=workers, days=20
        )
        for seed, workers in ((1, 1), (1, 2), (2, 1))
    )

    assert one.data == same.data != other.data


def test_measures_of_events_and_of_single_observables_agree(folders):
    texts = ["mean(I)", "mean(population.state.infective)", "mean(I) + 0 * mean(S)"]

    found = asked(folders["covid"], "covid", [Scaling("infection_rate", 0.5)], texts, 5, days=20)

    first, *others = (one.difference for one in found.contrasts)
    for one in others:
        assert (one.mean, one.half) == (pytest.approx(first.mean), pytest.approx(first.half))


def test_what_fails_too_often_is_not_compared(folders):
    found = asked(folders["desk"], "desk", [Setting("risk", 1)], ["last(left)"], 40)

    # Three pairs are more than 5 % of 40; the others need not be tried.
    assert (found.contrasts, found.failures, found.pairs) == ((), 3, 0)
    (reason,) = found.reasons
    assert "the desk is broken" in reason
    assert f"first under seed {seeds_of(1, 1)[0]}" in reason
    assert "nothing is compared" in found.text


def test_what_fails_seldom_is_told_and_left_out(folders):
    found = asked(folders["desk"], "desk", [Setting("risk", 0.005), Setting("pace", 2)], ["last(left)"], 300)

    assert 0 < found.failures <= 15
    assert found.pairs == 300 - found.failures
    (contrast,) = found.contrasts
    assert contrast.difference.count == found.pairs
    # 1 more in each of 5 hours, with the same noise.
    assert contrast.difference.mean == pytest.approx(5)
    assert "failed and left out" in found.text


def test_a_change_that_finds_state_in_its_way_is_refused(tmp_path):
    holding = DESK.replace("self.amount = 0.0", "self.amount = pace")

    with pytest.raises(UsageError, match=r"the variant is refused under seed .*left\.amount was 1\.0 when"):
        asked(desk(tmp_path / "desk", holding), "desk", [Setting("pace", 2, 3)], ["last(left)"], 5)


def test_a_measure_that_is_no_number_somewhere_leaves_the_others(folders):
    found = asked(folders["desk"], "desk", [Setting("pace", 2)], ["last(left)", "1 / (last(left) * 0)"], 5)

    assert [one.name for one in found.contrasts] == ["last(left)"]
    assert "divides by zero" in found.doubts["1 / (last(left) * 0)"]
    assert "1 / (last(left) * 0) cannot be compared: " in found.text


def test_a_simulator_that_remembers_earlier_runs_is_refused(tmp_path):
    forgetful = DESK.replace("class Desk", "seen = []\n\n\nclass Desk").replace(
        "self.amount = 0.0", "seen.append(1); self.amount = float(len(seen))"
    )

    with pytest.raises(UsageError, match="keeps something from one run to the next"):
        asked(desk(tmp_path / "desk", forgetful), "desk", [Setting("pace", 2)], ["last(left)"], 3)


def test_without_observables_one_must_say_what_to_measure():
    with pytest.raises(
        UsageError, match=r"desk has no observables that are numbers; say what is to be measured"
    ):
        usual_measures(desk_contract().model_copy(update={"observables": {}}))
