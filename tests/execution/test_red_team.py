"""Hostile programs and jobs: what they try does not happen, is told in one line, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Limits, Pool, launch, run, sandboxed

from .hostile import CONNECTING, EXHAUSTING, FRAME, JOBS, PRELUDE, PROCESSES, READING, WRITING, Deed

MIB = 1024 * 1024
DEEDS = [*READING, *WRITING, *CONNECTING, *PROCESSES, *EXHAUSTING]
RESIDUE = [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.cwd(), Path("/")]


def works(tier: str) -> bool:
    try:
        sandboxed(tier)
    except UsageError:
        return False
    return True


TIERS = [tier for tier in ("kernel", "bwrap") if works(tier)]
pytestmark = pytest.mark.skipif(not TIERS, reason="nothing contains programs on this machine")


class World:
    """What a hostile program could harm, and whether it did."""

    def __init__(self, place: Path) -> None:
        self.token, self.name = secrets.token_hex(8), secrets.token_hex(8)
        self.place = place
        self.target, self.simulator, self.home = place / "target", place / "simulator", place / "home"
        for folder in (self.target, self.simulator, self.home):
            folder.mkdir()
            folder.chmod(0o777)
        self.secret = self.target / "secret"
        self.secret.write_text(self.token)
        self.secret.chmod(0o666)
        (self.simulator / "link").symlink_to(self.secret)
        self.key = int(self.token[:7], 16)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.unix, self.abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.unix.bind(str(self.target / "socket"))
        (self.target / "socket").chmod(0o777)
        self.abstract.bind("\0" + self.name)
        self.listening = (self.tcp, self.unix, self.abstract)
        for one in (self.unix, self.abstract):
            one.listen()
        for one in (*self.listening, self.udp):
            one.setblocking(False)
        self.bystander = subprocess.Popen(["sleep", "600"], env={"SECRET": self.token, "PATH": os.defpath})

    def commit(self, deed: Deed, launcher=launch):
        """Run a deed's program."""
        main = self.simulator / "__main__.py"
        main.write_text(PRELUDE + deed.program)
        main.chmod(0o666)
        self.before = self.files()
        where = {
            "secret": str(self.secret), "target": str(self.target), "simulator": str(self.simulator),
            "home": str(self.home), "name": self.name, "key": self.key, "bystander": self.bystander.pid,
            "tcp": self.tcp.getsockname()[1], "udp": self.udp.getsockname()[1], "unix": str(self.target / "socket"),
        }  # fmt: skip
        limits = Limits(seconds=0.6 if "timeout" in deed.ends else 20, memory=400 * MIB, output=2 * MIB)
        return run(self.simulator, stdin=json.dumps(where), limits=limits, launcher=launcher)

    def files(self) -> dict[str, tuple[object, ...]]:
        """Everything about every file that could be changed, except what reading does to it."""
        found = {}
        for path in (self.place, *self.place.rglob("*")):
            if "__pycache__" not in path.parts:
                info = path.lstat()
                found[str(path)] = (info.st_mode, info.st_uid, info.st_size, info.st_nlink, info.st_mtime_ns)
        return found

    def harm(self, result) -> list[str]:
        """What has been done; empty when nothing has."""
        found = []
        if self.token in result.trace.decode(errors="replace") + result.stderr:
            found.append("a secret is out")
        if self.files() != self.before or self.secret.read_text() != self.token:
            found.append("files have changed")
        found += [f"{folder} holds a residue" for folder in RESIDUE if (folder / self.name).exists()]
        found += [f"somebody connects to {one.getsockname()}" for one in self.listening if _accepted(one)]
        found += ["a message has come"] if _heard(self.udp) else []
        if self.bystander.poll() is not None or os.getpriority(os.PRIO_PROCESS, self.bystander.pid):
            found.append("a bystander was hurt")
        found += [f"process {pid} is left" for pid in self.left()]
        if str(self.key) in Path("/proc/sysvipc/shm").read_text().split():
            found.append("memory is left")
        return found

    def left(self) -> list[int]:
        """Processes that come from the simulator; those that end by themselves have a moment to do it."""
        for _ in range(30):
            pids = [
                pid for pid in map(_number, Path("/proc").iterdir()) if pid and _is_of(pid, self.simulator)
            ]
            if not pids:
                break
            time.sleep(0.01)
        return pids

    def close(self) -> None:
        """Take everything back, also what an uncontained program has left."""
        for one in (*self.listening, self.udp):
            one.close()
        self.bystander.kill()
        self.bystander.wait()
        for pid in self.left():
            os.kill(pid, 9)
        for folder in RESIDUE:
            (folder / self.name).unlink(missing_ok=True)
        subprocess.run(["ipcrm", "-M", str(self.key)], capture_output=True, check=False)


def _accepted(listening: socket.socket) -> bool:
    try:
        listening.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _heard(receiving: socket.socket) -> bool:
    try:
        return bool(receiving.recv(10))
    except BlockingIOError:
        return False


def _number(path: Path) -> int:
    return int(path.name) if path.name.isdigit() else 0


def _is_of(pid: int, folder: Path) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.fixture
def world(tmp_path, monkeypatch):
    made = World(tmp_path)
    monkeypatch.setenv("SECRET", made.token)
    yield made
    made.close()


@pytest.fixture(params=TIERS, scope="module")
def tier(request):
    return request.param


@pytest.fixture(scope="module")
def launcher(tier):
    return sandboxed(tier)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_a_hostile_program_does_no_harm(world, launcher, tier, deed):
    result = world.commit(deed, launcher)

    assert world.harm(result) == []
    assert result.status in deed.ends, result.stderr
    assert result.isolation == tier
    assert result.reason
    assert "\n" not in result.reason


@pytest.mark.parametrize("deed", [deed for deed in DEEDS if deed.harms], ids=lambda deed: deed.name)
def test_the_same_program_would_do_harm(world, deed):
    result = world.commit(deed)

    assert world.harm(result) != []


def test_a_hostile_job_harms_itself_only(stand_in, launcher, tier):
    deeds = "".join(f"    if deed == {name!r}:\n        {program}\n" for name, program in JOBS.items())
    model = f"{FRAME}def simulate(job, emit):\n    deed = job['arguments']['deed']\n{deeds}    emit(1, deed)"
    names = [name for deed in JOBS for name in (deed, f"after {deed}")]
    limits = Limits(seconds=1.5, memory=500 * MIB, output=4 * MIB)

    with Pool(stand_in(model), workers=2, launcher=launcher, fork=True, limits=limits) as pool:
        results = dict(zip(names, pool.run(Job({"deed": name}) for name in names), strict=True))

    for name, result in results.items():
        assert (result.status == "ok") == name.startswith("after"), (name, result)
        assert result.isolation == tier
        assert "\n" not in result.reason
        if result.ok:
            assert result.records == ((1.0, "it", name, {}),)
