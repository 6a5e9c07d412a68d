"""Surveys: what many simulations come to together is what each of them comes to alone, to the last bit."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import load_contract, load_plan
from tests.runtime.simulators import ROOT, assembled, own_modules

PLAN = """
system: pond
messages: {}
models:
  Fish:
    function: swims
    emits: [seen]
    arguments: {a: int, b: float, count: int}
root:
  name: Pond
  children:
    - name: fish
      model: Fish
      arguments: {a: {argument: a}, b: {parameter: b}, count: {parameter: count}}
  couplings: []
"""
CONTRACT = """
id: pond
title: Pond
time: {unit: s}
horizon: {argument: until}
arguments: {until: {type: number, default: 3}, a: {type: integer, default: 5}}
events: [{entity: fish, event: seen, payload: {x: {}}}]
parameters:
  b: {type: real, minimum: 0, maximum: 10, value: 2}
  count: {type: integer, minimum: 1, maximum: 4, value: 1}
"""
FISH = """
import math
import statistics
from math import exp, floor, modf

from collections import deque
from enum import Enum
from functools import lru_cache

from runtime import Atomic


larger = max
ROUNDING = {"int": int, "floor": floor}
KINDS = {"a": int, "b": float}


class Mood(Enum):
    CALM = 1


@lru_cache
def remembered(number):
    return number * 2


class Fish(Atomic):
    def __init__(self, a: int, b: float, count: int) -> None:
        self.a, self.b, self.count = a, b, count
        self.x = 0

    def start(self) -> None:
        self.after(1, self.on_swim)

    def on_swim(self) -> None:
        a, b, count = self.a, self.b, self.count
        BODY
        self.emit("seen", x=self.x)
        self.after(1, self.on_swim)
