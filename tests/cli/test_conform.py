"""`gsim-devs conform`: simulators of all sorts, tried on a scenario."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gsim_devs.assembly import pack
from gsim_devs.cli import main

ROOT = Path(__file__).parents[2]
ABP = str(ROOT / "scenarios" / "abp")
FEW = ["--scenario", ABP, "--cases", "abp-01,abp-03"]


@pytest.fixture(scope="module")
def assembled(tmp_path_factory):
    """The reference of the alternating bit protocol, and one whose sender prepares half a millisecond too long."""
    folder = tmp_path_factory.mktemp("simulators")
    source = folder / "source"
    shutil.copytree(ROOT / "scenarios/abp/reference", source)
    for name in ("sound", "late"):
        folders = [str(source / "plan.yaml"), str(source), "--out", str(folder / name)]
        main(["assemble", *folders, "--contract", str(ROOT / "contracts/abp.yaml")])
        sender = source / "components/sender.py"
        sender.write_text(
            sender.read_text().replace("self.after(self.sender_delay,", "self.after(self.sender_delay + 0.5,")
        )
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_reference_is_assembled_on_the_way(capsys):
    assert main(["conform", "reference", *FEW]) == 0

    out = capsys.readouterr().out
    assert "operational  1.000  (2 of 2 cases)" in out
    assert "behavioural  1.000" in out


def test_a_folder_a_zipapp_a_file_and_a_command_line_are_simulators(assembled, tmp_path, capsys):
    packed = pack(assembled / "sound", tmp_path / "abp.pyz")
    file = tmp_path / "run me.py"
    file.write_text(f"import runpy; runpy.run_path({str(assembled / 'sound')!r}, run_name='__main__')")
    command = f"{sys.executable} '{file}' {{args}}"

    for simulator in (assembled / "sound", packed, file, command):
        assert main(["conform", str(simulator), *FEW]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("folder", "scenario"),
    [(".", "abp"), (".", "scenarios/abp/"), ("scenarios", "./abp"), ("tests", "../scenarios/abp")],
)
def test_scenarios_are_found_by_name_in_the_current_folder_and_elsewhere_by_path(
    folder, scenario, monkeypatch
):
    monkeypatch.chdir(ROOT / folder)

    assert main(["conform", "reference", "--scenario", scenario, "--cases", "abp-01"]) == 0


def test_what_is_wrong_ends_in_1_and_stands_in_every_report(assembled, capsys):
    code = main(["conform", str(assembled / "late"), *FEW, "--json", "out.json", "--junit", "out.xml"])

    out = capsys.readouterr().out
    data = json.loads(Path("out.json").read_text())
    assert code == 1
    assert "component rule; entity sender, component sender" in out
    assert "--total_packets 1 --seed 31 --simulate_time 200 < /dev/null" in out
    assert data["operational"] == 1.0
    assert 0.5 < data["behavioural"] < 1.0
    names = {
        test.get("name") for test in ET.parse("out.xml").iter("testcase") if test.find("failure") is not None
    }
    assert "preparation-takes-its-time" in names


def test_a_reference_that_is_wrong_can_be_made_again_by_hand(assembled, tmp_path, capsys):
    for name in ("contracts", "trace_checkers"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copytree(ABP, tmp_path / "scenarios/abp")
    sender = tmp_path / "scenarios/abp/reference/components/sender.py"
    sender.write_text(
        sender.read_text().replace("self.after(self.sender_delay,", "self.after(1 + self.sender_delay,")
    )

    assert main(["conform", "reference", "--scenario", "abp", "--cases", "abp-01"]) == 1

    lines = capsys.readouterr().out.splitlines()
    (made,) = (number for number, line in enumerate(lines) if line.startswith("  made by "))
    assert next(number for number, line in enumerate(lines) if line.startswith("  again ")) == made + 1
    assert main(lines[made].partition("gsim-devs ")[2].split()) == 0
    assert (tmp_path / "build/abp/__main__.py").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["reference", "--scenario", "nothing"], "there is no scenario 'nothing'"),
        (["reference", "--scenario", ABP, "--cases", "abp-99"], "has no case 'abp-99'"),
        (["reference", "--scenario", ABP, "--jobs", "0"], "--jobs must be at least 1"),
        (["reference", "--scenario", ABP, "--timeout", "nan"], "--timeout must be greater than 0"),
        (["python 'x {args}", "--scenario", ABP], "is no command line"),
        (["build/nowhere", "--scenario", ABP], "gsim-devs: there is no simulator at build/nowhere; "),
    ],
)
def test_what_is_wrong_with_the_call_ends_in_2(arguments, sentence, capsys):
    assert main(["conform", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err


def test_ctrl_c_ends_it_and_what_it_started(tmp_path):
    hanging = tmp_path / "hanging.py"
    hanging.write_text(
        f"import os, pathlib, time\npathlib.Path({str(tmp_path)!r}, f'pid-{{os.getpid()}}').touch()\ntime.sleep(600)"
    )
    command = [sys.executable, "-m", "gsim_devs", "conform", str(hanging), "--scenario", ABP, "--jobs", "2"]
    conforming = subprocess.Popen(command, start_new_session=True)
    while len(list(tmp_path.glob("pid-*"))) < 2:
        assert conforming.poll() is None
        time.sleep(0.02)

    conforming.send_signal(signal.SIGINT)

    assert conforming.wait(timeout=30) == 130
    for path in tmp_path.glob("pid-*"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name.removeprefix("pid-")), 0)


def test_the_reference_is_assembled_where_a_rule_compares_with_it(assembled, tmp_path, capsys):
    for name in ("contracts", "scenarios/abp"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "trace_checkers").mkdir()
    (tmp_path / "trace_checkers/abp.yaml").write_text(
        "system: abp\nrules:\n  - {id: like-the-reference, clause: c, level: system, kind: reference}\n"
    )
    asked = ["--scenario", "abp", "--cases", "abp-03", "--json", "out.json"]

    codes = [main(["conform", str(assembled / name), *asked]) for name in ("sound", "late")]

    assert codes == [0, 1]
    assert json.loads(Path("out.json").read_text())["behavioural"] == 0.0
