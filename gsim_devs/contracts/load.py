"""Files and texts to declarations and back. Whether several declarations agree with each other: `checks`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from gsim_devs.errors import UsageError

from .cases import CaseFile
from .contract import Contract
from .declaration import Declaration
from .documents import DEEPEST, Document, read_json, read_yaml, write_yaml
from .plan import PlanTree
from .sentences import sentences_of

D = TypeVar("D", bound=Declaration)


def load_contract(path: str | Path) -> Contract:
    """Read a contract; it agrees with itself."""
    return load(Contract, path)


def load_plan(path: str | Path) -> PlanTree:
    """Only its form is checked; `validate_plan` checks that it makes sense."""
    return load(PlanTree, path)


def load_cases(path: str | Path) -> CaseFile:
    """Read the test inputs of a system; `check_cases` checks them against a contract."""
    return load(CaseFile, path)


def load(model: type[D], path: str | Path) -> D:
    """Read a file: JSON where its name ends in `.json`, else YAML. Raises UsageError, one sentence for each defect."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    return (
        parse_json(model, text, str(path)) if path.suffix == ".json" else parse_yaml(model, text, str(path))
    )


def parse_yaml(model: type[D], text: str, source: str) -> D:
    """Read YAML; `source` names it in messages."""
    return _validated(model, read_yaml(text, source))


def parse_json(model: type[D], text: str, source: str) -> D:
    """Read JSON; `source` names it in messages."""
    return _validated(model, read_json(text, source))


def from_data(model: type[D], data: Any, source: str) -> D:
    """Take plain data; `source` names it in messages."""
    return _validated(model, Document(source, data))


def dump_yaml(declaration: Declaration) -> str:
    """YAML for people; what has its default is left out."""
    return write_yaml(declaration.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def dump_json(declaration: Declaration) -> str:
    """JSON for programs; every default is filled in."""
    return json.dumps(declaration.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


def _validated(model: type[D], document: Document) -> D:
    _refuse_depth(document)
    try:
        # By way of JSON, because pydantic is strict about types there and takes lists for tuples all the same.
        return model.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        raise UsageError("\n".join(sentences_of(error, model, document))) from None


def _refuse_depth(document: Document) -> None:
    """Whatever reads the data goes as deep as they do."""
    pending = [(document.data, 0)]
    while pending:
        value, depth = pending.pop()
        if depth > DEEPEST:
            raise UsageError(f"{document.source}: nested more than {DEEPEST} deep")
        if isinstance(value, dict | list | tuple):
            held = value.values() if isinstance(value, dict) else value
            pending += [(one, depth + 1) for one in held]
