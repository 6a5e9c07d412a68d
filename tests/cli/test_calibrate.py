import json
from hashlib import sha256

import pytest

from tests.calibration.test_fitting import write_data
from tests.observation.leaky import MOST, leaky_simulator, write_files
from tests.observation.sir import ARRAYS, sir_simulator


@pytest.fixture
def town(tmp_path):
    write_data(tmp_path / "data.csv", 6)
    return sir_simulator(tmp_path / "sir", arrays=ARRAYS)


def test_the_estimate_is_told_kept_and_applied(gsim_devs, tmp_path, town):
    ended = gsim_devs(
        "calibrate",
        "sir",
        "--data",
        "data.csv",
        "--budget",
        "200",
        "--seed",
        "3",
        "--apply",
        "--json",
        "estimate.json",
    )

    estimate = json.loads((tmp_path / "estimate.json").read_text())
    assert ended.returncode == 0, ended.stderr
    assert "beta = " in ended.stdout
    assert estimate["point"]["beta"] == pytest.approx(0.7, abs=0.25)
    assert json.loads((town / "parameters.json").read_text()) == estimate["point"]
    manifest = json.loads((town / "manifest.json").read_text())
    assert manifest["calibrated"] == {"method": "auto", "seed": 3}
    for name, expected in manifest["files"].items():
        assert sha256((town / name).read_bytes()).hexdigest() == expected, name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "hope"], "unknown method 'hope'"),
        (["--objective", "rmse"], "unknown objective 'rmse'"),
        (["--budget", "0"], "a budget of 0 simulations is none"),
        (["--start", "nothing.json"], "cannot read the estimate nothing.json"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--rules", "rules.yaml"], "give both --rules FILE and --cases FILE"),
        (["--rules", "r.yaml", "--cases", "c.yaml", "--posterior"], "a posterior is learnt from data alone"),
        (["--rules", "r.yaml", "--cases", "c.yaml"], "r.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(gsim_devs, town, words, said):
    ended = gsim_devs("calibrate", "sir", "--data", "data.csv", *words)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_rules_keep_the_estimate_from_what_they_forbid(gsim_devs, tmp_path):
    write_data(tmp_path / "data.csv", 6)
    write_files(tmp_path)
    leaky_simulator(tmp_path / "leaky", arrays=True)

    ended = gsim_devs(
        "calibrate", "leaky", "--data", "data.csv", "--budget", "120", "--rules", "rules.yaml",
        "--cases", "cases.yaml", "--json", "estimate.json",
    )  # fmt: skip

    estimate = json.loads((tmp_path / "estimate.json").read_text())
    assert ended.returncode == 0, ended.stderr
    assert "under stress: no rule is broken" in ended.stdout
    assert estimate["point"]["leak"] <= MOST
    assert estimate["broken"] == {}


def test_parameters_in_another_unit_are_not_taken_over_and_that_is_said(gsim_devs, tmp_path, town):
    earlier = {"method": "cma", "seed": 0, "status": "converged", "sentence": "",
               "point": {"beta": 0.7, "gamma": 0.2}, "units": {"beta": "1/week", "gamma": "1/day"}}  # fmt: skip
    (tmp_path / "earlier.json").write_text(json.dumps(earlier))

    ended = gsim_devs("calibrate", "sir", "--data", "data.csv", "--budget", "20", "--start", "earlier.json")

    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == (
        "gsim-devs: earlier.json: beta is not taken over: its unit is 1/week in the estimate, and 1/day here\n"
    )
