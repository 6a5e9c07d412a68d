"""The inside of a warm worker: imports one simulator, then runs jobs until its input ends.

A script of its own, started as `python -I worker.py FOLDER` by `pool`; it uses the standard library and the runtime
that the simulator brought along, nothing of gsim_devs. Requests come and replies go over what were stdin and stdout;
both are put out of the simulated code's way first: what that prints goes to stderr.

With a third word, FILTER, each job is a process of its own, forked from one that has loaded the runtime and none of the
simulator's own code; that is loaded in the fork, after it has given up to the filter (in hexadecimal digits) what a job
must not do. So nothing that a job leaves behind is there for the next one.

A message is two lengths, a JSON header, and a body of bytes. A request is one job or a survey (`runtime.surveys`):
many simulations, each of which is to tell some numbers.
"""

from __future__ import annotations

import functools
import gc
import importlib
import io
import json
import os
import resource
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, BinaryIO, NoReturn

_LENGTHS = struct.Struct(">II")
_LONGEST_ERROR = 1 << 16
_LONGEST_HEADER = 1 << 20
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38


class _Flooded(BaseException):
    """More output than a run may make. No Exception, so that no component catches it by accident."""


def _main() -> None:
    requests, replies = _take_channel()
    folder, *forks = sys.argv[1:]
    sys.path.insert(0, folder)
    try:
        from runtime.commandline import load

        program = load(folder)
        if forks:
            _prepare(Path(folder))
        else:
            _end_with_whoever_started_us()
            importlib.import_module("system")
    except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
        _send(replies, {"status": "failed", "error": _told(error)})
        return
    _send(replies, {"status": "ok"})
    while lengths := requests.read(_LENGTHS.size):
        header, body = _LENGTHS.unpack(lengths)
        request = json.loads(requests.read(header)) | {"body": requests.read(body)}
        if forks:
            replies.write(_served_in_a_fork(program, request, bytes.fromhex(forks[0])))
            replies.flush()
        else:
            _send(replies, *_served(program, request))


def _end_with_whoever_started_us() -> None:
    """A simulation that never ends would outlive a parent that was killed: it does not notice that nobody listens."""
    parent = os.getppid()

    def look(number: int, frame: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)


