"""The tiers of the sandbox: what works in them, how they are chosen, and that none is replaced by a lesser one."""

from __future__ import annotations

import gc
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Limits, Pool, describe_isolation, isolation, launch, run, sandboxed
from gsim_devs.execution.seccomp import REFUSED, STARTING, filter_program

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "scenarios" / "abp" / "reference"
HEADERS = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 1: "/usr/include/asm-generic/unistd.h"}


def works(tier: str) -> bool:
    try:
        sandboxed(tier)
    except UsageError:
        return False
    return True


TIERS = [tier for tier in ("process", "kernel", "bwrap") if works(tier)]
each_tier = pytest.mark.parametrize("tier", TIERS)


@pytest.fixture
def script(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "simulator.py"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def forgetful():
    """What works is found out once; tests that change the machine have it found out again."""
    isolation._missing.cache_clear()
    yield
    isolation._missing.cache_clear()


@pytest.fixture(scope="module")
def abp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "abp"
    contract = load_contract(ROOT / "contracts" / "abp.yaml")
    sources = read_sources(REFERENCE / "components")
    return assemble(load_plan(REFERENCE / "plan.yaml"), sources, contract, folder)


def test_a_simulator_prints_the_same_in_every_tier(abp):
    free = run(abp, {"total_packets": 3})

    for tier in TIERS:
        result = run(abp, {"total_packets": 3}, launcher=sandboxed(tier))
        assert (result.status, result.isolation) == ("ok", tier), result.stderr
        assert result.trace == free.trace != b""


@pytest.mark.parametrize("fork", [False, True])
@each_tier
def test_a_pool_yields_the_same_in_every_tier(abp, tier, fork):
    jobs = [Job({"total_packets": packets}) for packets in (1, 3, 5)]

    with Pool(abp, workers=1) as free, Pool(abp, workers=1, launcher=sandboxed(tier), fork=fork) as held:
        pairs = list(zip(free.run(jobs), held.run(jobs), strict=True))

    assert [one.records == other.records != () for one, other in pairs] == [True] * 3
    assert {other.isolation for _, other in pairs} == {tier}


@pytest.mark.parametrize("fork", [False, True])
def test_what_a_job_leaves_behind_is_there_for_the_next_one_unless_each_is_a_process(stand_in, fork):
    model = "seen = []\ndef simulate(job, emit):\n    seen.append(1)\n    emit(0, str(len(seen)))"

    with Pool(stand_in(model), workers=1, fork=fork) as pool:
        events = [result.records[0][2] for result in pool.run(Job() for _ in range(3))]

    assert events == (["1", "1", "1"] if fork else ["1", "2", "3"])


@pytest.mark.parametrize("model", ["import nothing_of_this_name", "raise SystemExit('no')", "def f(:"])
def test_in_a_fork_an_import_that_fails_is_told(stand_in, model):
    with Pool(stand_in(model), workers=1, fork=True) as pool:
        results = list(pool.run([Job(), Job()]))

    assert [result.status for result in results] == ["failed"] * 2
    assert re.match("ModuleNotFoundError: No module|SystemExit: no|SyntaxError: invalid", results[0].reason)


@each_tier
def test_numpy_works(script, tier):
    text = "import numpy as n; print((n.ones((50, 50)) @ n.ones((50, 50))).sum(), n.random.default_rng(1).integers(9))"

    free, held = run(script(text)), run(script(text), launcher=sandboxed(tier))

    assert held.trace == free.trace != b""


@each_tier
def test_a_file_that_an_option_names_is_read(script, tmp_path, tier):
    given = tmp_path / "given.txt"
    given.write_text("content")

    result = run(
        script("import sys; print(open(sys.argv[2]).read())"), {"file": given}, launcher=sandboxed(tier)
    )

    assert result.trace == b"content\n", result.stderr


@each_tier
def test_one_whose_time_is_over_may_tidy_up(script, tier):
    text = """
import signal, sys, time
def end(*_):
    print("tidied", flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, end)
print("began", flush=True)
time.sleep(60)
"""
    result = run(script(text), limits=Limits(seconds=0.5), launcher=sandboxed(tier))

    assert (result.status, result.code, result.trace) == ("timeout", 3, b"began\ntidied\n")


@each_tier
def test_limits_hold(script, tier):
    text = """
import os, resource
names = ("AS", "CORE", "FSIZE", "CPU")
print([resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in names])
print(*sorted(set(os.environ) - {"PWD", "LC_CTYPE"}))
"""
    result = run(script(text), limits=Limits(seconds=7.5, memory=2**30), launcher=sandboxed(tier))

    limits, environment = result.trace.decode().splitlines()
    assert limits == str([2**30, 0, 0, 9])
    assert environment == "LANG OMP_NUM_THREADS OPENBLAS_NUM_THREADS PATH"


@pytest.mark.skipif("kernel" not in TIERS, reason="the kernel contains nothing here")
def test_processes_are_started_where_that_is_allowed(script):
    text = """
import os, sys
child = os.fork()
sys.stdout.write('x' if child else 'y')
sys.stdout.flush()
if child:
    # What is left when we end is killed.
    os.waitpid(child, 0)
"""
    held = sandboxed("kernel")

    assert run(script(text), launcher=held).status == "failed"
    assert sorted(run(script(text), launcher=held, limits=Limits(forks=True)).trace) == sorted(b"xy")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may start as many processes as it likes")
def test_an_ordinary_user_starts_no_process_even_without_the_kernels_help(script):
    assert run(script("import os; os.fork()"), launcher=sandboxed("process")).status == "failed"


@pytest.mark.skipif("kernel" not in TIERS or os.geteuid() != 0, reason="only root can become somebody else")
def test_root_is_not_root_inside(script):
    result = run(script("import os; print(os.getresuid(), os.getgroups())"), launcher=sandboxed("kernel"))

    assert result.trace == b"(65534, 65534, 65534) []\n"


def test_none_is_the_plain_launcher(script):
    assert sandboxed("none") is launch
    assert run(script("")).isolation == "none"


def test_auto_takes_the_best_that_works(script):
    assert run(script(""), launcher=sandboxed()).isolation == TIERS[-1]
    assert describe_isolation()[-1] == f"auto takes {TIERS[-1]}"


def test_an_unknown_tier_is_refused():
    with pytest.raises(
        UsageError, match="there is no isolation 'docker'; there are auto, none, process, kernel"
    ):
        sandboxed("docker")


@pytest.mark.parametrize("tier", ["kernel", "bwrap"])
def test_on_a_machine_without_a_table_of_calls_the_kernels_tiers_are_refused(monkeypatch, forgetful, tier):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(UsageError, match=f"isolation {tier} does not work here: there is no table.*riscv64"):
        sandboxed(tier)
    assert describe_isolation()[-1] == "auto takes process"


def test_without_bubblewrap_its_tier_is_refused(monkeypatch, forgetful):
    monkeypatch.setattr(isolation, "bubblewrap", lambda: None)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    with pytest.raises(UsageError, match="isolation bwrap does not work here: bubblewrap is not installed"):
        sandboxed("bwrap")


def test_bubblewrap_that_has_gone_since_is_told(monkeypatch, script):
    launcher = isolation._Sandbox("bwrap")
    monkeypatch.setattr(isolation, "bubblewrap", lambda: None)

    with pytest.raises(UsageError, match="bubblewrap is gone: it was there when the isolation was chosen"):
        launcher([sys.executable, str(script(""))], stdin=subprocess.DEVNULL, limits=Limits())


@pytest.mark.parametrize(
    ("jail", "said"),
    [
        # One that cannot do it, one that pretends.
        ("raise SystemExit('Function not implemented')", "Function not implemented"),
        (
            "import os, sys; at = sys.argv.index('--') + 1; os.execv(sys.argv[at], sys.argv[at:])",
            "in a trial processes could be started",
        ),
    ],
)
def test_a_jail_that_does_not_hold_is_found_out(monkeypatch, forgetful, tmp_path, jail, said):
    (tmp_path / "jail.py").write_text(jail)
    monkeypatch.setattr(isolation, "_JAIL", tmp_path / "jail.py")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    with pytest.raises(UsageError, match=f"isolation kernel does not work here: {said}"):
        sandboxed("kernel")


def test_a_step_of_the_jail_that_fails_starts_nothing():
    jail = Path(isolation.__file__).with_name("jail.py")

    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(jail), "read=/nowhere", "--", "/bin/echo", "started"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (ended.returncode, ended.stdout) == (125, "")
    assert ended.stderr.startswith("the sandbox could not be set up: ")


def test_the_empty_folder_goes_with_its_launcher():
    launcher = sandboxed("process")
    folder = launcher._folder

    assert list(folder.iterdir()) == []
    del launcher
    gc.collect()
    assert not folder.exists()


@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
def test_the_numbers_of_calls_are_those_of_the_kernels_headers(column):
    header = Path(HEADERS[column])
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    known = {
        name: int(number)
        for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
    }

    for name, row in (REFUSED | STARTING).items():
        # Headers may be older than a call, but a call that we leave out must not be there.
        assert known.get(name) in (row[column], None), name


def test_a_machine_that_is_not_known_has_no_filter():
    assert filter_program("riscv64") is None
    assert filter_program("x86_64") != filter_program("aarch64")
