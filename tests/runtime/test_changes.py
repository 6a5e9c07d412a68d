"""Parameters that change during a run: which components can take them up, and what is refused."""

from __future__ import annotations

import json
import random
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.runtime import Atomic, Kernel, UsageError
from gsim_devs.runtime.changes import differences
from gsim_devs.runtime.records import Records
from tests.runtime.probes import Probe, System
from tests.runtime.simulators import DIE, ROOT, dice, own_modules, run

SYSTEMS = ("covid", "supply", "hospital")


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("simulators")
    made = {"dice": dice(root / "dice")}
    for system in SYSTEMS:
        reference = ROOT / "scenarios" / system / "reference"
        contract = load_contract(ROOT / "contracts" / f"{system}.yaml")
        plan = load_plan(reference / "plan.yaml")
        made[system] = assemble(plan, read_sources(reference), contract, root / system)
    return made


def traced(folder: Path, *words: object) -> list[dict[str, Any]]:
    outcome = run(folder, *words)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.records


# A simulator's command line.


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_parameter_of_the_references_can_change(folders, system):
    contract = json.loads((folders[system] / "contract.json").read_text())
    for name, declared in contract["parameters"].items():
        other = declared["minimum"] if declared["value"] != declared["minimum"] else declared["maximum"]

        words = ["--days", 8, "--seed", 3, "--change", f"4:{name}={other}"]
        changed, plain = traced(folders[system], *words), traced(folders[system], *words[:4])

        before = [record for record in plain if record["time"] < 4]
        assert changed[: len(before)] == before


def test_what_is_drawn_after_a_change_has_the_new_mean(folders):
    records = traced(folders["supply"], "--days", 400, "--seed", 1, "--change", "200:demand_mean=10")

    demand = [record for record in records if record["event"] == "demand"]
    means = [record["payload"]["mean"] for record in demand]
    units = [record["payload"]["units"] for record in demand]
    assert means == [5.0] * 199 + [10.0] * 201
    # Four standard errors of a Poisson mean.
    assert abs(np.mean(units[:199]) - 5) < 4 * np.sqrt(5 / 199)
    assert abs(np.mean(units[199:]) - 10) < 4 * np.sqrt(10 / 201)


def test_a_capacity_counts_from_its_change_on(folders):
    rates = [word for name in (0, 1, 2) for word in ("--set", f"arrival_rate_{name}=5")]
    records = traced(folders["hospital"], *rates, "--seed", 1, "--days", 40, "--change", "20:icu_capacity=9")

    states = [record for record in records if record["event"] == "state"]
    assert {record["payload"]["icu_beds"] for record in states if record["time"] < 20} == {5}
    assert {record["payload"]["icu_beds"] for record in states if record["time"] >= 20} == {9}
    assert max(record["payload"]["icu"] for record in states if record["time"] < 20) == 5
    assert max(record["payload"]["icu"] for record in states) == 9


def test_a_change_at_time_0_is_a_setting(folders):
    words = ["--seed", 5, "--days", 9]

    changed = run(folders["covid"], *words, "--change", "0:infection_rate=1.5").out

    assert changed == run(folders["covid"], *words, "--set", "infection_rate=1.5").out
    assert changed != run(folders["covid"], *words).out


@pytest.mark.parametrize(
    "change", ["3:infection_rate=0.5", "9.5:infection_rate=1", "3:infection_rate=1 3:infection_rate=0.5"]
)
def test_a_change_to_what_is_there_or_after_the_end_changes_nothing(folders, change):
    words = ["--seed", 5, "--days", 9]
    changes = [word for one in change.split() for word in ("--change", one)]

    assert run(folders["covid"], *words, *changes).out == run(folders["covid"], *words).out


def test_changes_of_one_time_follow_one_another(folders):
    words = ["--seed", 5, "--days", 9]

    two = run(
        folders["covid"], *words, "--change", "3:infection_rate=2", "--change", "3:infection_rate=0.1"
    ).out

    assert two == run(folders["covid"], *words, "--change", "3:infection_rate=0.1").out


