"""The simulator's folder: complete or not there, the same for the same input, never over anything else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gsim_devs.assembly import assemble, folder
from gsim_devs.contracts import Contract, PlanTree, from_data, load_contract, load_plan
from gsim_devs.errors import ModelError, UsageError

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "scenarios" / "abp" / "reference"


@pytest.fixture
def put(abp_plan, abp_contract, abp_sources):
    return lambda into: assemble(abp_plan, abp_sources, abp_contract, into)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_everything_is_there_and_the_manifest_has_its_hash(abp):
    files = content(abp)
    manifest = json.loads(files.pop("manifest.json"))

    assert manifest["files"] == {name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
    assert {name for name in files if not name.startswith("runtime/")} == {
        "__main__.py",
        "components/__init__.py",
        "components/channel.py",
        "components/receiver.py",
        "components/sender.py",
        "contract.json",
        "messages.py",
        "parameters.json",
        "plan.json",
        "system.py",
    }
    assert (manifest["system"], manifest["origin"]) == ("abp", "by hand")
    assert set(manifest["versions"]) == {"python", "xdevs", "gsim_devs"}


def test_plan_and_contract_come_back_as_they_went_in(abp, abp_plan, abp_contract):
    assert load_plan(abp / "plan.json") == abp_plan
    assert load_contract(abp / "contract.json") == abp_contract


def test_components_and_runtime_are_copied_byte_for_byte(abp):
    files = content(abp)
    runtime = ROOT / "gsim_devs" / "runtime"

    for path in (REFERENCE / "components").glob("*.py"):
        assert files[f"components/{path.name}"] == path.read_bytes()
    for path in runtime.rglob("*.py"):
        assert f"runtime/{path.relative_to(runtime).as_posix()}" in files


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_same_input_makes_the_same_bytes(abp, tmp_path, hash_seed):
    program = (
        "import sys; from pathlib import Path; from gsim_devs.assembly import *; from gsim_devs.contracts import *\n"
        "reference, contract, into = map(Path, sys.argv[1:])\n"
        "assemble(load_plan(reference / 'plan.yaml'), read_sources(reference), load_contract(contract), into)\n"
    )
    command = [sys.executable, "-c", program, REFERENCE, ROOT / "contracts" / "abp.yaml", "elsewhere/other"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)

    assert content(tmp_path / "elsewhere" / "other") == content(abp)


PUMP = """
system: one
models:
  Pump: {function: x, emits: [on], arguments: {rate: float, shares: "tuple[float, ...]"}}
root:
  name: One
  children:
    - {name: pump, model: Pump, arguments: {rate: {parameter: rate}, shares: {parameter: shares}}}
"""
PUMP_CONTRACT = """
id: one
title: One
time: {unit: s}
horizon: {argument: until}
arguments: {until: {type: number}}
events: [{entity: pump, event: on}]
parameters:
  rate: {type: real, minimum: 0, maximum: 1, value: 0.1}
  shares: {type: simplex, value: [0.5, 0.5]}
