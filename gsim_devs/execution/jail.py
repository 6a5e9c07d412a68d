"""The last thing before a simulator: gives up what a simulator must not have, and becomes it.

A script of its own, started as `python -I -S jail.py ORDER... -- PROGRAM WORD...` by `isolation`, which decides what is
given up; an order is `name=value`. It uses the standard library alone. A step that fails ends the process: there is no
half jail. Linux only beyond `limit`.
"""

from __future__ import annotations

import os
import resource
import struct
import sys

# A literal name that type checkers know; importing typing would take longer than all the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

# Exit code of a process that never became its program.
_FAILED = 125

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE
# Every right over files that the kernel knows, by the version of Landlock that brought it.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_TCP = {4: 0b11}
_SIGNALS_AND_ABSTRACT_SOCKETS = {6: 0b11}
_RIGHTS_OF = {"read": _READ_FILE | _READ_DIR | _EXECUTE, "device": _READ_FILE | _WRITE_FILE}

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 8, 22, 38, 47
_SECCOMP_MODE_FILTER = 2
_CAP_AMBIENT_RAISE = 2
_CAPABILITIES_VERSION = 0x20080522
_CAP_DAC_READ_SEARCH = 2
_SIGKILL = 9


def _main(words: list[str]) -> NoReturn:
    at = words.index("--")
    orders = [tuple(word.split("=", maxsplit=1)) for word in words[:at]]
    program = words[at + 1 :]
    try:
        _obey(orders)
        os.execv(program[0], program)  # noqa: S606  (becoming it is the purpose)
    except OSError as error:
        sys.stderr.write(f"the sandbox could not be set up: {error}\n")
        os._exit(_FAILED)


def _obey(orders: Sequence[tuple[str, ...]]) -> None:
    """Follow the orders, whatever their sequence is, in the one in which each step is still allowed."""
    given = {name: value for name, value in orders if name in ("user", "parent", "filter")}
    paths = [(name, value) for name, value in orders if name in _RIGHTS_OF]
    kernel = _Kernel() if given or paths else None
    rules = kernel.landlock(paths) if kernel and paths else -1
    if kernel and "user" in given:
        kernel.become(int(given["user"]))
    for name, value in orders:
        if name == "limit":
            what, _, number = value.partition(":")
            _limit(getattr(resource, f"RLIMIT_{what}"), int(number))
    if kernel and "parent" in given:
        kernel.die_with(int(given["parent"]))
    if kernel and (rules >= 0 or "filter" in given):
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if kernel and rules >= 0:
        kernel.call(_LANDLOCK_RESTRICT, rules, 0)
        os.close(rules)
    if kernel and "filter" in given:
        kernel.filter_calls(bytes.fromhex(given["filter"]))


def _limit(what: int, number: int) -> None:
    hard = resource.getrlimit(what)[1]
    number = number if hard == resource.RLIM_INFINITY else min(number, hard)
    resource.setrlimit(what, (number, number))


class _Kernel:
    """The calls of Linux that Python has no names for."""

    def __init__(self) -> None:
        # Only here: a machine without Linux has no use for it.
        import ctypes

        self._ctypes: Any = ctypes
        self._libc: Any = ctypes.CDLL(None, use_errno=True)

    def call(self, number: int, *arguments: Any) -> int:
        words = [self._ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
        return self._checked(self._libc.syscall(self._ctypes.c_long(number), *words))

    def prctl(self, option: int, *arguments: Any) -> None:
        padded = [*arguments, *[0] * (4 - len(arguments))]
        self._checked(
            self._libc.prctl(
                option, *(self._ctypes.c_ulong(one) if isinstance(one, int) else one for one in padded)
            )
        )

    def landlock(self, paths: Sequence[tuple[str, str]]) -> int:
        """A rule set that allows what is listed; opened while we still may open everything."""
        version = self.call(_LANDLOCK_CREATE, None, 0, 1)
        rights = [
            sum(bits for since, bits in table.items() if since <= version)
            for table in (_FILE_RIGHTS, _TCP, _SIGNALS_AND_ABSTRACT_SOCKETS)
        ]
        # An older kernel takes a shorter description, and no zeros in place of the rest either.
        described = struct.pack("=QQQ", *rights)[: 24 if version >= 6 else 16 if version >= 4 else 8]
        rules = self.call(_LANDLOCK_CREATE, described, len(described), 0)
        for name, path in paths:
            self._allow(rules, _RIGHTS_OF[name], path)
        return rules

    def _allow(self, rules: int, rights: int, path: str) -> None:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights &= -1 if os.path.isdir(path) else _OF_FILES  # noqa: PTH112  (pathlib takes time to import)
            self.call(_LANDLOCK_ADD, rules, 1, struct.pack("=Qi", rights, descriptor), 0)
        finally:
            os.close(descriptor)

    def become(self, user: int) -> None:
        """Be an ordinary user, who may read what Landlock allows though its folders be closed to others."""
        os.setgroups([])
        os.setresgid(user, user, user)
        self.prctl(_PR_SET_KEEPCAPS, 1)
        os.setresuid(user, user, user)
        header = struct.pack("=Ii", _CAPABILITIES_VERSION, 0)
        held = self._ctypes.create_string_buffer(24)
        self._checked(self._libc.capget(header, held))
        kept = struct.unpack("=6I", held.raw)[1] & 1 << _CAP_DAC_READ_SEARCH
        self._checked(self._libc.capset(header, struct.pack("=6I", kept, kept, kept, 0, 0, 0)))
        if kept:
            self.prctl(_PR_CAP_AMBIENT, _CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH)

    def die_with(self, parent: int) -> None:
        """Be killed when the parent ends; too late to ask for if it has ended already."""
        self.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
        if os.getppid() != parent:
            os._exit(_FAILED)

    def filter_calls(self, program: bytes) -> None:
        code = self._ctypes.create_string_buffer(program, len(program))
        described = struct.pack("@HP", len(program) // 8, self._ctypes.addressof(code))
        self.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, described)

    def _checked(self, returned: int) -> int:
        if returned < 0:
            number = self._ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return returned


if __name__ == "__main__":
    _main(sys.argv[1:])
