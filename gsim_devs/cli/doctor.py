"""`gsim-devs doctor`: what works on this machine, and with `--llm`, whether the language model can be talked to."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from .report import add_json_option, write_json

_OLDEST = (3, 11)
_REQUIREMENT = re.compile(r"([\w.-]+)[^;]*(?:;.*extra == ['\"](\w+)['\"])?")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    status: Literal["ok", "absent", "wrong", "note"]
    subject: str
    sentence: str


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what works on this machine, and with --llm, which language model answers",
        description="Look at Python, the packages, the isolation of simulators and, with --llm, at the service.",
        epilog="exit code: 0 nothing that is needed is missing, 1 something is",
        allow_abbrev=False,
    )
    parser.add_argument("--llm", action="store_true", help="try the service with three tiny requests")
    parser.add_argument(
        "--model", metavar="NAME", help="the model to try (default: GSIM_DEVS_MODEL, gsim-devs.toml)"
    )
    add_json_option(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print a line for each thing; 1 if one that is needed is wrong."""
    lines = []
    for line in _looked_at(options):
        lines.append(line)
        print(f"{line.status:8}{line.subject:12}{line.sentence}", flush=True)
    write_json(options, {"lines": [asdict(line) for line in lines]})
    return int(any(line.status == "wrong" for line in lines))


def _looked_at(options: argparse.Namespace) -> Iterator[Line]:
    yield _python()
    yield from _packages()
    yield from _isolation()
    if options.llm:
        yield from _service(options)


def _python() -> Line:
    good = sys.version_info >= _OLDEST
    wanted = "" if good else f"; at least {'.'.join(map(str, _OLDEST))} is needed"
    return Line("ok" if good else "wrong", "python", f"{platform.python_version()}{wanted}")


def _packages() -> Iterator[Line]:
    """The packages that are needed, and of those for calibration which are there."""
    try:
        requirements = metadata.requires("gsim-devs") or []
    except metadata.PackageNotFoundError:
        yield Line("wrong", "gsim-devs", "found, but not installed: pip install -e .")
        return
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement)
        assert found is not None, requirement
        name, extra = found.groups()
        if extra not in (None, "calibration"):
            continue
        try:
            yield Line("ok", name, metadata.version(name))
        except metadata.PackageNotFoundError:
            if extra is None:
                yield Line("wrong", name, "missing; install gsim-devs again")
            else:
                yield Line("absent", name, f"only for {extra}: pip install 'gsim-devs[{extra}]'")


def _isolation() -> Iterator[Line]:
    from gsim_devs.execution import describe_isolation

    for sentence in describe_isolation():
        yield Line("note", "isolation", sentence)


def _service(options: argparse.Namespace) -> Iterator[Line]:
    from gsim_devs.llm import load_configuration, probe

    configuration = load_configuration(Path(), os.environ, {"model": options.model})
    yield Line("note", "llm", f"{configuration.model or 'no model'} at {configuration.base_url}")
    findings = asyncio.run(probe(configuration, os.environ))
    # Text is what everything else needs; the rest makes things better.
    for number, finding in enumerate(findings):
        status: Literal["ok", "wrong", "note"] = "ok" if finding.works else "wrong" if number == 0 else "note"
        yield Line(status, "llm", finding.sentence)
