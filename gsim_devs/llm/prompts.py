"""Prompts are Markdown files with Jinja variables; a dataclass fills them. What they say is not decided here."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from jinja2 import Template


def rendered(template: Path, values: DataclassInstance) -> str:
    """The text of a prompt; a variable that the dataclass does not have is an error."""
    return _template(template).render({field.name: getattr(values, field.name) for field in fields(values)})


def variables(template: Path) -> set[str]:
    """The variables that a template needs."""
    from jinja2 import Environment, meta

    # Nothing is rendered here.
    return meta.find_undeclared_variables(Environment().parse(template.read_text(encoding="utf-8")))  # noqa: S701


@lru_cache(maxsize=64)
def _template(path: Path) -> Template:
    from jinja2 import Environment, StrictUndefined

    # The text goes to a language model: nothing of it is HTML.
    settings: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "autoescape": False}
    return Environment(undefined=StrictUndefined, **settings).from_string(path.read_text(encoding="utf-8"))  # noqa: S701