"""
WATCH = ["seen", None, "x"]
# Each of these goes the same way, whatever the numbers are.
TOGETHER = {
    "arithmetic": "self.x += (a * b - count) / 3 // 0.5 + a ** 2 % 7",
    "functions": "self.x = exp(-b) + floor(b) + math.sqrt(a) + math.log(b + 1) * math.pi",
    "bounds": "self.x = min(a, b, 2) + max(b, 3) + max([a, b]) + min(1, 2)",
    "whole": "self.x = int(b * 3) + float(a) + round(b) + round(b, 2) + abs(a - b)",
    "draws": "self.x += self.draw.binomial(a, b / 10) + self.draw.poisson(mean=b) * self.draw.normal(0, b)",
    "many draws": "self.x = sum([self.draw.exponential(b + 1) for _ in range(100)])",
    "a truth that is not asked": "self.x = (a > b) + 2 * (self.draw.uniform() < b / 10)",
    "containers": "self.held = [a, b, {'c': (count,)}]; self.x = sum(self.held[:2]) + self.held[2]['c'][0]",
    "a time that is the same": "self.x += b; self.after(min(a, 1) / 2, self.on_late)",
    "sums": "self.x = sum([b, 0.1, 0.2]) + math.fsum([a, b, 0.3]) + math.prod([a, b], start=3) + sum([[1]], [2])[0]",
    "statistics": "self.x = statistics.fmean([a, b]) + statistics.median([a, b, 3]) + statistics.mean([a, count])",
    "one of one": "self.x = max([b]) + min([b]) + max((v for v in (a, b)), default=0) * 0",
    "pairs": "self.x = sum(divmod(b, 0.7)) + modf(b)[0] * 2 + pow(a, 3, 7) + (modf(b) == (1, 2))",
    "a case": "\n        match b, a:\n          case (float(one), int(other)): self.x = one * other",
    "tables": "self.x = ROUNDING['floor'](b) + (KINDS['a'] == int) + issubclass(bool, int) + {int: 3}[KINDS['a']]",
    "objects": "self.x = b if Mood.CALM is Mood(1) and self.x is not None else a",
    "kinds": "self.x = b if isinstance(b, float) and isinstance(a, (int, str)) else 0",
}
# In each of these somebody goes another way: an `if`, an index, a time, a text, a stream.
PARTED = {
    "a choice": "self.x = 1 if b > 5 else 2",
    "choice upon choice": "self.x += (1 if b > 5 else 2) if self.draw.bernoulli(b / 10) else (3 if a * b > 20 else 4)",
    "an index": "self.x = [5, 6, 7, 8, 9][count] + b",
    "a number of draws": "self.x = sum(self.draw.uniform(0, b) for _ in range(count))",
    "a time": "self.x += b; self.after(b / 20, self.on_late)",
    "a text": "self.x = len(f'{b}')",
    "a function that remembers": "self.x = remembered(a) + remembered(count) + b",
    "a key": "self.x = {1: 10, 2: 20}.get(count, 30) + b",
    "a stream": "self.x = b * int(self.rng.integers(100))",
    "an order": "self.x = self.draw.choice(sorted([a, b, 3.5])) + self.draw.sample([1, 2, 3], 1)[0]",
    "a kind": "self.x = type(b)(a)",
    "a type of a mixture": "self.x = a if isinstance(self.draw.choice([1, 2.5]), int) else b",
    "a hidden failure": "\n        try: self.x = b / (count // 4)\n        except ZeroDivisionError: self.x = a",
    "a failing draw": "\n        try: self.x = self.draw.binomial(count, a / 8)\n        except ValueError: self.x = b",
    "a truth by name": "self.x = 7 if (self.draw.uniform() < 0.1) is True else b",
    "a truth that is not false": "self.x = 7 if (b > 9) is not False else b",
    "a case that is true": "\n        match b > 9:\n          case True: self.x = 7\n          case _: self.x = b",
    "the same object": "self.x = 1 if min(b, 5) is b else 2",
    "a method": "self.x = 1 if hasattr(b, 'is_integer') and (b // 1 * 1.0).is_integer() else b",
    "another kind of number": "self.x = 1 if count == 3 + 0j else b",
    "a bound in a table": "self.x = larger(count, 3) + ROUNDING['int'](b) * 0 + b",
    "weights": "self.x = statistics.fmean([1.5, 2.5], weights=[b + 1, 2])",
    "a list that is reported": "\n        try: self.emit('seen', x=[b])\n        except TypeError: self.x = 9",
    "a hidden refusal": "\n        try: self.x = len(deque('abc', maxlen=count))\n        except TypeError: self.x = b",
    "a hidden end": "\n        while True:\n          try: self.x = len(deque('abc', count))\n          finally: break",
    "a hidden choice": "\n        try: self.x = 1 if b > 5 else 2\n        except BaseException: self.x = 3",
}


@contextmanager
def surveys(folder: Path) -> Iterator[tuple[Any, Any]]:
    """A program and its surveys, with the runtime that it brings along."""
    with own_modules(folder):
        from runtime.program import load
        from runtime.surveys import Surveys

        program = load(folder)
        yield program, Surveys(program)


def asked(sights: list[list[Any]], candidates: list[dict[str, Any]], *watches: list[Any]) -> dict[str, Any]:
    return {
        "watches": watches or [WATCH],
        "slack": 5e-10,
        "sights": sights,
        "body": json.dumps(candidates).encode(),
    }


def one_by_one(program: Any, request: dict[str, Any]) -> tuple[list[float], dict[int, str]]:
    """The same from records: the latest value of each watched field."""
    candidates = json.loads(request["body"])
    told: list[float] = []
    errors: dict[int, str] = {}
    runs = [(*sight[:4], candidates[one]) for sight in request["sights"] for one in sight[4]]
    for number, (arguments, stdin, seed, times, candidate) in enumerate(runs):
        keeper, has_failed = program.keeper(), False
        try:
            program.run(arguments, stdin, seed, 0, keeper.write, candidate)
        except Exception as error:  # noqa: BLE001  (whatever it is, the survey must say the same)
            errors[number], has_failed = str(error), True
        for time in times:
            for event, entity, field in request["watches"]:
                held = [
                    record.payload[field]
                    for record in keeper.all
                    if record.time <= time + 5e-10
                    and record.event == event
                    and entity in (None, record.entity)
                ]
                told.append(math.nan if has_failed or not held else float(held[-1]))
    return told, errors


def compared(program: Any, found: Any, request: dict[str, Any]) -> None:
    numbers, errors = found.run(request)
    expected, complaints = one_by_one(program, request)

    assert numbers == struct.pack(f"{len(expected)}d", *expected)
    assert {number: str(error) for number, error in errors.items()} == complaints


def crowd(seed: int, sights: int = 3, candidates: int = 16) -> dict[str, Any]:
    rnd = Random(seed)
    some = [{"b": rnd.uniform(0, 10), "count": rnd.randint(1, 4)} for _ in range(candidates)]
    return asked(
        [
            [{"a": rnd.randint(1, 9)}, "", rnd.getrandbits(63), [1, 2, 3], list(range(candidates))]
            for _ in range(sights)
        ],
        some,
    )


def pond(into: Path, body: str) -> Path:
    late = "\n    def on_late(self) -> None:\n        self.x += 1\n"
    return assembled(into, PLAN, CONTRACT, Fish=FISH.replace("BODY", body) + late)


def without_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be noticed by running one of a group alone: it might be another one that is wrong."""
    from runtime.surveys import _Survey

    monkeypatch.setattr(_Survey, "_is_confirmed", lambda *_: True)


