"""Sources of components are matched with the plan before anything is written."""

from __future__ import annotations

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.errors import UsageError


def test_sources_are_read_by_the_class_that_a_file_is_named_after(tmp_path):
    (tmp_path / "http_server.py").write_text("class Request: ...\n\n\nclass HTTPServer: ...\n")
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "notes.txt").write_text("no source")

    assert list(read_sources(tmp_path)) == ["HTTPServer"]


def test_sources_are_found_in_the_folder_or_in_its_components(abp, abp_sources):
    assert read_sources(abp) == read_sources(abp / "components") == abp_sources
    assert list(abp_sources) == ["Channel", "Receiver", "Sender"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"class Other: ...", "defines no class whose name is 'desk' in snake case"),
        (b"def desk(:", "not Python, line 1"),
        (b"\xff", "not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, content, message):
    (tmp_path / "desk.py").write_bytes(content)

    with pytest.raises(UsageError, match=f"desk.py: .*{message}"):
        read_sources(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="nowhere: there is no such folder"):
        read_sources(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Sender": None}, "The model Sender has no source; it belongs in components/sender.py."),
        ({"Sander": "class Sander: ..."}, "The source of Sander belongs to no model of the plan."),
        (
            {"Sender": "class Sander: ..."},
            "The source of Sender, components/sender.py, defines no class Sender.",
        ),
        ({"Sender": "class Sender:"}, "The source of Sender, components/sender.py: not Python, line 1: "),
        ({"Sender": "x = 1\0"}, "The source of Sender, components/sender.py: not Python"),
        ({"Sender": "x = '\ud800'"}, "The source of Sender, components/sender.py: not Python"),
        ({"Sender": "(" * 100_000}, "The source of Sender, components/sender.py: not Python"),
        (
            {"Sender": "# coding: nonsense\nclass Sender: ..."},
            "The source of Sender, components/sender.py: not Python",
        ),
    ],
)
def test_sources_that_do_not_fit_the_plan_are_refused(
    tmp_path, abp_plan, abp_contract, abp_sources, changes, message
):
    sources = {name: text for name, text in {**abp_sources, **changes}.items() if text is not None}

    with pytest.raises(UsageError) as refusal:
        assemble(abp_plan, sources, abp_contract, tmp_path / "abp")

    assert message in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_every_defect_is_told_at_once(tmp_path, abp_plan, abp_contract, abp_sources):
    with pytest.raises(UsageError) as refusal:
        assemble(abp_plan, {"Sender": "x = 1", "Other": ""}, abp_contract, tmp_path / "abp")

    assert len(str(refusal.value).splitlines()) == 4
