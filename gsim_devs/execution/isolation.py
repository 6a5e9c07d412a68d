"""Launchers for code that nobody trusts, in four tiers; each holds what the one before it holds.

    none     a clean environment and a limit on memory; for code that is trusted
    process  + limits on processor time, written files, open files and processes, an empty folder to be in
    kernel   + reads the interpreter, its libraries and the simulator only, writes and connects nowhere (Landlock),
             starts no process and touches none (seccomp), and is not root though we be
    bwrap    + namespaces of its own: sees no other process, file or network at all

What a process is told it gives up by itself, in `jail`, before it becomes the simulator. A tier that is asked for by
name is given or refused, never replaced by a lesser one. Resources that are not limited here: the disk's and memory's
bandwidth, and the processor until the time is over.
"""

from __future__ import annotations

import functools
import math
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Literal, cast, get_args

from gsim_devs.errors import UsageError

from .bubblewrap import Wrapped, bubblewrap, wrapped
from .launcher import Launcher, Process, Tier, launch, path_of, start
from .limits import Limits
from .seccomp import filter_program

Isolation = Literal["auto", "none", "process", "kernel", "bwrap"]
"""A tier, or the best one that works here."""

_TIERS: tuple[Tier, ...] = ("bwrap", "kernel", "process")
_JAIL = Path(__file__).with_name("jail.py")
# The user that owns nothing.
_NOBODY = 65534
_OPEN_FILES = 64
_SYSTEM = (
    "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
    "/usr/share/zoneinfo",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_TRIAL = """
import _socket, os, sys
path = sys.stdin.read()
for name, deed in (
    ("processes could be started", os.fork),
    ("sockets could be opened", _socket.socket),
    ("files could be read", lambda: os.open(path, os.O_RDONLY)),
):
    try:
        deed()
    except OSError:
        continue
    sys.exit(f"in a trial {name}")
print("held")
"""
_TRIAL_LIMITS = Limits(seconds=20.0)


def sandboxed(isolation: Isolation | str = "auto") -> Launcher:
    """A launcher that contains what it starts.

    It may read: the interpreter, what is installed for it, its own program, what is named on its command line before
    the first `--option`, and files whose absolute paths are the values of options. Use it from a thread that outlives
    its processes: where the kernel allows it they are killed when the thread ends that started them.

    Raises UsageError when the tier does not work here. `auto` takes the best that does, `none` never.
    """
    if isolation not in ("auto", *get_args(Tier)):
        raise UsageError(f"there is no isolation {isolation!r}; there are auto, {', '.join(get_args(Tier))}")
    if isolation == "none":
        return launch
    if isolation == "auto":
        return _Sandbox(_best())
    if missing := _missing(cast(Tier, isolation)):
        raise UsageError(
            f"the isolation {isolation} does not work here: {missing}; auto takes the best that does"
        )
    return _Sandbox(cast(Tier, isolation))


def tier_of(launcher: Launcher) -> Tier:
    """How what a launcher starts is contained."""
    return launcher.tier if isinstance(launcher, _Sandbox) else "none"


def describe_isolation() -> list[str]:
    """A line on each tier, and which one is taken."""
    lines = []
    for tier in reversed(_TIERS):
        missing = _missing(tier)
        lines.append(f"{tier}: {f'does not work here: {missing}' if missing else 'works'}")
    return [*lines, f"auto takes {_best()}"]


class _Sandbox:
    """Starts processes through the jail."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self._folder = Path(tempfile.mkdtemp(prefix="gsim-devs-empty-"))
        self._folder.chmod(0o555)
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def __call__(self, argv: Sequence[str], *, stdin: IO[bytes] | int, limits: Limits) -> Process:
        words = [path_of(argv[0]), *argv[1:]]
        readable = _outermost(_readable(words))
        jail = [sys.executable, "-I", "-S", str(_JAIL), *self._orders(readable, limits), "--", *words]
        kind = Process
        if self.tier == "bwrap":
            program = bubblewrap()
            if program is None:
                raise UsageError(
                    "bubblewrap is gone: it was there when the isolation was chosen; install it again"
                )
            jail = [*wrapped(program, [*readable, str(_JAIL)], _NOBODY), *jail]
            kind = Wrapped
        process = start(jail, stdin=stdin, folder=self._folder, kind=kind)
        process.isolation = self.tier
        return process

    def _orders(self, readable: Iterable[str], limits: Limits) -> Iterator[str]:
        yield f"limit=AS:{limits.memory}"
        yield "limit=CORE:0"
        yield "limit=FSIZE:0"
        yield f"limit=NOFILE:{_OPEN_FILES}"
        if not limits.forks:
            yield "limit=NPROC:1"
        if limits.seconds < math.inf:
            # A second thoughts' worth more than the wall clock allows, should nobody be left to look at that.
            yield f"limit=CPU:{math.ceil(limits.seconds) + 1}"
        if self.tier == "process":
            return
        yield from (f"read={path}" for path in readable)
        yield from (f"device={path}" for path in _DEVICES if Path(path).exists())
        program = filter_program(platform.machine(), forks=limits.forks)
        assert program is not None
        yield f"filter={program.hex()}"
        if self.tier == "kernel":
            yield f"parent={os.getpid()}"
            if os.geteuid() == 0:
                yield f"user={_NOBODY}"


def _readable(words: Sequence[str]) -> Iterator[str]:
    """Every path that a command line has to read."""
    yield from _interpreter()
    yield os.path.realpath(words[0])
    options = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
    for word in words[:options]:
        if Path(word).is_absolute() and Path(word).exists():
            yield word
    for word in words[options:]:
        if Path(word).is_absolute() and Path(word).is_file():
            yield word


@functools.cache
def _interpreter() -> tuple[str, ...]:
    """Where this interpreter, its libraries and those of the system are."""
    prefixes = {Path(one) for one in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    parts = {prefix / part for prefix in prefixes for part in ("bin", "lib", "lib64", "pyvenv.cfg")}
    installed = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    executable = {Path(sys.executable), Path(os.path.realpath(sys.executable))}
    wanted = {str(path) for path in parts | installed | executable} | set(_SYSTEM)
    return tuple(_outermost(path for path in wanted if Path(path).exists()))


def _outermost(paths: Iterable[str]) -> list[str]:
    """Paths without those that lie within others, whose rights hold for them too."""
    found = sorted(set(paths))
    return [path for path in found if not any(path.startswith(f"{other}/") for other in found)]


def _best() -> Tier:
    return next(tier for tier in _TIERS if not _missing(tier))


@functools.cache
def _missing(tier: Tier) -> str:
    """Why a tier does not work here; empty where it does."""
    if tier == "process":
        return ""
    if sys.platform != "linux":
        return f"it is made for Linux, and this is {sys.platform}"
    if filter_program(platform.machine()) is None:
        return f"there is no table of system calls for {platform.machine()}"
    if tier == "bwrap" and bubblewrap() is None:
        return "bubblewrap is not installed"
    return _tried(tier)


def _tried(tier: Tier) -> str:
    """Start a program that tries what it must not do; what went wrong, if anything did."""
    with tempfile.NamedTemporaryFile() as secret, tempfile.TemporaryFile() as feed:
        secret.write(b"secret")
        secret.flush()
        feed.write(secret.name.encode())
        feed.seek(0)
        with _Sandbox(tier)(
            [sys.executable, "-I", "-c", _TRIAL], stdin=feed, limits=_TRIAL_LIMITS
        ) as process:
            try:
                said, complaint = process.communicate(timeout=_TRIAL_LIMITS.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                return "a trial did not end"
    if process.returncode == 0 and said == b"held\n":
        return ""
    return (complaint or said).decode(errors="replace").strip().rpartition("\n")[2] or (
        f"a trial ended with exit code {process.returncode}"
    )
