"""Every check of plans is shown a plan that breaks exactly it."""
# ruff: noqa: E501  (sentences stand here as they are printed)

from __future__ import annotations

import pytest

from gsim_devs.contracts import check_plan, validate_plan
from gsim_devs.contracts.checks.plan import AGAINST_CONTRACT, BY_ITSELF
from gsim_devs.errors import UsageError

ROOT = ("root",)
DESK = ("root", "children", 0)
HALL = ("root", "children", 1)
WORKER = (*HALL, "children", 0)

JOB = {"message": "Job"}

BROKEN = {
    # Names.
    "class_names": [
        (
            {("messages", "order_form"): {}},
            "The message type name 'order_form' is not in Pascal case (letters and digits, a capital first).",
        ),
        (
            {("messages", "Atomic"): {}},
            "The message type name 'Atomic' is a name of Python or of the runtime.",
        ),
        (
            {("root", "name"): "ValueError"},
            "The coupled class name 'ValueError' is a name of Python or of the runtime.",
        ),
        (
            {(*HALL, "class"): "Import"},
            "The coupled class name 'Import' gives a file the name of a keyword of Python.",
        ),
        (
            {(*HALL, "class"): "Desk"},
            "The coupled class 'Desk' has the name of a model; every class needs a name of its own.",
        ),
    ],
    "model_files": [
        (
            {
                ("models", "DESK"): {"function": "x"},
                ("root", "children", "+"): {"name": "other", "model": "DESK"},
            },
            "The models 'Desk' and 'DESK' would be the same file, components/desk.py.",
        ),
    ],
    "child_names": [
        (
            {
                (*WORKER, "name"): "Worker",
                (*HALL, "couplings"): [
                    {"from": "job", "to": "Worker.job_in"},
                    {"from": "Worker.done_out", "to": "done"},
                ],
            },
            "The child name 'Worker' of hall is not in snake case (small letters, digits, single underscores, a letter first).",
        ),
        (
            {
                ("root", "children", "+"): {"name": "now", "model": "Bell"},
                ("models", "Bell"): {"function": "rings"},
            },
            "The child name 'now' of the root is a name of the runtime.",
        ),
        (
            {
                ("root", "children", "+"): {"name": "class", "model": "Bell"},
                ("models", "Bell"): {"function": "x"},
            },
            "The child name 'class' of the root is a keyword of Python.",
        ),
    ],
    "siblings": [
        (
            {
                ("root", "children", "+"): {"name": "desk", "model": "Bell"},
                ("models", "Bell"): {"function": "rings"},
            },
            "2 children of the root are called 'desk'; siblings need different names.",
        ),
        (
            {
                (*HALL, "children", "+"): {"name": "worker_2", "model": "Bell"},
                ("models", "Bell"): {"function": "x"},
            },
            "The child 'worker_2' of hall has the name of a copy of 'worker'; rename one.",
        ),
    ],
    "member_names": [
        (
            {("models", "Desk", "orders"): {"start": 1}},
            "The timer 'start' in the orders of the model Desk is a name of the runtime.",
        ),
        (
            {("models", "Desk", "orders"): {"on_order_in": 1}},
            "The timer 'on_order_in' of the model Desk has the name of an input's handler; rename the timer.",
        ),
        (
            {("models", "Desk", "arguments", "send"): "int", (*DESK, "arguments", "send"): {"value": 1}},
            "The init argument 'send' of the model Desk is a name of the runtime.",
        ),
        (
            {
                ("models", "Desk", "arguments", "job_out"): "int",
                (*DESK, "arguments", "job_out"): {"value": 1},
            },
            "The model Desk uses the name 'job_out' twice among its ports and init arguments.",
        ),
    ],
    "coupled_ports": [
        (
            {
                (*HALL, "outputs"): {"output": JOB},
                (*HALL, "couplings", 1, "to"): "output",
                ("root", "couplings", 2, "from"): "hall.output",
            },
            "The port 'output' of hall is a name of the runtime.",
        ),
        (
            {
                (*HALL, "outputs"): {"job": JOB},
                (*HALL, "couplings", 1, "to"): "job",
                ("root", "couplings", 2, "from"): "hall.job",
            },
            "The port 'job' of hall is both an input and an output; rename one.",
        ),
    ],
    "message_fields": [
        (
            {("messages", "Job", "fields", "from"): "int"},
            "The field 'from' of the message type Job is a keyword of Python.",
        ),
    ],
    # Types.
    "field_types": [
        (
            {("messages", "Job", "fields", "number"): "list[int]"},
            "The field 'number' of the message type Job has the type 'list[int]'; a type is int, float, str, bool, a message type, X | None or tuple[X, ...].",
        ),
        (
            {("messages", "Job", "fields", "number"): "tuple[Ordr, ...] | None"},
            "The field 'number' of the message type Job has the type 'tuple[Ordr, ...] | None', but 'Ordr' is no type (did you mean 'Order'?).",
        ),
    ],
    "argument_types": [
        (
            {("models", "Clerk", "arguments", "skill"): "number"},
            "The init argument 'skill' of the model Clerk has the type 'number', but 'number' is no type; there are int, float, str, bool and dict.",
        ),
    ],
    "recursive_messages": [
        (
            {
                ("messages", "Order", "fields", "size"): "int",
                ("messages", "Job", "fields", "before"): "Job | None",
            },
            "The message type Job contains itself (Job -> Job); break the circle.",
        ),
        (
            {
                ("messages", "A"): {"fields": {"b": "B"}},
                ("messages", "B"): {"fields": {"a": "tuple[A, ...]"}},
            },
            "The message type A contains itself (A -> B -> A); break the circle.",
        ),
    ],
    "port_messages": [
        (
            {
                ("models", "Desk", "inputs", "done_in"): {"message": "Jobb"},
                (*HALL, "outputs", "done"): {"message": "Job"},
                ("root", "couplings", 2): ...,
                ("root", "unused"): ["hall.done"],
                ("root", "couplings", "+"): {"from": "bell.ring", "to": "desk.done_in"},
                ("models", "Bell"): {
                    "function": "x",
                    "outputs": {"ring": {"message": "Jobb", "initial": True}},
                },
                ("root", "children", "+"): {"name": "bell", "model": "Bell"},
            },
            [
                "The port 'done_in' of the model Desk: 'Jobb' is no message type (did you mean 'Job'?).",
                "The port 'ring' of the model Bell: 'Jobb' is no message type (did you mean 'Job'?).",
            ],
        ),
    ],
    # Models.
    "known_models": [
        (
            {(*ROOT, "children", "+"): {"name": "bell", "model": "Desc"}},
            "The component bell: 'Desc' is no model (did you mean 'Desk'?).",
        ),
    ],
    "used_models": [
        (
            {("models", "Bell"): {"function": "rings"}},
            "The model Bell is used by no component; add a component or remove the model.",
        ),
    ],
    # Couplings.
    "dangling": [
        (
            {("root", "couplings", "+"): {"from": "desk.job_out", "to": "hal.job"}},
            "The coupling desk.job_out -> hal.job of the root: 'hal' is no child (did you mean 'hall'?).",
        ),
        (
            {("root", "couplings", "+"): {"from": "desk.jobs", "to": "hall.job"}},
            "The coupling desk.jobs -> hall.job of the root: 'jobs' is no output of desk; there is only job_out.",
        ),
        (
            {("root", "couplings", "+"): {"from": "desk.done_in", "to": "hall.job"}},
            "The coupling desk.done_in -> hall.job of the root: desk.done_in is an input, so no coupling can begin there.",
        ),
        (
            {(*HALL, "couplings", "+"): {"from": "worker.done_out", "to": "job"}},
            "The coupling worker.done_out -> job of hall: job is an input, so no coupling can end there.",
        ),
    ],
    "passing_through": [
        (
            {(*HALL, "couplings", "+"): {"from": "job", "to": "done"}},
            "The coupling job -> done of hall: an input of a coupled model cannot lead straight to its output; couple past it.",
        ),
    ],
    "message_types": [
        (
            {("root", "couplings", "+"): {"from": "order", "to": "hall.job"}},
            "The coupling order -> hall.job of the root: order carries Order, but hall.job takes Job.",
        ),
    ],
    "repeated": [
        (
            {(*HALL, "couplings", "+"): {"from": "job", "to": "worker.job_in"}},
            "The coupling job -> worker.job_in of hall stands there twice; every message would arrive twice.",
        ),
    ],
    "to_itself": [
        (
            {("root", "couplings", "+"): {"from": "desk.job_out", "to": "desk.done_in"}},
            "The coupling desk.job_out -> desk.done_in of the root: desk would send to itself; it has its own state and timers for that.",
        ),
    ],
    "pairing": [
        (
            {(*HALL, "couplings", 0, "pairing"): "each"},
            "The coupling job -> worker.job_in of hall: `pairing: each` joins copy i with copy i, so both ends must be children with the same `copies`.",
        ),
    ],
    "fed_inputs": [
        (
            {("models", "Desk", "inputs", "bell_in"): JOB},
            "The input desk.bell_in of the root is fed by no coupling; couple it or remove it.",
        ),
    ],
    "used_outputs": [
        (
            {("models", "Desk", "outputs", "bell_out"): JOB},
            "The output desk.bell_out of the root leads nowhere; couple it, remove it, or list it under `unused`.",
        ),
    ],
    "unused_outputs": [
        (
            {("root", "unused"): ["desk.job_out"]},
            "'desk.job_out' of the root is listed under `unused`, but a coupling uses it.",
        ),
        (
            {("root", "unused"): ["desk.bell_out"]},
            "'desk.bell_out' under `unused` of the root: 'bell_out' is no output of desk (did you mean 'job_out'?).",
        ),
        (
            {("root", "unused"): ["order"]},
            "'order' under `unused` of the root: name an output of a child, `child.port`.",
        ),
    ],
    "own_ports": [
        (
            {
                (*HALL, "inputs", "bell"): JOB,
                ("root", "couplings", "+"): {"from": "desk.job_out", "to": "hall.bell"},
            },
            "The input 'bell' of hall is coupled to nothing inside; couple it or remove it.",
        ),
        (
            {(*ROOT, "outputs"): {"out": JOB}},
            "The output 'out' of the root is fed by nothing inside; couple it or remove it.",
        ),
    ],
    # Values.
    "bound_arguments": [
        (
            {(*WORKER, "arguments", "skill"): ...},
            "The component hall.worker does not bind the init argument 'skill' of Clerk.",
        ),
        (
            {(*WORKER, "arguments", "skil"): {"value": 2}},
            "The component hall.worker binds 'skil', but 'skil' is no init argument of Clerk (did you mean 'skill'?).",
        ),
    ],
    "copy_numbers": [
        (
            {
                (*WORKER, "copies"): ...,
                ("models", "Clerk", "arguments", "skill"): "int",
                (*WORKER, "arguments", "skill"): {"argument": "clerks"},
            },
            "The component hall.worker binds 'clerk_id' to the number of its copy, but has no `copies`.",
        ),
    ],
    "fixed_values": [
        (
            {(*WORKER, "arguments", "skill"): {"value": "high"}},
            "The component hall.worker binds 'skill', which is float, to 'high'.",
        ),
        (
            {(*WORKER, "arguments", "skill"): {"value": True}},
            "The component hall.worker binds 'skill', which is float, to True.",
        ),
        (
            {(*WORKER, "arguments", "skill"): {"value": float("nan")}},
            "The component hall.worker binds 'skill' to nan, which holds no finite number.",
        ),
        (
            {
                ("models", "Clerk", "arguments", "skill"): "tuple[float, ...]",
                (*WORKER, "arguments", "skill"): {"value": [1.0, float("inf")]},
            },
            "The component hall.worker binds 'skill' to [1.0, inf], which holds no finite number.",
        ),
        (
            {("models", "Clerk", "arguments", "clerk_id"): "str"},
            "The component hall.worker binds 'clerk_id', which is str, to the number of its copy (int).",
        ),
    ],
    "cold_start": [
        (
            {
                ("models", "Echo"): {"function": "x", "inputs": {"heard": JOB}, "outputs": {"said": JOB}},
                (*HALL, "children", "+"): {"name": "echo", "model": "Echo"},
                (*HALL, "inputs", "call"): JOB,
                (*HALL, "outputs", "reply"): JOB,
                ("root", "children", "+"): {"name": "wall", "model": "Echo"},
                (*HALL, "couplings"): [
                    {"from": "job", "to": "worker.job_in"},
                    {"from": "worker.done_out", "to": "done"},
                    {"from": "call", "to": "echo.heard"},
                    {"from": "echo.said", "to": "reply"},
                ],
                ("root", "couplings"): [
                    {"from": "order", "to": "desk.order_in"},
                    {"from": "desk.job_out", "to": "hall.job"},
                    {"from": "hall.done", "to": "desk.done_in"},
                    {"from": "wall.said", "to": "hall.call"},
                    {"from": "hall.reply", "to": "wall.heard"},
                ],
            },
            "Nobody sends first in the feedback loop wall -> hall.echo -> wall: all of them wait for a message; mark the output that starts it with `initial: true`, or feed the loop from outside.",
        ),
    ],
    # Against the contract.
    "same_system": [
        ({("system",): "shopp"}, "The plan is for the system 'shopp', the contract for 'shop'."),
    ],
    "reported_events": [
        (
            {("models", "Clerk", "emits"): []},
            "No component reports the event 'served' of 'clerk'; list it under the `emits` of a model.",
        ),
    ],
    "allowed_events": [
        (
            {("models", "Clerk", "emits", "+"): "served"},
            "The contract has no event 'served' of 'worker' (did you mean 'served of clerk'?), which hall.worker would report.",
        ),
    ],
    "stdin_inputs": [
        (
            {
                ("root", "inputs", "refund"): {"message": "Order"},
                ("models", "Desk", "inputs", "refund_in"): {"message": "Order"},
                ("root", "couplings", "+"): {"from": "refund", "to": "desk.refund_in"},
            },
            "The input 'refund' of the root is fed by nothing: 'refund' is no command of stdin; there is only order.",
        ),
        (
            {
                ("root", "inputs"): {},
                ("models", "Desk", "inputs", "order_in"): ...,
                ("models", "Desk", "outputs", "job_out", "initial"): True,
                ("root", "couplings", 0): ...,
            },
            "The root has no input 'order' for the command of that name; add it.",
        ),
    ],
    "stdin_messages": [
        (
            {("messages", "Order", "fields", "size"): "str"},
            "The message type Order of the root's input 'order': the field 'size' is str, but the command's arrives as int.",
        ),
        (
            {("messages", "Order", "fields"): {}},
            "The message type Order of the root's input 'order' lacks the command's field 'size'.",
        ),
        (
            {("messages", "Order", "fields", "time"): "float"},
            "The message type Order of the root's input 'order': the field 'time' is the command's time, which is no part of the message; remove it.",
        ),
        (
            {("messages", "Order", "fields", "colour"): "str"},
            "The message type Order of the root's input 'order': the field 'colour' is no field of the command; remove it.",
        ),
    ],
    "known_sources": [
        (
            {
                ("models", "Desk", "arguments", "open"): "float",
                (*DESK, "arguments", "open"): {"argument": "openning"},
            },
            "The component desk binds 'open', but 'openning' is no argument of the contract (did you mean 'opening'?).",
        ),
        (
            {(*WORKER, "arguments", "skill"): {"parameter": "skill"}},
            "The component hall.worker binds 'skill', but 'skill' is no parameter of the contract; there is only rate.",
        ),
    ],
    "source_types": [
        (
            {("models", "Desk", "arguments", "delay"): "int"},
            "The component desk binds 'delay', which is int, to the argument 'delay', which arrives as float.",
        ),
        (
            {("models", "Desk", "arguments", "prices"): "str"},
            "The component desk binds 'prices', which is str, to the argument 'prices', which arrives as tuple[dict, ...].",
        ),
        (
            {(*WORKER, "arguments", "skill"): {"argument": "mode"}},
            "The component hall.worker binds 'skill', which is float, to the argument 'mode', which arrives as str.",
        ),
    ],
    "copies": [
        (
            {
                (*WORKER, "copies"): {"argument": "clerkz"},
                (*WORKER, "arguments", "skill"): {"argument": "clerks"},
            },
            "The `copies` of the component hall.worker: 'clerkz' is no argument of the contract (did you mean 'clerks'?).",
        ),
        (
            {
                (*WORKER, "copies"): {"argument": "delay"},
                (*WORKER, "arguments", "skill"): {"argument": "clerks"},
            },
            "The `copies` of the component hall.worker: the argument 'delay' is no integer.",
        ),
    ],
    "arguments_reach": [
        (
            {(*DESK, "arguments", "mode"): {"value": "fifo"}},
            "The argument 'mode' of the contract reaches no component; bind it, or mark it `label: true` in the contract.",
        ),
    ],
    "parameters_reach": [
        (
            {(*WORKER, "arguments", "rate"): {"value": 0.5}},
            "The parameter 'rate' of the contract reaches no component; bind it to an init argument.",
        ),
    ],
}

