"""What strict services refuse is found, and nothing that we ask for has any of it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from gsim_devs.llm.schema_lint import strict_defects
from gsim_devs.planning.wire import PlanReply

TEXT = {"type": "string"}


def closed(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def nested(depth):
    schema = TEXT
    for _ in range(depth):
        schema = closed(x=schema)
    return schema


TREE = {
    "$defs": {"Node": closed(name=TEXT, children={"type": "array", "items": {"$ref": "#/$defs/Node"}})},
    **closed(root={"$ref": "#/$defs/Node"}),
}


@pytest.mark.parametrize(
    "schema",
    [
        closed(),
        closed(a=TEXT, b={"type": "array", "items": TEXT}, c={"anyOf": [TEXT, {"type": "null"}]}),
        closed(kind={"enum": ["a", "b"]}, one={"const": 1}),
        {"$defs": {"Part": closed(x=TEXT)}, **closed(part={"$ref": "#/$defs/Part"})},
        {"$defs": {"Part": closed(x=TEXT)}, "$ref": "#/$defs/Part"},
        TREE,
        nested(9),
    ],
)
def test_what_strict_services_take_has_no_defects(schema):
    assert strict_defects(schema) == []


@pytest.mark.parametrize(
    ("schema", "defect"),
    [
        (TEXT, "the reply must be an object"),
        ({"anyOf": [closed(), closed(a=TEXT)]}, "the reply must be an object"),
        (closed(a={"type": "object"}), ".a: must forbid other keys"),
        ({**closed(a=TEXT), "additionalProperties": TEXT}, "must forbid other keys"),
        ({**closed(a=TEXT, b=TEXT), "required": ["b"]}, ".a: must be required"),
        (closed(a={**TEXT, "default": "x"}), ".a: 'default' is not taken"),
        (closed(a={"oneOf": [TEXT]}), ".a: 'oneOf' is not taken"),
        (closed(a={"allOf": [TEXT]}), ".a: 'allOf' is not taken"),
        (closed(a={"type": "array", "prefixItems": [TEXT], "items": TEXT}), ".a: 'prefixItems' is not taken"),
        (closed(a={"type": "array"}), ".a[]: must say what it is"),
        (closed(a={}), ".a: must say its type"),
        (closed(a={"anyOf": [TEXT, {"type": "object"}]}), ".a<1>: must forbid other keys"),
        (closed(a={"$ref": "#/$defs/Nowhere"}), ".a: must say its type"),
        (nested(10), "nested more than 10 deep"),
        (closed(**{f"p{n}": TEXT for n in range(5001)}), "5001 properties"),
        (closed(a={"enum": [str(n) for n in range(1001)]}), "1001 values"),
        (closed(**{"x" * 120_001: TEXT}), "120001 characters"),
    ],
)
def test_what_strict_services_refuse_is_told_with_its_place(schema, defect):
    assert any(defect in found for found in strict_defects(schema)), strict_defects(schema)


def test_what_pydantic_writes_for_loose_models_is_refused():
    class Loose(BaseModel):
        names: dict[str, int]
        pair: tuple[int, str] = (1, "x")

    assert len(strict_defects(Loose.model_json_schema())) >= 4


@pytest.mark.parametrize("model", [PlanReply])
def test_what_we_ask_for_is_taken_by_the_strictest_services(model):
    assert strict_defects(model.model_json_schema()) == []