"""


def test_parameters_have_the_values_of_the_contract(simulator):
    folder = simulator(PUMP, PUMP_CONTRACT)

    assert json.loads((folder / "parameters.json").read_text()) == {"rate": 0.1, "shares": [0.5, 0.5]}


def test_an_older_simulator_is_replaced(put, tmp_path):
    into = put(tmp_path / "abp")
    before = content(into)
    (into / "system.py").write_text("stale")
    (into / "runtime" / "__pycache__").mkdir()
    (into / "runtime" / "__pycache__" / "stale.pyc").write_text("stale")

    assert content(put(into)) == before
    assert not (into / "runtime" / "__pycache__").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["abp"]


def test_an_empty_folder_is_used(put, tmp_path):
    (tmp_path / "abp").mkdir()

    assert (put(tmp_path / "abp") / "system.py").is_file()


def other_folder(into: Path) -> None:
    into.mkdir()
    (into / "thesis.txt").write_text("years of work")


def other_manifest(into: Path) -> None:
    into.mkdir()
    (into / "manifest.json").write_text('{"name": "a web page"}')


def file(into: Path) -> None:
    into.write_text("years of work")


def link(into: Path) -> None:
    target = into.with_name("elsewhere")
    target.mkdir()
    into.symlink_to(target)


def dangling_link(into: Path) -> None:
    into.symlink_to(into.with_name("nowhere"))


@pytest.mark.parametrize("occupy", [other_folder, other_manifest, file, link, dangling_link])
def test_anything_else_is_left_alone(put, tmp_path, occupy):
    occupy(tmp_path / "abp")
    before = content(tmp_path)

    with pytest.raises(UsageError, match="abp"):
        put(tmp_path / "abp")

    assert content(tmp_path) == before


@pytest.mark.parametrize("name", ["components/trace.jsonl", ".git"])
def test_what_somebody_laid_into_a_simulator_is_not_lost(put, tmp_path, name):
    into = put(tmp_path / "abp")
    (into / name).write_text("years of work")

    with pytest.raises(UsageError, match=f"holds {name}, which is not part of the simulator"):
        put(into)


def test_a_link_inside_an_older_simulator_is_removed_and_not_followed(put, tmp_path):
    into = put(tmp_path / "abp")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "system.py").write_text("years of work")
    (into / "system.py").unlink()
    (into / "system.py").symlink_to(outside / "system.py")

    put(into)

    assert not (into / "system.py").is_symlink()
    assert (outside / "system.py").read_text() == "years of work"


def test_a_manifest_of_ours_behind_a_link_does_not_count(put, abp, tmp_path):
    into = tmp_path / "abp"
    into.mkdir()
    (into / "manifest.json").symlink_to(abp / "manifest.json")

    with pytest.raises(UsageError, match="is no simulator"):
        put(into)


def test_a_full_disk_leaves_the_older_simulator(put, tmp_path, monkeypatch):
    into = put(tmp_path / "abp")
    before = content(into)

    def full(files, beside):
        beside.mkdir()
        (beside / "half").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "_write", full)
    with pytest.raises(UsageError, match="abp: cannot be written: No space left on device"):
        put(into)

    assert content(into) == before
    assert [path.name for path in tmp_path.iterdir()] == ["abp"]


def test_a_place_that_cannot_be_written_is_named(put, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be written: File exists"):
        put(tmp_path / "file" / "abp")


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("root", "couplings", 0, "to"), "forward.enterd", "forward.enterd"),
        (("root", "children", 1, "name"), "sender", "2 children of the root are called 'sender'"),
        (
            ("models", "Sender", "outputs", "packet_out", "initial"),
            False,
            "Nobody sends first in the feedback loop",
        ),
        (("models", "Sender", "arguments", "timeout"), "str", "binds 'timeout', which is str"),
        (("system",), "other", "The plan is for the system 'other', the contract for 'abp'."),
    ],
)
def test_a_plan_with_a_defect_makes_nothing(
    tmp_path, abp_plan, abp_contract, abp_sources, place, value, sentence
):
    data = abp_plan.model_dump(mode="json", by_alias=True)
    held = data
    for key in place[:-1]:
        held = held[key]
    held[place[-1]] = value

    with pytest.raises(ModelError) as refusal:
        assemble(from_data(PlanTree, data, "plan"), abp_sources, abp_contract, tmp_path / "abp")

    assert sentence in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_contract_that_asks_for_more_makes_nothing(tmp_path, abp_plan, abp_contract, abp_sources):
    data = abp_contract.model_dump(mode="json", by_alias=True)
    data["events"].append({"entity": "sender", "event": "done"})

    with pytest.raises(ModelError, match="No component reports the event 'done' of 'sender'"):
        assemble(abp_plan, abp_sources, from_data(Contract, data, "contract"), tmp_path / "abp")
