"""Rules under stress: what is broken, how often, and with which parameters."""

from __future__ import annotations

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Limits, Pool
from gsim_devs.observation.stress import CONTRACT, StressTest, run_stress
from tests.observation.leaky import CASES, RULES, leaky_contract, leaky_simulator, write_files
from tests.observation.sir import TOWN, sir_contract, sir_simulator

LOCKDOWN = "no-infection-in-a-full-lockdown"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stressed")
    leaky_simulator(folder / "leaky")
    write_files(folder)
    return folder


@pytest.fixture(scope="module")
def leaky(folder):
    with Pool(folder / "leaky", workers=1, limits=Limits(seconds=20)) as pool:
        yield pool


def test_only_the_cases_of_the_level_stress_count_where_there_are_some(folder, tmp_path):
    whole = StressTest.of_files(leaky_contract(), *write_files(folder))
    (tmp_path / "cases.yaml").write_text(CASES.replace("level: stress", "level: edge"))
    other = StressTest.of_files(leaky_contract(), folder / "rules.yaml", tmp_path / "cases.yaml")

    assert [case.id for case in whole.cases] == ["closed"]
    assert [case.id for case in other.cases] == ["easy", "closed"]


def test_each_set_of_parameters_is_judged_by_itself(folder, leaky):
    test = StressTest.of_files(leaky_contract(), folder / "rules.yaml", folder / "cases.yaml")

    tight, open_, tight_again = run_stress(leaky, test, [{"leak": 0.2}, {"leak": 1.0}, {"leak": 0.2}])

    # 20 days: a record of the infected for each, and one of the state for each and for time 0; a rule looks at each.
    assert tight.due == 2 * (20 + 21)
    assert tight.is_clean
    assert tight.share == 0.0
    assert tight == tight_again
    assert set(open_.broken) == {LOCKDOWN}
    assert 1 <= open_.violations <= 20
    assert open_.share == open_.violations / open_.due
    assert open_.examples[0].expected == "people == 0"


def test_more_that_is_broken_is_a_larger_share(folder, leaky):
    test = StressTest.of_files(leaky_contract(), folder / "rules.yaml", folder / "cases.yaml")

    few, many = run_stress(leaky, test, [{"leak": 0.25 + 1e-4, "beta": 1.0}, {"leak": 0.3, "beta": 0.5}])

    assert 0 < few.share < many.share < 1


def test_a_run_that_fails_breaks_everything_and_says_why(folder, tmp_path):
    broken = sir_simulator(tmp_path / "sir", TOWN.replace("self.strength = 0.0", "self.strength = 1 / 0"))
    test = StressTest.of_files(sir_contract(), folder / "rules.yaml", folder / "cases.yaml")

    with Pool(broken, workers=1) as pool:
        (result,) = run_stress(pool, test, [{}])

    assert result.share == 1.0
    assert not result.is_clean
    assert "division by zero" in result.failures["closed"]


def test_a_record_that_the_contract_forbids_is_broken_too(folder, tmp_path):
    wrong = sir_simulator(tmp_path / "sir", TOWN.replace("people=ill", "people=-1"))
    test = StressTest.of_files(sir_contract(), folder / "rules.yaml", folder / "cases.yaml")

    with Pool(wrong, workers=1) as pool:
        (result,) = run_stress(pool, test, [{}])

    assert result.broken[CONTRACT] == 20


@pytest.mark.parametrize(
    ("rules", "cases", "said"),
    [
        (
            RULES.replace("town.infected", "town.sick"),
            CASES,
            "rules.yaml: rule no-infection-in-a-full-lockdown",
        ),
        (RULES, CASES.replace("{days: 1}", "{weeks: 1}"), "cases.yaml: "),
        (RULES.replace("system: sir", "system: town"), CASES, "the rules are of the system town"),
    ],
)
def test_files_that_do_not_fit_the_contract_are_refused(tmp_path, rules, cases, said):
    (tmp_path / "rules.yaml").write_text(rules)
    (tmp_path / "cases.yaml").write_text(cases)

    with pytest.raises(UsageError) as refused:
        StressTest.of_files(leaky_contract(), tmp_path / "rules.yaml", tmp_path / "cases.yaml")

    assert said in str(refused.value)


def test_rules_that_are_code_are_refused(tmp_path):
    rule = "  - {id: own, clause: Whatever., level: system, kind: python, function: own, on: [town.state]}\n"
    (tmp_path / "rules.yaml").write_text(f"system: sir\nrules:\n{rule}")
    (tmp_path / "rules.py").write_text("def own(facts):\n    return []\n")
    (tmp_path / "cases.yaml").write_text(CASES)

    with pytest.raises(UsageError, match="rule own is code"):
        StressTest.of_files(leaky_contract(), tmp_path / "rules.yaml", tmp_path / "cases.yaml")
