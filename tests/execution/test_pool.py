"""Many short runs in warm workers: the results of each job, whatever the others do to the worker."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Limits, Pool
from tests.execution.children import children

MIB = 1024 * 1024

ECHO = """
import sys
def simulate(job, emit):
    emit(0.25, "job", **job)
"""


def jobs(n: int, **arguments: object) -> list[Job]:
    return [Job({"k": k, **arguments}) for k in range(n)]


def events(result) -> list[str]:
    return [record[2] for record in result.records]


def test_a_job_reaches_the_simulator_and_its_records_come_back(stand_in):
    job = Job({"k": 1, "x": 0.1}, stdin="a\n", seed=5, replication=2, parameters={"beta": 0.3})

    with Pool(stand_in(ECHO), workers=1) as pool:
        (result,) = pool.run([job])

    payload = {
        "arguments": {"k": 1, "x": 0.1},
        "stdin": "a\n",
        "seed": 5,
        "replication": 2,
        "parameters": {"beta": 0.3},
    }
    assert (result.status, result.code) == ("ok", 0)
    assert result.records == ((0.25, "it", "job", payload),)
    assert result.seconds > 0
    assert result.peak_memory > MIB


def test_a_runtime_from_before_there_were_changes_refuses_them(stand_in):
    older = "from runtime.program import Program\ndel Program.settle_changes\n" + ECHO

    with Pool(stand_in(older), workers=1) as pool:
        without, with_change = pool.run([Job(), Job(changes=((1.0, "beta", 0.3),))])

    assert without.ok
    assert with_change.status == "refused"
    assert "too old to change parameters during a run; assemble it again" in with_change.reason


def test_a_detailed_record_has_its_number_and_its_component(stand_in):
    with Pool(stand_in('def simulate(job, emit): emit(0, "a"); emit(1, "b")'), workers=1) as pool:
        (result,) = pool.run([Job(detail=True)])

    assert result.records == ((0.0, "it", "a", {}, 0, "part"), (1.0, "it", "b", {}, 1, "part"))


def test_a_trace_can_be_had_as_it_would_be_printed(stand_in):
    with Pool(stand_in('def simulate(job, emit): emit(0, "a", n=1); emit(1, "b")'), workers=1) as pool:
        (result,) = pool.run([Job()], records=False)

    assert result.trace == b'{"t": 0.0, "what": "a", "n": 1}\n{"t": 1.0, "what": "b"}\n'
    assert result.records == ()


def test_results_come_in_order_of_submission(stand_in):
    model = 'import time\ndef simulate(job, emit): time.sleep(0.02 * (job["seed"] % 3)); emit(0, str(job["seed"]))'

    with Pool(stand_in(model), workers=3) as pool:
        results = list(pool.run(Job(seed=k) for k in range(40)))

    assert [events(result) for result in results] == [[str(k)] for k in range(40)]


def test_a_worker_imports_the_simulator_once(stand_in):
    model = "import os\ndef simulate(job, emit): emit(0, str(os.getpid()))"

    with Pool(stand_in(model), workers=2) as pool:
        first = [events(result)[0] for result in pool.run(jobs(30))]
        second = [events(result)[0] for result in pool.run(jobs(30))]

    assert len(set(first + second)) <= 2


def test_jobs_are_taken_as_workers_come_free(stand_in):
    with Pool(stand_in(ECHO), workers=2) as pool:
        results = list(islice(pool.run(Job(seed=k) for k in count()), 5))
        again = list(pool.run([Job(seed=9)]))

    assert [result.records[0][3]["seed"] for result in results] == [0, 1, 2, 3, 4]
    assert again[0].records[0][3]["seed"] == 9


def test_what_simulated_code_prints_disturbs_nothing(stand_in):
    model = """
import os, subprocess, sys
def simulate(job, emit):
    print("to stdout", flush=True)
    os.write(1, b"\\x00\\x00\\x00\\x05\\x00\\x00\\x00\\x00hello")
    subprocess.run(["echo", "from a child"])
    print(repr(sys.stdin.read()), file=sys.stderr, flush=True)
    emit(0, "done")
"""
    with Pool(stand_in(model), workers=1) as pool:
        results = list(pool.run(jobs(3)))

    assert [(result.status, events(result)) for result in results] == [("ok", ["done"])] * 3


def test_an_error_is_a_failure_with_the_records_so_far(stand_in):
    model = """
