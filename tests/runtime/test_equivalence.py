"""One model, several ways to run it, one trace.

The other engine is xdevs' Coordinator, corrected and on integer instants (see `models`). Messages to one port come in
the order of the couplings here and in the order of components there, so random models declare theirs in an order in
which the two are the same; the order itself is tested in `test_ties`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gsim_devs.runtime import Kernel
from gsim_devs.runtime.clock import LAST_ORDER
from tests.runtime.models import (
    HORIZON,
    TIMERS,
    Trace,
    UnderKernel,
    flat,
    random_injections,
    random_model,
    under_coordinator,
)

ROOT = Path(__file__).parents[2]

randoms = st.randoms(use_true_random=False)


def test_random_models_have_the_same_trace_under_the_kernel_and_under_the_coordinator() -> None:
    covered: Counter[str] = Counter()

    @settings(max_examples=700)
    @given(randoms)
    def compare(rnd: Random) -> None:
        plan = random_model(rnd)
        injections = random_injections(rnd, plan)
        ours = UnderKernel(plan, injections)
        ours.kernel.run(HORIZON)
        theirs = under_coordinator(plan, injections)

        assert ours.trace.records == theirs.records
        assert ours.trace.classic == theirs.classic
        assert ours.trace.outputs == theirs.outputs
        covered.update(_features(ours.trace))

    compare()
    # A comparison of models in which nothing happens would hold as well.
    rare = {feature: times for feature, times in covered.items() if times < 40}
    assert len(covered) == 9
    assert not rare


@settings(max_examples=300)
@given(randoms)
def test_classic_components_may_listen_to_themselves(rnd: Random) -> None:
    plan = random_model(rnd, selfish=True)
    ours = UnderKernel(plan, [])

    ours.kernel.run(HORIZON)

    assert ours.trace == under_coordinator(plan, [])


def _features(trace: Trace) -> set[str]:
    """What happens in a trace, of the things that are easily got wrong."""
    events: dict[tuple[int, str], set[str]] = {}
    for instant, event, _, _, path in trace.records:
        events.setdefault((instant, path), set()).add(event)
    timers = {key for key, seen in events.items() if seen & set(TIMERS)}
    messages = {key for key, seen in events.items() if seen & {"on_in_0", "on_in_1"}}
    classic = [(path, *entry) for path, log in trace.classic.items() for entry in log]
    found = {
        "a long trace": len(trace.records) + len(classic) > 100,
        "timer and message coincide": timers & messages,
        "orders": any(instant & LAST_ORDER for instant, _ in timers),
        "timers of two components coincide": len(timers) > len({instant for instant, _ in timers}),
        "three levels": any(path.count(".") >= 2 for _, path in events),
        "outputs": trace.outputs,
        "confluent transition": any(event == "con" for _, _, event, _ in classic),
        "two messages at once": any(
            event == "ext" and sum(map(len, seen[1])) > 1 for *_, event, seen in classic
        ),
        "classic at an order": any(
            event == "int" and instant & LAST_ORDER for _, instant, event, _ in classic
        ),
    }
    return {feature for feature, holds in found.items() if holds}


@settings(max_examples=200)
@given(randoms)
def test_a_pause_changes_nothing(rnd: Random) -> None:
    plan = random_model(rnd)
    injections = random_injections(rnd, plan)
    whole = UnderKernel(plan, injections)
    whole.kernel.run(HORIZON)

    parts = UnderKernel(plan, [])
    for port, note, time, order in injections:
        parts.kernel.inject(f"in_{port}", note, time, order)
    parts.kernel.run(0)
    for until in (0.1, 0.3, 0.3, 0.65, 1):
        parts.kernel.run(until, closed=rnd.choice((True, False)))
    for _ in range(rnd.randrange(5)):
        assert parts.kernel.next_time >= parts.kernel.time
        parts.kernel.step()
    parts.kernel.run(HORIZON)

    assert parts.trace == whole.trace


@settings(max_examples=100)
@given(randoms)
def test_step_by_step_is_the_same_as_in_one_run(rnd: Random) -> None:
    plan = random_model(rnd)
    whole, steps = UnderKernel(plan, []), UnderKernel(plan, [])
    whole.kernel.run()

    while steps.kernel.step():
        pass

    assert steps.trace == whole.trace
    assert steps.kernel.time == whole.kernel.time


@settings(max_examples=100)
@given(randoms)
def test_a_message_may_be_injected_at_any_time_before_it_is_due(rnd: Random) -> None:
    plan = random_model(rnd)
    injections = sorted(random_injections(rnd, plan), key=lambda injection: (injection[2], injection[3]))
    early, late = UnderKernel(plan, injections), UnderKernel(plan, [])
    early.kernel.run(HORIZON)

    for port, note, time, order in injections:
        late.kernel.run(time, closed=False)
        late.kernel.inject(f"in_{port}", note, time, order)
    late.kernel.run(HORIZON)

    assert late.trace == early.trace


@settings(max_examples=100)
@given(randoms, st.integers(0, 40))
def test_a_fork_goes_on_as_its_origin_does(rnd: Random, steps: int) -> None:
    origin = UnderKernel(random_model(rnd, classic=False), [])
    for _ in range(steps):
        origin.kernel.step()
    told = len(origin.trace.records)
    forked, seen = _recorded(origin.kernel)

    forked.run(HORIZON)
    origin.kernel.run(HORIZON)

    assert seen == origin.trace.records[told:]


def _recorded(kernel: Kernel) -> tuple[Kernel, list[Any]]:
    seen: list[Any] = []
    forked: Kernel = kernel.fork(
        sink=lambda tick, entity, event, payload, path: seen.append(
            (forked.line.now, event, payload, entity, path)
        )
    )
    return forked, seen


@settings(max_examples=100)
@given(randoms, st.integers(0, 40))
def test_a_snapshot_is_taken_up_where_it_was_left(rnd: Random, steps: int) -> None:
    plan = random_model(rnd, classic=False)
    origin, heir = UnderKernel(plan, []), UnderKernel(plan, [])
    for _ in range(steps):
        origin.kernel.step()
    state = json.loads(json.dumps(origin.kernel.snapshot()))
    told = len(origin.trace.records)

    heir.kernel.restore(state)
    heir.kernel.run(HORIZON)
    origin.kernel.run(HORIZON)

    assert heir.trace.records == origin.trace.records[told:]


@settings(max_examples=200)
@given(randoms)
def test_nested_and_flat_have_the_same_trace_byte_for_byte(rnd: Random) -> None:
    plan = random_model(rnd)
    level = flat(plan)
    assume(level is not None)
    assert level is not None
    nested, flattened = UnderKernel(plan, []), UnderKernel(level, [])

    nested.kernel.run(HORIZON)
    flattened.kernel.run(HORIZON)

    assert repr(nested.trace.without_paths()) == repr(flattened.trace.without_paths())


_PRINT = """
from random import Random
from tests.runtime.models import HORIZON, UnderKernel, random_model
for seed in range(40):
    run = UnderKernel(random_model(Random(seed)), [])
    run.kernel.run(HORIZON)
    print(run.trace)
"""


@pytest.mark.parametrize("hash_seed", ["1", "424242"])
def test_the_hash_seed_of_python_has_no_influence(hash_seed: str) -> None:
    def printed(value: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": value, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-c", _PRINT], env=environment, check=True, capture_output=True
        ).stdout

    assert printed(hash_seed) == printed("0")
