"""A plan that may have models in it which are planned further, and how their insides are put into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gsim_devs.contracts import PlanTree, from_data
from gsim_devs.errors import UsageError

from .sentences import Specification


@dataclass(frozen=True, slots=True)
class Part:
    """What a plan says of a model besides what the plan tree holds."""

    sentences: tuple[int, ...]
    """The sentences of the specification that it must keep."""
    split: bool
    """Whether it is to be planned further."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A model that is planned further: what it consists of."""

    plan: PlanTree
    parts: Mapping[str, Part]
    rest: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A sound plan and who keeps which sentence."""

    plan: PlanTree
    text: Specification
    parts: Mapping[str, Part]
    """By model."""
    rest: Mapping[int, str]
    """The sentences that no model keeps, with the reason."""

    @property
    def claimed(self) -> set[int]:
        """The sentences that some model keeps."""
        return {number for part in self.parts.values() for number in part.sentences}

    @property
    def open(self) -> list[str]:
        """The models that are planned further."""
        return [name for name, part in self.parts.items() if part.split]

    def quoted(self, model: str) -> list[str]:
        """The sentences that a model must keep."""
        return self.text.quoted(self.parts[model].sentences)

    def with_inside(self, model: str, inside: Inside) -> Draft:
        """The same with a model planned further; raises UsageError where its inside does not fit."""
        return joined(self, model, inside)

    def kept_whole(self, model: str) -> Draft:
        """The same, with a model that is not planned further after all."""
        parts = {**self.parts, model: Part(self.parts[model].sentences, split=False)}
        return Draft(self.plan, self.text, parts, self.rest)


def joined(draft: Draft, model: str, inside: Inside) -> Draft:
    """A draft with the inside of a model in place of its component; raises UsageError where the two do not fit."""
    whole = draft.plan.model_dump(mode="json", by_alias=True)
    part = inside.plan.model_dump(mode="json", by_alias=True)
    specification = whole["models"].pop(model)
    clashes = [
        f"The name {name} is taken by another model or message type; choose another one."
        for kind in ("models", "messages")
        for name in part[kind]
        if name in whole["models"] or name in whole["messages"]
    ]
    root = part["root"]
    for direction in ("inputs", "outputs"):
        wanted = specification[direction]
        if direction == "inputs" and set(root["inputs"]) != set(wanted):
            clashes.append(f"The input ports of the whole must be {', '.join(wanted) or 'none'}.")
        root[direction] = {
            name: {"message": port["message"], "protocol": port["protocol"]} for name, port in wanted.items()
        }
    if clashes:
        raise UsageError("\n".join(clashes))
    whole["models"] |= part["models"]
    whole["messages"] |= part["messages"]
    if not _replace(whole["root"], model, root):
        raise UsageError(f"No component is of the model {model}.")
    kept = {name: one for name, one in draft.parts.items() if name != model}
    plan = from_data(PlanTree, whole, "plan")
    return Draft(plan, draft.text, {**kept, **inside.parts}, {**draft.rest, **inside.rest})


def _replace(coupled: dict[str, Any], model: str, inside: dict[str, Any]) -> bool:
    """Put the inside in the place of the component of a model."""
    for index, child in enumerate(coupled["children"]):
        if child.get("model") == model:
            body = {key: inside[key] for key in ("about", "inputs", "outputs", "couplings", "unused")}
            children = [_bound(one, child) for one in inside["children"]]
            coupled["children"][index] = {
                "name": child["name"], "class": model, **body, "children": children,
            }  # fmt: skip
            return True
        if "children" in child and _replace(child, model, inside):
            return True
    return False


def _bound(node: dict[str, Any], outer: dict[str, Any]) -> dict[str, Any]:
    """A component of the inside, with what the replaced one was given in place of its init arguments."""
    if "children" in node:
        # Another inside may have a part of that name too.
        name = f"{outer['model']}{node['class']}"
        return {**node, "class": name, "children": [_bound(one, outer) for one in node["children"]]}
    given = outer.get("arguments") or {}
    if isinstance(node.get("copies"), dict):
        node = {**node, "copies": _copies(node, given)}
    arguments = {
        name: given.get(binding["argument"], binding) if "argument" in binding else binding
        for name, binding in (node.get("arguments") or {}).items()
    }
    entity = node.get("entity") or outer.get("entity") or outer["name"]
    return {**node, "arguments": arguments, "entity": entity}


def _copies(node: dict[str, Any], given: Mapping[str, Any]) -> Any:
    """How many copies of a component of the inside there are, where an init argument of the replaced one says it."""
    name = node["copies"]["argument"]
    binding = given.get(name, node["copies"])
    if "value" in binding:
        return binding["value"]
    if "argument" not in binding:
        raise UsageError(
            f"The component {node['name']} has as many copies as {name} says, but that is neither an argument of the "
            "run nor a fixed number; write down how many there are."
        )
    return binding