CASES = [
    pytest.param(edits, sentences, id=f"{check}-{number}")
    for check, cases in BROKEN.items()
    for number, (edits, sentences) in enumerate(cases)
]


@pytest.mark.parametrize(("edits", "expected"), CASES)
def test_a_plan_that_breaks_one_check_is_told_so_in_one_sentence(plan_with, contract, edits, expected):
    found = check_plan(plan_with(edits), contract)

    assert found == ([expected] if isinstance(expected, str) else expected)


def test_every_check_is_shown_a_plan_that_breaks_it():
    checks = {check.__name__ for check in (*BY_ITSELF, *AGAINST_CONTRACT)}

    assert checks == set(BROKEN)


def test_a_sound_plan_has_no_defects(plan, contract):
    assert check_plan(plan, contract) == []
    assert check_plan(plan) == []


def test_validate_plan_raises_all_sentences_at_once(plan_with, contract):
    plan = plan_with({("root", "couplings", 0): ..., ("models", "Clerk", "emits"): []})

    with pytest.raises(UsageError) as caught:
        validate_plan(plan, contract)

    assert str(caught.value).splitlines() == [
        "The input desk.order_in of the root is fed by no coupling; couple it or remove it.",
        "The input 'order' of the root is coupled to nothing inside; couple it or remove it.",
        "Nobody sends first in the feedback loop desk -> hall.worker -> desk: all of them wait for a message; mark the output that starts it with `initial: true`, or feed the loop from outside.",
        "No component reports the event 'served' of 'clerk'; list it under the `emits` of a model.",
    ]


