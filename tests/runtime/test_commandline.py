"""The command line of assembled simulators: what it says, what it prints, how it ends."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import xdevs

from gsim_devs.assembly import pack
from tests.runtime.simulators import Outcome, abp, dice, inbox, run, trouble

ONE = ["--total_packets", "1", "--seed", "31", "--simulate_time", "200"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("simulators")
    made = {make.__name__: make(root / make.__name__) for make in (abp, dice, inbox, trouble)}
    made["document"] = trouble(root / "document", "layout: {form: document}")
    return made


def process(
    folder: Path, *argv: object, stdin: str = "", env: dict[str, str] | None = None, **how: Any
) -> Outcome:
    """Run a simulator in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(folder), *map(str, argv)],
        input=stdin.encode(),
        capture_output=True,
        timeout=60,
        env=env,
        check=False,
        **how,
    )
    return Outcome(done.returncode, done.stdout, done.stderr.decode())


# Help


def flowing(text: bytes) -> str:
    """Help as one line, however it was wrapped."""
    return " ".join(text.decode().split())


def test_help_tells_everything_about_the_arguments(folders):
    outcome = run(folders["abp"], "--help")
    text = flowing(outcome.out)

    assert (outcome.code, outcome.err) == (0, "")
    assert "usage: abp [--NAME VALUE ...]" in text
    assert "Alternating bit protocol. Prints its events as JSON. Times are in ms." in text
    assert "--total_packets INTEGER packets to deliver in this run (≥ 1, required)" in text
    assert "--channel_delay INTEGER travel time in either channel (ms, ≥ 1, default: 3)" in text
    assert text.count("--seed ") == 1
    assert "--set NAME=VALUE change a parameter (this simulator has none)" in text
    assert all(option in text for option in ("--replications", "--detail", "--help"))


def test_help_tells_everything_about_parameters_and_odd_arguments(folders):
    text = flowing(run(folders["dice"], "-h").out)

    assert "Dice, 100 % fair." in text
    assert "--pause NUMBER time between rolls, 50 % of it (s, > 0, ≤ until, default: 1.0)" in text
    assert "--quiet BOOLEAN (default: true)" in text
    assert "--seed INTEGER key of the random streams (default: drawn anew for each run)" in text
    assert "rate: how hasty (1/s, ≥ 0.5, ≤ 10.0, default: 2.0)" in text
    assert "sides: (≥ 2, ≤ 1000000, default: 1000000)" in text
    assert "mix: (default: 0.25,0.75)" in text


def test_help_tells_of_choices_formats_files_and_stdin(folders):
    trouble_text, inbox_text = (flowing(run(folders[name], "--help").out) for name in ("trouble", "inbox"))

    assert "--until HH:MM:SS[:mmm] when it is over (default: 00:00:10)" in trouble_text
    assert "--place {handler,init,start,stop} where the trouble is (default: handler)" in trouble_text
    assert "Reads commands from stdin: letter, bell." in inbox_text
    assert "--rows FILE (default: its own)" in inbox_text
    assert "(default: 5)" in inbox_text


def test_help_wins_and_neither_reads_stdin_nor_loads_components(folders):
    outcome = run(folders["inbox"], "--nonsense", "--limit", "x", "--help", stdin="nonsense")

    assert (outcome.code, outcome.err) == (0, "")


# What is refused: exit code 2, one line, nothing printed


