"""`gsim-devs schema`: JSON Schemas of our files."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from gsim_devs.cli import main


@pytest.mark.parametrize("name", ["contract", "plan", "cases", "rules", "mutants"])
def test_each_schema_is_a_schema(capsys, name):
    code = main(["schema", name])

    schema = json.loads(capsys.readouterr().out)
    assert code == 0
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"


def test_an_unknown_name_is_refused_with_those_that_there_are(capsys):
    code = main(["schema", "kontract"])

    assert code == 2
    assert "contract" in capsys.readouterr().err
