"""Expressions: what they compute, what is refused when they are read, and what they can never do."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.rules.expressions import EVALUATION_ERRORS, ExpressionError, compile_expression
from gsim_devs.rules.scopes import accumulator_scope, argument_scope, record_scope, trigger_scope
from gsim_devs.trace import Record

FIELDS = {"seq": "number", "bit": "number", "retry": "bool", "name": "text", "queue": "list", "extra": "any"}
PAYLOAD = {
    "seq": 7,
    "bit": 1,
    "retry": False,
    "name": "forward",
    "queue": [1, 2, 3],
    "extra": {"x": [4, 5]},
}
RECORD = Record(12.5, "sender", "packet_sent", PAYLOAD)
TRIGGER = Record(2.5, "sender", "delay_start", {"seq": 6})
SCOPE = {
    **record_scope(FIELDS),
    "trigger": trigger_scope({"seq": "number"}),
    "args": argument_scope({"timeout": "number", "mode": "text"}, {"timeout": 20, "mode": "fast"}),
}


def value(text, scope=SCOPE, record=RECORD, other=TRIGGER):
    return compile_expression(text, scope).call(record, other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seq + 1", 8),
        ("payload.seq - 2 * bit", 5),
        ("17 * seq % 10", 9),
        ("seq / 2", 3.5),
        ("seq // 2", 3),
        ("2 ** 10", 1024),
        ("-seq + +1", -6),
        ("time - trigger.time", 10.0),
        ("trigger.seq + 1 == seq", True),
        ("0 < bit <= 1", True),
        ("0 < bit < 1", False),
        ("not retry and bit == 1", True),
        ("retry or bit == 0", False),
        ("bit in (0, 1)", True),
        ("seq not in [1, 2]", True),
        ("'for' in name", True),
        ("'seq' in payload", True),
        ("'other' in payload", False),
        ("payload['seq']", 7),
        ("1 if retry else 2", 2),
        ("queue[0] + queue[-1]", 4),
        ("queue[1:]", [2, 3]),
        ("queue + [4]", [1, 2, 3, 4]),
        ("extra.x[1]", 5),
        ("args.timeout * 2", 40),
        ("args.mode == 'fast'", True),
        ("min(seq, 3)", 3),
        ("max(queue)", 3),
        ("abs(-3)", 3),
        ("len(name)", 7),
        ("round(2.567, 1)", 2.6),
        ("floor(2.5) + ceil(2.5)", 5),
        ("sum(queue)", 6),
        ("any(x > 2 for x in queue)", True),
        ("all([x > 2 for x in queue])", False),
        ("sum([x * seq for x in queue if x != 2])", 28),
        ("len([c for c in name if c == 'r'])", 2),
        ("entity + '.' + event", "sender.packet_sent"),
        ("true", True),
        ("extra is null", False),
        ("bit\n  + 1", 2),
    ],
)
def test_values(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sq + 1", "unknown name 'sq' (did you mean 'seq'?) (column 1)"),
        ("bit + payload.sequ", "payload has no 'sequ' (did you mean 'seq'?) (column 7)"),
        ("args.tmeout", "did you mean 'timeout'?"),
        ("name + 1", "a text and a number cannot be added"),
        ("name * 3", "name is a text; wanted is a number"),
        ("not seq", "seq is a number; wanted is true or false"),
        ("seq and retry", "seq is a number"),
        ("retry == 1", "true or false and a number are never equal"),
        ("name < 3", "have no order"),
        ("seq[0]", "seq is a number"),
        ("seq.x", "has no .x"),
        ("trigger", "write trigger.NAME"),
        ("1 / 0", "cannot be evaluated"),
        ("seq if bit else 2", "bit is a number; wanted is true or false"),
        ("len(seq)", "seq is a number"),
        ("pow(2, 3)", "pow cannot be called"),
        ("abs(1, 2)", "abs takes 1 arguments"),
        ("round(seq, ndigits=1)", "an argument by name is not allowed"),
        ("lambda: 1", "lambda is not allowed"),
        ("f'{seq}'", "an f-string is not allowed"),
        ("{1: 2}", "a mapping is not allowed"),
        ("[x for x in queue for y in queue]", "only one loop"),
        ("1 +", "not an expression"),
        ("", "not an expression"),
        ("import os", "not an expression"),
        ("1e999", "not a finite number"),
        ("b'x'", "not allowed"),
        ("1j", "not allowed"),
        ("...", "not allowed"),
        ("+".join("1" * 900), "too long or nested too deeply"),
        ("(" * 500 + "1" + ")" * 500, "not an expression"),
        ("-" * 900 + "1", "nested too deeply"),
        ("1" * 3000, "3000 characters"),
    ],
)
def test_what_is_refused_when_it_is_read(text, complaint):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, SCOPE)

    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "extra.__class__",
        "().__class__",
        "payload.__class__",
        "time.real",
        "trigger.payload",
        "exec('1')",
        "queue.append(1)",
        "'{0.__class__}'.format(1)",
    ],
)
def test_nothing_reaches_an_object(text):
    with pytest.raises((ExpressionError, *EVALUATION_ERRORS)):
        value(text)


@pytest.mark.parametrize("text", ["9 ** 9 ** 9", "(0 - 8) ** 0.5"])
def test_powers_are_bounded(text):
    with pytest.raises(ExpressionError):
        compile_expression(text, SCOPE)


@pytest.mark.parametrize("text", ["extra * 10", "extra % 3", "extra ** 2"])
def test_a_text_of_unknown_type_is_neither_repeated_nor_formatted(text):
    record = Record(0.0, "a", "b", {**PAYLOAD, "extra": "x" * 1000})

    with pytest.raises(EVALUATION_ERRORS):
        value(text, record=record)


def test_a_condition_must_be_true_or_false():
    with pytest.raises(ExpressionError, match="wanted is true or false"):
        compile_expression("seq + 1", SCOPE, "bool")


def test_arguments_are_constants_once_a_run_is_known():
    assert compile_expression("args.timeout + 1", SCOPE).constant == 21


def test_accumulators():
    scope = {**record_scope(FIELDS), **accumulator_scope({"balance": "number"})}

    assert value("balance - seq", scope, other={"balance": 10}) == 3


NUMBERS = st.recursive(
    st.sampled_from(["seq", "bit", "2", "0.5", "args.timeout"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"(-{t})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} <= {t[2]} else {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"min({t[0]}, {t[1]})"),
    ),
    max_leaves=8,
)


@given(NUMBERS)
def test_arithmetic_is_pythons(text):
    names = {"seq": 7, "bit": 1, "args": type("Arguments", (), {"timeout": 20})}

    assert value(text) == eval(text, names)


@given(st.text(max_size=40))
def test_any_text_is_compiled_or_refused(text):
    with contextlib.suppress(ExpressionError):
        compile_expression(text, SCOPE)
