"""The files of a simulator that are the same for every plan: `__main__.py`, and the mark of the components' package."""

from __future__ import annotations

from gsim_devs.contracts import Contract

from .code import module_text
from .prose import docstring

_MAIN = '''
from __future__ import annotations

import sys
from pathlib import Path


def run() -> int:
    """Simulate as the command line says; returns the exit code."""
    folder = str(Path(__file__).absolute().parent)
    # As `python -m` starts it, the folder is not on the path.
    sys.path.insert(0, folder)
    from runtime.commandline import main

    return main(folder)


if __name__ == "__main__":
    raise SystemExit(run())
'''


def main_text(contract: Contract) -> str:
    """Write `__main__.py`: it runs as a folder, as a module, as a zip archive, from any directory."""
    return module_text(docstring(f"{contract.title}: run this simulator (--help tells how)")) + _MAIN


def components_text() -> str:
    """Write `components/__init__.py`."""
    return module_text(docstring("The atomic components, one to a file"))