@pytest.mark.parametrize(
    ("name", "argv", "said"),
    [
        ("abp", ["--total_paket", 1], "unknown argument --total_paket; did you mean --total_packets?"),
        ("abp", ["--total_paket=1"], "unknown argument --total_paket; did you mean --total_packets?"),
        ("abp", [*ONE, "--xyz"], "unknown argument --xyz; see --help"),
        ("abp", [*ONE, "stray"], "unknown argument stray; see --help"),
        ("abp", ["-t", 5, *ONE], "unknown argument -t; "),
        ("abp", ["--total", 5], "unknown argument --total; did you mean --total_packets?"),
        ("abp", [], "--total_packets is required: packets to deliver in this run"),
        ("abp", ["--total_packets"], "argument --total_packets: expected one argument; see --help"),
        (
            "abp",
            ["--total_packets", "--seed", 1],
            "argument --total_packets: expected one argument; see --help",
        ),
        ("abp", ["--total_packets", 0], "--total_packets must be at least 1, not 0"),
        ("abp", ["--total_packets", -1e5], "--total_packets must be at least 1, not -100000"),
        ("abp", ["--total_packets", "two"], "--total_packets must be a whole number, not 'two'"),
        ("abp", ["--total_packets", ""], "--total_packets must be a whole number, not ''"),
        ("abp", [*ONE, "--detail=1"], "argument --detail: ignored explicit argument '1'; see --help"),
        ("abp", [*ONE, "--set", "x=1"], "unknown parameter x; there are none"),
        ("dice", ["--until", "1e999"], "--until must be a number, not '1e999'"),
        ("dice", ["--pause", 4], "--pause must be at most until (3.0), not 4.0"),
        ("dice", ["--quiet", "yes"], "--quiet must be true or false, not 'yes'"),
        ("dice", ["--seed", 1.5], "--seed must be a whole number, not '1.5'"),
        ("dice", ["--set", "rate"], "--set takes NAME=VALUE, not 'rate'"),
        ("dice", ["--set", "rat=1"], "unknown parameter rat; there are rate, sides, mix"),
        ("dice", ["--set", "rate=0.4"], "parameter rate must be at least 0.5, not 0.4"),
        ("dice", ["--set", "rate=1", "--set", "rate=x"], "parameter rate must be a number, not 'x'"),
        ("dice", ["--set", "mix=1,1"], "parameter mix must be shares that add up to 1, not '1,1'"),
        *[("dice", ["--replications", count], "--replications must be at least 1") for count in (0, -3)],
        ("dice", ["--replications", "many"], "--replications must be a whole number, not 'many'"),
        ("trouble", ["--until", "10"], "--until must be a time like HH:MM:SS[:mmm], not '10'"),
        (
            "trouble",
            ["--place", "here"],
            "--place must be one of handler, init, start, stop, not 'here'",
        ),
        (
            "inbox",
            ["--limit", 1, "--rows", "/nowhere"],
            "--rows cannot read the file '/nowhere': No such file",
        ),
        ("inbox", ["--limit", 1, "--tree", "/"], "--tree cannot read the file '/': Is a directory"),
        ("inbox", ["--limit", 1, "--text", "a\nb"], "--text cannot read the file 'a\\nb': No such file"),
    ],
)
def test_arguments_are_refused_in_one_line(folders, name, argv, said):
    outcome = run(folders[name], *argv)

    assert (outcome.code, outcome.out) == (2, b"")
    assert outcome.complaint.startswith(f"{name}: {said}")


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        ("1 tell\n\n2 tell\nnonsense\n", "stdin line 4: 'nonsense' is no do"),
        ("1 tell\r\n-1 tell", "stdin line 2: time must not be negative, but is -1.0"),
        ("1e7 tell", "stdin line 1: time must be at most 1000000, not 10000000.0"),
        (b"1 tell \xff\n", "stdin is not UTF-8 text: byte 7 is 0xff"),
    ],
)
def test_stdin_is_refused_in_one_line_and_nothing_is_applied(folders, stdin, said):
    outcome = run(folders["trouble"], stdin=stdin)

    assert (outcome.code, outcome.out) == (2, b"")
    assert outcome.complaint == f"trouble: {said}"


def test_values_that_look_like_options_are_values(folders):
    assert run(folders["dice"], "--seed", "-1e5", "--until", "1").code == 0


def test_the_last_of_several_values_counts(folders):
    outcome = run(folders["abp"], "--total_packets", "9", *ONE, "--total_packets=1")

    assert outcome.out == run(folders["abp"], *ONE).out


# What fails: exit code 1, one line with component, time and event, and the trace up to there


