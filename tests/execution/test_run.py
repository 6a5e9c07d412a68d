"""One run in a process of its own: what comes back, what is kept within limits, what is left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Limits, launch, run
from tests.execution.children import children

MIB = 1024 * 1024


@pytest.fixture
def script(tmp_path):
    """Write a program that stands in for a simulator."""

    def write(text: str) -> Path:
        path = tmp_path / "simulator.py"
        path.write_text(text)
        return path

    return write


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has collected yet has."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_what_a_simulator_prints_comes_back_as_it_is(script):
    simulator = script(
        "import sys; sys.stdout.buffer.write('ä\\n1\\n'.encode()); print('note', file=sys.stderr)"
    )

    result = run(simulator)

    assert (result.status, result.code, result.ok) == ("ok", 0, True)
    assert result.trace == "ä\n1\n".encode()
    assert result.stderr == "note\n"
    assert 0 < result.seconds < 30


def test_arguments_seed_parameters_and_input_reach_the_simulator(script):
    simulator = script("import sys; print(sys.argv[1:]); print(sys.stdin.read())")

    result = run(
        simulator,
        {"packets": 3, "rate": 0.1, "flag": True, "file": Path("a b"), "shares": (0.5, 0.5)},
        stdin="one\ntwo",
        seed=7,
        parameters={"beta": 0.25},
        replications=2,
        detail=True,
    )

    options = ["--packets", "3", "--rate", "0.1", "--flag", "true", "--file", "a b", "--shares", "0.5,0.5"]
    options += ["--seed", "7", "--set", "beta=0.25", "--replications", "2", "--detail"]
    assert result.trace.decode() == f"{options}\none\ntwo\n"


def test_input_that_is_not_read_and_longer_than_a_pipe_stops_nothing(script):
    result = run(script("print(1)"), stdin="x" * 10 * MIB)

    assert result.trace == b"1\n"


@pytest.mark.parametrize(("code", "status"), [(0, "ok"), (1, "failed"), (2, "refused"), (7, "failed")])
def test_the_exit_code_is_the_status(script, code, status):
    result = run(script(f"print(5); raise SystemExit({code})"))

    assert (result.status, result.code, result.trace) == (status, code, b"5\n")


def test_the_reason_of_a_failure_is_the_last_line_of_stderr(script):
    result = run(script("import sys; sys.exit('a\\nsender failed at 3.0')"))

    assert result.reason == "sender failed at 3.0"


def test_death_by_a_signal_is_told_from_failure(script):
    result = run(script("import os; os.kill(os.getpid(), 11)"))

    assert (result.status, result.code) == ("killed", -11)
    assert result.reason == "killed by signal 11"


def test_a_run_that_takes_too_long_is_stopped_and_keeps_its_whole_lines(script):
    simulator = script("import time; print('1\\n2\\nhal', end='', flush=True); time.sleep(60)")

    result = run(simulator, limits=Limits(seconds=0.5))

    assert result.status == "timeout"
    assert result.trace == b"1\n2\n"
    assert 0.5 <= result.seconds < 5


def test_it_may_tidy_up_when_its_time_is_over(script):
    simulator = script(
        "import signal, sys, time\n"
        "def tidy_up(*_): print('last'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, tidy_up)\n"
        "time.sleep(60)\n"
    )

    result = run(simulator, limits=Limits(seconds=0.4))

    assert (result.status, result.trace) == ("timeout", b"last\n")


def test_but_not_for_long(script):
    simulator = script(
        "import signal, time; signal.signal(signal.SIGTERM, lambda *_: None)\nwhile True: time.sleep(1)"
    )

    result = run(simulator, limits=Limits(seconds=0.4))

    assert (result.status, result.code) == ("timeout", -9)
    assert result.seconds < 5


def test_one_that_has_closed_its_output_is_still_stopped(script):
    simulator = script("import os, time; os.close(1); os.close(2); time.sleep(60)")

    result = run(simulator, limits=Limits(seconds=0.4))

    assert result.status == "timeout"
    assert result.seconds < 5


def test_a_flood_is_stopped_at_the_limit_at_a_whole_line(script):
    result = run(script("while True: print('123456789')"), limits=Limits(output=1_000_005))

    assert result.status == "flooded"
    assert result.trace == b"123456789\n" * 100_000


def test_output_of_exactly_the_limit_is_no_flood(script):
    result = run(script("print('x' * 999)"), limits=Limits(output=1000))

    assert (result.status, len(result.trace)) == ("ok", 1000)


def test_the_end_of_a_flood_on_stderr_is_kept_and_is_no_offence(script):
    simulator = script("import sys; sys.stderr.write('x' * 5_000_000 + 'end')")

    result = run(simulator, limits=Limits(stderr=100))

    assert result.status == "ok"
    assert result.stderr == "x" * 97 + "end"


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_memory_beyond_the_limit_is_not_to_be_had(script):
    result = run(script("x = bytearray(10**9)"), limits=Limits(memory=300 * MIB))

    assert result.status == "failed"
    assert result.reason == "MemoryError"


def test_peak_memory_is_the_simulators_and_not_ours(script):
    ours = bytearray(200 * MIB)
    ours[::4096] = b"x" * len(ours[::4096])
    small = "import time; time.sleep(0.1)"
    # It lasts, because where we are larger ourselves it is looked at only now and then.
    large = "import time; x = bytearray(400_000_000); x[::4096] = b'x' * len(x[::4096]); time.sleep(0.3)"

    peaks = [run(script(text)).peak_memory for text in (small, large)]

    assert 0 < peaks[0] < 100 * MIB
    assert 400_000_000 < peaks[1] < 600_000_000


def test_a_trace_can_go_to_a_file(script, tmp_path):
    place = tmp_path / "trace.jsonl"

    result = run(script("print(1); print(2); print(3, end=''); raise SystemExit(1)"), trace_file=place)

    assert place.read_text() == "1\n2\n"
    assert (result.trace, result.trace_file) == (b"", place)


def test_nothing_of_our_environment_reaches_the_simulator(script, monkeypatch):
    monkeypatch.setenv("GSIM_DEVS_SECRET", "x")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")

    result = run(script("import os; print(*sorted(os.environ))"))

    assert set(result.trace.decode().split()) <= {
        "LANG", "PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LC_CTYPE",
    }  # fmt: skip


def test_what_a_simulator_started_dies_with_it(script):
    simulator = script(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid)\n"
    )

    result = run(simulator)

    assert result.status == "ok"
    assert result.seconds < 10
    assert gone(int(result.trace))


def test_on_a_timeout_the_whole_group_dies(script):
    simulator = script(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )

    result = run(simulator, limits=Limits(seconds=1))

    assert result.status == "timeout"
    assert gone(int(result.trace))


def test_an_escaped_process_that_holds_the_pipe_does_not_hold_us(script):
    simulator = script(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(4)'], start_new_session=True)\n"
        "print(1)\n"
    )

    result = run(simulator)

    assert (result.status, result.trace) == ("ok", b"1\n")
    assert result.seconds < 3.5


def test_no_file_thread_or_process_is_left(script):
    simulator = script("print(1)")
    run(simulator)
    before, threads, others = len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), children()

    run(simulator)
    run(simulator, limits=Limits(seconds=0.001))

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert threading.active_count() == threads
    assert children() == others


def test_folder_zipapp_and_command_line_are_simulators(tmp_path, script):
    folder = tmp_path / "abp"
    folder.mkdir()
    (folder / "part.py").write_text("word = 'hello'")
    (folder / "__main__.py").write_text("import sys, part; print(part.word, sys.argv[1:])")
    subprocess.run([sys.executable, "-m", "zipapp", str(folder), "-o", str(tmp_path / "abp.pyz")], check=True)

    results = [
        run(simulator, {"a": 1})
        for simulator in (
            folder,
            str(folder),
            tmp_path / "abp.pyz",
            [sys.executable, str(folder)],
            [sys.executable, str(folder), "{arguments}"],
        )
    ]

    assert {result.trace for result in results} == {b"hello ['--a', '1']\n"}


def test_options_stand_where_the_template_says(script):
    result = run(
        [sys.executable, str(script("import sys; print(sys.argv[1:])")), "{arguments}", "last"], {"a": 1}
    )

    assert result.trace == b"['--a', '1', 'last']\n"


@pytest.mark.parametrize(
    ("simulator", "complaint"),
    [
        ("nowhere/abp", "there is no simulator at nowhere/abp"),
        (".", "has no __main__.py"),
        (["no-such-program-here"], "cannot start no-such-program-here: there is no such program"),
        ([], "an empty command line starts no simulator"),
    ],
)
def test_nothing_to_start_is_the_callers_error(simulator, complaint, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=complaint):
        run(simulator)


def test_two_seeds_are_refused(script):
    with pytest.raises(UsageError, match="seed is given twice"):
        run(script(""), {"seed": 3}, seed=4)


def test_a_trace_file_that_cannot_be_written_is_the_callers_error(script, tmp_path):
    with pytest.raises(UsageError, match="cannot write the trace to .*: Is a directory"):
        run(script(""), trace_file=tmp_path)


def test_the_launcher_decides_how_the_process_is_started(script):
    seen = []

    def wrapped(argv, *, stdin, limits):
        seen.append(argv)
        return launch(["env", "SANDBOX=1", *argv], stdin=stdin, limits=limits)

    simulator = script("import os; print(os.environ['SANDBOX'])")
    result = run(simulator, launcher=wrapped)

    assert result.trace == b"1\n"
    assert seen == [[sys.executable, "-I", str(simulator)]]
