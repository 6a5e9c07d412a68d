"""The README does what it says: its files are written, its commands are run, their output is compared.

In a ```console block a line that starts with `$ ` is a command and what follows is its output, where `...` stands for
anything. The first word of another block is its language, the second the file that it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# This very test runs in it.
NOT_RUN = ["make test"]


@pytest.fixture
def clone(tmp_path):
    """A copy of the repository, as one has it after installing."""
    left_out = shutil.ignore_patterns(".*", "build", "dist", "tests", "__pycache__")
    shutil.copytree(ROOT, tmp_path / "gsim_devs", ignore=left_out)
    (tmp_path / "gsim_devs" / ".venv").symlink_to(sys.prefix)
    return tmp_path / "gsim_devs"


def commands_of(block: str) -> list[tuple[str, str]]:
    pairs = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        pairs.append((command, output))
    return pairs


def fits(expected: str, actual: str) -> bool:
    pattern = re.escape(expected).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def shown(command: str, folder: Path) -> str:
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        # In the order in which a terminal shows it.
        "PYTHONUNBUFFERED": "1",
        # Nothing is to be installed from a copy.
        "MAKEFLAGS": "INSTALLED=",
    }
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, text=True, check=False, timeout=120,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout


def test_every_block_of_the_readme_holds(clone):
    ran, folder = 0, clone
    for language, file, text in BLOCK.findall(README):
        if file:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
            continue
        assert language == "console", f"a block of {language} must name its file"
        for command, expected in commands_of(text):
            if command.startswith("cd "):
                folder = (folder / command.removeprefix("cd ")).resolve()
                assert folder.is_dir()
            elif command not in NOT_RUN:
                actual = shown(command, folder)
                assert fits(expected, actual), f"$ {command}\n{actual}"
                ran += 1

    assert ran > 5


def test_the_comparison_can_fail():
    assert fits("a ... c\n", "a b c\n")
    assert not fits("a ... c\n", "a b d\n")
    assert not fits("a\n", "a\nb\n")


def test_the_table_of_dependencies_is_what_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {"base": project["dependencies"], **project["optional-dependencies"]}

    rows = re.findall(r"^\| ([\w, -]+) \| `?(\w+)`? \| [^|]{10,} \|$", README, re.MULTILINE)

    told: dict[str, set[str]] = {}
    for names, extra in rows:
        told.setdefault(extra, set()).update(names.split(", "))
    assert told == {
        extra: {re.split(r"[<>=]", name)[0] for name in names} for extra, names in declared.items()
    }


def test_every_link_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]

    assert [link for link in links if not (ROOT / link).exists()] == []