@pytest.mark.parametrize(
    ("deed", "cause"),
    [
        ("divide", "ZeroDivisionError: division by zero (maker.py, line "),
        ("leave", "SystemExit: 3 (maker.py, line "),
        ("memory", "MemoryError (maker.py, line "),
        ("recur", "RecursionError: maximum recursion depth exceeded"),
        ("nan", "TypeError: field 'number' of told cannot be reported: "),
        ("past", "ValueError: "),
        ("fail", "ValueError: one; two (maker.py, line "),
        ("nonsense", "AttributeError: 'Maker' object has no attribute 'nonsense' (maker.py, line "),
        ("ask", "EOFError: "),
    ],
)
@pytest.mark.parametrize("name", ["trouble", "document"])
def test_a_component_that_fails_is_named_and_what_it_said_stays(folders, name, deed, cause):
    outcome = run(folders[name], stdin=f"1 tell\n2.5 {deed}\n3 tell\n")

    found = json.loads(outcome.out)["records"] if name == "document" else outcome.records
    assert outcome.code == 1
    assert outcome.complaint.startswith(
        f"{name}: hall.maker failed at time 2.5 in on_do(Do(what='{deed}')): {cause}"
    )
    assert [(record["time"], record["payload"]["number"]) for record in found] == [(0.0, 0), (1.0, 1)]


def test_a_loop_without_delay_is_stopped(folders):
    outcome = run(folders["trouble"], stdin="1 tell\n2.5 loop\n")

    assert outcome.code == 1
    assert "hall.maker failed at time 2.5 in a loop without delay" in outcome.complaint
    assert len(outcome.records) == 2


@pytest.mark.parametrize(
    ("place", "where", "times"),
    [
        ("init", "trouble failed at time 0.0 in the making of its components", []),
        ("start", "hall.maker failed at time 0.0 in start", [0.0]),
        ("stop", "hall.maker failed at time 10.0 in stop", [0.0, 10.0]),
    ],
)
def test_trouble_at_the_beginning_or_the_end_is_told_alike(folders, place, where, times):
    outcome = run(folders["trouble"], "--place", place)

    assert outcome.code == 1
    assert outcome.complaint.startswith(f"trouble: {where}: ValueError: one; two (maker.py, line ")
    assert [record["time"] for record in outcome.records] == times


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero (maker.py, line "),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit", "SystemExit (maker.py, line "),
        ("def", "SyntaxError: invalid syntax"),
    ],
)
def test_components_that_cannot_be_loaded_are_told_alike(folders, tmp_path, code, cause):
    shutil.copytree(folders["trouble"], tmp_path / "trouble")
    maker = tmp_path / "trouble" / "components" / "maker.py"
    maker.write_text(f"{maker.read_text()}\n{code}\n")

    outcome = run(tmp_path / "trouble")

    assert (outcome.code, outcome.out) == (1, b"")
    assert outcome.complaint.startswith(
        f"trouble: trouble failed at time 0.0 in the making of its components: {cause}"
    )


def test_a_failure_in_a_later_replication_leaves_the_earlier_ones(folders):
    outcome = run(folders["trouble"], "--replications", 3, "--detail", stdin="1 divide\n")

    assert outcome.code == 1
    assert {record["replication"] for record in outcome.records} == {0}


def test_a_failure_of_a_simulator_that_drew_tells_the_seed_too(folders, tmp_path):
    shutil.copytree(folders["dice"], tmp_path / "dice")
    clerk = tmp_path / "dice" / "components" / "clerk.py"
    clerk.write_text(clerk.read_text().replace('self.emit("closed")', "1 / 0"))

    outcome = run(tmp_path / "dice")

    seed, failure = outcome.err.splitlines()
    assert "--seed" in seed
    assert failure.startswith("dice: clerk failed at time 3.0 in stop: ZeroDivisionError")


# What is printed


def test_what_components_print_does_not_reach_the_trace(folders):
    outcome = run(folders["trouble"], stdin="1 show shown\n2 tell\n")

    assert outcome.code == 0
    assert outcome.err == "shown\nshown\n"
    assert [record["payload"]["number"] for record in outcome.records] == [0, 2, 2]


