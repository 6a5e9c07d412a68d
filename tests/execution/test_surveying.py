"""Many simulations in one request: each is judged as if it were alone, whatever the others do to the worker."""

from __future__ import annotations

import math
import struct
import sys
from typing import Any

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Limits, Pool, Sight, Watch
from gsim_devs.execution.surveying import SurveyBatch
from tests.execution.children import children

MIB = 1024 * 1024
X = (Watch("seen", None, "x"),)
# What comes out tells the candidate from the beginning, the seed and the look.
HONEST = """
def simulate(job, emit):
    for k in range(3):
        emit(k, "seen", x=1000 * job["arguments"]["k"] + 10 * job["parameters"]["theta"] + k)
"""
# Does its deed where the candidate is 3 or 19.
DEED = """
import os, sys, time
def simulate(job, emit):
    theta = job["parameters"]["theta"]
    {}
    emit(0, "seen", x=theta)
"""
BAD = {3, 19}
IF_BAD = "if theta in (3, 19): "


def candidates(count: int) -> list[dict[str, Any]]:
    return [{"theta": theta} for theta in range(count)]


def sights(count: int, chosen: int, times: tuple[float, ...] = (0.0,)) -> list[Sight]:
    return [Sight({"k": k}, times, range(chosen), seed=k) for k in range(count)]


def numbers(seen: Any) -> list[float]:
    return list(struct.unpack(f"{len(seen.numbers) // 8}d", seen.numbers))


@pytest.mark.parametrize("workers", [1, 2])
def test_numbers_come_by_sight_candidate_and_look(stand_in, workers):
    with Pool(stand_in(HONEST), workers=workers) as pool:
        seen = list(pool.survey(sights(50, 7, (0.0, 1.5, 9.0)), candidates(7), X, 0.0))

    assert [numbers(one) for one in seen] == [
        [1000 * k + 10 * theta + look for theta in range(7) for look in (0, 1, 2)] for k in range(50)
    ]
    assert not any(one.failures for one in seen)


def test_a_sight_may_have_some_of_the_candidates_and_more_than_a_request_holds(stand_in):
    with Pool(stand_in(HONEST), workers=1) as pool:
        few, many = pool.survey(
            [Sight({"k": 1}, (0.0,), [5, 2]), Sight({"k": 2}, (0.0,), range(300))], candidates(300), X, 0.0
        )

    assert numbers(few) == [1050, 1020]
    assert numbers(many) == [2000 + 10 * theta for theta in range(300)]


def test_of_very_many_candidates_each_has_its_own_numbers(stand_in):
    with Pool(stand_in(HONEST), workers=2) as pool:
        first, second = pool.survey(
            [Sight({"k": 1}, (0.0,), range(5000)), Sight({"k": 2}, (0.0,), [4999, 7])],
            candidates(5000),
            X,
            0.0,
        )

    assert numbers(first) == [1000 + 10 * theta for theta in range(5000)]
    assert numbers(second) == [51990, 2070]


def test_what_is_watched_is_the_latest_value_or_the_count_up_to_a_little_later(stand_in):
    model = """
def simulate(job, emit):
    emit(1, "seen", x=1, other="text")
    emit(2, "seen", x=2.5)
    emit(2, "other", x=9)
    emit(3, "seen", x=True)
    emit(4, "seen", y=4)
"""
    watches = [
        Watch("seen", None, "x"),
        Watch("seen", "it", None),
        Watch("seen", "else", "x"),
        Watch("seen", None, "other"),
    ]

    with Pool(stand_in(model), workers=1) as pool:
        (seen,) = pool.survey([Sight({}, (0.5, 1.999, 3.0, 9.0), [0])], [{}], watches, 0.001)

    nan = math.nan
    expected = [nan, 0, nan, nan, 2.5, 2, nan, nan, 1, 3, nan, nan, nan, 4, nan, nan]
    assert [repr(one) for one in numbers(seen)] == [repr(float(one)) for one in expected]


@pytest.mark.parametrize(
    ("deed", "status", "reason"),
    [
        ("raise KeyError('surprise')", "failed", "KeyError: 'surprise'"),
        ("raise SystemExit(0)", "failed", "SystemExit: 0"),
        ("raise KeyboardInterrupt", "failed", "KeyboardInterrupt"),
        ("emit(0, 'seen', x=object())", "failed", None),
        ("emit(0, 'seen', x=float('nan'))", "failed", None),
        ("emit(0, 'else', text='a', y={1, 2})", "failed", None),
        ("from runtime.errors import UsageError; raise UsageError('too much')", "refused", "too much"),
        ("os.write(2, b'gone\\n'); os._exit(3)", "failed", "gone"),
        ("os.kill(os.getpid(), 11)", "killed", "killed by signal 11"),
    ],
)
def test_a_simulation_that_goes_wrong_fails_alone(stand_in, deed, status, reason):
    with Pool(stand_in(DEED.format(IF_BAD + deed)), workers=1) as pool:
        (seen,) = pool.survey(sights(1, 25), candidates(25), X, 0.0)

    assert {place: one.status for place, one in seen.failures.items()} == dict.fromkeys(BAD, status)
    assert reason in (None, *{one.reason for one in seen.failures.values()})
    assert [theta for theta, x in enumerate(numbers(seen)) if x != theta] == sorted(BAD)


