"""Simulators on the cases of a scenario: what is found, how it is scored, and that nothing they do is too much."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.conformance import Warm, conform, load_scenario, run_case, telling
from gsim_devs.contracts import Speakers, load_plan
from gsim_devs.errors import UsageError
from gsim_devs.rules import in_words
from tests.conformance.shop import CASES, CONTRACT, RULES

ROOT = Path(__file__).parents[2]


def test_a_simulator_that_does_as_it_should_scores_1_in_both(shop, simulator):
    found = conform(simulator(), shop())

    assert found.holds
    assert (found.operational, found.behavioural, found.obligations) == (1.0, 1.0, 1.0)
    assert found.never_exercised == ()
    assert [(case.id, case.reason, case.unmet) for case in found.cases] == [
        ("shop-01", "", ()),
        ("shop-02", "", ()),
    ]


def test_the_scores_are_those_of_the_formulas(shop, simulator):
    # One of two component rules is broken in the first of two cases, for one of three customers.
    found = conform(simulator("customer = k + (k == 2 and mode == 'sound'); time = customer * 10.0"), shop())

    assert found.operational == 1.0
    assert found.cases[0].score("component") == 1 / 2
    assert found.cases[0].score("system") == 1.0
    assert found.behavioural == ((1 / 2 + 1) / 2 + 1) / 2
    assert found.obligations == (((2 / 3 + 1) / 2 + 1) / 2 + 1) / 2
    assert not found.holds


def test_a_case_that_is_not_operational_counts_as_0(shop, simulator):
    found = conform(simulator(after="sys.exit(3 if mode == 'other' else 0)"), shop())

    assert (found.operational, found.behavioural, found.obligations) == (1 / 2, 1 / 2, 1 / 2)


def test_what_is_expected_is_no_part_of_the_scores(shop, simulator):
    cases = CASES.replace("records: 2", "records: 9")

    found = conform(simulator(), shop(cases=cases))

    assert (found.operational, found.behavioural) == (1.0, 1.0)
    assert found.cases[1].unmet == ("There are 2 records; 9 expected.",)
    assert not found.holds


def test_a_level_of_which_nothing_was_due_is_kept_and_one_without_rules_does_not_count(shop, simulator):
    wrong = simulator("customer = k + 1")
    component_rules, _, system_rule = RULES.partition("  - {id: in-time")
    absent = f"{component_rules}  - {{id: in-time{system_rule.replace('server.served', 'door.closed')}"
    absent = absent.replace("10 * customer", "10")

    nothing_due = conform(wrong, shop(rules=absent))
    no_rules = conform(wrong, shop(rules=component_rules))

    assert nothing_due.never_exercised == ("in-time",)
    assert nothing_due.behavioural == (1 / 2 + 1) / 2
    assert no_rules.behavioural == 1 / 2


def test_without_rules_there_is_nothing_to_score(shop, simulator):
    found = conform(simulator(), shop(rules=None))

    assert found.operational == 1.0
    assert found.behavioural is None
    assert "there are no rules" in found.text


SPAWN = """
import subprocess
if mode == "other":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    import time; time.sleep(600)
"""
HANG = "if mode == 'other': import time; time.sleep(600)"


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        ({"after": "sys.exit(3 if mode == 'other' else 0)"}, "exited with code 3 and said nothing"),
        ({"before": "if mode == 'other': import os; os.kill(os.getpid(), 9)"}, "killed by signal 9"),
        ({"before": "if mode == 'other': import a_module_of_nobody"}, "No module named 'a_module_of_nobody'"),
        ({"before": "if mode == 'other': sys.exit()"}, "it printed no record"),
        ({"before": "if mode == 'other': import os; os.close(1); os._exit(0)"}, "it printed no record"),
        (
            {
                "before": "if mode == 'other': sys.stdout.buffer.write(bytes(range(256)) * 9); sys.stdout.flush()"
            },
            "the trace does not fit the contract: line 1",
        ),
        (
            {"spoil": "time = -1.0 if mode == 'other' else time"},
            "the trace does not fit the contract: line 1",
        ),
        ({"spoil": "time += 100 * (mode == 'other')"}, "lies beyond the horizon 20.0 (and 1 more)"),
        (
            {"before": "if mode == 'other': sys.exit('\\x1b[2J' + 'x' * 5000)"},
            "\\x1b[2Jxxx",
        ),
    ],
)
def test_whatever_goes_wrong_is_a_sentence_and_spoils_no_other_case(shop, simulator, spoilt, sentence):
    found = conform(simulator(**spoilt), shop())

    sound, broken = found.cases
    assert sound.holds
    assert not broken.operational
    assert sentence in broken.reason
    assert broken.reason.isprintable()
    assert len(broken.reason) < 400
    assert sentence in found.text


@pytest.mark.parametrize("endless", [HANG, SPAWN])
def test_what_does_not_end_is_stopped_and_spoils_no_other_case(shop, simulator, endless):
    cases = CASES.replace("duration: 20.0}, timeout: 20", "duration: 20.0}, timeout: 0.5")

    found = conform(simulator(before=endless), shop(cases=cases))

    assert [case.operational for case in found.cases] == [True, False]
    assert "still running after" in found.cases[1].reason


def test_a_flood_is_stopped(shop, simulator):
    flood = simulator(before="if mode == 'other':\n    while True: print('x' * 100000)")

    found = conform(flood, shop())

    assert [case.operational for case in found.cases] == [True, False]
    assert "wrote more than it may" in found.cases[1].reason


@pytest.mark.parametrize("nothing", ["nowhere", ["/no/such/program", "{arguments}"], "."])
def test_what_cannot_be_started_is_said_in_every_case(shop, nothing):
    found = conform(nothing, shop())

    assert [case.operational for case in found.cases] == [False, False]
    assert all("no simulator" in case.reason or "no such program" in case.reason for case in found.cases)


def test_an_empty_trace_is_right_where_the_case_says_so(shop, simulator):
    silent = simulator(before="sys.exit()")

    found = conform(silent, shop(cases=CASES.replace("records: 2", "records: 0")))

    assert [case.operational for case in found.cases] == [False, True]
    assert found.cases[1].behavioural == 1.0


REPLICATED = """
system: shop
cases:
  - {id: shop-01, level: smoke, replications: 3, seeds: [5, 7, 9], expect: {records: 3}}
