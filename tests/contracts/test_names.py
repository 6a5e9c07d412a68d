"""Names that would break the code written from them are refused."""

from __future__ import annotations

import pytest

from gsim_devs.contracts import snake_case
from gsim_devs.contracts.names import ATTRIBUTES, attribute_defect, class_defect, snake_defect
from gsim_devs.runtime import Atomic, Coupled


@pytest.mark.parametrize("kind", [Atomic, Coupled])
def test_every_public_name_of_the_runtime_is_refused(kind):
    names = {name for name in {*dir(kind), *vars(kind())} if not name.startswith("_")}

    assert names <= ATTRIBUTES


@pytest.mark.parametrize("name", ["sender", "ack_in", "a1", "x_2"])
def test_good_names(name):
    assert attribute_defect(name) is None


@pytest.mark.parametrize("name", ["Sender", "_x", "x_", "a__b", "1a", "", "for", "ä", "a-b", "a b", "x\n"])
def test_bad_names(name):
    assert snake_defect(name) is not None


@pytest.mark.parametrize(
    "name", ["sender", "Ack_Channel", "None", "Exception", "Kernel", "Import", "", "Ä", "A" * 101]
)
def test_bad_class_names(name):
    assert class_defect(name) is not None


def test_the_longest_class_still_has_a_file(tmp_path):
    name = "Ab" * 50

    assert class_defect(name) is None
    (tmp_path / f"{snake_case(name)}.py").touch()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("AckChannel", "ack_channel"),
        ("HTTPServer", "http_server"),
        ("Stage2", "stage2"),
        ("A", "a"),
        ("TPM", "tpm"),
    ],
)
def test_a_class_is_written_to_the_file_of_its_name(name, file):
    assert snake_case(name) == file
