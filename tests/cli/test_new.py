"""`gsim-devs new`: the four files of a system."""

from __future__ import annotations

import pytest

from gsim_devs.cli import main

FILES = ["specs/{}.md", "contracts/{}.yaml", "trace_checkers/{}.yaml", "scenarios/{}/cases.yaml"]


@pytest.mark.parametrize("name", ["shop", "my_shop-2"])
def test_a_new_system_has_its_four_files_and_validates(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)

    code = main(["new", name])
    written = capsys.readouterr().out.split()

    assert code == 0
    assert written == [file.format(name) for file in FILES]
    assert main(["validate", name]) == 0
    for file in written:
        assert name in (text := (tmp_path / file).read_text())
        assert "SYSTEM_ID" not in text


def test_nothing_that_exists_is_overwritten(tmp_path, capsys):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "shop.md").write_text("mine")

    code = main(["new", "shop", "--root", str(tmp_path)])

    assert code == 2
    assert "specs/shop.md exists already; nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*.*")] == ["shop.md"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CarWash", " (did you mean 'carwash'?)"),
        ("Car Wash", " (did you mean 'car-wash'?)"),
        ("car_Wash", " (did you mean 'car_wash'?)"),
        ("1shop", ""),
    ],
)
def test_a_name_is_told_how_it_may_be_written(tmp_path, capsys, name, hint):
    assert main(["new", name, "--root", str(tmp_path)]) == 2

    wanted = "should be small letters and digits, a letter first, joined by _ or -"
    told = f"gsim-devs: {name!r} cannot be the name of a system; it {wanted}{hint}\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("name", ["Shop", "../shop", "a b", "a: b", "", "1shop", "shop\n", "s" * 65])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, capsys, name):
    code = main(["new", name, "--root", str(tmp_path / "deep")])

    assert code == 2
    assert capsys.readouterr().err.startswith("gsim-devs: ")
    assert not list(tmp_path.rglob("*"))
