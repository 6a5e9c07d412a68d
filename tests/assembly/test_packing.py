"""One file that runs like the folder that it was made from."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from gsim_devs.assembly import pack
from gsim_devs.errors import UsageError

RUN = ("--total_packets", "3", "--seed", "17")


@pytest.fixture
def own(abp, tmp_path):
    """A copy of the reference simulator that a test may change."""
    return shutil.copytree(abp, tmp_path / "abp")


def test_the_trace_is_the_same_byte_for_byte(abp, tmp_path):
    archive = pack(abp, tmp_path / "abp.pyz")

    traces = [
        subprocess.run(
            [sys.executable, "-I", path, *RUN], cwd=tmp_path, capture_output=True, check=True
        ).stdout
        for path in (abp, archive)
    ]

    assert traces[0] == traces[1]
    assert traces[0].count(b"\n") > 20


def test_the_same_folder_makes_the_same_bytes(abp, own, tmp_path):
    (own / "runtime" / "__pycache__").mkdir(exist_ok=True)
    (own / "runtime" / "__pycache__" / "x.pyc").write_text("x")
    (own / "note.txt").touch()

    assert pack(abp, tmp_path / "one.pyz").read_bytes() == pack(own, tmp_path / "two.pyz").read_bytes()


def test_calibrated_parameters_travel_along(own, tmp_path):
    (own / "parameters.json").write_text('{"of": "another time"}')

    assert b"another time" in pack(own, tmp_path / "abp.pyz").read_bytes()


def test_an_older_archive_is_replaced_and_can_be_run_by_its_name(abp, tmp_path):
    pack(abp, tmp_path / "abp.pyz")

    assert pack(abp, tmp_path / "abp.pyz").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["abp.pyz"]


@pytest.mark.parametrize("occupied", ["file", "folder", "link"])
def test_anything_else_is_left_alone(abp, tmp_path, occupied):
    into = tmp_path / "abp.pyz"
    if occupied == "file":
        into.write_text("years of work")
    elif occupied == "folder":
        into.mkdir()
    else:
        into.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UsageError, match="exists and is no packed simulator"):
        pack(abp, into)

    assert [path.name for path in tmp_path.iterdir()] == ["abp.pyz"]


def test_a_folder_that_is_no_simulator_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no simulator of gsim-devs"):
        pack(tmp_path, tmp_path / "x.pyz")


def test_a_lost_file_is_named(own, tmp_path):
    (own / "system.py").unlink()

    with pytest.raises(UsageError, match=r"system.py, which its manifest lists, is not a file in it"):
        pack(own, tmp_path / "x.pyz")


def test_neither_links_nor_paths_lead_out(own, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    (own / "system.py").unlink()
    (own / "system.py").symlink_to(secret)

    with pytest.raises(UsageError, match=r"system.py, which its manifest lists"):
        pack(own, tmp_path / "x.pyz")

    (own / "system.py").unlink()
    (own / "system.py").write_text("")
    manifest = (own / "manifest.json").read_text()
    (own / "manifest.json").write_text(manifest.replace('"system.py"', '"../secret"'))

    with pytest.raises(UsageError, match=r"\.\./secret, which its manifest lists"):
        pack(own, tmp_path / "x.pyz")