def test_a_simulation_that_hangs_is_stopped_and_the_others_are_told(stand_in):
    model = DEED.format("if theta == 9: time.sleep(60)")

    with Pool(stand_in(model), workers=2, limits=Limits(seconds=0.7)) as pool:
        (seen,) = pool.survey(sights(1, 30), candidates(30), X, 0.0)

    assert {place: one.status for place, one in seen.failures.items()} == {9: "timeout"}
    assert [theta for theta, x in enumerate(numbers(seen)) if x != theta] == [9]


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_a_simulation_that_wants_too_much_memory_fails_alone(stand_in):
    model = DEED.format("if theta == 9: bytearray(10**9)")

    with Pool(stand_in(model), workers=1, limits=Limits(memory=400 * MIB)) as pool:
        (seen,) = pool.survey(sights(1, 20), candidates(20), X, 0.0)

    assert {place: one.reason for place, one in seen.failures.items()} == {9: "MemoryError"}
    assert [theta for theta, x in enumerate(numbers(seen)) if x != theta] == [9]


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_a_simulation_does_not_pay_for_what_earlier_ones_left_in_memory(stand_in):
    model = "left = []\ndef simulate(job, emit): left.append(bytearray(60 * 2**20)); emit(0, 'seen', x=1)"

    with Pool(stand_in(model), workers=1, limits=Limits(memory=300 * MIB)) as pool:
        (seen,) = pool.survey(sights(1, 15), candidates(15), X, 0.0)

    assert numbers(seen) == [1] * 15


def test_whoever_reports_without_end_is_stopped(stand_in):
    model = DEED.format("while theta == 9: emit(0, 'seen', x=1)")

    with Pool(stand_in(model), workers=1, limits=Limits(seconds=0.7)) as pool:
        (seen,) = pool.survey(sights(1, 20), candidates(20), X, 0.0)

    assert {place: one.status for place, one in seen.failures.items()} == {9: "timeout"}


@pytest.mark.parametrize(
    "words",
    [
        '{"status": "ok", "failures": [], "seconds": 0.1}',
        '{"status": "ok", "failures": [[0, "splendid", ""]], "seconds": 0.1}',
        '{"status": "ok", "failures": [[-1, "failed", ""]], "seconds": 0.1}',
        '{"status": "ok", "failures": 7, "seconds": 0.1}',
        '{"status": "ok", "failures": [], "seconds": -1}',
        "[]",
    ],
)
def test_a_worker_that_speaks_nonsense_is_replaced(stand_in, words):
    model = f"""
import os, struct
def simulate(job, emit):
    if job["parameters"]["theta"] == 1:
        told = {words.encode()!r}
        for descriptor in range(3, 20):
            try: os.write(descriptor, struct.pack(">II", len(told), 0) + told)
            except OSError: pass
    emit(0, "seen", x=5)
"""
    with Pool(stand_in(model), workers=1) as pool:
        (seen,) = pool.survey(sights(1, 3), candidates(3), X, 0.0)

    assert {place: one.status for place, one in seen.failures.items()} == {1: "failed"}
    assert [repr(x) for x in numbers(seen)] == ["5.0", "nan", "5.0"]


def test_a_simulator_that_cannot_be_imported_fails_everything(stand_in):
    with Pool(stand_in("raise ImportError('no')"), workers=1) as pool:
        seen = list(pool.survey(sights(3, 300), candidates(300), X, 0.0))

    assert [len(one.failures) for one in seen] == [300] * 3
    assert {failed.reason for one in seen for failed in one.failures.values()} == {"ImportError: no"}


def test_a_runtime_without_surveys_is_named(stand_in):
    folder = stand_in(HONEST)
    (folder / "runtime" / "surveys.py").unlink()

    with Pool(folder, workers=1) as pool:
        (seen,) = pool.survey(sights(1, 2), candidates(2), X, 0.0)

    assert {one.status for one in seen.failures.values()} == {"refused"}
    assert "assemble it again" in seen.failures[0].reason


def test_with_a_process_for_each_job_every_simulation_has_its_own(stand_in):
    model = "left = []\ndef simulate(job, emit): left.append(1); emit(0, 'seen', x=len(left))"

    with Pool(stand_in(model), workers=1, fork=True) as pool:
        (seen,) = pool.survey(sights(1, 5), candidates(5), X, 0.0)

    assert numbers(seen) == [1] * 5


def test_a_survey_and_jobs_take_turns_in_the_same_workers(stand_in):
    from gsim_devs.execution import Job

    model = "def simulate(job, emit): emit(0, 'seen', x=1)"
    with Pool(stand_in(model), workers=1) as pool:
        (first,) = pool.run([Job()])
        (seen,) = pool.survey(sights(1, 2), candidates(2), X, 0.0)
        (last,) = pool.run([Job()])

    assert first.records == last.records == ((0.0, "it", "seen", {"x": 1}),)
    assert numbers(seen) == [1, 1]


def test_nothing_is_left_when_a_survey_is_given_up(stand_in):
    others = children()

    with Pool(stand_in(HONEST), workers=2) as pool:
        survey = pool.survey(sights(1000, 5), candidates(5), X, 0.0)
        next(survey)
        survey.close()  # type: ignore[attr-defined]

    assert children() == others


def test_a_request_never_asks_for_a_longer_answer_than_is_allowed():
    batch = SurveyBatch(sights(3, 100, (0.0,) * 10), candidates(100), X, 0.0, limit=8 * 10 * 7)

    tasks = [task for _ in range(10) if (task := batch.next_task())]

    assert {task.count for task in tasks} == {7}
    assert {task.length for task in tasks} == {8 * 10 * 7}


def test_nothing_to_watch_or_to_look_at_is_refused():
    with pytest.raises(UsageError, match="anything to watch"):
        SurveyBatch([], [], [], 0.0, limit=100)
    with pytest.raises(UsageError, match="give it times"):
        Sight({}, (), [0])