def test_stop_has_the_last_word_at_the_horizon(folders):
    closed = run(folders["trouble"], "--until", "00:00:02", stdin="2 tell\n2.000000001 divide\n")
    half_open = run(folders["dice"], "--until", 2, "--pause", 1, "--seed", 1)

    assert [record["time"] for record in closed.records] == [0.0, 2.0, 2.0]
    assert [(record["time"], record["entity"]) for record in half_open.records][-2:] == [
        (1.0, "blue"),
        (2.0, "clerk"),
    ]


def test_commands_beyond_the_horizon_are_read_and_do_not_happen(folders):
    outcome = run(folders["trouble"], "--until", "00:00:00", stdin="1000000 divide\n0 tell\n")

    assert outcome.code == 0
    assert [record["time"] for record in outcome.records] == [0.0, 0.0, 0.0]


def test_a_mark_of_the_encoding_is_no_part_of_the_first_line(folders):
    assert run(folders["trouble"], stdin="\ufeff1 tell\n").code == 0


def test_a_document_is_one_object_with_odd_times(folders):
    lines = '{"command": "bell", "time": 61001.5, "loud": true}\n'

    outcome = run(folders["inbox"], "--limit", "1e1", stdin=lines)

    last = json.loads(outcome.out)["all"][-1]
    assert last == {"at": "00:01:01:002", "s": 61.0015, "what": {"kind": "bell", "value": True}}


def test_replications_draw_from_streams_of_their_own(folders):
    outcome = run(folders["dice"], "--replications", 3, "--seed", 5, "--detail")
    again = run(folders["dice"], "--replications", 3, "--seed", 5)

    runs: dict[int, list[Any]] = {}
    for record in outcome.records:
        runs.setdefault(record["replication"], []).append(
            (record["time"], record["event"], record["payload"])
        )
    rolls = [tuple(p["eyes"] for _, event, p in found if event == "rolled") for found in runs.values()]
    assert [*runs] == [0, 1, 2]
    assert len(set(rolls)) == 3
    assert [record["seq"] for record in outcome.records] == [*range(len(outcome.records))]
    assert {record["component"] for record in outcome.records} == {"red", "blue", "clerk"}
    assert [record["payload"] for record in again.records] == [
        record["payload"] for record in outcome.records
    ]
    assert all("replication" not in record for record in again.records)
    first = run(folders["dice"], "--seed", 5)
    assert again.out.startswith(first.out)


def test_replications_do_not_see_what_others_did_to_a_file(folders):
    outcome = run(folders["inbox"], "--limit", 1, "--replications", 2)

    records = json.loads(outcome.out)["all"]
    assert records[:6] == records[6:]


def test_parameters_can_be_set(folders):
    outcome = run(folders["dice"], "--set", "rate=4", "--set", "rate=1e1", "--set", "sides=2.0", "--seed", 1)

    rolls = [record["payload"]["eyes"] for record in outcome.records if record["event"] == "rolled"]
    assert [record["payload"] for record in outcome.records if record["event"] == "opened"] == [
        {"rate": 10.0}
    ]
    assert set(rolls) <= {0, 1}


def test_calibrated_parameters_count_and_are_checked(folders, tmp_path):
    shutil.copytree(folders["dice"], tmp_path / "dice")
    (tmp_path / "dice" / "parameters.json").write_text('{"rate": 5}')

    outcome = run(tmp_path / "dice", "--seed", 1)
    (tmp_path / "dice" / "parameters.json").write_text('{"rate": 50}')
    refused = run(tmp_path / "dice")

    assert {"rate": 5.0} in [record["payload"] for record in outcome.records]
    assert (refused.code, refused.complaint) == (2, "dice: parameter rate must be at most 10.0, not 50.0")


# Seeds


def test_a_seed_repeats_a_run_and_none_makes_another(folders):
    one, other, given = (run(folders["dice"], *argv) for argv in ([], [], ["--seed", "7"]))
    seed = one.complaint.split()[2]

    assert one.complaint == f"dice: seed {seed} was drawn; --seed {seed} repeats this run"
    assert one.out != other.out
    assert run(folders["dice"], "--seed", seed).out == one.out
    assert run(folders["dice"], "--seed", "7").out == given.out
    assert given.err == ""