def test_the_end_belongs_to_the_run_only_where_it_is_closed(folders):
    open_end = ["--seed", 5, "--until", 3]

    assert run(folders["dice"], *open_end, "--change", "3:rate=9").out == run(folders["dice"], *open_end).out
    assert (
        traced(folders["covid"], "--seed", 5, "--days", 3, "--change", "3:infection_rate=0")[-2:]
        != (traced(folders["covid"], "--seed", 5, "--days", 3)[-2:])
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("infection_rate=1", "--change takes TIME:NAME=VALUE, not 'infection_rate=1'"),
        ("1:infection_rate", "--change takes TIME:NAME=VALUE, not '1:infection_rate'"),
        (
            "soon:infection_rate=1",
            "the time at which parameter infection_rate changes must be a number, not 'soon'",
        ),
        (
            "-1:infection_rate=1",
            "the time at which parameter infection_rate changes must be at least 0, not -1.0",
        ),
        (
            "nan:infection_rate=1",
            "the time at which parameter infection_rate changes must be a number, not 'nan'",
        ),
        ("1:infection_rate=3", "parameter infection_rate must be at most 2.0, not 3.0"),
        ("1:rate=3", "unknown parameter rate; there are infection_rate, recovery_probability"),
    ],
)
def test_bad_changes_are_refused_in_one_line(folders, change, said):
    outcome = run(folders["covid"], "--change", change)

    assert (outcome.code, outcome.out) == (2, b"")
    assert said in outcome.complaint


def test_a_parameter_that_no_component_keeps_is_refused_before_anything_is_simulated(folders):
    outcome = run(folders["dice"], "--seed", 1, "--change", "1:mix=0.5,0.5")

    assert (outcome.code, outcome.out) == (2, b"")
    assert "parameter mix cannot change at 1: it reaches no field of any component" in outcome.complaint


def test_a_function_takes_changes_too(folders):
    with own_modules(folders["covid"]):
        from runtime.program import load

        program = load(folders["covid"])
        kept = []
        for changes in ((), [(4, "infection_rate", 0.1)], [(4, "infection_rate", 0.1)], ()):
            keeper = program.keeper()
            program.run({"days": 9}, seed=5, sink=keeper.write, changes=changes)
            kept.append([tuple(record) for record in keeper.all])

    assert kept[0] == kept[3] != kept[1] == kept[2]


def test_values_that_refuse_to_be_looked_at_end_in_a_sentence(tmp_path):
    class_with_a_mind = "class Odd(int):\n    def __eq__(self, other): return 1 / 0\n\n\nclass Die(Atomic):"
    folder = dice(tmp_path / "dice", DIE.replace("class Die(Atomic):", class_with_a_mind).replace(
        "self.count = 0", "self.count = 0; self.odd = Odd(rate)"
    ))  # fmt: skip

    outcome = run(folder, "--seed", 1, "--change", "1:rate=3")

    assert outcome.code == 1
    assert "the model failed at time 1.0 in a change of rate: ZeroDivisionError" in outcome.complaint


# Fields of components.


class Pair(NamedTuple):
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class Terms:
    """Shared by reference, as messages are."""

    rate: float
    names: tuple[str, ...]