def test_a_loop_lives_when_one_of_it_sends_by_itself(plan_with, contract):
    plan = plan_with(
        {
            ("root", "couplings", 0): ...,
            ("root", "inputs"): {},
            ("models", "Desk", "inputs", "order_in"): ...,
            ("models", "Desk", "outputs", "job_out", "initial"): True,
        }
    )

    assert not any("Nobody sends first" in sentence for sentence in check_plan(plan))


def test_a_loop_lives_when_a_component_without_inputs_feeds_it(plan_with):
    plan = plan_with(
        {
            ("models", "Bell"): {"function": "x", "outputs": {"ring": JOB}},
            ("root", "children", "+"): {"name": "bell", "model": "Bell"},
            ("root", "couplings", 0): {"from": "bell.ring", "to": "desk.done_in"},
            ("root", "inputs"): {},
            ("models", "Desk", "inputs", "order_in"): ...,
        }
    )

    assert check_plan(plan) == []


def test_copies_of_equal_number_may_be_paired(plan_with):
    plan = plan_with(
        {
            ("models", "Echo"): {"function": "x", "inputs": {"heard": JOB}},
            (*HALL, "children", "+"): {"name": "echo", "model": "Echo", "copies": {"argument": "clerks"}},
            (*HALL, "couplings", "+"): {"from": "worker.done_out", "to": "echo.heard", "pairing": "each"},
        }
    )

    assert check_plan(plan) == []
