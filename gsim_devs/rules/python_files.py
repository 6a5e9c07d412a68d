"""The Python file beside a rules file: examined without running it, and run where the caller allows that."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gsim_devs.errors import UsageError

Functions = Mapping[str, Callable[..., Any]]
"""Those of a file, by name."""

_LONGEST = 300
"""Characters of what an exception says."""


@dataclass(frozen=True, slots=True)
class PythonFile:
    """Code that has been read."""

    path: Path
    text: str
    functions: tuple[str, ...]
    """The names of the functions in it."""

    def run(self) -> Functions:
        """The functions; it runs with all the rights that we have."""
        module = ModuleType(f"rules of {self.path.stem}")
        module.__file__ = str(self.path)
        # Dataclasses look for the module of their class there.
        sys.modules[module.__name__] = module
        try:
            exec(compile(self.text, str(self.path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        except (Exception, SystemExit) as error:  # noqa: BLE001  (it is not our code)
            raise UsageError(f"{self.path} cannot be used: {self.said_by(error)}") from None
        return {name: getattr(module, name) for name in self.functions}

    def said_by(self, error: BaseException) -> str:
        """What was raised, and the last line of this file on the way there."""
        said = " ".join(f"{type(error).__name__}: {error}".split())
        line, traceback = 0, error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == str(self.path):
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return f"{said[:_LONGEST]} ({self.path}, line {line})" if line else said[:_LONGEST]


def read_python(path: Path) -> PythonFile:
    """Read a file and run nothing of it. Raises UsageError where it is not Python."""
    try:
        text = path.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except SyntaxError as error:
        place = f"line {error.lineno}: " if error.lineno else ""
        raise UsageError(f"{path}: {place}{error.msg}") from None
    except (ValueError, MemoryError, RecursionError):
        raise UsageError(f"{path}: not Python that can be read") from None
    return PythonFile(path, text, tuple(one.name for one in tree.body if isinstance(one, ast.FunctionDef)))
