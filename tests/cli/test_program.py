"""What holds for every command: fast, light, and polite about errors."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gsim_devs.cli import main
from gsim_devs.cli.program import COMMANDS

HEAVY = {"torch", "openai", "evotorch", "sbi", "scipy", "ray"}


@pytest.fixture
def modules_after(tmp_path):
    """Which modules stand in a fresh interpreter after a command."""

    def call(*arguments: str) -> set[str]:
        text = (
            "import sys, gsim_devs.cli\n"
            "try: code = gsim_devs.cli.main(sys.argv[1:])\n"
            "except SystemExit as end: code = end.code\n"
            "assert not code, code\n"
            "print('MODULES', *sys.modules)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", text, *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return set(done.stdout.rpartition("MODULES ")[2].split())

    return call


def test_help_names_every_command(gsim_devs):
    result = gsim_devs("--help")

    assert result.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"\n    {command.__name__.rpartition('.')[2]}\s", result.stdout)


def test_help_imports_nothing_that_is_heavy_or_slow(modules_after):
    modules = modules_after("--help")

    assert not modules & (HEAVY | {"numpy", "pydantic", "yaml", "jsonschema"})


def test_writing_and_validating_a_system_imports_no_torch_openai_evotorch_sbi(modules_after):
    for arguments in (["new", "shop"], ["validate", "shop"], ["schema", "contract"]):
        modules = modules_after(*arguments)

        assert not modules & (HEAVY | {"numpy"})


def test_an_error_is_one_line_on_stderr_and_no_traceback(gsim_devs):
    result = gsim_devs("run", "nowhere")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "gsim-devs: there is no simulator at nowhere\n"


def test_an_unknown_command_is_refused_by_name(gsim_devs):
    result = gsim_devs("frobnicate")

    assert result.returncode == 2
    assert "frobnicate" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("valdate", "there is no command 'valdate'; did you mean validate?"),
        ("conformance", "there is no command 'conformance'; did you mean conform?"),
        ("frobnicate", "there is no command 'frobnicate'; there are new, validate, build, "),
    ],
)
def test_a_misspelt_command_is_told_what_it_may_be(capsys, word, told):
    with pytest.raises(SystemExit) as caught:
        main([word, "abp"])

    assert caught.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such file here")
def test_a_file_that_cannot_be_written_is_told(capsys, tmp_path):
    main(["new", "shop", "--root", str(tmp_path)])

    code = main(["validate", "shop", "--root", str(tmp_path), "--json", "/dev/full"])

    assert code == 1
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "--json"],
        ["build", "nothing", "--json"],
        ["diagnose", "nothing", "--data", "nothing", "--json"],
        ["calibrate", "nothing", "--data", "nothing", "--json"],
        ["whatif", "nothing", "--json"],
        ["whatif", "nothing", "--csv"],
        ["optimise", "nothing", "--over", "x=1", "--cost", "x", "--csv"],
        ["data", "nothing", "--out"],
    ],
)
def test_a_file_that_could_not_be_written_is_told_before_any_work(capsys, tmp_path, words):
    for place, said in ((tmp_path / "nowhere" / "file", "there is no folder"), (tmp_path, "is a folder")):
        with pytest.raises(SystemExit) as caught:
            main([*words, str(place)])

        assert caught.value.code == 2
        assert said in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "gsim_devs", "schema", "contract"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
    )  # fmt: skip
    process.stdout.close()

    _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (0, b"")


def test_ctrl_c_ends_quietly(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("gsim_devs.cli.schema.call", interrupted)
    code = main(["schema", "contract"])

    assert code == 130
    assert capsys.readouterr().err == ""
