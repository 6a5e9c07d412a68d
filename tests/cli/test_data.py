"""Example data: the same call makes the same file, and what is in it is what the specification says."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from pathlib import Path

import pytest

from gsim_devs.cli import main
from gsim_devs.contracts import (
    DataFile,
    check_data_file,
    load_contract,
    load_data_file,
    parse_yaml,
)
from gsim_devs.observation import load_dataset
from gsim_devs.observation.starts import transitions_of

ROOT = Path(__file__).parents[2]
SYSTEMS = sorted(path.parent.name for path in ROOT.glob("scenarios/*/data.yaml"))


@pytest.fixture
def made(tmp_path):
    """Makes data with the options of a command line and returns the file."""

    def make(system: str, options: str) -> Path:
        path = tmp_path / "made.csv"
        folder = str(ROOT / "scenarios" / system)
        assert main(["data", folder, *options.split(), "--out", str(path)]) == 0
        return path

    return make


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_call_makes_the_same_file_and_more_trajectories_leave_the_first_as_they_are(made):
    few = made("covid", "--trajectories 2 --steps 5 --seed 3").read_text()
    again = made("covid", "--trajectories 2 --steps 5 --seed 3").read_text()
    more = made("covid", "--trajectories 3 --steps 5 --seed 3").read_text()

    assert few == again
    assert more.startswith(few)


@pytest.mark.parametrize("other", ["--seed 4", "--split test --seed 3", "--variant villages --seed 3"])
def test_another_seed_part_or_variant_makes_other_trajectories(made, other):
    def numbers(options: str) -> list[list[str]]:
        path = made("covid", f"--trajectories 2 --steps 5 {options}")
        return [list(row.values())[1:] for row in rows_of(path)]

    assert numbers("--seed 3") != numbers(other)


@pytest.mark.parametrize(
    ("variant", "susceptible", "infective"),
    [("cities", (900, 1000), (1, 20)), ("villages", (50, 100), (1, 5))],
)
def test_trajectories_begin_within_the_spans_of_their_variant(made, variant, susceptible, infective):
    first = [row for row in rows_of(made("covid", f"--variant {variant} --steps 1")) if row["t"] == "0"]

    assert len(first) == 100
    for column, (least, greatest) in (("S", susceptible), ("I", infective)):
        found = {int(row[column]) for row in first}
        assert least <= min(found)
        assert max(found) <= greatest
        assert len(found) > min(4, greatest - least)


def test_infections_and_recoveries_are_as_frequent_as_the_formulas_of_the_specification_say(made):
    rows = rows_of(made("covid", "--variant lockdowns --trajectories 60 --seed 1"))

    infections, recoveries = Sample(), Sample()
    for before, after in pairwise(rows):
        if before["trajectory"] == after["trajectory"]:
            s, i, r = (int(before[name]) for name in "SIR")
            force = 0.5 * (1 - float(before["lockdown"])) * i / (s + i + r)
            infections.add(s, 1 - math.exp(-force), s - int(after["S"]))
            recoveries.add(i, 0.1, int(after["R"]) - r)
    for sample in (infections, recoveries):
        assert abs(sample.z) < 4.5, sample.z


class Sample:
    """Numbers of successes in trials."""

    def __init__(self) -> None:
        self.excess = self.variance = 0.0

    def add(self, trials: int, probability: float, successes: int) -> None:
        self.excess += successes - trials * probability
        self.variance += trials * probability * (1 - probability)

    @property
    def z(self) -> float:
        """By how many standard deviations the successes are too many."""
        return self.excess / math.sqrt(self.variance)


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_variant_of_each_system_makes_data_that_can_be_read_and_started_from(made, system):
    contract = load_contract(ROOT / "contracts" / f"{system}.yaml")
    data = load_data_file(ROOT / "scenarios" / system / "data.yaml")

    assert check_data_file(data, contract) == []
    for variant in data.variants:
        dataset = load_dataset(made(system, f"--variant {variant} --trajectories 3 --steps 20"), contract)
        assert len(dataset) == 3
        assert len(transitions_of(dataset, contract).starts) == 60


@pytest.mark.parametrize("name", ["made.xlsx", "made"])
def test_a_sort_of_file_that_is_not_written_is_refused(capsys, tmp_path, name):
    assert main(["data", str(ROOT / "scenarios" / "covid"), "--out", str(tmp_path / name)]) == 2

    assert f"--out must end in .csv or .parquet, and {tmp_path / name} does not" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_variant_that_there_is_not_is_refused_with_those_that_there_are(capsys):
    assert main(["data", str(ROOT / "scenarios/covid"), "--variant", "towns", "--out", "x.csv"]) == 2

    assert capsys.readouterr().err == (
        "gsim-devs: there is no variant 'towns'; there are cities, villages, lockdowns\n"
    )


def test_a_data_file_that_disagrees_with_its_contract_is_told_so():
    contract = load_contract(ROOT / "contracts/covid.yaml")
    text = """
    system: covid
    variants:
      odd:
        arguments: {susceptable: 3, infective: [5, 1]}
        actions: {mask: {between: [0, 1]}, lockdown: {between: [1, 0]}}
    """

    assert check_data_file(parse_yaml(DataFile, text, "data.yaml"), contract) == [
        "odd: there is no argument 'susceptable' in the contract",
        "odd: infective lies between 5 and 1; the first should not be larger",
        "odd: there is no action 'mask' in the contract",
        "odd: lockdown lies between 1 and 0; the first should not be larger",
    ]
