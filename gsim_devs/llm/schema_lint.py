"""What the strictest services refuse in a JSON Schema. A schema without defects is enforced by them word for word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST_PROPERTIES = 5_000
DEEPEST = 10
MOST_CHARACTERS = 120_000
MOST_CHOICES = 1_000

_REFUSED = (
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "default",
    "discriminator",
    "prefixItems",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
)


def strict_defects(schema: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that a strict service would refuse."""
    root = _target(schema, schema)
    defects = []
    if root.get("type") != "object" or "anyOf" in root:
        defects.append("the reply must be an object, and not one of several")
    counted = _Counted(schema)
    defects += counted.defects(schema, "", 1, ())
    if counted.properties > MOST_PROPERTIES:
        defects.append(f"{counted.properties} properties; at most {MOST_PROPERTIES} are taken")
    if counted.characters > MOST_CHARACTERS:
        defects.append(f"{counted.characters} characters of names; at most {MOST_CHARACTERS} are taken")
    if counted.choices > MOST_CHOICES:
        defects.append(f"{counted.choices} values of enumerations; at most {MOST_CHOICES} are taken")
    return list(dict.fromkeys(defects))


class _Counted:
    """Walks a schema as a reply would unfold it, and counts on the way."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._whole = whole
        self.properties = self.characters = self.choices = 0

    def defects(self, schema: Any, place: str, depth: int, within: tuple[str, ...]) -> Iterator[str]:
        if not isinstance(schema, Mapping):
            yield f"{place or 'the root'}: must say what it is, not {schema!r}"
            return
        if depth > DEEPEST:
            yield f"{place}: nested more than {DEEPEST} deep"
            return
        if (name := schema.get("$ref")) is not None:
            # A type that holds itself is taken, and looked at once.
            if name not in within:
                yield from self.defects(_target(schema, self._whole), place, depth, (*within, name))
            return
        yield from (f"{place or 'the root'}: {key!r} is not taken" for key in _REFUSED if key in schema)
        self.choices += len(schema.get("enum", ()))
        self.characters += sum(len(str(one)) for one in schema.get("enum", ()))
        for number, one in enumerate(schema.get("anyOf", ())):
            yield from self.defects(one, f"{place}<{number}>", depth, within)
        if schema.get("type") == "object" or "properties" in schema:
            yield from self._object(schema, place, depth, within)
        if schema.get("type") == "array":
            yield from self.defects(schema.get("items"), f"{place}[]", depth + 1, within)
        elif not any(key in schema for key in ("type", "anyOf", "enum", "const", "properties")):
            yield f"{place or 'the root'}: must say its type"

    def _object(
        self, schema: Mapping[str, Any], place: str, depth: int, within: tuple[str, ...]
    ) -> Iterator[str]:
        properties = schema.get("properties", {})
        self.properties += len(properties)
        self.characters += sum(map(len, properties))
        if schema.get("additionalProperties") is not False:
            yield f"{place or 'the root'}: must forbid other keys; an object with free keys is a list of pairs"
        for name in sorted(set(properties) - set(schema.get("required", ()))):
            yield f"{place}.{name}: must be required; what may be missing is null instead"
        for name, one in properties.items():
            yield from self.defects(one, f"{place}.{name}", depth + 1, within)


def _target(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", ""))
    found: Any = whole if name else schema
    for key in name.removeprefix("#").strip("/").split("/") if name else ():
        if key:
            found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}
