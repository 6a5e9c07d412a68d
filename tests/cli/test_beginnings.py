"""What simulations begin with where the data do not tell it."""

import json

import pytest

from tests.calibration.test_fitting import write_data
from tests.observation.sir import ARRAYS, sir_simulator

COMMANDS = {"calibrate": ("--budget", "20"), "diagnose": ("--draws", "19")}


@pytest.fixture
def ill(tmp_path):
    """The town has 89 to 83 susceptible at the beginning; only the infective are observed."""
    write_data(tmp_path / "data.csv", 6, columns=("I",))
    return sir_simulator(tmp_path / "sir", arrays=ARRAYS)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_data_do_not_tell_is_said_with_what_is_taken_instead(gsim_devs, ill, command):
    ended = gsim_devs(command, "sir", "--data", "data.csv", *COMMANDS[command])

    assert ended.returncode < 2, ended.stderr
    assert (
        "gsim-devs: the data do not tell S and R at the beginning: simulations begin with susceptible = 90, "
        "recovered = 0; --arg susceptible=… changes that\n"
    ) in ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_given_is_not_said(gsim_devs, ill, command):
    words = ("--arg", "susceptible=87", "--arg", "recovered=0")

    ended = gsim_devs(command, "sir", "--data", "data.csv", *words, *COMMANDS[command])

    assert ended.returncode < 2, ended.stderr
    assert "at the beginning" not in ended.stderr


def test_what_is_given_is_simulated(gsim_devs, tmp_path, ill):
    """In a town of many, one infective infects more of them than among few."""
    rates = []
    for number in (30, 2000):
        ended = gsim_devs(
            "calibrate", "sir", "--data", "data.csv", "--budget", "150", "--json", "estimate.json",
            "--arg", f"susceptible={number}",
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        rates.append(json.loads((tmp_path / "estimate.json").read_text())["point"]["gamma"])

    # The few are ill for long, or there would not be so many of them; the many recover at once.
    assert rates[0] < 0.2 < rates[1]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("infective=3", "--arg infective: the data tell it, as I"),
        ("days=3", "--arg days: the data and --seed decide it"),
        ("beds=3", "unknown argument beds"),
        ("susceptible=many", "--susceptible must be a whole number, not 'many'"),
        ("susceptible", "--arg takes NAME=VALUE, not 'susceptible'"),
    ],
)
def test_an_argument_that_cannot_be_is_refused_in_one_line(gsim_devs, ill, command, word, said):
    ended = gsim_devs(command, "sir", "--data", "data.csv", "--arg", word)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_some_trajectories_that_do_not_tell_are_counted_and_first_rows_alone_are_said_to_be_few(
    gsim_devs, tmp_path, ill
):
    write_data(tmp_path / "data.csv", 4)
    rows = [line.split(",") for line in (tmp_path / "data.csv").read_text().splitlines()]
    for row in rows[1:]:
        if row[1] != "0" or row[0] == "town 2":
            row[4] = ""
    (tmp_path / "data.csv").write_text("\n".join(",".join(row) for row in rows) + "\n")

    ended = gsim_devs("calibrate", "sir", "--data", "data.csv", "--budget", "20")

    assert ended.returncode == 0, ended.stderr
    assert (
        "do not tell R at the beginning of 1 of 4 trajectories: simulations begin with recovered = 0"
        in ended.stderr
    )
    assert "only a few rows of the data tell the whole state: whole courses are compared" in ended.stderr


def test_what_was_applied_and_what_was_not_is_said(gsim_devs, tmp_path, ill):
    write_data(tmp_path / "data.csv", 4)

    ended = gsim_devs(
        "calibrate", "sir", "--data", "data.csv", "--budget", "150", "--apply", "--method", "cma"
    )

    held = json.loads((ill / "parameters.json").read_text())
    now = ", ".join(f"{name} = {value}" for name, value in held.items())
    assert ended.stderr == f"gsim-devs: parameters.json of sir now has {now}\n"
