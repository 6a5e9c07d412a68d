"""What test inputs and rules say of a simulator, in sentences. Runs nothing: see `observation`."""

from __future__ import annotations

from gsim_devs.observation import StressResult

from .causes import Cause
from .phrases import listed, number

RULES_BROKEN = "rules broken"
"""The label where a rule does not hold."""
_MOST = 3


def stress_causes(found: StressResult) -> tuple[Cause, ...]:
    """What is wrong; nothing where all rules hold."""
    said = [Cause(RULES_BROKEN, one) for one in _about_rules(found)]
    if found.failures:
        name, reason = next(iter(found.failures.items()))
        said.append(
            Cause(
                "runs fail",
                f"Under stress, runs of {listed(list(found.failures))} do not end well; of `{name}`: {reason}.",
            )
        )
    return tuple(said)


def about_stress(found: StressResult) -> list[str]:
    """What is right."""
    if not found.is_clean:
        return []
    return [f"Under stress every rule holds ({number(found.due)} obligations)."]


def _about_rules(found: StressResult) -> list[str]:
    clauses = {one.rule: one.clause for one in found.examples}
    said = [
        f"Under stress `{name}` is broken {number(times)} {'time' if times == 1 else 'times'}"
        + (f": “{clauses[name]}”" if name in clauses else ".")
        for name, times in list(found.broken.items())[:_MOST]
    ]
    if more := list(found.broken)[_MOST:]:
        said.append(f"Under stress {listed(more)} {'is' if len(more) == 1 else 'are'} broken too.")
    return said
