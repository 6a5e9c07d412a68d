"""`gsim-devs runs ls|show|resume|diff|rm`: what was built before, how it went, and what it took."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from . import build
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.runs import Account, Cost, Difference, Pair, Unreadable

RESUMERS: Mapping[str, Callable[[Path, argparse.Namespace], int]] = {"build": build.resume}
"""How a run goes on, by the command that began it; given the folder and what was said now, returns the exit code."""

_FEW = 3
"""How many findings of an attempt are shown."""


def register(subparsers: Any) -> None:
    """Declare the command and its commands."""
    parser = subparsers.add_parser(
        "runs",
        help="list, show, compare, resume and remove runs",
        description="Every build leaves a folder: what it was given, what was asked and answered, what came out.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = _command(commands, "ls", _ls, "list the runs")
    add_json_option(listing)
    show = _command(commands, "show", _show, "show how a run went")
    show.add_argument("run", metavar="RUN", help="its name, or the path of its folder")
    show.add_argument("--slot", metavar="SLOT", help="the request and the reply, such as component/sender/a1")
    resume = _command(commands, "resume", _resume, "go on with a run that did not come to its end")
    resume.add_argument("run", metavar="RUN", help="its name, or the path of its folder")
    build.add_limits(resume)
    diff = _command(
        commands, "diff", _diff, "tell what differs between two runs (exit code 1: something does)"
    )
    diff.add_argument("before", metavar="A", help="a run")
    diff.add_argument("after", metavar="B", help="another one")
    rm = _command(commands, "rm", _rm, "remove runs with all that is in them")
    rm.add_argument("runs_removed", metavar="RUN", nargs="+", help="a run")


def _command(commands: Any, name: str, call: Callable[[argparse.Namespace], int], about: str) -> Any:
    parser = commands.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False
    )
    parser.add_argument(
        "--runs", metavar="DIR", type=Path, default=Path("runs"), help="where the runs are (default: runs)"
    )
    parser.set_defaults(call=call)
    return parser


def _ls(options: argparse.Namespace) -> int:
    from gsim_devs.runs import list_runs

    found = list(list_runs(options.runs))
    if found:
        headings = (
            "run",
            "system",
            "status",
            "model",
            "seconds",
            "tokens",
            "spent",
            "operational",
            "behavioural",
        )
        print(*_table([headings, *map(_row, found)]), sep="\n")
    write_json(options, {"runs": [_data(one) for one in found]})
    return 0


def _show(options: argparse.Namespace) -> int:
    from gsim_devs.runs import find_run, read_run

    account = read_run(find_run(options.runs, options.run))
    print(*(_slot(account, options.slot) if options.slot else _told(account)), sep="\n")
    return 0


def _resume(options: argparse.Namespace) -> int:
    from gsim_devs.runs import find_run, read_run

    account = read_run(find_run(options.runs, options.run))
    if account.status == "running":
        raise UsageError(f"{account.id} is running")
    if account.status == "done":
        raise UsageError(f"{account.id} is done; there is nothing to go on with")
    command = account.manifest.command
    if not command or command[0] not in RESUMERS:
        began = f"`{_typed(command)}`" if command else "no command"
        raise UsageError(f"{account.id} was begun by {began}, which cannot go on with a run; begin it again")
    return RESUMERS[command[0]](account.folder, options)


def _diff(options: argparse.Namespace) -> int:
    from gsim_devs.runs import compare, find_run, read_run

    before, after = (read_run(find_run(options.runs, name)) for name in (options.before, options.after))
    found = compare(before, after)
    for line in _differences(found):
        print(line)
    return 0 if found.is_empty else 1


def _rm(options: argparse.Namespace) -> int:
    from gsim_devs.runs import find_run, remove_run

    # All are looked for before one is removed: a misspelt name removes nothing.
    for folder in [find_run(options.runs, name) for name in options.runs_removed]:
        remove_run(folder)
    return 0


# Listing.


def _row(one: Account | Unreadable) -> tuple[str, ...]:
    from gsim_devs.runs import Unreadable, scores

    if isinstance(one, Unreadable):
        return (_safe(one.folder.name), "-", f"unreadable: {_safe(one.why)}")
    total, found = one.cost.total, scores(one.report)
    return (
        _safe(one.id),
        one.manifest.system,
        one.status,
        _safe(one.manifest.model) or "-",
        f"{one.state.at:.1f}",
        f"{total.input + total.output:,}",
        _money(total.spent),
        *(_number(found.get(name)) for name in ("operational", "behavioural")),
    )


def _data(one: Account | Unreadable) -> dict[str, Any]:
    from gsim_devs.runs import Unreadable, scores

    if isinstance(one, Unreadable):
        return {"id": one.folder.name, "status": "unreadable", "reason": one.why}
    return {
        **one.manifest.model_dump(mode="json"),
        "id": one.id,
        "status": one.status,
        "reason": one.reason,
        "where": one.state.where,
        "seconds": one.state.at,
        "cost": asdict(one.cost.total),
        "scores": scores(one.report),
        "damages": list(one.damages),
    }


# Showing.


def _told(account: Account) -> Iterator[str]:
    from gsim_devs.runs import tree

    yield from _given(account)
    if parts := tree(account.state):
        yield ""
        yield from parts
    yield from _findings(account)
    yield from _scores(account)
    yield from _costs(account)


def _given(account: Account) -> Iterator[str]:
    manifest = account.manifest
    yield f"{_safe(account.id)}: {account.status}{_because(account)}"
    rows = [
        ("system", manifest.system),
        ("begun", manifest.started),
        ("by", _typed(manifest.command) if manifest.command else ""),
        ("model", " ".join(filter(None, (manifest.model, f"({manifest.mode})" if manifest.mode else "")))),
        ("isolation", manifest.isolation),
        ("seeds", ", ".join(map(str, manifest.seeds))),
        ("versions", ", ".join(f"{name} {version}" for name, version in manifest.versions.items())),
        *((name, f"{one.path}  sha256 {one.sha256[:12]}") for name, one in manifest.inputs.items()),
        ("where", account.state.where if account.state.where != account.status else ""),
        ("worked", f"{account.state.at:.1f} s, {account.state.events} events"),
        *(("damaged", sentence) for sentence in account.damages),
    ]
    yield from (f"  {_safe(name):13}  {_safe(text)}" for name, text in rows if text)


def _because(account: Account) -> str:
    return f", {_safe(account.reason.splitlines()[0])}" if account.reason else ""


def _findings(account: Account) -> Iterator[str]:
    from gsim_devs.runs import attempts

    for model, tried in attempts(account).items():
        for one in tried:
            if one.findings:
                yield ""
                yield f"{_safe(model)}, attempt {one.number}{f', {_safe(one.stage)}' if one.stage else ''}:"
                yield from (f"  {_safe(finding)}" for finding in one.findings[:_FEW])
                if left := len(one.findings[_FEW:]):
                    yield f"  … and {left} more"


def _scores(account: Account) -> Iterator[str]:
    from gsim_devs.runs import scores

    if found := scores(account.report):
        yield ""
        yield from (f"{_safe(name):13}  {score:.3f}" for name, score in found.items())


def _costs(account: Account) -> Iterator[str]:
    rows = account.cost.rows
    if not rows:
        return
    headings = ("stage", "model", "replies", "replayed", "in", "cached", "out", "seconds", "spent")
    yield ""
    yield from _table([headings, *map(_cost, rows), *([_cost(account.cost.total)] if len(rows) > 1 else [])])


def _cost(row: Cost) -> tuple[str, ...]:
    counts = (row.replies, row.replayed, row.input, row.cached, row.output)
    return (
        _safe(row.stage),
        _safe(row.model),
        *(f"{count:,}" for count in counts),
        f"{row.seconds:.1f}",
        _money(row.spent),
    )


def _slot(account: Account, slot: str) -> Iterator[str]:
    """A request and the reply to it, as they were said, and what was found in the reply."""
    from difflib import get_close_matches

    from gsim_devs.llm import recording
    from gsim_devs.runs import attempts, printable, slots

    path = account.paths.reply(slot)
    if not path.is_file():
        known = slots(account)
        near = get_close_matches(slot, known, n=3) or known[:3]
        hint = (
            f"there are {', '.join(near)}{' …' if len(known) > len(near) else ''}"
            if known
            else "it kept none"
        )
        raise UsageError(f"{account.id} holds no reply for {slot}; {hint}")
    found = recording.read(path)
    messages = found.question.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            yield f"──── {_safe(str(message.get('role')))}"
            yield printable(str(message.get("text")))
    yield f"──── reply of {_safe(found.reply.model)}, {_safe(found.recorded)}"
    yield printable(found.reply.text)
    kind, _, rest = slot.partition("/")
    model, _, number = rest.rpartition("/a")
    for one in attempts(account).get(model, ()) if kind == "component" else ():
        if str(one.number) == number:
            yield f"──── found: {_safe(one.stage)}"
            yield from (printable(finding) for finding in one.findings)


# Comparing.


def _differences(found: Difference) -> Iterator[str]:
    from gsim_devs.runs import printable

    yield from map(_pair, found.given)
    for lines in (found.plan, *found.components.values()):
        yield from (printable(line) for line in lines)
    yield from map(_pair, found.scores)


def _pair(pair: Pair) -> str:
    before, after = ("nothing" if one is None else repr(one) for one in (pair.before, pair.after))
    return f"{_safe(pair.what)}: {_safe(before)} -> {_safe(after)}"


# Words.


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Columns; a row that is shorter than the headings says something longer in its last cell."""
    full = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    widths[0] = max(len(row[0]) for row in rows)
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def _typed(command: Sequence[str]) -> str:
    return shlex.join(["gsim-devs", *command])


def _money(dollars: float | None) -> str:
    return "unknown" if dollars is None else f"${dollars:.4f}" if dollars else "$0"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _safe(text: str) -> str:
    """On one line, and harmless to a terminal."""
    from gsim_devs.trace.wording import cut

    return cut(text, 1000)
