"""`gsim-devs check`: a trace against rules, from a file, a pipe, or while it is being written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from gsim_devs.cli import main

RULES = """
system: shop
rules:
  - id: one-after-the-other
    clause: Customers are served one after the other.
    level: component
    kind: sequence
    on: server.served
    value: customer
    equals: index + 1
"""
MISSED = """
  - id: somebody-is-served
    clause: Somebody is served.
    level: system
    kind: exists
    event: server.served
"""
CHECK = ["check", "--rules", "rules.yaml", "--contract", "contracts/shop.yaml"]


def served(time: float, customer: object) -> str:
    line = {"time": time, "entity": "server", "event": "served", "payload": {"customer": customer}}
    return json.dumps(line) + "\n"


@pytest.fixture
def shop(tmp_path, monkeypatch, capsys):
    """A folder with a contract and one rule, seen from inside."""
    monkeypatch.chdir(tmp_path)
    main(["new", "shop"])
    (tmp_path / "rules.yaml").write_text(RULES)
    capsys.readouterr()
    return tmp_path


def start(*more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-m", "gsim_devs", *CHECK, *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_sound_trace_ends_in_0(shop, capsys):
    (shop / "trace.jsonl").write_text(served(5, 1) + served(9, 2))

    assert main([*CHECK, "trace.jsonl"]) == 0
    assert "2/2 met" in capsys.readouterr().out


def test_a_violation_ends_in_1_and_stands_in_every_report(shop, capsys):
    (shop / "trace.jsonl").write_text(served(5, 1) + served(9, 3))

    assert main([*CHECK, "trace.jsonl", "--json", "out.json", "--junit", "out.xml"]) == 1
    assert "one-after-the-other at line 2" in capsys.readouterr().out
    (found,) = json.loads((shop / "out.json").read_text())["rules"][0]["violations"]
    assert found["target"]["payload"] == {"customer": 3}
    assert "Customers are served one after the other." in (shop / "out.xml").read_text()


def test_a_plan_names_the_component_that_the_trace_does_not(shop, capsys):
    plan = {
        "system": "shop",
        "models": {"Server": {"function": "serves", "logging": "all", "emits": ["served"]}},
        "root": {"name": "Shop", "children": [{"name": "server", "model": "Server"}], "couplings": []},
    }
    (shop / "trace.jsonl").write_text(served(5, 2))
    (shop / "simulator").mkdir()
    (shop / "simulator" / "plan.json").write_text(json.dumps(plan))

    for place in ("simulator", "simulator/plan.json"):
        main([*CHECK, "trace.jsonl", "--plan", place])

        assert "component server" in capsys.readouterr().out


def test_an_argument_of_the_run_is_given_as_name_and_value(shop, capsys):
    (shop / "trace.jsonl").write_text("")

    assert main([*CHECK, "trace.jsonl", "--set-arg", "duration"]) == 2
    assert "--set-arg takes NAME=VALUE, not 'duration'" in capsys.readouterr().err


def test_the_value_of_an_argument_without_a_default_is_asked_for(shop, capsys):
    contract = shop / "contracts/shop.yaml"
    contract.write_text(
        contract.read_text().replace("arguments:\n", "arguments:\n  clerks: {type: integer}\n")
    )
    (shop / "trace.jsonl").write_text(served(50, 1))

    assert main([*CHECK, "trace.jsonl"]) == 2
    told = "gsim-devs: the argument clerks has no default: give --set-arg clerks=VALUE\n"
    assert capsys.readouterr().err == told
    assert main([*CHECK, "trace.jsonl", "--set-arg", "clerk=3"]) == 2
    assert "did you mean 'clerks'?" in capsys.readouterr().err
    assert main([*CHECK, "trace.jsonl", "--set-arg", "clerks=3"]) == 0


@pytest.mark.parametrize(("last", "is_told"), [(9.0, True), (3590.0, False), (3600.0, False), (3601.0, True)])
def test_a_horizon_that_nobody_gave_is_told_where_the_trace_ends_elsewhere(shop, capsys, last, is_told):
    (shop / "trace.jsonl").write_text(served(5, 1) + served(last, 2))

    main([*CHECK, "trace.jsonl"])
    second = capsys.readouterr().out.splitlines()[1]
    told = "horizon 3600.0 (the default of duration; --set-arg duration=VALUE gives another); last record at"
    assert (told in second) == is_told
    assert str(last) in second or not is_told

    main([*CHECK, "trace.jsonl", "--set-arg", "duration=3600"])
    assert "horizon" not in capsys.readouterr().out.splitlines()[1]


def test_of_one_rule_a_few_violations_are_told_unless_all_are_asked_for(shop, capsys):
    (shop / "trace.jsonl").write_text("".join(served(time, 99) for time in range(31, 56)))

    main([*CHECK, "trace.jsonl"])
    few = capsys.readouterr().out
    main([*CHECK, "trace.jsonl", "--all"])
    every = capsys.readouterr().out

    assert few.count("one-after-the-other at line") == 3
    assert few.endswith("\n… and 22 more of one-after-the-other (--all tells all)\n")
    assert every.count("one-after-the-other at line") == 25
    assert "more of" not in every


def test_a_file_that_is_no_trace_is_not_told_what_it_lacks(shop, capsys):
    (shop / "rules.yaml").write_text(RULES + MISSED)

    assert main([*CHECK, "rules.yaml"]) == 1
    out = capsys.readouterr().out
    assert "no line is a record, so that it says little what rules miss" in out
    assert "violated       somebody-is-served" in out
    assert "it never happens" not in out
    assert main([*CHECK, "rules.yaml", "--all"]) == 1
    assert "it never happens" in capsys.readouterr().out

    (shop / "trace.jsonl").write_text("")
    assert main([*CHECK, "trace.jsonl"]) == 1
    assert "it never happens" in capsys.readouterr().out


def test_following_a_pipe_tells_a_violation_before_the_trace_is_over(shop):
    checking = start("--follow", "-")
    checking.stdin.write(served(5, 2))
    checking.stdin.flush()

    first = checking.stdout.readline()
    rest, _ = checking.communicate()

    assert first.startswith("one-after-the-other at line 1")
    assert "0/1 met" in rest
    assert checking.returncode == 1


def test_a_file_is_read_on_as_it_grows_until_ctrl_c(shop):
    trace = shop / "trace.jsonl"
    trace.write_text(served(5, 1))
    checking = start("--follow", "trace.jsonl")
    with trace.open("a") as growing:
        growing.write(served(6, 9)[:20])
        growing.flush()
        time.sleep(0.3)
        growing.write(served(6, 9)[20:])

    first = checking.stdout.readline()
    checking.send_signal(signal.SIGINT)
    rest, _ = checking.communicate()

    assert first.startswith("one-after-the-other at line 2")
    assert "2 records" in rest
    assert checking.returncode == 1


def test_a_trace_that_is_not_there_is_said(shop, capsys):
    for more in ([], ["--follow"]):
        assert main([*CHECK, "nowhere.jsonl", *more]) == 2
        assert "cannot read nowhere.jsonl" in capsys.readouterr().err


def test_a_trace_is_compared_with_a_reference(shop, capsys):
    rule = "  - {id: same, clause: So., level: system, kind: reference}\n"
    (shop / "rules.yaml").write_text(RULES + rule)
    (shop / "trace.jsonl").write_text(served(5, 1) + served(9, 2))
    (shop / "right.jsonl").write_text(served(5, 1) + served(8, 2))

    assert main([*CHECK, "trace.jsonl"]) == 0
    assert "not_exercised  same" in capsys.readouterr().out
    assert main([*CHECK, "trace.jsonl", "--reference", "trace.jsonl"]) == 0
    assert "4/4 met" in capsys.readouterr().out
    assert main([*CHECK, "trace.jsonl", "--reference", "right.jsonl"]) == 1
    assert "at 8.0 (line 2 of the reference)" in capsys.readouterr().out
    assert main([*CHECK, "trace.jsonl", "--reference", "rules.yaml"]) == 2
    assert "nothing can be compared with this reference trace: line 1" in capsys.readouterr().err
    assert main([*CHECK, "trace.jsonl", "--reference", "lost.jsonl"]) == 2
    assert "lost.jsonl" in capsys.readouterr().err


def test_rules_that_are_code_run_where_that_is_allowed(shop, capsys):
    rule = "  - {id: never, clause: So., level: system, kind: python, function: never, on: [server.served]}\n"
    (shop / "rules.yaml").write_text(RULES + rule)
    (shop / "rules.py").write_text(
        "from gsim_devs.rules import Obligation\n\n\n"
        "def never(records, run):\n"
        "    for record in records:\n"
        "        yield Obligation(False, 'nobody', target=record)\n"
    )
    (shop / "trace.jsonl").write_text(served(5, 1))

    assert main([*CHECK, "trace.jsonl"]) == 2
    assert "if you trust rules.py" in capsys.readouterr().err
    assert main([*CHECK, "trace.jsonl", "--allow-python"]) == 1
    assert "expected  nobody" in capsys.readouterr().out