from runtime.errors import SimulationError
def simulate(job, emit):
    emit(1, "before")
    if job["arguments"]["k"] == 1:
        raise SimulationError("no", component="sender", time=1.0, event="on_ack")
    if job["arguments"]["k"] == 2:
        raise KeyError("surprise")
    if job["arguments"]["k"] == 3:
        raise SystemExit(0)
"""
    with Pool(stand_in(model), workers=1) as pool:
        results = list(pool.run(jobs(5)))

    assert [result.status for result in results] == ["ok", "failed", "failed", "failed", "ok"]
    assert [events(result) for result in results] == [["before"]] * 5
    assert results[1].stderr == "sender failed at time 1.0 in on_ack: no"
    assert results[2].reason == "KeyError: 'surprise'"
    assert [result.code for result in results] == [0, 1, 1, 1, 0]


def test_a_usage_error_is_a_refusal(stand_in):
    model = 'from runtime.errors import UsageError\ndef simulate(job, emit): raise UsageError("packets: at least 1")'

    with Pool(stand_in(model), workers=1) as pool:
        (result,) = pool.run([Job()])

    assert (result.status, result.code, result.reason) == ("refused", 2, "packets: at least 1")


@pytest.mark.parametrize(
    ("deed", "status", "code"),
    [
        ("os._exit(3)", "failed", 3),
        ("os.kill(os.getpid(), 11)", "killed", -11),
        ("os.close(9999)", "failed", 1),
    ],
)
def test_a_job_that_kills_its_worker_fails_alone(stand_in, deed, status, code):
    model = f'import os\ndef simulate(job, emit):\n    if job["arguments"]["k"] % 4 == 2: {deed}\n    emit(0, "done")'

    with Pool(stand_in(model), workers=2) as pool:
        results = list(pool.run(jobs(12)))

    assert [result.status for result in results] == ["ok", "ok", status, "ok"] * 3
    assert results[2].code == code


def test_the_last_words_of_a_dead_worker_are_kept(stand_in):
    model = 'import os\ndef simulate(job, emit): os.write(2, b"Fatal: out of luck\\n"); os._exit(1)'

    with Pool(stand_in(model), workers=1) as pool:
        (result,) = pool.run([Job()])

    assert result.reason == "Fatal: out of luck"


def test_a_job_that_hangs_is_stopped_and_the_others_go_on(stand_in):
    model = 'import time\ndef simulate(job, emit):\n    if job["arguments"]["k"] == 1: time.sleep(60)\n    emit(0, "x")'

    started = time.monotonic()
    with Pool(stand_in(model), workers=2, limits=Limits(seconds=0.7)) as pool:
        results = list(pool.run(jobs(8)))

    assert [result.status for result in results] == ["ok", "timeout"] + ["ok"] * 6
    assert 0.7 <= results[1].seconds < 10
    assert time.monotonic() - started < 20


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_a_job_that_wants_too_much_memory_fails_alone(stand_in):
    model = 'def simulate(job, emit):\n    if job["arguments"]["k"] == 2: bytearray(10**9)\n    emit(0, "x")'

    with Pool(stand_in(model), workers=1, limits=Limits(memory=400 * MIB)) as pool:
        results = list(pool.run(jobs(5)))

    assert [result.status for result in results] == ["ok", "ok", "failed", "ok", "ok"]
    assert results[2].reason == "MemoryError"


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_a_job_does_not_pay_for_what_earlier_ones_left_in_memory(stand_in):
    model = 'left = []\ndef simulate(job, emit): left.append(bytearray(60 * 2**20)); emit(0, "x")'

    with Pool(stand_in(model), workers=1, limits=Limits(memory=300 * MIB)) as pool:
        results = list(pool.run(jobs(15)))

    assert [result.status for result in results] == ["ok"] * 15


def test_a_job_is_judged_in_a_fresh_worker(stand_in):
    model = "import os\nseen = []\ndef simulate(job, emit):\n    seen.append(1)\n    if len(seen) > 3: os._exit(1)\n"

    with Pool(stand_in(model), workers=1) as pool:
        results = list(pool.run(jobs(10)))

    assert [result.status for result in results] == ["ok"] * 10


def test_a_flood_is_stopped(stand_in):
    model = """