def _take_channel() -> tuple[BinaryIO, BinaryIO]:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _send(replies: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    text = json.dumps(header).encode()
    replies.write(_LENGTHS.pack(len(text), len(body)))
    replies.write(text)
    replies.write(body)
    replies.flush()


def _served(program: Any, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if "sights" in request:
        return _surveyed(program, request)
    stream = _Bounded(request["limit"])
    started = time.perf_counter()
    header: dict[str, Any] = {"status": "ok"}
    try:
        # In a fork it is not there yet.
        importlib.import_module("system")
        writer = _writer(program, stream, request)
        try:
            program.run(
                request["arguments"],
                request["stdin"],
                request["seed"],
                request["replication"],
                writer.write,
                request["parameters"],
                *_changes(program, request),
            )
        finally:
            writer.close()
    except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
        header = {"status": _status(error), "error": _told(error), "memory": _lacked_memory(error)}
    return header | {"seconds": time.perf_counter() - started}, stream.getvalue()


def _changes(program: Any, request: dict[str, Any]) -> tuple[Any, ...]:
    from runtime.errors import UsageError

    if not request["changes"]:
        return ()
    if not hasattr(program, "settle_changes"):
        raise UsageError(
            "the simulator's runtime is too old to change parameters during a run; assemble it again"
        )
    return (request["changes"],)


def _surveyed(program: Any, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The numbers of all simulations, one after the other; those that failed are named in the header."""
    started = time.perf_counter()
    try:
        importlib.import_module("system")
        numbers, errors = _surveys(program).run(request)
    except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
        header = {"status": _status(error), "error": _told(error), "memory": _lacked_memory(error)}
        return header | {"seconds": time.perf_counter() - started}, b""
    header = {
        "status": "ok",
        "failures": [(place, _status(error), _told(error)) for place, error in errors.items()],
        "memory": any(map(_lacked_memory, errors.values())),
    }
    return header | {"seconds": time.perf_counter() - started}, numbers


@functools.cache
def _surveys(program: Any) -> Any:
    from runtime.errors import UsageError

    try:
        from runtime.surveys import Surveys
    except ImportError:
        raise UsageError(
            "the simulator's runtime is too old to be simulated many times at once; assemble it again"
        ) from None
    return Surveys(program)


def _writer(program: Any, stream: BinaryIO, request: dict[str, Any]) -> Any:
    from runtime.records import TraceWriter

    if request["records"]:
        writer = TraceWriter(stream, ticks_per_unit=program.ticks_per_unit, detail=request["detail"])
    else:
        writer = program.writer(stream, request["detail"])
    writer.replication = request["replication"]
    return writer


class _Bounded(io.BytesIO):
    """Takes a trace, up to its limit and up to the end of a line."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._left = limit

    def write(self, text: Any) -> int:
        """Take whole lines, or as many of them as there is room for."""
        if len(text) > self._left:
            super().write(text[: text.rfind(b"\n", 0, self._left) + 1])
            self._left = 0
            raise _Flooded("more output than a run may make")
        self._left -= len(text)
        return super().write(text)


def _status(error: BaseException) -> str:
    from runtime.errors import UsageError

    if isinstance(error, _Flooded):
        return "flooded"
    return "refused" if isinstance(error, UsageError) else "failed"


def _told(error: BaseException) -> str:
    from runtime.errors import GsimError

    if isinstance(error, GsimError | _Flooded):
        return str(error)
    return "".join(traceback.format_exception(error))[-_LONGEST_ERROR:]


def _lacked_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__
    return False


# A process for each job.


def _prepare(folder: Path) -> None:
    """Do once what every fork would have to do, short of running anything of the simulator's own."""
    texts = {path: path.read_bytes() for path in folder.rglob("*.py") if "runtime" not in path.parts}
    codes: dict[str, CodeType] = {}
    for path, text in texts.items():
        try:
            codes[str(path)] = compile(text, str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # The fork that imports it will say so.
            continue
    sys.path_hooks.insert(0, _finder(folder, codes))
    sys.path_importer_cache.clear()
    importlib.import_module("runtime")
    if any(b"draw" in text for text in texts.values()):
        importlib.import_module("numpy.random")
    importlib.import_module("ctypes")
    gc.freeze()


def _finder(folder: Path, codes: dict[str, CodeType]) -> Callable[[str], Any]:
    class Ready(SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType | None:
            return codes.get(self.path) or super().get_code(fullname)

    hook = FileFinder.path_hook((Ready, [".py"]))

    def find(path: str) -> Any:
        if not Path(path).is_relative_to(folder):
            raise ImportError(path)
        return hook(path)

    return find


def _served_in_a_fork(program: Any, request: dict[str, Any], forbidden: bytes) -> bytes:
    """One message, whatever the fork writes."""
    started = time.perf_counter()
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        _become_a_job(program, request, theirs, forbidden)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        message = _whole_message(pipe, request["limit"])
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if message and code == 0:
        return message
    header = {"status": "killed" if code < 0 else "failed", "code": code or 1}
    text = json.dumps(header | {"error": "", "seconds": time.perf_counter() - started}).encode()
    return _LENGTHS.pack(len(text), 0) + text


def _whole_message(pipe: BinaryIO, limit: int) -> bytes:
    """What comes out of the pipe, if that is one message and nothing else."""
    lengths = pipe.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return b""
    header, body = _LENGTHS.unpack(lengths)
    if header > _LONGEST_HEADER or body > limit:
        return b""
    text = pipe.read(header + body)
    return lengths + text if len(text) == header + body and not pipe.read(1) else b""


def _become_a_job(program: Any, request: dict[str, Any], pipe: int, forbidden: bytes) -> NoReturn:
    code = 1
    try:
        os.dup2(pipe, 3)
        os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        if forbidden:
            _forbid(forbidden)
        with os.fdopen(3, "wb") as replies:
            _send(replies, *_served(program, request))
        code = 0
    finally:
        # Nothing that is to happen at the exit of a process is ours.
        os._exit(code)


def _forbid(forbidden: bytes) -> None:
    """Die with the worker, gain no rights, and call nothing that the filter refuses."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(forbidden, len(forbidden))
    described = struct.pack("@HP", len(forbidden) // 8, ctypes.addressof(code))
    zero = ctypes.c_ulong(0)
    for option, argument in (
        (_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL)),
        (_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1)),
    ):
        if libc.prctl(option, argument, zero, zero, zero):
            raise OSError(ctypes.get_errno(), "a job could not be contained")
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(2), described, zero, zero):
        raise OSError(ctypes.get_errno(), "a job could not be contained")


if __name__ == "__main__":
    _main()
