"""Journals: when they are continued, and when they are refused."""

from __future__ import annotations

import json

import pytest

from gsim_devs.calibration import Budget, calibrate, problem_of
from gsim_devs.calibration.journal import LARGEST
from gsim_devs.errors import UsageError
from gsim_devs.observation import Experiment, load_dataset
from tests.calibration.problems import Formula, real
from tests.calibration.test_fitting import write_data
from tests.observation.sir import ARRAYS, CONTRACT, TOWN, sir_contract, sir_simulator

BUDGET = Budget(simulations=60)


class Counted(Formula):
    def __init__(self):
        super().__init__(
            {"x": real(-1.0, 1.0), "y": real(-1.0, 1.0)}, lambda theta: theta["x"] ** 2 + theta["y"]
        )


@pytest.fixture
def journal(tmp_path):
    calibrate(Counted(), "cma", BUDGET, resume=tmp_path / "journal")
    return tmp_path / "journal"


def resumed(journal):
    """What a calibration that goes on comes to, and how many candidates it had to simulate."""
    problem = Counted()
    return calibrate(problem, "cma", BUDGET, resume=journal).point, problem.asked


def test_what_is_told_is_not_simulated_again(journal):
    assert resumed(journal) == (calibrate(Counted(), "cma", BUDGET).point, 0)


def test_a_journal_that_was_cut_off_anywhere_goes_on(journal):
    whole, (point, _) = journal.read_bytes(), resumed(journal)
    header = whole.index(b"\n")

    for length in (0, 10, header, header + 1, header + 10, len(whole) // 2, len(whole) - 1):
        journal.write_bytes(whole[:length])
        assert resumed(journal)[0] == point
        # Seconds differ; what was asked and answered does not.
        assert [line.split(b'"seconds"')[0] for line in journal.read_bytes().splitlines()] == [
            line.split(b'"seconds"')[0] for line in whole.splitlines()
        ]


@pytest.mark.parametrize(
    "change",
    [
        {"answer": [1.0]},
        {"answer": [[1.0]]},
        {"answer": "many"},
        {"answer": {"a": 1}},
        {"answer": None},
        {"seconds": -1},
        {"seconds": "soon"},
        {"seconds": None},
    ],
)
def test_answers_that_nobody_gave_are_refused(journal, change):
    header, first, *rest = journal.read_text().splitlines(keepends=True)
    journal.write_text(header + json.dumps(json.loads(first) | change) + "\n" + "".join(rest))

    with pytest.raises(UsageError, match="the answer to batch 1 is not what was asked for"):
        resumed(journal)


def test_a_number_that_is_none_ends_what_is_believed(journal):
    header, first, *_ = journal.read_text().splitlines(keepends=True)
    journal.write_text(header + json.dumps(json.loads(first) | {"seconds": float("nan")}) + "\n")

    assert resumed(journal)[1] > 0


@pytest.mark.parametrize("content", [b"[" * 100_000 + b"\n", b"\xff\xfe\n", b"{}\n", b"text without an end"])
def test_what_is_no_journal_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "journal").write_bytes(content)

    with pytest.raises(UsageError, match="journal"):
        resumed(tmp_path / "journal")
    assert (tmp_path / "journal").read_bytes() == content


def test_a_file_that_is_too_large_and_a_folder_are_refused(tmp_path):
    with (tmp_path / "journal").open("wb") as file:
        file.truncate(LARGEST + 1)

    with pytest.raises(UsageError, match="is not the journal of a calibration"):
        resumed(tmp_path / "journal")
    with pytest.raises(UsageError, match="cannot be used"):
        resumed(tmp_path)
    with pytest.raises(UsageError, match="cannot be used: No such file"):
        resumed(tmp_path / "nowhere" / "journal")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("continued")
    write_data(folder / "data.csv", 3, days=5)
    write_data(folder / "more.csv", 4, days=5)
    sir_simulator(folder / "sir", arrays=ARRAYS)
    with_other_code = TOWN.replace("people day by day", "people, day by day")
    sir_simulator(folder / "code", with_other_code, arrays=ARRAYS)
    sir_simulator(folder / "arrays", arrays=ARRAYS + "\n")
    calibrate_in(folder)
    return folder


def calibrate_in(folder, simulator="sir", data="data.csv", objective="energy", contract=None, **more):
    contract = contract or sir_contract()
    with Experiment(folder / simulator, contract, load_dataset(folder / data, contract), workers=1) as held:
        problem = problem_of(held, objective, courses=more.pop("courses", False))
        options = {"method": "cma", "budget": BUDGET, "seed": 0} | more
        return calibrate(problem, resume=folder / "journal", **options)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"simulator": "code"}, "another simulator"),
        ({"simulator": "arrays"}, "another simulator"),
        ({"data": "more.csv"}, "another data"),
        ({"objective": "crps"}, "another objective"),
        ({"courses": True}, "another objective"),
        ({"seed": 1}, "seed 0 instead of 1"),
        ({"method": "auto"}, "method 'cma' instead of 'auto'"),
        ({"budget": Budget(simulations=61)}, "simulations 60 instead of 61"),
    ],
)
def test_whatever_has_changed_since_is_named(folder, change, said):
    kept = (folder / "journal").read_bytes()

    with pytest.raises(UsageError) as refused:
        calibrate_in(folder, **change)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (folder / "journal").read_bytes() == kept


def test_another_contract_is_named(folder):
    from gsim_devs.contracts import Contract, parse_yaml

    with pytest.raises(UsageError, match="another contract"):
        calibrate_in(folder, contract=parse_yaml(Contract, CONTRACT.replace("Small", "Large"), "sir.yaml"))


def test_values_of_parameters_that_were_applied_change_nothing(folder):
    (folder / "sir" / "parameters.json").write_text('{"beta": 0.1, "gamma": 0.2}')

    assert calibrate_in(folder).evaluations > 0