def simulate(job, emit):
    while True:
        try: emit(0, "x" * 100)
        except Exception: pass
"""

    with Pool(stand_in(model), workers=1, limits=Limits(output=10_000)) as pool:
        results = list(pool.run(jobs(2)))

    assert [result.status for result in results] == ["flooded"] * 2
    assert 50 < len(results[0].records) < 100


def test_a_worker_that_speaks_nonsense_is_replaced(stand_in):
    model = """
import os
def simulate(job, emit):
    if job["arguments"]["k"] == 1:
        for descriptor in range(3, 20):
            try: os.write(descriptor, b"\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x00[]")
            except OSError: pass
    emit(0, "x")
"""
    with Pool(stand_in(model), workers=1) as pool:
        results = list(pool.run(jobs(3)))

    assert [result.status for result in results] == ["ok", "failed", "ok"]


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise SystemExit('no')", "SystemExit: no"),
        ("import os; os.write(2, b'gone\\n'); os._exit(5)", "gone"),
    ],
)
def test_a_simulator_that_cannot_be_imported_fails_every_job_quickly(stand_in, model, reason):
    started = time.monotonic()
    with Pool(stand_in(model), workers=2) as pool:
        results = list(pool.run(jobs(3000)))

    assert [(result.status, result.reason) for result in results] == [("failed", reason)] * 3000
    assert time.monotonic() - started < 10


def test_a_simulator_whose_import_hangs_is_stopped(stand_in):
    with Pool(stand_in("import time; time.sleep(60)"), workers=1, limits=Limits(seconds=0.5)) as pool:
        results = list(pool.run(jobs(3)))

    assert [result.status for result in results] == ["timeout"] * 3


def test_input_longer_than_a_pipe_arrives(stand_in):
    model = 'def simulate(job, emit): emit(0, str(len(job["stdin"])))'

    with Pool(stand_in(model), workers=2) as pool:
        results = list(pool.run([Job(stdin="x" * 3_000_000)] * 3))

    assert [events(result) for result in results] == [["3000000"]] * 3


def test_nothing_is_left_when_the_pool_is_closed(stand_in):
    model = "import os\ndef simulate(job, emit): emit(0, str(os.getpid()))"
    before, threads, others = len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), children()

    with Pool(stand_in(model), workers=3) as pool:
        pids = {int(events(result)[0]) for result in pool.run(jobs(20))}

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert threading.active_count() == threads
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert children() == others


def test_an_error_on_our_side_leaves_nothing_behind(stand_in):
    def failing():
        yield Job()
        raise ZeroDivisionError

    others = children()
    with pytest.raises(ZeroDivisionError), Pool(stand_in(ECHO), workers=2) as pool:
        list(pool.run(failing()))

    assert children() == others


def test_a_simulation_without_end_does_not_outlive_whoever_wanted_it(stand_in, tmp_path):
    written = tmp_path / "pid"
    model = f"""import os, pathlib
def simulate(job, emit):
    pathlib.Path({str(written)!r}).write_text(str(os.getpid()) + ".")
    while True: pass"""
    wanting = f"from gsim_devs.execution import *\nwith Pool({str(stand_in(model))!r}) as pool: list(pool.run([Job()]))"

    with subprocess.Popen([sys.executable, "-c", wanting], cwd=Path(__file__).parents[2]) as process:
        wait_until(lambda: written.exists() and written.read_text().endswith("."))
        process.kill()

    wait_until(lambda: not Path("/proc", written.read_text().rstrip(".")).exists())


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_batch_at_a_time(stand_in):
    with Pool(stand_in(ECHO), workers=1) as pool:
        batch = pool.run(jobs(2))
        next(batch)

        with pytest.raises(UsageError, match="one at a time"):
            next(pool.run(jobs(1)))


def test_a_pool_for_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no simulator at"):
        Pool(tmp_path / "nowhere")


@pytest.mark.slow
def test_ten_thousand_runs_take_seconds(stand_in):
    started = time.monotonic()
    with Pool(stand_in(ECHO), workers=2) as pool:
        finished = sum(result.ok for result in pool.run(Job(seed=k) for k in range(10_000)))

    assert finished == 10_000
    assert time.monotonic() - started < 60
