"""A simulator's folder: what the plan says as code, the components as they were written, the runtime as it is here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import gsim_devs.runtime
from gsim_devs.contracts import Contract, PlanTree, dump_json, validate_plan

from .entry import components_text, main_text
from .folder import put_folder
from .manifest import NAME, manifest_of
from .messages_file import messages_text
from .sources import match_sources
from .system_file import system_text


def assemble(
    plan: PlanTree,
    sources: Mapping[str, str],
    contract: Contract,
    into: Path,
    *,
    origin: str = "by hand",
    arrays: str | None = None,
) -> Path:
    """Write a simulator that runs alone, and return its folder.

    Args:
        plan: how the system is divided; refused with a ModelError unless it makes sense and fits the contract.
        sources: the Python source of each atomic class, by its name.
        contract: what the simulator accepts and reports.
        into: the folder; an older simulator there is replaced, anything else is refused.
        origin: what wrote the components, for the manifest.
        arrays: the source of `arrays.py`, the model as steps of arrays for those who simulate it millions of times;
            it is taken as it is.
    """
    validate_plan(plan, contract)
    files = {
        "__main__.py": main_text(contract).encode(),
        "system.py": system_text(plan, contract).encode(),
        "messages.py": messages_text(plan, contract).encode(),
        "components/__init__.py": components_text().encode(),
        **match_sources(plan, sources),
        **_runtime(),
        "contract.json": dump_json(contract).encode(),
        "plan.json": dump_json(plan).encode(),
        "parameters.json": _parameters(contract),
    }
    if arrays is not None:
        files["arrays.py"] = arrays.encode()
    return put_folder(files | {NAME: manifest_of(contract.id, files, origin)}, into)


def _runtime() -> dict[str, bytes]:
    """The package `runtime` and its page of semantics, without what Python compiled."""
    folder = Path(gsim_devs.runtime.__path__[0])
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".md"))
    return {f"runtime/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}


def _parameters(contract: Contract) -> bytes:
    values = {name: parameter.value for name, parameter in contract.parameters.items()}
    return (json.dumps(values, indent=2) + "\n").encode()