"""


def test_replications_are_pooled_and_findings_say_in_which_run(shop, simulator):
    path = simulator("customer += seed == '7' and k == 3")
    command = ["python3", str(path), "{arguments}", "--seed", "{seed}"]

    (case,) = conform(command, shop(cases=REPLICATED)).cases

    (broken, _) = case.violated
    assert (broken.id, broken.met, broken.due) == ("numbered", 8, 9)
    assert [finding.run.number for finding in case.findings] == [2, 2]
    assert "--seed 7" in case.findings[0].run.command


def test_a_run_that_fails_is_told_by_its_number(shop, simulator):
    path = simulator(after="sys.exit(seed == '7')")

    (case,) = conform(["python3", str(path), "--seed", "{seed}"], shop(cases=REPLICATED)).cases

    assert case.reason == "run 2: exited with code 1 and said nothing"
    assert case.report is None


def test_a_seed_of_the_contract_is_an_argument_that_rules_know(shop, simulator):
    contract = CONTRACT.replace("arguments:", "arguments:\n  seed: {type: integer, default: 2}")
    rules = RULES.replace("equals: index + 1", "equals: index + args.seed")
    path = simulator("customer = k - 1 + int(seed or 2)")

    (several,) = conform(path, shop(contract, REPLICATED, rules)).cases
    (single,) = conform(path, shop(contract, CASES.split("  - {id: shop-02")[0], rules)).cases

    for case, due in ((several, 9), (single, 3)):
        assert [rule.id for rule in case.violated] == ["in-time"]
        assert case.report.rule("numbered").met == due


DETAILED = """
if "--detail" in sys.argv:
    emit = print
    def print(line):
        emit(json.dumps(json.loads(line) | {"seq": 1, "component": "shop.till"}))
