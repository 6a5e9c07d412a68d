"""`gsim-devs assemble`: a simulator from files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gsim_devs.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def abp(tmp_path, monkeypatch):
    """A folder with what there is of the alternating bit protocol, seen from inside."""
    for place in ("contracts/abp.yaml", "scenarios/abp/reference"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / place).is_dir() else shutil.copy
        copy(ROOT / place, tmp_path / place)
    monkeypatch.chdir(tmp_path)
    return Path("scenarios/abp/reference")


def test_what_is_assembled_runs(abp, gsim_devs, capsys):
    code = main(["assemble", str(abp / "plan.yaml"), str(abp / "components"), "--out", "build/abp"])
    result = gsim_devs("run", "build/abp", "--total_packets", "1", "--seed", "31", "--simulate_time", "200")

    assert code == 0
    assert capsys.readouterr().out == ""
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 7


def test_the_contract_can_lie_elsewhere(abp):
    Path("contracts/abp.yaml").rename("moved.yaml")

    parts = [str(abp / "plan.yaml"), str(abp / "components"), "--out", "out"]

    assert main(["assemble", *parts]) == 2
    assert main(["assemble", *parts, "--contract", "moved.yaml"]) == 0


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("plan.yaml", "to: forward.entered", "to: forward.enterd", "enterd"),
        ("plan.yaml", "emits:", "emit:", "emit"),
        ("components/sender.py", "class Sender", "class Sendre", "defines no class whose name is 'sender'"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(abp, capsys, file, old, new, complaint):
    text = (abp / file).read_text()
    assert old in text
    (abp / file).write_text(text.replace(old, new, 1))

    code = main(["assemble", str(abp / "plan.yaml"), str(abp / "components"), "--out", "out"])

    assert code == 2
    assert complaint in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_file_that_is_missing_or_misnamed_is_told_with_its_model(abp, capsys):
    (abp / "components/sender.py").rename(abp / "components/senders.py")

    for sources in (abp, abp / "components"):
        assert main(["assemble", str(abp / "plan.yaml"), str(sources), "--out", "out"]) == 2
        assert capsys.readouterr().err.splitlines() == [
            "gsim-devs: model Sender has no components/sender.py",
            "gsim-devs: components/senders.py belongs to no model",
        ]
    assert not Path("out").exists()


def test_a_component_that_disagrees_with_the_plan_is_told_and_assembled(abp, capsys):
    sender = abp / "components/sender.py"
    sender.write_text(sender.read_text().replace("self.on_prepared, order=3", "self.on_prepared, order=2"))

    assert main(["assemble", str(abp / "plan.yaml"), str(abp), "--out", "out"]) == 0

    warning, ready = capsys.readouterr().err.splitlines()
    assert warning.startswith("gsim-devs: warning: scenarios/abp/reference/components/sender.py: Line ")
    assert warning.endswith("on_prepared is set with order 2; the plan says 3.")
    assert "out is ready" in ready
