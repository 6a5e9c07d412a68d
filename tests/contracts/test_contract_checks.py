"""Every cross-check of contracts is shown a contract that breaks exactly it."""
# ruff: noqa: E501  (sentences stand here as they are printed)

from __future__ import annotations

import pytest

from gsim_devs.errors import UsageError

A = ("arguments",)
ORDER = ("stdin", "commands", "order")
TAKEN = ("events", 0)
SERVED = ("events", 1)
KEYS = {"time": "time", "entity": "entity", "event": "event", "payload": "payload"}
ORDERED = {"ordered": {"command": "order", "field": "size"}}


def jsonl(time: str | None = "time", **fields: object):
    """The edit that makes stdin JSON commands `order` with a time, a size, and these fields."""
    known = {"time": {"type": "number"}, "size": {"type": "integer"}}
    return {
        ("stdin",): {"form": "jsonl", "commands": {"order": {"time": time, "fields": {**known, **fields}}}}
    }


BROKEN = [
    (
        {("time", "resolution"): 0.3},
        "time.resolution: 1/0.3 is not a whole number; a resolution is such as 1.0e-9, 0.001 or 1",
    ),
    # Horizon.
    ({("horizon", "argument"): "untl"}, "horizon.argument: 'untl' is no argument (did you mean 'until'?)"),
    (
        {("horizon", "argument"): "mode"},
        "horizon.argument: 'mode' is of type choice; a horizon is a number, integer or duration",
    ),
    # Names.
    (
        {(*A, "Mode"): {"type": "text"}},
        "arguments.Mode: the name is not in snake case (small letters, digits, single underscores, a letter first)",
    ),
    ({(*A, "class"): {"type": "text"}}, "arguments.class: the name is a keyword of Python"),
    (
        {(*A, "detail"): {"type": "text"}},
        "arguments.detail: --detail is an option of every simulator; choose another name",
    ),
    (
        {("parameters", "seed"): {"type": "probability", "value": 1}},
        "parameters.seed: --seed is an option of every simulator; choose another name",
    ),
    (
        {("parameters", "delay"): {"type": "probability", "value": 1}},
        "parameters.delay: there is an argument of this name; names of both must differ",
    ),
    (
        {(*A, "seed"): {"type": "number"}},
        "arguments.seed: it is of type number; an argument called seed is an integer",
    ),
    (
        {(*A, "seed"): {"type": "integer"}, ("seed",): 3},
        "seed: there is an argument called seed, which replaces it; give the default there",
    ),
    # Bounds and defaults.
    (
        {(*A, "delay", "maximum"): "untill"},
        "arguments.delay.maximum: 'untill' is no numeric argument (did you mean 'until'?)",
    ),
    ({(*A, "delay", "maximum"): "delay"}, "arguments.delay.maximum: an argument cannot bound itself"),
    (
        {(*A, "delay", "maximum"): "mode"},
        "arguments.delay.maximum: the argument 'mode' is of type choice; a bound is a number",
    ),
    ({(*A, "clerks", "default"): 0}, "arguments.clerks.default: found 0; it should be at least 1"),
    (
        {(*A, "until", "exclusive_minimum"): 100},
        "arguments.until.default: found 100.0; it should be greater than 100",
    ),
    (
        {(*A, "delay", "default"): 101},
        "arguments.delay.default: found 101.0; it should be at most until (100)",
    ),
    ({(*A, "clerks", "minimum"): 10}, "arguments.clerks.minimum: no value is at least 10 and at most 9"),
    (
        {(*A, "opening", "default"): "0:1"},
        "arguments.opening.default: found '0:1'; it should be a time written HH:MM:SS[:mmm]",
    ),
    (
        {(*A, "opening", "maximum"): 0.5},
        "arguments.opening.default: found '00:00:01'; it should be at most 0.5",
    ),
    (
        {(*A, "opening", "format"): "HH-MM"},
        "arguments.opening.format: found 'HH-MM'; a format is HH:MM:SS, HH:MM or MM:SS, then nothing, :mmm, .mmm, :cc or .cc, in brackets where it may be missing",
    ),
    (
        {(*A, "mode", "default"): "fif"},
        "arguments.mode.default: found 'fif'; it should be fifo or lifo (did you mean 'fifo'?)",
    ),
    ({(*A, "mode", "choices"): ["fifo", "fifo"]}, "arguments.mode.choices: the same choice occurs twice"),
    (
        {(*A, "name", "default"): "Corner"},
        "arguments.name.default: found 'Corner'; it should be text that matches [a-z]+",
    ),
    (
        {(*A, "name", "pattern"): "["},
        "arguments.name.pattern: found '['; it is not a regular expression: unterminated character set at position 0",
    ),
    (
        {(*A, "prices", "default"): "1,2"},
        "arguments.prices.default: the content of a csv file is a list of mappings",
    ),
    # Stdin.
    (
        {(*ORDER, "pattern"): "("},
        "stdin.commands.order.pattern: found '('; it is not a regular expression: missing ), unterminated subpattern at position 0",
    ),
    (
        {(*ORDER, "fields", "colour"): {"type": "text"}},
        "stdin.commands.order.pattern: no group (?P<colour>…) for the field 'colour'",
    ),
    ({(*ORDER, "fields", "size"): ...}, "stdin.commands.order.pattern: the group 'size' is no field"),
    (
        {(*ORDER, "time"): "tim"},
        "stdin.commands.order.time: 'tim' is no field of the command (did you mean 'time'?); null means: at time 0",
    ),
    (
        {(*ORDER, "fields", "time"): {"type": "text"}},
        "stdin.commands.order.time: the field 'time' is of type text; a time is a duration, number or integer",
    ),
    (
        {(*ORDER, "fields", "size", "maximum"): "clerk"},
        "stdin.commands.order.fields.size.maximum: 'clerk' is no numeric argument (did you mean 'clerks'?)",
    ),
    (
        {("stdin", "commands", "send"): {"pattern": "send", "time": None}},
        "stdin.commands.send: the name is a name of the runtime",
    ),
    (
        {
            ("stdin",): {
                "form": "jsonl",
                "commands": {"order": {"fields": {"command": {"type": "text"}}, "time": None}},
            }
        },
        "stdin.commands.order.fields.command: the key 'command' names the command; a field needs another name",
    ),
    # Layout.
    ({("layout",): {"keys": {**KEYS, "time": {"constant": 0}}}}, "layout.keys: no key for the time"),
    (
        {("layout",): {"keys": {"time": "time", "event": "event", "payload": "payload"}}},
        "layout.keys: no key for the entity, but there are several: clerk and desk",
    ),
    (
        {("layout",): {"keys": {"time": "time", "entity": "entity", "payload": "payload"}}},
        "layout.keys: no key for the event, but there are several: served and taken",
    ),
    (
        {("layout",): {"keys": {**KEYS, "size": {"field": "size"}}}},
        "layout.keys.size: the payload field 'size' is not in the event 'served'",
    ),
    (
        {("layout",): {"keys": {**KEYS, "clock": {"time": "HH:MM:SS", "unit": "s"}}}},
        "layout.keys.clock.unit: a unit belongs to integer and number, not to a format",
    ),
    (
        {("layout",): {"keys": {**KEYS, "clock": {"time": "integer", "unit": "sec"}}}},
        "layout.keys.clock.unit: found 'sec'; units are ns, us, ms, s, min, h, day and week",
    ),
    (
        {("layout",): {"keys": {**KEYS, "clock": {"time": "HH"}}}},
        "layout.keys.clock.time: found 'HH'; a time is integer, number or HH:MM:SS, HH:MM or MM:SS, then nothing, :mmm, .mmm, :cc or .cc",
    ),
    (
        {("layout",): {"flat": True, "keys": KEYS}},
        "layout.flat: a flat record has no key for the payload; its fields stand beside the keys",
    ),
    (
        {("layout",): {"flat": True}, (*TAKEN, "payload", "event"): True},
        "events[0].payload.event: the flat layout has a key 'event' already",
    ),
    # Events.
    (
        {("events", "+"): {"entity": ["till", "desk"], "event": "taken", "payload": {"size": True}}},
        "events[2]: 'taken' of 'desk' is declared already in events[0]",
    ),
    ({(*SERVED, "optional"): ["not"]}, "events[1].optional[0]: 'not' is not in the payload"),
    (
        {(*TAKEN, "payload", "entity"): True},
        "events[0].payload.entity: emit(…, entity=…) names who speaks; a payload field needs another name",
    ),
    (
        {(*TAKEN, "payload", "size"): {"type": "int"}},
        "events[0].payload.size.type: not a JSON Schema: the type is 'int'; allowed is integer, number, string, boolean, array, object or null (did you mean 'integer'?)",
    ),
    (
        {(*TAKEN, "payload", "size"): {"items": {"$ref": "#/x"}}},
        "events[0].payload.size: $ref is not allowed; write the schema out",
    ),
    # Parameters.
    (
        {("parameters", "rate", "value"): 3},
        "parameters.rate.value: found 3.0; it should lie within 0.0 … 2.0",
    ),
    ({("parameters", "rate", "maximum"): 0}, "parameters.rate.minimum: nothing lies between 0.0 and 0.0"),
    (
        {("parameters", "rate", "prior"): {"kind": "dirichlet", "concentration": [1]}},
        "parameters.rate.prior.kind: found 'dirichlet'; for real it should be uniform, normal, lognormal or beta",
    ),
    (
        {("parameters", "mix"): {"type": "simplex", "value": [0.5, 0.6]}},
        "parameters.mix.value: the shares add up to 1.1, not to 1",
    ),
    # Observables and state.
    (
        {("observables", "sizes", "event"): "take"},
        "observables.sizes.event: 'take' is no event (did you mean 'taken'?)",
    ),
    (
        {("observables", "sizes", "entity"): "clerk"},
        "observables.sizes.entity: 'clerk' does not report 'taken'",
    ),
    (
        {("observables", "sizes", "field"): "sizes"},
        "observables.sizes.field: 'sizes' is no payload field of 'taken' (did you mean 'size'?)",
    ),
    (
        {("state",): {"arguments": {"clerks": "size"}}},
        "state.arguments.clerks: 'size' is no observable (did you mean 'sizes'?)",
    ),
    (
        {("state",): {"arguments": {"clerk": "sizes"}}},
        "state.arguments.clerk: 'clerk' is no argument (did you mean 'clerks'?)",
    ),
    (
        {("state",): {"time": "hours"}},
        "state.time: 'hours' is no argument; there are until, clerks, delay, opening, mode, name and prices",
    ),
    (
        {("state",): {"arguments": {"name": "sizes"}}},
        "state.arguments.name: the argument is of type text, the observable 'sizes' of type number",
    ),
    (
        {("observables", "t"): {"event": "taken"}},
        "observables.t: the column 't' of data has a meaning already; choose another name",
    ),
    (
        {("observables", "sizes"): {"event": "taken", "type": "text"}},
        "observables.sizes.field: a text stands in a payload field; say in which",
    ),
    (
        {
            ("observables", "sizes"): {
                "event": "taken",
                "type": "text",
                "field": "size",
                "at": {"every": 1, "take": "sum"},
            }
        },
        "observables.sizes.at.take: texts have no sum; take the last",
    ),
    # Actions.
    (
        {("actions",): ORDERED},
        "actions.ordered.command: stdin is of the form lines; an action needs commands in jsonl",
    ),
    (
        {**jsonl(), ("actions",): {"ordered": {"command": "ordr", "field": "size"}}},
        "actions.ordered.command: 'ordr' is no command (did you mean 'order'?)",
    ),
    (
        {**jsonl(), ("actions",): {"ordered": {"command": "order", "field": "time"}}},
        "actions.ordered.field: 'time' is no field of 'order'; there is only size",
    ),
    (
        {**jsonl(time=None), ("actions",): ORDERED},
        "actions.ordered.command: 'order' has no time; an action happens at that of its row",
    ),
    (
        {**jsonl(size={"type": "text"}), ("actions",): ORDERED},
        "actions.ordered.field: it is of type text; the value of an action is a number",
    ),
    (
        {**jsonl(shop={"type": "text"}), ("actions",): ORDERED},
        "actions.ordered.command: 'order' has other fields too: shop",
    ),
    (
        {**jsonl(), ("actions",): {"sizes": {"command": "order", "field": "size"}}},
        "actions.sizes: there is an observable of this name; names of both must differ",
    ),
]


@pytest.mark.parametrize(
    ("edits", "sentence"), BROKEN, ids=[sentence.partition(":")[0] for _, sentence in BROKEN]
)
def test_a_contract_that_disagrees_with_itself_is_refused_in_one_sentence(contract_with, edits, sentence):
    with pytest.raises(UsageError) as caught:
        contract_with(edits)

    assert str(caught.value) == f"shop.yaml: {sentence}"


def test_a_bound_may_name_an_argument_that_is_required(contract_with):
    contract = contract_with({("arguments", "until", "default"): ...})

    assert contract.arguments["until"].required


def test_a_step_has_no_length_so_no_time_is_text(contract_with):
    with pytest.raises(UsageError, match=r"arguments\.opening\.type: a step has no length in seconds"):
        contract_with({("time", "unit"): "step"})


def test_the_vocabulary_has_every_entity_of_an_event(contract_with):
    contract = contract_with({("events", 1, "entity"): ["clerk", "boss"]})

    assert list(contract.vocabulary) == [("desk", "taken"), ("clerk", "served"), ("boss", "served")]
