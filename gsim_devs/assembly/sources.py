"""The sources of atomic components: read from a folder, matched with a plan. What is in a class is not looked at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from gsim_devs.contracts import PlanTree, snake_case
from gsim_devs.errors import UsageError


def read_sources(folder: Path, plan: PlanTree | None = None) -> dict[str, str]:
    """Read the `.py` files of a folder, or of `components` in it, by the class that each is named after.

    With a plan: refuse them unless there is a file for each of its models, and no other.
    """
    if plan is not None and (defects := misplaced(plan, folder)):
        raise UsageError("\n".join(defects))
    sources: dict[str, str] = {}
    for path in _files(folder):
        text = _read(path)
        sources[_class_named_after(path, text)] = text
    return sources


def read_arrays(folder: Path) -> str | None:
    """Read the `arrays.py` that lies beside the folder `components`; None where there is none."""
    path = folder / "arrays.py"
    return _read(path) if path.is_file() and (folder / "components").is_dir() else None


def misplaced(plan: PlanTree, folder: Path) -> list[str]:
    """Models without a file, and files without a model, by their names alone."""
    wanted = {f"{snake_case(model)}.py": model for model in plan.models}
    present = [path.name for path in _files(folder)]
    return [
        *(f"model {model} has no components/{name}" for name, model in wanted.items() if name not in present),
        *(f"components/{name} belongs to no model" for name in present if name not in wanted),
    ]


def match_sources(plan: PlanTree, sources: Mapping[str, str]) -> dict[str, bytes]:
    """The content of each component's file, by its name; UsageError unless there is exactly one for each model."""
    defects = [
        f"The model {name} has no source; it belongs in {_file(name)}."
        for name in plan.models
        if name not in sources
    ]
    defects += [
        f"The source of {name} belongs to no model of the plan."
        for name in sources
        if name not in plan.models
    ]
    defects += [text for name in plan.models if name in sources for text in _defects(name, sources[name])]
    if defects:
        raise UsageError("\n".join(defects))
    return {_file(name): sources[name].encode() for name in plan.models}


def _files(folder: Path) -> list[Path]:
    inner = folder / "components"
    held = inner if inner.is_dir() else folder
    if not held.is_dir():
        raise UsageError(f"{held}: there is no such folder with the sources of components")
    return sorted(path for path in held.glob("*.py") if path.name != "__init__.py")


def _file(model: str) -> str:
    return f"components/{snake_case(model)}.py"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _class_named_after(path: Path, text: str) -> str:
    tree = _parsed(text)
    if isinstance(tree, str):
        raise UsageError(f"{path}: {tree}")
    for name in _classes(tree):
        if snake_case(name) == path.stem:
            return name
    raise UsageError(f"{path}: defines no class whose name is {path.stem!r} in snake case")


def _defects(model: str, text: str) -> Iterator[str]:
    tree = _parsed(text)
    if isinstance(tree, str):
        yield f"The source of {model}, {_file(model)}: {tree}."
    elif model not in _classes(tree):
        yield f"The source of {model}, {_file(model)}, defines no class {model}."


def _parsed(text: str) -> ast.Module | str:
    """The source, or why it is none. Read from bytes, as Python will read the file: an encoding comment counts."""
    try:
        return ast.parse(text.encode())
    except SyntaxError as error:
        return f"not Python, line {error.lineno}: {error.msg}" if error.lineno else f"not Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"not Python: {str(error) or type(error).__name__}"


def _classes(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