def test_who_does_not_draw_says_nothing_of_seeds(folders):
    assert run(folders["trouble"]).err == ""
    assert run(folders["abp"], *ONE).err == ""


# In the world outside


def test_components_are_loaded_from_the_folder_wherever_it_lies(folders, tmp_path):
    (tmp_path / "system.py").write_text("raise SystemExit('the wrong one')")
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "xdevs").symlink_to(Path(xdevs.__path__[0]))
    expected = process(folders["abp"], *ONE)

    # No HOME, no PATH, no locale: nothing.
    bare = process(folders["abp"], *ONE, env={}, cwd=tmp_path)
    hashed = [process(folders["abp"], *ONE, env={"PYTHONHASHSEED": seed}) for seed in ("0", "1", "random")]
    archived = process(pack(folders["abp"], tmp_path / "abp.pyz"), *ONE, cwd="/")
    relative = subprocess.run(
        [sys.executable, "abp", *ONE], cwd=folders["abp"].parent, capture_output=True, check=True
    )

    assert len(expected.records) == 7
    assert {outcome.out for outcome in (bare, *hashed, archived)} == {expected.out}
    assert relative.stdout == expected.out
    assert {outcome.err for outcome in (bare, *hashed, archived, expected)} == {""}


def test_draws_are_the_same_for_folder_archive_and_any_hash_seed(folders, tmp_path):
    argv = ("--seed", 3, "--replications", 2, "--detail")
    printed = [
        run(folders["dice"], *argv).out,
        process(folders["dice"], *argv, env={"PYTHONHASHSEED": "1"}).out,
        process(pack(folders["dice"], tmp_path / "dice.pyz"), *argv, env={"PYTHONHASHSEED": "2"}).out,
    ]

    assert len(set(printed)) == 1