class Policy:
    """Changed in place, as objects are."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.itself = self


class Holder(Atomic):
    """Holds whatever is made of a rate."""

    def __init__(self, make: Any, rate: float) -> None:
        self.held = make(rate)
        self.again = self.held
        self.chance = random.Random(3)
        self.keys = {"a": 1}.keys()
        self.groups = defaultdict(lambda: Policy(3.0), a=Policy(4.0))
        self.mark = object()
        self.rule = self._rule
        self.missing = float("nan")

    def _rule(self) -> None: ...


def alter(running: Holder, make: Any, rate: float) -> None:
    kernel = Kernel(System(p=running))
    kernel.run(1)
    kernel.alter(differences(System(p=Holder(make, 2.0)), System(p=Holder(make, rate))))


@pytest.mark.parametrize(
    "make",
    [
        lambda rate: rate,
        lambda rate: 1 / rate,
        lambda rate: [1, {"a": (rate, [rate])}],
        lambda rate: Pair(1.0, rate),
        lambda rate: Terms(rate, ("a", "b")),
        lambda rate: deque([rate, 5]),
        lambda rate: deque([rate, 5], maxlen=2),
        lambda rate: deque([1, 2, 3], maxlen=int(rate)),
        lambda rate: defaultdict(list, a=rate),
        lambda rate: np.array([1.0, rate]),
        lambda rate: [0] * int(rate),
        lambda rate: {f"bed {number}" for number in range(int(rate))},
        lambda rate: dict.fromkeys(range(int(rate))),
        lambda rate: np.random.default_rng(int(rate)).bit_generator.state["state"],
        lambda rate: None if rate > 2 else rate,
    ],
)
def test_a_value_that_is_made_of_a_parameter_changes_with_it(make):
    holder = Holder(make, 2.0)

    alter(holder, make, 3.0)

    made = make(3.0)
    for held in (holder.held, holder.again):
        assert getattr(held, "maxlen", None) == getattr(made, "maxlen", None)
        assert type(held) is type(make(3.0))
        np.testing.assert_equal(held, make(3.0))


def test_what_is_held_twice_stays_one_thing():
    holder = Holder(Policy, 2.0)

    alter(holder, Policy, 3.0)

    assert holder.held is holder.again is holder.held.itself
    assert holder.held.rate == 3


def test_what_was_sent_to_others_stays_what_it_was():
    holder = Holder(partial(Terms, names=("a",)), 2.0)
    sent = holder.held

    alter(holder, partial(Terms, names=("a",)), 3.0)

    assert (sent.rate, holder.held.rate) == (2, 3)


def test_what_is_beside_the_parameter_keeps_its_value():
    def make(rate):
        return {"rate": rate, "row": [], "seen": 0}

    holder = Holder(make, 2.0)
    holder.held["row"].append("x")
    holder.held["seen"] = 7
    holder.held["later"] = 1

    alter(holder, make, 3.0)

    assert holder.held == {"rate": 3, "row": ["x"], "seen": 7, "later": 1}


@pytest.mark.parametrize(
    ("make", "spoil"),
    [
        (lambda rate: [rate, 1], lambda held: held.__setitem__(0, 1.5)),
        (lambda rate: [rate, 1], list.clear),
        (lambda rate: {"rate": rate}, dict.clear),
        (lambda rate: deque(maxlen=int(rate)), lambda held: held.append(1)),
        (lambda rate: defaultdict(list, a=rate), lambda held: held["b"]),
        (lambda rate: [0] * int(rate), lambda held: held.append(1)),
        (lambda rate: np.array([1.0, rate]), lambda held: held.__setitem__(0, 5.0)),
        (Policy, lambda held: delattr(held, "rate")),
    ],
)
def test_what_has_become_something_else_is_refused(make, spoil):
    holder = Holder(make, 2.0)
    spoil(holder.held)

    with pytest.raises(
        UsageError, match=r"p\.held.* was .* when the component was made, and is something else"
    ):
        alter(holder, make, 3.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda rate: lambda: rate,
        lambda rate: partial(max, rate),
        lambda rate: [Holder(float, rate)._rule] if rate > 2 else [],
        lambda rate: (rate for _ in range(3)),
    ],
)
def test_what_remembers_a_parameter_in_its_own_way_is_refused(make):
    with pytest.raises(UsageError, match=r"p\.held.* may depend on it and is no plain value"):
        alter(Holder(make, 2.0), make, 3.0)


def test_a_parameter_that_decides_which_components_there_are_is_refused():
    two, three = (System(**{f"p{number}": Holder(float, 2.0) for number in range(count)}) for count in (2, 3))
    one, other = (System(coupling, p=Probe(), q=Probe()) for coupling in ("p.x > q.a", "p.x > q.b"))

    for before, after in ((two, three), (one, other)):
        with pytest.raises(UsageError, match="which components there are, or how they are connected"):
            differences(before, after)
        assert differences(before, before) == []


def test_a_value_that_leads_nowhere_ends_in_a_sentence():
    def make(rate):
        nested = [rate]
        for _ in range(5000):
            nested = [nested]
        return nested

    with pytest.raises(UsageError, match="nested too deeply"):
        alter(Holder(make, 2.0), make, 3.0)


def test_forks_and_restored_simulations_change_on_their_own():
    def model(rate: float) -> System:
        return System(p=Ticker(rate))

    kernel = Kernel(model(2.0))
    kernel.run(3)
    state = json.loads(json.dumps(kernel.snapshot()))
    twins = [kernel.fork(), Kernel(model(2.0)), kernel]
    twins[1].restore(state)

    said = []
    for twin, rate in zip(twins, (4.0, 4.0, 2.0), strict=True):
        keeper = Records(10**9)
        twin.line.sink = keeper.write
        if rate != 2.0:
            twin.alter(differences(model(2.0), model(rate)))
        twin.run(5)
        said.append([record.payload["rate"] for record in keeper.all])

    assert said == [[4, 4], [4, 4], [2, 2]]


class Ticker(Atomic):
    """Says its rate again and again."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def start(self) -> None:
        self.after(1, self.on_tick)

    def on_tick(self) -> None:
        self.emit("tick", rate=self.rate)
        self.after(1, self.on_tick)
