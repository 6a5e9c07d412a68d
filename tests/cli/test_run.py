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


def test_what_a_language_model_wrote_is_contained(gsim_devs, simulator, tmp_path):
    (simulator / "manifest.json").write_text('{"origin": "a language model"}')
    mark = tmp_path / "mark"
    (simulator / "__main__.py").write_text(
        f"import sys\nprint(sys.argv[1:], sys.stdin.read(), flush=True)\nopen({str(mark)!r}, 'w').write('here')\n"
    )

    result = gsim_devs("run", simulator, "--x", "1", given="typed")

    assert result.stdout == "['--x', '1'] typed\n"
    assert "Error" in result.stderr
    assert result.returncode == 1
    assert not mark.exists() or not mark.read_text()


def test_containment_can_be_chosen(gsim_devs, simulator, tmp_path):
    (simulator / "manifest.json").write_text('{"origin": "a language model"}')
    mark = tmp_path / "mark"
    (simulator / "__main__.py").write_text(f"open({str(mark)!r}, 'w').write('here')\n")

    trusted = gsim_devs("run", "--isolation", "none", simulator)
    unknown = gsim_devs("run", "--isolation", "glass", simulator)

    assert (trusted.returncode, mark.read_text()) == (0, "here")
    assert unknown.returncode == 2
    assert "there is no isolation 'glass'" in unknown.stderr