def test_help_and_errors_survive_a_poor_locale(folders):
    for env in ({"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}):
        told = process(folders["abp"], "--help", env=env)
        refused = process(folders["abp"], "--total_packets", "ä☃", env=env)

        assert (told.code, told.err) == (0, "")
        assert "≥ 1".encode() in told.out
        assert refused.code == 2
        assert refused.complaint.startswith("abp: --total_packets must be a whole number")


def test_arguments_that_are_no_text_are_refused_in_one_line(folders):
    done = subprocess.run(
        [sys.executable.encode(), bytes(folders["inbox"]), b"--limit", b"\xff"],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.decode() == "inbox: --limit must be a whole number, not '\\udcff'\n"


_MODULES = """
import sys
sys.argv[0:2] = [folder := sys.argv[1]]
sys.path.insert(0, folder)
from runtime.commandline import main
code = main(folder)
heavy = {"numpy", "torch", "openai", "pydantic", "jsonschema", "yaml", "evotorch", "sbi", "scipy", "gsim_devs"}
sys.stderr.write(",".join(sorted(heavy & set(sys.modules))))
"""


@pytest.mark.parametrize(("name", "argv", "loaded"), [("abp", ONE, ""), ("dice", ["--seed", "1"], "numpy")])
def test_only_what_is_needed_is_loaded(folders, name, argv, loaded):
    done = subprocess.run(
        [sys.executable, "-c", _MODULES, str(folders[name]), *argv], capture_output=True, cwd="/", check=True
    )

    assert done.stdout
    assert done.stderr.decode() == loaded


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line in bash; the exit code is that of the first command of a pipe."""
    return subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("count", [1, 100_000], ids=["at the end", "in between"])
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_that_leaves_is_no_error(folders, count, reader):
    done = shell(f"echo '1 many {count}' | {sys.executable} {folders['trouble']} | {reader}")
    quiet = shell(f"{sys.executable} {folders['trouble']} --help | true")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == (reader != "true")
    assert (quiet.returncode, quiet.stderr) == (0, "")


@pytest.mark.parametrize("count", [1, 100_000])
def test_a_full_disk_is_told(folders, count):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, str(folders["trouble"])],
            input=f"1 many {count}\n".encode(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.decode() == "trouble: cannot write to stdout: No space left on device\n"


def test_streams_that_are_closed_are_no_traceback(folders):
    simulator = f"{sys.executable} {folders['trouble']}"

    no_stdout, no_stdin, no_stderr = (
        shell(f"{simulator} {end}") for end in (">&-", "<&-", "2>&- --nonsense")
    )

    assert (no_stdout.returncode, no_stdout.stderr) == (
        2,
        "trouble: stdout is closed; records have nowhere to go\n",
    )
    assert (no_stdin.returncode, no_stdin.stdout.count("\n")) == (0, 2)
    assert (no_stderr.returncode, no_stderr.stdout) == (2, "")


# Signals


def started(folder: Path, stdin: str, **how: Any) -> subprocess.Popen[bytes]:
    running = subprocess.Popen(
        [sys.executable, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **how,
    )
    assert running.stdin
    running.stdin.write(stdin.encode())
    running.stdin.close()
    running.stdin = None
    return running


def until_stuck(running: subprocess.Popen[bytes]) -> None:
    """Wait until a process has filled its pipe."""
    assert running.stdout
    before = -1
    for _ in range(600):
        time.sleep(0.05)
        (waiting,) = struct.unpack("i", fcntl.ioctl(running.stdout, termios.FIONREAD, b"\0" * 4))
        if waiting == before > 0:
            return
        before = waiting
    raise AssertionError("it does not write")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", ["trouble", "document"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_signal_while_writing_tears_no_line(folders, name, number, unbuffered):
    running = started(folders[name], "1 many 100000\n", env={"PYTHONUNBUFFERED": unbuffered})
    until_stuck(running)

    running.send_signal(number)
    out, err = running.communicate(timeout=60)

    found = (
        json.loads(out)["records"] if name == "document" else [json.loads(line) for line in out.splitlines()]
    )
    assert (running.returncode, err) == (128 + number, b"")
    assert [record["payload"]["number"] for record in found] == [0, *range(len(found) - 1)]
    assert 0 < len(found) < 100_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", ["trouble", "document"])
def test_a_signal_while_computing_leaves_what_was_said(folders, name, number):
    # The line on stderr tells that it has begun.
    running = started(folders[name], "1 tell\n2 show now\n2 spin\n")
    assert running.stderr
    running.stderr.readline()

    running.send_signal(number)
    out, _ = running.communicate(timeout=60)

    found = (
        json.loads(out)["records"] if name == "document" else [json.loads(line) for line in out.splitlines()]
    )
    assert running.returncode == 128 + number
    assert len(found) == 2


def test_a_second_signal_ends_a_run_whose_reader_is_stuck(folders):
    running = started(folders["trouble"], "1 many 100000\n")
    until_stuck(running)

    running.terminate()
    time.sleep(0.3)
    waited = running.poll()
    running.terminate()
    running.communicate(timeout=60)

    assert (waited, running.returncode) == (None, -signal.SIGTERM)


def test_who_ignores_interrupts_goes_on_ignoring_them(folders):
    running = started(
        folders["trouble"], "1 many 100000\n", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
    )
    until_stuck(running)

    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)

    assert (running.returncode, err) == (0, b"")
    assert out.count(b"\n") == 100_002


def test_handlers_of_signals_are_given_back(folders):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run(folders["trouble"])

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_thread_may_run_a_simulator(folders):
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(run(folders["abp"], *ONE)))
    thread.start()
    thread.join()

    assert outcomes == [run(folders["abp"], *ONE)]


def test_what_is_no_simulator_is_refused(folders, tmp_path):
    shutil.copytree(folders["abp"], tmp_path / "abp")
    (tmp_path / "abp" / "contract.json").unlink()

    outcome = run(tmp_path / "abp", *ONE)

    assert outcome.code == 2
    assert outcome.complaint.endswith("is no simulator: it has no contract.json")
    assert os.fspath(tmp_path) in outcome.complaint