"""


@pytest.fixture
def ours(simulator, tmp_path):
    """A simulator that looks like one of ours: it takes `--seed` and `--detail`."""

    def written(spoil: str, before: str = "") -> object:
        path = simulator(spoil, before=before, name="folder/__main__.py")
        (path.parent / "contract.json").write_text("{}")
        return path.parent

    return written


def test_a_violation_of_a_simulator_of_ours_names_the_component(shop, ours):
    (case, _) = conform(ours("customer += 1", DETAILED), shop()).cases

    assert {finding.violation.components for finding in case.findings} == {("shop.till",)}
    assert "--detail" not in case.findings[0].run.command


def test_a_simulator_that_is_not_repeatable_keeps_its_first_verdict(shop, ours):
    speakers = Speakers({("server", "served"): ["shop.server"]}, {"shop.server": ["shop.door"]})
    folder = ours("customer += '--detail' not in sys.argv", DETAILED)

    (case, _) = conform(folder, shop(), speakers=speakers).cases

    assert case.findings[0].violation.components == ("shop.server",)
    assert case.findings[0].violation.unheard == ("shop.door",)
    told = "component shop.server; or shop.door, which feeds it and reports nothing"
    assert told in "\n".join(in_words(case.findings[0].violation))


def test_only_a_simulator_of_ours_gets_the_seed_as_an_option(shop, ours, simulator):
    by_seed = "customer += seed is None"

    assert conform(ours(by_seed), shop()).holds
    assert not conform(simulator(by_seed), shop()).holds


def test_cases_run_side_by_side_and_stay_in_order(shop, simulator):
    listed = "\n".join(f"  - {{id: shop-{n:02}, level: smoke}}" for n in range(12))

    found = conform(simulator(), shop(cases=f"system: shop\ncases:\n{listed}"), jobs=4)

    assert [case.id for case in found.cases] == [f"shop-{n:02}" for n in range(12)]
    assert found.holds


def test_a_time_limit_stands_in_for_that_of_the_cases(shop, simulator):
    scenario = shop()

    case = run_case(simulator(before=HANG), scenario, scenario.case("shop-02"), seconds=0.3)

    assert "still running" in case.reason
    assert case.seconds < scenario.case("shop-02").timeout


def test_json_and_junit_hold_everything(shop, simulator):
    found = conform(simulator("customer = k + (k == 2)", after="if mode == 'other': print('x')"), shop())

    data = json.loads(json.dumps(found.data))
    document = ET.fromstring(found.junit)

    assert data["operational"] == 1 / 2
    assert data["behavioural"] == found.behavioural
    assert data["cases"][0]["report"]["rules"][0]["violations"][0]["target"]["payload"] == {"customer": 3}
    assert [suite.get("name") for suite in document] == ["shop.shop-01", "shop.shop-02"]
    failed = [[test.get("name") for test in suite if test.find("failure") is not None] for suite in document]
    assert failed == [["numbered", "in-time"], ["operational", "numbered", "in-time"]]


def test_text_shows_each_rule_in_full_once_and_all_on_request(shop, simulator):
    found = conform(simulator("customer = k + 1"), shop())

    assert found.text.count("numbered at line 1: a") == 1
    assert "shop-01: numbered at line 1: a" in found.text
    assert "--duration 20.0 < /dev/null" in telling.text(found, None)


def test_what_is_said_to_type_repeats_the_run(shop, simulator):
    reads = simulator("customer = len(sys.stdin.read() or given)", before="given = sys.stdin.read()")
    scenario = shop()
    for given in ("", "it's 5\n$HOME \\ `x`\n"):
        case = scenario.case("shop-01").model_copy(update={"stdin": given})
        found = run_case(reads, scenario, case)

        shown = telling.by_hand(found.runs[0], found.stdin)
        again = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, check=True)

        assert json.loads(again.stdout.splitlines()[0])["payload"] == {"customer": len(given)}


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"cases": "system: shop\ncases: []"}, "cases.yaml"),
        (
            {"cases": CASES.replace("mode: other", "colour: red")},
            "cases.yaml: Case shop-02: 'colour' is no argument",
        ),
        ({"rules": RULES.replace("server.served", "server.serfed")}, "has no event 'server.serfed'"),
        ({"rules": "rules: {"}, "shop.yaml"),
        ({"contract": "id: shop"}, "shop.yaml"),
    ],
)
def test_broken_files_are_said(shop, files, sentence):
    with pytest.raises(UsageError, match=sentence):
        shop(**files)


def test_a_scenario_that_is_not_there_is_said_with_those_that_are(shop, tmp_path):
    shop()

    with pytest.raises(UsageError, match="there is no scenario 'shob'.*there are: shop"):
        load_scenario(tmp_path, "shob")
    with pytest.raises(UsageError, match="no case 'x'; there are shop-01, shop-02"):
        shop().case("x")


def test_a_warm_worker_comes_to_the_same_result(tmp_path):
    scenario = load_scenario(ROOT, "abp")
    source = scenario.folder / "reference"
    sources = read_sources(source)
    sources["Sender"] = sources["Sender"].replace("(self.current - 1) % 2", "self.current % 2")
    folder = assemble(load_plan(source / "plan.yaml"), sources, scenario.contract, tmp_path / "abp")
    cases = [scenario.case("abp-01"), scenario.case("abp-03")]

    alone = conform(folder, scenario, cases=cases)
    with Warm(folder) as warm:
        shared = conform(folder, scenario, cases=cases, runner=warm)

    assert not alone.holds
    assert [case.report for case in alone.cases] == [case.report for case in shared.cases]


def test_what_only_looks_like_a_plan_or_an_archive_names_no_component_and_does_no_harm(shop, simulator):
    folder = simulator("customer += 1", name="folder/__main__.py").parent
    child = {"name": "till", "model": "Nobody"}
    plan = {"system": "shop", "models": {}, "root": {"name": "Shop", "children": [child], "couplings": []}}
    (folder / "plan.json").write_text(json.dumps(plan))
    archive = folder / "archive.pyz"
    archive.write_bytes(b"PK\x05\x06" + bytes(10) + b"\xff" * 8)

    from_folder, from_archive = (conform(path, shop()).cases[0] for path in (folder, archive))

    assert {finding.violation.components for finding in from_folder.findings} == {()}
    assert not from_archive.operational


COMPARED = RULES + "  - {id: like-the-other, clause: d, level: system, kind: reference, fields: [customer]}\n"


def test_a_reference_is_run_for_rules_that_compare_with_one(shop, simulator):
    right = simulator(name="right.py")
    late = simulator("time += 0.5", name="late.py")
    scenario = shop(rules=COMPARED)

    alone, compared = conform(late, scenario), conform(late, scenario, reference=right)

    assert alone.never_exercised == ("like-the-other",)
    assert compared.cases[0].report.rule("like-the-other").met == 0
    assert conform(right, scenario, reference=right).behavioural == 1.0


def test_each_replication_is_compared_with_that_of_the_same_seed(shop, simulator):
    path = simulator("customer += int(seed)")
    command = ["python3", str(path), "--seed", "{seed}"]
    scenario = shop(cases=REPLICATED, rules="system: shop\nrules:\n" + COMPARED.splitlines(keepends=True)[-1])

    (case,) = conform(command, scenario, reference=command).cases

    assert case.report.rule("like-the-other").score == 1.0


def test_a_reference_that_fails_is_for_the_caller_to_mend(shop, simulator):
    with pytest.raises(UsageError, match="the reference simulator fails in case shop-02: exited with code 3"):
        conform(
            simulator(name="right.py"),
            shop(rules=COMPARED),
            reference=simulator(after="sys.exit(3 if mode == 'other' else 0)"),
        )


CODE = """
from gsim_devs.rules import Obligation

def all_are_served(records, run):
    yield Obligation(kept=len(records) == run.horizon // 10, expected="one customer every 10 s")
"""


def test_rules_that_are_code_run_only_where_that_is_allowed(shop, simulator):
    rule = "{id: all, clause: d, level: system, kind: python, function: all_are_served, on: [server.served]}"
    scenario = shop(rules=f"{RULES}  - {rule}\n", code=CODE)
    path = simulator("k += k == 2; customer = k; time = k * 10.0")

    with pytest.raises(UsageError, match="rule all is code"):
        conform(path, scenario)
    found = conform(path, scenario, allow_python=True)

    assert found.cases[0].report.rule("all").verdict == "violated"
