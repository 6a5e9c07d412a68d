"""`gsim-devs run`: the simulator takes over."""

from __future__ import annotations

import pytest


@pytest.fixture
def simulator(tmp_path):
    folder = tmp_path / "sim"
    folder.mkdir()
    (folder / "__main__.py").write_text(
        "import sys\nprint(sys.argv[1:], sys.stdin.read())\nprint('note', file=sys.stderr)\nsys.exit(3)\n"
    )
    return folder


def test_everything_passes_through(gsim_devs, simulator):
    result = gsim_devs("run", simulator, "--json", "x", "--help", "-5", "--", "y", given="typed")

    assert result.stdout == "['--json', 'x', '--help', '-5', '--', 'y'] typed\n"
    assert result.stderr == "note\n"
    assert result.returncode == 3


def test_no_room_but_ours_is_imported_on_the_way(gsim_devs, simulator):
    (simulator / "__main__.py").write_text("import sys; print(sorted(sys.modules))")

    result = gsim_devs("run", simulator)

    assert "gsim_devs" not in result.stdout
