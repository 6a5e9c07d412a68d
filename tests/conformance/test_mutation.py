"""Mutants: which rule noticed them, who is blamed, and what that says of the rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.cli import main
from gsim_devs.conformance import (
    MutantResult,
    MutationReport,
    Reference,
    in_sum,
    load_scenario,
    trace_edit_defects,
    try_mutant,
)
from gsim_devs.conformance.mutation import Trial, first_violation, verdict
from gsim_devs.contracts import (
    CaseFile,
    Mutant,
    MutantFile,
    check_mutants,
    from_data,
    load_mutants,
    load_plan,
    mutated_components,
    reference_files,
    seldom_broken,
)
from gsim_devs.errors import UsageError
from gsim_devs.rules import Violation
from gsim_devs.trace import Record

ROOT = Path(__file__).parents[2]
SYSTEMS = sorted(path.parent.name for path in ROOT.glob("scenarios/*/mutants.yaml"))
SENDER = "components/sender.py"


# What was found in the cases.


def test_the_best_that_any_case_shows_counts():
    same, silent = Trial("a", is_same=True), Trial("b")
    broken, other = Trial("c", reason="exit code 1"), Trial("d", violated=("other",))
    meant = Trial("e", violated=("other", "rule"))

    assert verdict("rule", [same, broken, other, meant]) == ("meant", meant)
    assert verdict("rule", [same, broken, other]) == ("other", other)
    assert verdict("rule", [silent, broken]) == ("not operational", broken)
    assert verdict("rule", [same, silent]) == ("survived", None)
    assert verdict("rule", [same, same]) == ("equivalent", None)


def wrong(line: int, time: float, level: str = "system") -> Violation:
    return Violation("rule", "clause", level, "", "", target=Record(time, "a", "b", {}, line))


def missing(due: float, level: str = "system") -> Violation:
    return Violation("rule", "clause", level, "", "", due=due)


def test_the_first_violation_is_the_earliest_on_the_trace():
    first = wrong(3, 5.0)

    assert first_violation([(1, wrong(4, 5.0)), (1, first), (1, missing(6.0))]) is first


def test_something_missing_stands_where_it_was_due():
    first = missing(4.0)

    assert first_violation([(1, wrong(3, 5.0)), (1, first)]) is first


def test_at_one_instant_a_rule_of_one_component_comes_first_and_what_is_missing_last():
    own, seen, unseen = missing(5.0, "component"), wrong(9, 5.0), missing(5.0)

    assert first_violation([(1, unseen), (1, seen), (1, own)]) is own
    assert first_violation([(1, unseen), (1, seen)]) is seen


def test_an_earlier_run_comes_before_an_earlier_time():
    first = wrong(30, 50.0)

    assert first_violation([(2, wrong(1, 0.0)), (1, first)]) is first


# What it says of the rules.


def result(
    outcome: str = "meant", named: tuple[str, ...] = ("door",), unheard: tuple[str, ...] = (), **keys: Any
) -> MutantResult:
    seen = Trial("a", violated=("rule",), first="rule", named=named, unheard=unheard)
    trial = seen if outcome in ("meant", "other") else None
    given = {"mutated": ("door",), "is_single": True, "seconds": 0.1, **keys}
    return MutantResult("it", "rule", outcome, trial, **given)


def test_blame_must_fall_on_what_was_changed_and_on_nothing_else():
    assert result().is_located
    assert result(named=("door", "hall"), mutated=("door", "hall", "desk")).is_located
    assert result(named=("door", "hall")).is_located is False
    assert result(named=("hall",)).is_located is False
    assert result(named=()).is_located is False


def test_what_feeds_the_blamed_one_unheard_is_named_but_not_located():
    mute = result(named=("hall",), unheard=("bell", "door"))

    assert (mute.is_located, mute.is_named) == (False, True)
    assert result(named=("hall",), unheard=("bell",)).is_named is False
    assert result("survived").is_named is None


def test_where_nothing_can_be_blamed_it_is_not_asked():
    assert result(is_single=False).is_located is None
    assert result("survived").is_located is None
    assert result("not operational").is_located is None


def test_the_bars():
    good, astray = result(), result(named=("hall",))

    assert MutationReport("shop", (good,) * 98 + (result("survived"),) * 2, ()).holds
    assert not MutationReport("shop", (good,) * 97 + (result("survived"),) * 3, ()).holds
    assert not MutationReport("shop", (good,) * 97 + (result("equivalent"),) * 3, ()).holds
    assert MutationReport("shop", (good,) * 9 + (astray,), ()).holds
    assert not MutationReport("shop", (good,) * 8 + (astray,), ()).holds
    assert not MutationReport("shop", (good,), ("rule",)).holds


def test_the_shares():
    mute = result(named=("hall",), unheard=("door",))
    report = MutationReport("shop", (result(), result("other"), result("not operational"), mute), ())

    assert (report.killed, report.meant) == (1.0, 0.5)
    assert report.located == pytest.approx(2 / 3)
    assert report.named == 1.0
    assert "100.0 % of 3" in report.totals
    assert "66.7 %" in report.totals
    assert in_sum([report, report]).located == report.located


# What is refused before anything runs.

FILES = {
    "plan.yaml": (ROOT / "scenarios/abp/reference/plan.yaml").read_text(),
    SENDER: "class Sender:\n    bit = 1\n    old = 1\n",
}


def mutant(**keys: Any) -> Mutant:
    return from_data(Mutant, {"id": "it", "breaks": "noise", **keys}, "mutants")


def edit(replace: str, new: str, file: str = SENDER) -> dict[str, str]:
    return {"file": file, "replace": replace, "with": new}


def test_edits_follow_one_another():
    edits = [edit("bit = 1", "bit = 2"), edit("bit = 2", "bit = 3")]

    assert mutant(source=edits).applied_to(FILES)[SENDER] == "class Sender:\n    bit = 3\n    old = 1\n"


@pytest.mark.parametrize(
    ("replace", "sentence"),
    [
        ("= 1", f"Mutant it: {SENDER}: the text to replace must occur exactly once, but occurs 2 times"),
        ("none", f"Mutant it: {SENDER}: the text to replace must occur exactly once, but occurs 0 times"),
    ],
)
def test_the_text_to_replace_occurs_exactly_once(replace, sentence):
    with pytest.raises(UsageError, match=sentence):
        mutant(source=[edit(replace, "")]).applied_to(FILES)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({}, "either `source` or `trace`"),
        (
            {"source": [edit("a", "b")], "trace": [{"on": "a.b", "nth": 1, "drop": True}]},
            "either `source` or `trace`",
        ),
        ({"source": [edit("a", "b", "plan.yaml")]}, "component"),
    ],
)
def test_a_mutant_edits_one_thing(keys, sentence):
    with pytest.raises(UsageError, match=sentence):
        mutant(**keys)


def defects_of(**keys: Any) -> list[str]:
    declared = from_data(
        MutantFile, {"system": "abp", "mutants": [{"id": "it", "breaks": "noise", **keys}]}, "m"
    )
    cases = from_data(CaseFile, {"system": "abp", "cases": [{"id": "one", "level": "smoke"}]}, "cases")
    return check_mutants(declared, ["noise", "fate"], cases, FILES)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"source": [edit("bit", "bot")], "breaks": "noize"}, "did you mean 'noise'"),
        ({"source": [edit("bit", "bot")], "cases": ["two"]}, "'two' is no case"),
        ({"source": [edit("bit", "bot")], "component": "sendr"}, "did you mean 'sender'"),
        ({"source": [edit("bit =", "bit")]}, f"{SENDER} is not Python any more, line 2"),
        ({"source": [edit("a", "b", "components/reciever.py")]}, "there is no components/reciever.py"),
        ({"source": [edit("system: abp", "system: [", "plan.yaml")], "component": "sender"}, "not YAML"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_rest_of_the_system_is_told(keys, sentence):
    (told,) = defects_of(**keys)

    assert told.startswith("Mutant it: ")
    assert sentence in told


def test_rules_that_are_seldom_broken_are_named():
    declared = {"system": "abp", "mutants": [{"id": "it", "breaks": "noise", "source": [edit("a", "b")]}]}

    assert seldom_broken(from_data(MutantFile, declared, "m"), ["noise"], least=1) == []
    assert seldom_broken(from_data(MutantFile, declared, "m"), ["noise", "fate"]) == ["noise", "fate"]


def test_a_model_that_is_used_twice_is_two_components():
    plan = load_plan(ROOT / "scenarios/abp/reference/plan.yaml")

    assert mutated_components(mutant(source=[edit("a", "b", "components/channel.py")]), plan) == (
        "forward",
        "backward",
    )
    assert mutated_components(mutant(source=[edit("a", "b", "plan.yaml")], component="backward"), plan) == (
        "backward",
    )


# Tried on a real system.


@pytest.fixture
def tried(tmp_path, monkeypatch, capsys):
    """Try mutants of the alternating bit protocol; the exit code, what was printed, and the outcomes by name."""
    monkeypatch.chdir(tmp_path)
    for place in ("contracts/abp.yaml", "trace_checkers/abp.yaml", "specs/abp.md"):
        (tmp_path / place).parent.mkdir(parents=True)
        shutil.copy(ROOT / place, tmp_path / place)
    shutil.copytree(ROOT / "scenarios/abp", tmp_path / "scenarios/abp")

    def call(*mutants: dict[str, Any], options: tuple[str, ...] = ("--jobs", "1")):
        declared = [{"id": f"m{number}", "cases": ["abp-01"], **one} for number, one in enumerate(mutants)]
        text = json.dumps({"system": "abp", "mutants": declared})
        (tmp_path / "scenarios/abp/mutants.yaml").write_text(text)
        code = main(["mutate", "--scenario", "abp", "--json", "found.json", *options])
        streams = capsys.readouterr()
        if code == 2:
            return code, streams.err, []
        found = json.loads((tmp_path / "found.json").read_text())["systems"][0]["mutants"]
        return code, streams.out, found

    return call


def test_outcomes_of_source_mutants(tried):
    bit = {"breaks": "alternating-bits", "source": [edit("(self.current - 1) % 2", "self.current % 2")]}
    code, text, found = tried(
        bit,
        bit | {"breaks": "fate"},
        {"breaks": "noise", "source": [edit("self.current = 1", "self.current = 1 // 0")]},
        {"breaks": "noise", "source": [edit("self.current = 1", "self.current = 2 - 1")]},
    )

    assert code == 1
    assert [one["outcome"] for one in found] == ["meant", "other", "not operational", "equivalent"]
    assert [one["located"] for one in found] == [True, True, None, None]
    assert "killed by alternating-bits" in text
    assert "ZeroDivisionError" in found[2]["reason"] or "division by zero" in found[2]["reason"]
    assert "equivalent?" in text
    assert "rules with fewer than 2 mutants: " in text


def test_outcomes_of_trace_mutants(tried):
    lost = {"on": "sender.ack_received", "nth": 1, "drop": True}
    same = {"on": "sender.ack_received", "nth": 1, "set": {"ack_bit": 0}}
    late = {"on": "sender.ack_received", "nth": 1, "shift": 1000}
    _, _, found = tried(
        {"breaks": "acknowledgement-travels", "trace": [lost]},
        {"breaks": "noise", "trace": [same]},
        {"breaks": "acknowledgement-travels", "trace": [late]},
    )

    assert [one["outcome"] for one in found] == ["meant", "equivalent", "meant"]
    assert found[0]["first_violation"] == {"rule": "acknowledgement-travels", "names": ["sender"]}
    assert found[0]["located"] is None


def test_cases_are_tried_in_order_until_the_rule_is_violated(tried):
    # In the first case nothing is repeated.
    never = {"breaks": "timer-expires", "cases": ["abp-01", "abp-03", "abp-07"]}
    _, _, found = tried(
        never | {"source": [edit("        self.after(self.timeout, self.on_timeout)\n", "")]},
        never | {"trace": [{"on": {"event": "packet_sent", "where": "is_retry"}, "nth": 1, "drop": True}]},
    )

    assert found[0]["case"] == "abp-03"
    assert found[1]["case"] == "abp-03"


def test_a_trace_edit_that_never_applies_is_an_error(tried):
    code, text, _ = tried(
        {"breaks": "noise", "trace": [{"on": "sender.ack_received", "nth": 9, "drop": True}]}
    )

    assert code == 2
    assert "Mutant m0: in no case is there a record for each of its edits" in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--only", "m1"), "there is no mutant 'm1'"),
        (("--jobs", "0"), "--jobs must be at least 1"),
    ],
)
def test_what_is_wrong_with_the_call_is_told(tried, options, sentence):
    code, text, _ = tried({"breaks": "noise", "source": [edit("self.current = 1", "")]}, options=options)

    assert code == 2
    assert sentence in text


def test_a_mutant_that_is_no_plan_any_more_is_an_error(tried):
    code, text, _ = tried(
        {
            "breaks": "noise",
            "component": "sender",
            "source": [edit("model: Sender", "model: Sendr", "plan.yaml")],
        }
    )

    assert code == 2
    assert "Mutant m0: " in text


def test_several_at_once_find_the_same(tried, gsim_devs_here):
    bit = {"breaks": "alternating-bits", "source": [edit("(self.current - 1) % 2", "self.current % 2")]}
    _, alone, _ = tried(bit, bit)

    assert gsim_devs_here("mutate", "--scenario", "abp", "--jobs", "2") == alone


def test_a_mutant_that_hangs_is_not_operational(tmp_path):
    scenario = load_scenario(ROOT, "abp")
    folder = scenario.folder / "reference"
    hangs = mutant(source=[edit("self.current = 1", "self.current = 1\n        while True: pass")])
    for name, text in hangs.applied_to(reference_files(folder)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    plan = load_plan(folder / "plan.yaml")
    simulator = assemble(plan, read_sources(tmp_path), scenario.contract, tmp_path / "abp")

    found = try_mutant(hangs, Reference(scenario, simulator, tmp_path), plan, simulator, seconds=1.0)

    assert found.outcome == "not operational"
    assert found.trial is not None
    assert (found.trial.case, found.trial.is_hung) == (scenario.cases[0].id, True)
    assert "still running" in found.trial.reason


@pytest.fixture
def gsim_devs_here(tmp_path):
    """What the command prints, in a process of its own."""

    def call(*arguments: str) -> str:
        command = [sys.executable, "-m", "gsim_devs", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout

    return call


# The mutants of all systems.


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_mutants_fit_their_system_and_each_rule_has_two(system):
    scenario = load_scenario(ROOT, system)
    declared = load_mutants(scenario.folder / "mutants.yaml")
    rules = [rule.id for rule in scenario.rules.rules]
    cases = CaseFile(system=system, cases=scenario.cases)
    files = reference_files(scenario.folder / "reference")

    assert check_mutants(declared, rules, cases, files) == []
    assert [one for each in declared.mutants for one in trace_edit_defects(each, scenario.contract)] == []
    assert seldom_broken(declared, rules) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_some_mutants_are_noticed(system, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    mutants = load_mutants(f"scenarios/{system}/mutants.yaml").mutants
    scenario = load_scenario(ROOT, system)
    quick = [one for one in mutants if one.cases and scenario.case(one.cases[0]).replications == 1] or mutants
    chosen = [next(one for one in quick if one.source), next((one for one in quick if one.trace), quick[-1])]
    names = ",".join(one.id for one in chosen)

    main(["mutate", "--scenario", system, "--only", names, "--jobs", "1", "--json", str(tmp_path / "found")])

    found = json.loads((tmp_path / "found").read_text())["systems"][0]["mutants"]
    assert [one["outcome"] for one in found] == ["meant", "meant"]
