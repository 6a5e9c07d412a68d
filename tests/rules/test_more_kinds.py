"""Pairs, balances, references, rules in Python: shown what keeps them, what breaks them, and nothing that is due."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import accumulate
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs import rules as rules_package
from gsim_devs.contracts import from_data, load_contract
from gsim_devs.errors import UsageError
from gsim_devs.rules import RuleSet, check, check_runs, load_rule_set, rule_defects
from gsim_devs.rules.agreement import Expected, Pool
from gsim_devs.trace import BadLine, Defect, Record
from tests.rules.checking import CONTRACT, result, rules_of, trace

COME, GO, PAY = "door.come", "door.go", "till.pay"
ROOT = Path(__file__).parents[2]
ARGUMENTS = {"until": 100.0, "service": 5.0}
PAIRS = {"kind": "succession", "first": COME, "then": GO, "by": "id"}
STOCK = {"kind": "balance", "steps": [{"on": COME, "add": "n"}, {"on": GO, "add": "-n"}]}
STATED = {**STOCK, "reported": [{"on": PAY, "value": "n"}]}

CASES = [
    # rule, a trace that keeps it, one that breaks it and the line where, one in which nothing is due
    (PAIRS, "0 come 1; 0 come 2; 1 go 2; 9 go 1", "0 come 1; 1 go 2", 2, "0 pay"),
    (PAIRS, "0 come 1; 0 come 1; 1 go 1; 1 go 1", "0 come 1; 1 go 1; 2 go 1", 3, ""),
    (PAIRS, "0 come 1; 1 go 1", "0 come 1; 0 come 1; 1 go 1", 2, ""),
    ({**PAIRS, "within": "args.service"}, "0 come 1; 5 go 1", "0 come 1; 6 go 1", 2, "96 come 1"),
    ({**PAIRS, "within": "trigger.n"}, "0 come 1 3; 3 go 1", "0 come 1 3; 4 go 1", 2, "98 come 1 3"),
    ({**PAIRS, "unless": [PAY]}, "0 come 1; 1 pay 1; 2 come 1; 3 go 1", "0 come 1; 1 pay 1; 2 go 1", 3, "0 pay 1"),
    (STATED, "0 come 1 3; 1 pay 1 3; 2 go 1 2; 3 pay 1 1", "0 come 1 3; 1 go 1 2; 2 pay 1 2", 3, "0 come 1 3"),
    ({**STATED, "start": "args.service"}, "0 pay 1 5; 1 go 1 2; 2 pay 1 3", "0 pay 1 0", 1, ""),
    ({**STATED, "by": "id"}, "0 come 1 3; 0 come 2 4; 1 pay 1 3; 1 pay 2 4", "0 come 1 3; 1 pay 2 3", 2, ""),
    ({**STOCK, "at_least": 0}, "0 come 1 3; 1 go 1 3", "0 come 1 3; 1 go 1 4", 2, "0 pay"),
    ({**STOCK, "at_most": "args.service"}, "0 come 1 5", "0 come 1 5; 1 come 1 1", 2, ""),
    ({**STOCK, "finally": 1}, "0 come 1 3; 1 go 1 2", "0 come 1 3", 0, None),
    ({**STOCK, "finally": 0, "by": "id"}, "0 come 1 3; 0 go 1 3", "0 come 1 3; 0 go 2 3", 0, ""),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kept", "broken", "line", "idle"), CASES)
def test_kept_broken_and_not_exercised(rule, kept, broken, line, idle):
    wrong = result(broken, **rule)

    assert rule_defects(rules_of(**rule), CONTRACT) == []
    assert (result(kept, **rule).verdict, result(kept, **rule).score) == ("held", 1.0)
    assert wrong.verdict == "violated"
    assert wrong.violations[0].line == line
    assert wrong.score < 1
    if idle is not None:
        assert result(idle, **rule).verdict == "not_exercised"


@given(st.lists(st.tuples(st.sampled_from(["come", "go"]), st.integers(1, 2)), max_size=10))
def test_pairs_are_as_many_firsts_as_thens_and_never_more_thens_before(steps):
    text = "; ".join(f"{time} {event} {key}" for time, (event, key) in enumerate(steps))

    signs = [[1 if event == "come" else -1 for event, key in steps if key == wanted] for wanted in (1, 2)]
    fits = all(min(accumulate(its), default=0) >= 0 and sum(its) == 0 for its in signs)
    assert (result(text, **PAIRS).verdict != "violated") == fits


def test_pairs_that_are_open_when_their_scope_closes_are_due():
    rule = {**PAIRS, "scope": {"before": PAY}}

    assert result("0 come 1; 1 go 1; 2 pay; 3 come 1", **rule).verdict == "held"
    assert [one.line for one in result("0 come 1; 1 pay; 2 go 1", **rule).violations] == [1]


def test_a_final_balance_is_not_kept_by_an_empty_trace():
    assert result("", **STOCK, **{"finally": 0}).verdict == "not_exercised"
    assert result("", **STOCK, **{"finally": 1}).verdict == "violated"


def test_a_balance_is_what_its_changes_come_to_and_not_what_was_reported_wrongly():
    found = result("0 come 1 3; 1 pay 1 7; 2 pay 1 3", **STATED)

    assert (found.met, found.due) == (1, 2)
    [violation] = found.violations
    assert (violation.line, violation.expected, violation.actual) == (2, "n = 3.0", "7.0")


def test_a_record_that_alters_a_balance_reports_it_afterwards():
    rule = {
        "kind": "balance",
        "steps": [{"on": COME, "add": "id"}],
        "reported": [{"on": COME, "value": "n"}],
    }

    assert result("0 come 2 2; 1 come 3 5", **rule).verdict == "held"
    assert [one.line for one in result("0 come 2 2; 1 come 3 3", **rule).violations] == [2]


def test_a_balance_does_not_drift():
    # A tenth is no sum of powers of two: added up naively these come to 1999.99988.
    text = ";".join(["0 come 1 100000000"] + ["1 come 1 0.1"] * 20000 + ["2 go 1 100000000", "3 pay 1 2000"])

    assert result(text, **STATED, tolerance={"absolute": 1e-9, "relative": 0}).verdict == "held"


@pytest.mark.parametrize(("tolerance", "verdict"), [(0.5, "held"), (0.05, "violated")])
def test_a_balance_is_compared_within_its_tolerance(tolerance, verdict):
    for rule in ({**STATED}, {**STOCK, "at_most": 2.9}, {**STOCK, "finally": 3.1}):
        assert result("0 come 1 3; 1 pay 1 3.1", **rule, tolerance=tolerance).verdict == verdict


def test_the_final_balance_of_a_part_is_judged_when_the_part_closes():
    opening, closing = ({"event": "pay", "where": f"n == {n}"} for n in (1, 2))
    rule = {**STOCK, "finally": 0, "scope": {"after": opening, "before": closing}}

    kept = result("0 come 1 9; 1 pay 1 1; 2 come 1 3; 3 go 1 3; 4 pay 1 2; 5 pay 1 1; 6 come 1 3", **rule)
    broken = result("1 pay 1 1; 2 come 1 3; 4 pay 1 2", **rule)

    assert (kept.verdict, kept.due, kept.pending) == ("held", 1, 1)
    assert [one.due for one in broken.violations] == [4.0]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (STOCK, "a balance needs `reported`, `at_least`, `at_most` or `finally`"),
        ({"kind": "balance", "steps": [], "finally": 0}, "steps"),
    ],
)
def test_a_rule_that_demands_nothing_is_refused(rule, sentence):
    with pytest.raises(UsageError, match=sentence):
        rules_of(**rule)


@pytest.mark.parametrize(
    ("rule", "defect"),
    [
        ({**PAIRS, "then": "door.gone"}, "then: the contract has no event 'door.gone'"),
        ({**PAIRS, "within": "args.servic"}, "did you mean 'service'?"),
        ({**STATED, "steps": [{"on": COME, "add": "m"}]}, "steps[0].add: 'm': unknown name 'm'"),
        ({**STATED, "steps": [{"on": "door.cone", "add": "n"}]}, "steps[0].on: the contract has no event"),
        ({**STATED, "reported": [{"on": PAY, "value": "n > 1"}]}, "reported[0].value: 'n > 1'"),
        ({**STATED, "start": "n"}, "start: 'n': unknown name 'n'"),
    ],
)
def test_what_does_not_agree_with_the_contract_is_told_when_rules_are_read(rule, defect):
    assert defect in " ".join(rule_defects(rules_of(**rule), CONTRACT))


SAME = {"kind": "reference"}
MODEL = "0 come 1; 5 go 1; 5 pay 1 7; 9 come 2"


def agreement(records: str, reference: str | None = MODEL, horizon: float = 100.0, **rule):
    arguments = {"until": horizon, "service": 5.0}
    expected = None if reference is None else trace(reference)
    return check(trace(records), rules_of(**rule), CONTRACT, arguments, reference=expected).rule("it")


@pytest.mark.parametrize(
    ("rule", "kept", "broken", "line"),
    [
        (SAME, "0 come 1; 5 pay 1 7; 5 go 1; 9 come 2", "0 come 1; 5 go 1; 5 pay 1 8; 9 come 2", 3),
        (SAME, MODEL, "0 come 1; 5 go 1; 5 pay 1 7; 9.1 come 2", 3),
        (SAME, MODEL, "0 come 1; 5 go 1; 5 pay 1 7", 3),
        (SAME, MODEL, f"{MODEL}; 9 come 2", 5),
        ({**SAME, "order": "fixed"}, MODEL, "0 come 1; 5 pay 1 7; 5 go 1; 9 come 2", 3),
        ({**SAME, "order": "fixed", "by": "entity"}, "0 come 1; 5 pay 1 7; 5 go 1; 9 come 2", "5 go 1", 0),
        ({**SAME, "order": "free"}, "9 pay 1 7; 10 go 1; 12 come 2; 13 come 1", "9 pay 1 7; 9 pay 1 7", 2),
        ({**SAME, "events": [COME]}, "0 come 1; 9 come 2", "0 come 1; 8 go 1; 9 come 3", 3),
        ({**SAME, "fields": ["id"]}, "0 come 1; 5 go 1; 5 pay 1 9; 9 come 2", "0 come 3 1", 1),
        ({**SAME, "fields": []}, "0 come 5; 5 go 6; 5 pay 1; 9 come 2", "0 go 1", 1),
        (
            {**SAME, "tolerance": 0.5},
            "0.4 come 1; 4.6 go 1; 5 pay 1 7.3; 9.2 come 2.5",
            "0 come 1; 5.6 go 1",
            1,
        ),
    ],
)
def test_what_agrees_with_a_reference(rule, kept, broken, line):
    wrong = agreement(broken, **rule)

    assert rule_defects(rules_of(**rule), CONTRACT) == []
    assert agreement(kept, **rule).score == 1.0
    assert wrong.verdict == "violated"
    assert wrong.violations[0].line == line


def test_without_a_reference_nothing_is_compared():
    assert agreement(MODEL, None, **SAME).verdict == "not_exercised"
    assert agreement("", "", **SAME).verdict == "not_exercised"


def test_the_first_divergence_tells_what_is_here_and_what_is_expected_there():
    found = agreement("0 come 1; 5 go 1; 5 pay 1 8; 9 come 2", **SAME)

    [violation] = found.violations
    assert violation.line == 3
    assert violation.expected == 'till.pay {"id": 1.0, "n": 7.0} at 5.0 (line 3 of the reference)'
    assert violation.actual == 'till.pay {"id": 1.0, "n": 8.0} at 5.0: n differs'
    assert (found.met, found.due) == (6, 8)


def test_what_is_missing_is_told_where_it_is_missing_and_blamed_on_who_would_report_it():
    [violation] = agreement("0 come 1; 5 go 1; 9 come 2", **SAME).violations

    assert (violation.line, violation.due, violation.entity) == (2, 5.0, "till")
    assert violation.expected == 'till.pay {"id": 1.0, "n": 7.0} at 5.0 (line 3 of the reference)'


def test_a_record_that_does_not_belong_there_is_shown_with_what_comes_next():
    early = agreement("0 come 1; 3 pay 1 7; 5 go 1; 5 pay 1 7; 9 come 2", **SAME)
    late = agreement(f"{MODEL}; 20 pay 1", **SAME)

    assert early.violations[0].expected.startswith("door.go")
    assert (early.met, early.due) == (8, 9)
    assert late.violations[0].expected == "nothing more"


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=12), st.data())
def test_the_score_is_the_f1_of_the_two_as_multisets(items, data):
    kept = data.draw(st.lists(st.sampled_from(items), max_size=12)) if items else []
    kept += data.draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=4))
    written = ["; ".join(f"{t} come {1 + (n == 'b')}" for t, n in sorted(which)) for which in (kept, items)]

    found = agreement(*written, **SAME)

    shared = sum((Counter(kept) & Counter(items)).values())
    assert (found.met, found.due) == (2 * shared, len(kept) + len(items))


def test_what_falls_on_the_horizon_or_behind_it_may_be_missing():
    reference = "0 come 1; 10 go 1; 11 go 2"

    assert (agreement("0 come 1", reference, 10, **SAME).verdict) == "held"
    assert (agreement("0 come 1", reference, 10, **SAME).pending) == 2
    assert (agreement("0 come 1; 10 go 1; 10 pay 1", reference, 10, **SAME).verdict) == "held"
    assert (agreement("0 come 1", reference, 10, **SAME, at_horizon="due").verdict) == "violated"
    assert (agreement("0 come 1; 10 pay 1", "0 come 1", 10, **SAME, at_horizon="due").verdict) == "violated"


def test_a_trace_that_breaks_off_lacks_all_the_rest():
    found = agreement("0 come 1", "; ".join(f"{n} come 1" for n in range(50)), **SAME)

    assert (found.met, found.due, len(found.violations)) == (2, 51, 10)


def test_a_reference_is_read_only_as_far_as_the_trace_has_come():
    read = []

    def reference():
        for record in trace("; ".join(f"{n} come 1" for n in range(50))):
            read.append(record.time)
            yield record

    def records():
        for record in trace("; ".join(f"{n} come 1" for n in range(50))):
            assert len(read) <= record.time + 2
            yield record

    found = check(records(), rules_of(**SAME), CONTRACT, ARGUMENTS, reference=reference()).rule("it")

    assert found.met == 100


def test_each_replication_has_its_own():
    def replications(*texts):
        return [
            msgspec.structs.replace(record, replication=number)
            for number, text in enumerate(texts)
            for record in trace(text)
        ]

    def compared(*texts):
        reference = replications("0 come 1; 5 go 1", "0 come 2", "0 come 3")
        return check(replications(*texts), rules_of(**SAME), CONTRACT, ARGUMENTS, reference=reference).rule(
            "it"
        )

    assert compared("0 come 1; 5 go 1", "0 come 2", "0 come 3").score == 1
    assert compared("0 come 1", "0 come 2", "0 come 3").met == 6
    assert (compared("0 come 1; 5 go 1").met, compared("0 come 1; 5 go 1").due) == (4, 6)


def test_each_run_has_its_own():
    runs = [trace("0 come 1"), trace("0 come 2")]

    def compared(*references):
        return check_runs(
            runs, rules_of(**SAME), CONTRACT, ARGUMENTS, references=map(trace, references)
        ).rule("it")

    assert compared("0 come 1", "0 come 2").score == 1
    assert compared("0 come 2", "0 come 1").score == 0
    with pytest.raises(UsageError, match="fewer reference traces than runs"):
        compared("0 come 1")


def rules_together(*rules):
    frame = {"clause": "So it is.", "level": "system", **SAME}
    data = [{"id": f"r{number}", **frame, **rule} for number, rule in enumerate(rules)]
    return from_data(RuleSet, {"system": "shop", "rules": data}, "shop.yaml")


def test_two_rules_share_a_reference_though_they_read_it_at_different_paces():
    rules = [{"order": "free", "events": [PAY]}, {"events": [COME]}, {"tolerance": 3, "fields": ["id"]}]
    together = rules_together(*rules)

    report = check(trace(MODEL), together, CONTRACT, ARGUMENTS, reference=trace(MODEL))

    assert [(rule.met, rule.due) for rule in report.rules] == [(2, 2), (4, 4), (8, 8)]


def test_what_one_rule_waits_for_in_vain_is_not_kept_while_another_reads_on(monkeypatch):
    monkeypatch.setattr("gsim_devs.rules.kinds.reference.MOST_KEYS", 3)
    both = rules_together({"events": [PAY]}, {"events": [COME]})
    come = "; ".join(f"{n} come 1" for n in range(50))
    many = "; ".join(f"{n} come 1; {n} pay 1" for n in range(50))

    report = check(trace(come), both, CONTRACT, ARGUMENTS, reference=trace(many))

    assert [(rule.met, rule.due) for rule in report.rules] == [(0, 50), (100, 100)]


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        (BadLine(2, "is not JSON", "{"), "line 2 is not JSON"),
        (Record(1.0, "door", "come", {}, 2, defects=(Defect(2, "id is missing"),)), "line 2: id is missing"),
    ],
)
def test_nothing_is_compared_with_a_reference_that_is_not_sound(second, sentence):
    reference = [trace("0 come 1")[0], second]

    with pytest.raises(UsageError, match=sentence):
        check(trace(MODEL), rules_of(**SAME), CONTRACT, ARGUMENTS, reference=reference)


def test_numbers_are_near_wherever_they_stand_and_nothing_else_is():
    def one(value):
        return [Record(0.0, "door", "come", {"id": value, "n": 1}, 1)]

    def agrees(a, b):
        rules = rules_of(**SAME, tolerance=0.1)
        return check(one(a), rules, CONTRACT, ARGUMENTS, reference=one(b)).rule("it").verdict == "held"

    assert agrees([1, {"x": [2, None]}], [1.05, {"x": [2.0, None]}])
    assert not agrees([1, {"x": [2]}], [1, {"y": [2]}])
    assert not agrees([1, [2]], [[1], 2])
    assert not agrees(1, True)
    assert not agrees("1", 1)


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 3), max_size=12), st.tuples(*[st.integers(0, 12)] * 3))
def test_what_agrees_is_found_as_if_all_were_compared(expected, wanted):
    pool = Pool(absolute=2, relative=0.1)
    records = [
        Record(0.0, "a", "b", {"x": list(numbers), "y": "text"}, n) for n, numbers in enumerate(expected)
    ]
    for record in records:
        pool.add(Expected(record, record.line, None))

    found = pool.find(Record(0.0, "a", "b", {"x": list(wanted), "y": "text"}), None, lambda one: True)

    near = [n for n, its in enumerate(expected) if all(map(pool.are_near, its, wanted))]
    exact = [n for n in near if expected[n] == wanted]
    assert (found and found.position) == next(iter(exact or near), None)


def test_many_records_of_one_instant_are_compared_in_good_time():
    # Compared one by one, these would be nine million pairs.
    text = "; ".join(f"1 come 7 {n}" for n in range(3000))
    shuffled = "; ".join(f"1 come 7 {n + 1e-12}" for n in reversed(range(3000)))
    others = "; ".join(f"1 come 7 {n + 0.5}" for n in range(3000))

    assert agreement(shuffled, text, **SAME).score == 1
    assert agreement(others, text, **SAME).score == 0


@pytest.mark.parametrize(
    ("rule", "defect"),
    [
        ({**SAME, "events": [COME, "till.payed"]}, "events[1]: the contract has no event 'till.payed'"),
        ({**SAME, "fields": ["idd"]}, "fields: none of these records has a field 'idd' (did you mean 'id'?)"),
        ({**SAME, "by": "identity"}, "by: 'identity': unknown name"),
    ],
)
def test_a_reference_rule_that_does_not_agree_with_the_contract(rule, defect):
    assert defect in " ".join(rule_defects(rules_of(**rule), CONTRACT))


def test_a_reference_has_no_scope():
    with pytest.raises(UsageError, match="use `events` in place of `scope`"):
        rules_of(**SAME, scope={"after": PAY})


CODE = '''
from gsim_devs.rules import Obligation


def everybody_pays_their_age(records, run):
    for record in records:
        yield Obligation(record.payload["n"] == record.payload["id"], "n = id", target=record)


def somebody_pays(records, run):
    """Not a generator, and its finding is something that is missing."""
    return [Obligation(any(one.event == "pay" for one in records), "a pay", due=run.horizon)]


def knows_the_run(records, run):
    facts = run.args["service"], run.horizon, run.end, run.key, len(records)
    yield Obligation(False, repr(facts), f"{run.agree(1, 1 + 1e-12)} {run.is_due(run.horizon)}", *records[:2])


def divides(records, run):
    yield Obligation(True, "the first one")
    for record in records:
        yield Obligation(1 / record.payload["n"] > 0, "positive", target=record)


def says_nothing(records, run):
    pass


def yields_numbers(records, run):
    yield 1


def points_nowhere(records, run):
    yield Obligation(False, "a record", target=7)


def leaves(records, run):
    raise SystemExit("good\\nbye")
'''


@pytest.fixture
def coded(tmp_path):
    """Rules in Python, read from files."""

    def read(*rules, code=CODE):
        frame = {"clause": "So it is.", "level": "system", "kind": "python"}
        data = [{"id": f"r{number}", **frame, **rule} for number, rule in enumerate(rules)]
        (tmp_path / "shop.py").write_text(code)
        (tmp_path / "shop.yaml").write_text(json.dumps({"system": "shop", "rules": data}))
        return load_rule_set(tmp_path / "shop.yaml")

    return read


def judged(text, rules, horizon=100.0):
    arguments = {"until": horizon, "service": 5.0}
    return check(trace(text), rules, CONTRACT, arguments, allow_python=True).rules


def test_a_rule_in_python(coded):
    rules = coded({"function": "everybody_pays_their_age", "on": [PAY]})

    [kept] = judged("0 pay 1 1; 1 come 1 7", rules)
    [broken] = judged("; ".join(f"{n} pay 1 {1 + (n == 4)}" for n in range(20)), rules)
    [idle] = judged("0 come 1 7", rules)

    assert rule_defects(rules, CONTRACT) == []
    assert (kept.verdict, kept.due) == ("held", 1)
    assert (broken.verdict, broken.met, broken.due) == ("violated", 19, 20)
    [violation] = broken.violations
    assert (violation.line, violation.entity, violation.expected) == (5, "till", "n = id")
    assert [one.line for one in violation.window] == [2, 3, 4, 5, 6, 7]
    assert idle.verdict == "not_exercised"


def test_a_rule_in_python_may_miss_something(coded):
    rules = coded({"function": "somebody_pays", "on": [{"entity": ["door", "till"]}]})

    [found] = judged("0 come", rules)

    assert judged("0 pay", rules)[0].verdict == "held"
    assert (found.violations[0].entity, found.violations[0].due) == ("door or till", 100.0)
    assert judged("", rules)[0].verdict == "violated"


def test_a_function_is_called_for_each_key_and_each_part(coded):
    rules = coded({"function": "knows_the_run", "on": [COME, PAY], "by": "id", "scope": {"before": GO}})

    [found] = judged("0 come 1; 1 pay 2; 2 pay 1; 3 go; 4 pay 1", rules)
    [whole] = judged("0 come 1; 1 go 1; 2 pay 2", coded({"function": "knows_the_run", "on": [COME, PAY]}))

    assert [one.expected for one in found.violations] == [
        "(5.0, 100.0, 3.0, 1.0, 2)",
        "(5.0, 100.0, 3.0, 2.0, 1)",
    ]
    assert [(one.target.line, one.actual) for one in found.violations] == [(1, "True True"), (2, "True True")]
    [violation] = whole.violations
    assert (violation.expected, violation.actual) == ("(5.0, 100.0, 100.0, None, 2)", "True False")


def test_a_record_that_fits_two_patterns_is_given_once(coded):
    rules = coded({"function": "everybody_pays_their_age", "on": [PAY, {"event": "pay", "where": "n == 1"}]})

    assert judged("0 pay 1 1; 1 pay 2 2", rules)[0].due == 2


@pytest.mark.parametrize(
    ("function", "sentence", "due"),
    [
        ("divides", "ZeroDivisionError: float division by zero (", 3),
        ("says_nothing", "says_nothing returns NoneType; it is to yield obligations", 1),
        ("yields_numbers", "yields_numbers yields int; it is to yield obligations", 1),
        ("points_nowhere", "the target of an obligation is a record, not 7", 1),
        ("leaves", "SystemExit: good bye", 1),
    ],
)
def test_a_function_that_fails_is_a_violated_rule_and_the_others_go_on(coded, function, sentence, due):
    rules = coded({"function": function, "on": [PAY]}, {"function": "everybody_pays_their_age", "on": [PAY]})

    failed, other = judged("0 pay 1 1; 1 pay 0 0", rules)

    assert (failed.verdict, failed.due) == ("violated", due)
    assert sentence in failed.violations[0].actual
    assert (other.verdict, other.due) == ("held", 2)


def test_the_line_at_which_a_function_fails_is_told(coded, tmp_path):
    [found] = judged("0 pay 1 0", coded({"function": "divides", "on": [PAY]}))

    line = 1 + CODE.splitlines().index(
        '        yield Obligation(1 / record.payload["n"] > 0, "positive", target=record)'
    )
    assert found.violations[0].actual.endswith(f"({tmp_path / 'shop.py'}, line {line})")


def test_more_records_than_can_be_kept_are_told(coded, monkeypatch):
    monkeypatch.setattr("gsim_devs.rules.kinds.python.MOST_KEYS", 3)
    rules = coded({"function": "everybody_pays_their_age", "on": [PAY]})

    assert judged("0 pay; 0 pay; 0 pay", rules)[0].verdict == "held"
    assert (
        "at most 3 records, and here are 4"
        in judged("0 pay; 0 pay; 0 pay; 0 pay", rules)[0].violations[0].actual
    )


def test_code_only_runs_where_it_is_allowed(coded, tmp_path):
    touch = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    rules = coded({"function": "somebody_pays", "on": [PAY]}, code=touch + CODE)

    assert rule_defects(rules, CONTRACT) == []
    with pytest.raises(UsageError, match="rule r0 is code.*--allow-python"):
        check(trace("0 pay"), rules, CONTRACT, ARGUMENTS)
    assert not (tmp_path / "ran").exists()
    assert judged("0 pay", rules)[0].verdict == "held"
    assert (tmp_path / "ran").exists()


def test_what_was_read_is_what_runs(coded, tmp_path):
    rules = coded({"function": "somebody_pays", "on": [PAY]})
    (tmp_path / "shop.py").write_text("def somebody_pays(records, run): raise ValueError")

    assert judged("0 pay", rules)[0].verdict == "held"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "def somebody_paid(records, run): ...",
            "no function 'somebody_pays' (did you mean 'somebody_paid'?)",
        ),
        ("somebody_pays = print", "has no function 'somebody_pays'"),
        ("def somebody_pays(", "shop.py: line 1: '(' was never closed"),
        ("x = '\0'", "shop.py: source code string cannot contain null bytes"),
        ("x = " + "(" * 5000, "shop.py: "),
        ("x = " + "-" * 100_000 + "1", "shop.py: not Python that can be read"),
    ],
)
def test_code_that_does_not_fit_is_refused_when_rules_are_read(coded, code, sentence):
    with pytest.raises(UsageError, match=re.escape(sentence)):
        coded({"function": "somebody_pays", "on": [PAY]}, code=code)


def test_a_file_of_code_that_is_not_there_is_told(tmp_path, coded):
    coded({"function": "somebody_pays", "on": [PAY]})
    (tmp_path / "shop.py").unlink()

    with pytest.raises(UsageError, match=r"shop.py: cannot be read: No such file"):
        load_rule_set(tmp_path / "shop.yaml")


def test_code_that_cannot_be_imported_is_told_with_its_line(coded):
    rules = coded({"function": "somebody_pays", "on": [PAY]}, code=CODE + "\nimport no_such_module\n")

    with pytest.raises(UsageError, match=r"shop.py cannot be used: ModuleNotFoundError: .*, line \d+"):
        judged("0 pay", rules)


def test_code_may_declare_dataclasses(coded):
    code = "from __future__ import annotations\nfrom dataclasses import dataclass\n" + CODE
    code += "\n@dataclass\nclass Customer:\n    age: int\n"

    assert judged("0 pay", coded({"function": "somebody_pays", "on": [PAY]}, code=code))[0].verdict == "held"


def test_rules_that_did_not_come_from_files_have_no_code():
    rules = rules_of(kind="python", function="somebody_pays", on=[PAY])

    with pytest.raises(UsageError, match="come without a file of code"):
        check(trace("0 pay"), rules, CONTRACT, ARGUMENTS, allow_python=True)


def test_the_patterns_of_a_rule_in_python_are_checked(coded):
    rules = coded({"function": "somebody_pays", "on": [PAY, "till.payed"]})

    assert "on[1]: the contract has no event 'till.payed'" in rule_defects(rules, CONTRACT)[0]


def test_the_example_of_the_manual(tmp_path):
    manual = Path(rules_package.__file__).with_name("SEMANTICS.md").read_text()
    (tmp_path / "abp.py").write_text(manual.split("```python\n")[1].split("```")[0])
    rule = {"id": "noise", "clause": "So.", "level": "component", "kind": "python", "by": "channel"}
    rule |= {"function": "noise_follows_its_formula", "on": ["subnet.packet_get"]}
    (tmp_path / "abp.yaml").write_text(json.dumps({"system": "abp", "rules": [rule]}))
    contract = load_contract(ROOT / "contracts/abp.yaml")
    names = contract.arguments

    def verdict(*noise):
        payload = {"channel": "forward", "behavior": "pass"}
        records = [Record(0.0, "subnet", "packet_get", {**payload, "noise_value": x}) for x in noise]
        arguments = dict.fromkeys(names, 1)
        found = check(
            records, load_rule_set(tmp_path / "abp.yaml"), contract, arguments, 9.0, allow_python=True
        )
        return found.rule("noise").verdict

    assert verdict(28, 87) == "held"
    assert verdict(28, 88) == "violated"
