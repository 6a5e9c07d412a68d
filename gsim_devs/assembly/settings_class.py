"""The class `Settings` of a simulator: one field for each argument and parameter of its contract."""

from __future__ import annotations

from collections.abc import Iterator

from gsim_devs.contracts import Argument, Contract, DurationArgument, FileArgument, Parameter

from .prose import docstring

_TYPES = {
    "integer": "int",
    "number": "float",
    "duration": "float",
    "text": "str",
    "choice": "str",
    "boolean": "bool",
    "real": "float",
    "log-real": "float",
    "probability": "float",
    "simplex": "tuple[float, ...]",
}
_CONTENTS = {
    "text": "str",
    "csv": "tuple[dict[str, Any], ...]",
    "json": "Any",
    "jsonl": "tuple[dict[str, Any], ...]",
}


def settings_class(contract: Contract) -> list[str]:
    """Write the class."""
    lines = ["@dataclass(frozen=True, slots=True)", "class Settings:"]
    lines += [*docstring(f"What one run is told{_and_units(contract)}", 4), ""]
    for name, declared in _fields(contract):
        lines.append(f"    {name}: {_type(declared)}")
        if meaning := _meaning(declared, contract):
            lines += docstring(meaning, 4)
    return lines


def holds_any(contract: Contract) -> bool:
    """Whether a field has a type that is not known before a file is read."""
    return any("Any" in _type(declared) for _, declared in _fields(contract))


def _fields(contract: Contract) -> Iterator[tuple[str, Argument | Parameter]]:
    yield from contract.arguments.items()
    yield from contract.parameters.items()


def _type(declared: Argument | Parameter) -> str:
    return _CONTENTS[declared.format] if isinstance(declared, FileArgument) else _TYPES[declared.type]


def _meaning(declared: Argument | Parameter, contract: Contract) -> str:
    unit = contract.time.unit if isinstance(declared, DurationArgument) else getattr(declared, "unit", None)
    if declared.help and unit:
        return f"{declared.help.rstrip('. ')} ({unit})"
    return declared.help or (f"In {unit}" if unit else "")


def _and_units(contract: Contract) -> str:
    has_durations = any(isinstance(held, DurationArgument) for held in contract.arguments.values())
    return f"; durations are in {contract.time.unit}" if has_durations else ""