def runs_of(program: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where it will stand how many simulations were run alone: an entry for each."""
    alone: list[int] = []
    simulate = program.simulate
    monkeypatch.setattr(program, "simulate", lambda *args: (alone.append(1), simulate(*args))[1])
    return alone


@pytest.mark.parametrize("kind", TOGETHER)
def test_simulations_that_go_the_same_way_go_together(kind, tmp_path, monkeypatch):
    with surveys(pond(tmp_path / "pond", TOGETHER[kind])) as (program, found):
        without_check(monkeypatch)
        request = crowd(1)
        compared(program, found, request)
        alone = runs_of(program, monkeypatch)
        found.run(request)

    assert not alone


@pytest.mark.parametrize("kind", PARTED)
def test_simulations_that_part_come_to_what_they_come_to_alone(kind, tmp_path, monkeypatch):
    with surveys(pond(tmp_path / "pond", PARTED[kind])) as (program, found):
        without_check(monkeypatch)
        for seed in range(3):
            compared(program, found, crowd(seed))
        begun: list[int] = []
        monkeypatch.setattr(type(program), "prepared", _counting(type(program).prepared, begun))
        found.run(crowd(3))

    assert len(begun) > 1


def test_a_record_that_some_cannot_make_is_not_refused_to_all(tmp_path, monkeypatch):
    body = """
        try: self.emit("seen", x=b * 1e308)
        except ValueError: self.x = 2
        else: self.x = 3
"""
    with surveys(pond(tmp_path / "pond", body)) as (_, found):
        without_check(monkeypatch)
        request = crowd(1, sights=1)
        together = found.run(request)
        arguments, stdin, seed, times, _ = request["sights"][0]
        apart = [
            found.run({**request, "sights": [[arguments, stdin, seed, times, [one]]]}) for one in range(16)
        ]

    assert together[0] == b"".join(numbers for numbers, _ in apart)
    assert together[1].keys() == {one for one, (_, errors) in enumerate(apart) if errors}
    assert 0 < len(together[1]) < 16


def test_files_that_are_equal_but_not_the_same_are_kept_apart(tmp_path, monkeypatch):
    contents = ['{"k": 1, "z": 2}', '{"k": 1.0, "z": 2}', '{"z": 2, "k": 1}', '{"k": true, "z": 2}']
    for number, text in enumerate(contents):
        (tmp_path / f"{number}.json").write_text(text)
    plan = PLAN.replace("{a: int,", "{tree: dict, a: int,")
    plan = plan.replace("arguments: {a: {", "arguments: {tree: {argument: tree}, a: {")
    contract = CONTRACT.replace("a: {type: integer,", "tree: {type: file, format: json}, a: {type: integer,")
    body = "self.x = b * [*self.tree.values()][0] + 100 * len(str(self.tree))"
    fish = FISH.replace("BODY", body).replace("self, a: int", "self, tree: dict, a: int")
    fish = fish.replace("self.x = 0", "self.x, self.tree = 0, tree")
    with surveys(assembled(tmp_path / "pond", plan, contract, Fish=fish)) as (program, found):
        without_check(monkeypatch)
        request = crowd(1, sights=len(contents))
        for number, sight in enumerate(request["sights"]):
            sight[0]["tree"] = str(tmp_path / f"{number}.json")
        compared(program, found, request)


def test_those_that_go_the_same_way_stay_together(tmp_path, monkeypatch):
    with surveys(pond(tmp_path / "pond", PARTED["a choice"])) as (program, found):
        request = crowd(1, sights=2, candidates=50)
        compared(program, found, request)
        alone = runs_of(program, monkeypatch)
        found.run(request)

    # One of each of the two groups is checked.
    assert len(alone) == 2


def test_who_always_parts_is_asked_less_and_less(tmp_path, monkeypatch):
    with surveys(pond(tmp_path / "pond", PARTED["a time"])) as (program, found):
        prepared: list[int] = []
        monkeypatch.setattr(type(program), "prepared", _counting(type(program).prepared, prepared))
        tried = []
        for _ in range(20):
            before = len(prepared)
            found.run(crowd(1))
            tried.append(len(prepared) - before > 48)

    assert [number for number, has_tried in enumerate(tried) if has_tried] == [0, 2, 6, 14]


def test_one_that_fails_costs_the_others_little(tmp_path, monkeypatch):
    with surveys(pond(tmp_path / "pond", "self.x = 1 / (a - 100) + b")) as (program, found):
        request = crowd(1, sights=1, candidates=400)
        request["sights"].append([{"a": 100}, "", 1, [1], [7]])
        request["sights"][0][3] = [1]
        alone = runs_of(program, monkeypatch)
        _, errors = found.run(request)

    assert [*errors] == [400]
    assert len(alone) < 40


def _counting(method: Any, calls: list[int]) -> Any:
    return lambda self, *args: (calls.append(1), method(self, *args))[1]


@pytest.mark.parametrize(
    "body",
    ["self.x = 1 if hasattr(b, 'each') else 2", "self.x = 1 if hasattr(b, 'each') else 1 / 0"],
)
def test_what_comes_to_something_else_in_company_is_noticed_and_goes_alone_for_good(
    body, tmp_path, monkeypatch
):
    with surveys(pond(tmp_path / "pond", body)) as (program, found):
        compared(program, found, crowd(1))
        alone = runs_of(program, monkeypatch)
        found.run(crowd(2))

    assert len(alone) == 48


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ("self.x = 1 / (count - 2)", {2}),
        ("self.x = float('nan') if count == 2 else b", {2}),
        ("self.x = {1, 2} if count == 3 else b", {3}),
        ("self.x = object()", {1, 2, 3, 4}),
    ],
)
def test_only_those_fail_that_fail_alone(body, bad, tmp_path):
    with surveys(pond(tmp_path / "pond", body)) as (_, found):
        request = crowd(1)
        numbers, errors = found.run(request)
        candidates = json.loads(request["body"])

    assert {number for number in range(48) if candidates[number % 16]["count"] in bad} == errors.keys()
    assert all(math.isnan(x) == (k // 3 in errors) for k, x in enumerate(struct.unpack("144d", numbers)))


def test_nothing_of_a_request_is_believed_that_has_once_been_wrong(tmp_path):
    with surveys(pond(tmp_path / "pond", "self.x = b + hasattr(a, 'each') * (b > 5)")) as (program, found):
        request = crowd(1, sights=4)
        high = [one["b"] > 5 for one in json.loads(request["body"])]
        for number, (arguments, *_) in enumerate(request["sights"]):
            arguments |= {"a": number, "until": 3 + number // 2}
        # Who is checked is nobody who comes to something else, at first; then it is.
        request["sights"][0][2], request["sights"][2][2] = high.index(False), high.index(True)
        compared(program, found, request)


def test_what_is_refused_is_refused_by_name(tmp_path):
    request = asked(
        [[{"a": 1}, "", 1, [1], [0, 1]], [{"a": "one"}, "", 1, [1], [0]], [{"z": 1}, "", 1, [1], [1]]],
        [{"b": 1}, {"b": 99}],
    )
    with surveys(pond(tmp_path / "pond", TOGETHER["arithmetic"])) as (_, found):
        numbers, errors = found.run(request)

    assert [math.isnan(x) for x in struct.unpack("4d", numbers)] == [False, True, True, True]
    assert {number: str(error).split(",")[0] for number, error in errors.items()} == {
        1: "parameter b must be at most 10.0",
        2: "--a must be a whole number",
        3: "unknown argument z; there are until",
    }


def test_modules_are_left_as_they_were(tmp_path):
    import sys

    with surveys(pond(tmp_path / "pond", TOGETHER["functions"])) as (program, found):
        program.run({})
        modules = [
            vars(module)
            for name, module in sys.modules.items()
            if name.startswith(("components", "system", "messages"))
        ]
        before = [dict(names) for names in modules]
        found.run(crowd(1))

        assert len(modules) >= 3
        assert [dict(names) for names in modules] == before


@pytest.fixture(scope="module", params=["covid", "supply", "hospital"])
def reference(request, tmp_path_factory):
    """An example system with its parameters drawn around those that are true, and some beginnings."""
    system = request.param
    contract = load_contract(ROOT / f"contracts/{system}.yaml")
    plan = load_plan(ROOT / f"scenarios/{system}/reference/plan.yaml")
    sources = read_sources(ROOT / f"scenarios/{system}/reference", plan)
    folder = assemble(plan, sources, contract, tmp_path_factory.mktemp("reference") / system)
    watches = [
        [one.event, one.entity, one.field] for one in contract.observables.values() if one.type == "number"
    ]
    rnd = Random(1)
    candidates = [
        {
            name: rnd.randint(1, 4)
            if one.type == "integer"
            else min(one.value * rnd.uniform(0.5, 1.5), one.maximum)
            for name, one in contract.parameters.items()
        }
        for _ in range(20)
    ]
    times = [1, 2, 5]
    sights = [[{contract.horizon.argument: 5}, "", seed, times, list(range(20))] for seed in range(2)]
    if system == "covid":
        sights.append(
            [{"days": 5}, '{"command": "lockdown", "time": 2, "strength": 0.5}\n', 3, times, [1, 3]]
        )
    return folder, asked(sights, candidates, *watches)


def test_the_references_come_to_what_their_records_say(reference):
    folder, request = reference
    with surveys(folder) as (program, found):
        compared(program, found, request)
