"""`gsim-devs schema`: JSON Schemas of our files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gsim_devs.cli import main
from gsim_devs.contracts.documents import read_yaml
from gsim_devs.rules.vocabulary import kinds

RULES = sorted((Path(__file__).parents[2] / "trace_checkers").glob("*.yaml"))


@pytest.mark.parametrize("name", ["contract", "plan", "cases", "rules", "mutants", "data"])
def test_each_schema_is_a_schema(capsys, name):
    code = main(["schema", name])

    schema = json.loads(capsys.readouterr().out)
    assert code == 0
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"


def test_the_schema_of_rules_knows_every_kind_of_rule(capsys):
    main(["schema", "rules"])
    validator = Draft202012Validator(json.loads(capsys.readouterr().out))

    for path in RULES:
        assert [
            error.message for error in validator.iter_errors(read_yaml(path.read_text(), path.name).data)
        ] == []
    rule = {"id": "it", "clause": "So.", "level": "system", "kind": "absent", "event": "a.b"}
    for wrong in ({"kind": "absense"}, {"event": "a"}, {"level": "top"}, {"events": []}, {"tolerance": -1}):
        assert validator.is_valid({"system": "shop", "rules": [rule]})
        assert not validator.is_valid({"system": "shop", "rules": [rule | wrong]})


def test_an_unknown_name_is_refused_with_those_that_there_are(capsys):
    code = main(["schema", "kontract"])

    assert code == 2
    assert "contract" in capsys.readouterr().err


def test_the_short_page_of_rules_has_every_kind_and_fits_into_a_terminal_or_two(capsys):
    assert main(["schema", "rules", "--short"]) == 0

    page = capsys.readouterr().out
    for kind in kinds():
        assert f"- **{kind}**: " in page
    assert "`clause`: text" in page
    assert len(page.splitlines()) < 200


def test_only_rules_have_a_short_page(capsys):
    assert main(["schema", "plan", "--short"]) == 2
    assert "--short is for rules" in capsys.readouterr().err


def test_the_schema_of_data_holds_for_the_files_that_there_are(capsys):
    main(["schema", "data"])
    validator = Draft202012Validator(json.loads(capsys.readouterr().out))
    files = sorted((Path(__file__).parents[2] / "scenarios").glob("*/data.yaml"))

    found = [read_yaml(path.read_text(), str(path)).data for path in files]

    assert found
    for data in found:
        assert list(validator.iter_errors(data)) == []
        assert list(validator.iter_errors(data | {"step": 5})) != []
