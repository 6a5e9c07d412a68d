"""A calibration that is killed without warning goes on where it was, and says what it would have said."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsim_devs.cli.program import main
from tests.calibration.test_fitting import write_data
from tests.observation.sir import ARRAYS, sir_simulator

CALIBRATE = ["calibrate", "sir", "--data", "data.csv", "--seed", "5"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_data(tmp_path / "data.csv", 6)
    sir_simulator(tmp_path / "sir", arrays=ARRAYS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(journal) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def kill_after(count, journal, *arguments):
    """Kill the command when so many lines of its journal are written."""
    with subprocess.Popen(
        [sys.executable, "-m", "gsim_devs", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as command:
        while lines(journal) < count and command.poll() is None:
            time.sleep(0.002)
        command.kill()
    assert command.returncode < 0


def estimate(*arguments):
    """What the command says, without how long it took."""
    assert main([*CALIBRATE, *arguments, "--json", "estimate.json"]) == 0
    return json.loads(Path("estimate.json").read_text()) | {"seconds": None}


@pytest.mark.parametrize(
    "search",
    [["--method", "cma", "--budget", "900"], ["--method", "npe", "--budget", "500", "--check-posterior"]],
)
def test_killed_and_resumed_it_says_what_it_would_have_said(folder, search):
    journal = folder / "journal"

    kill_after(4, journal, *CALIBRATE, *search, "--resume", "journal")
    reached = lines(journal)
    resumed = estimate(*search, "--resume", "journal")

    assert 4 <= reached < lines(journal)
    assert resumed == estimate(*search)
    assert (resumed["check"] is not None) == ("--check-posterior" in search)
