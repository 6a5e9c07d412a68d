"""Sets have another order in each process, and a simulator must do the same in all of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gsim_devs.generation import policy_findings


def method(*lines: str) -> str:
    body = "".join(f"        {line}\n" for line in lines)
    return (
        "class A:\n    def __init__(self):\n        self.waiting = set()\n\n"
        f"    def f(self, given: set[str]):\n{body}"
    )


@pytest.mark.parametrize(
    "line",
    [
        "for one in {'a', 'b'}: pass",
        "for one in self.waiting: pass",
        "for one in self.waiting - {1}: pass",
        "for one in given: pass",
        "for one in given.union([1]): pass",
        "return [one for one in self.waiting]",
        "return ', '.join(one for one in set('ab'))",
        "return {one: 1 for one in frozenset('ab')}",
        "return list(self.waiting)",
        "return next(iter(self.waiting))",
        "return self.waiting.pop()",
        "for place, one in enumerate({one for one in 'ab'}): pass",
    ],
)
def test_who_goes_through_a_set_in_its_order_is_told(line):
    (found,) = policy_findings(method(line))

    assert "differs between runs; go through sorted(" in str(found)


@pytest.mark.parametrize(
    "lines",
    [
        ("for one in sorted(self.waiting): pass",),
        ("for one in sorted(one for one in self.waiting): pass",),
        ("return any(one for one in self.waiting)",),
        ("return 'a' in self.waiting and len(given)",),
        ("return {one for one in self.waiting}",),
        ("for one in {1, 2}: pass",),
        ("numbers: set[int] = set()", "for one in numbers: pass"),
        ("other = ['a']", "for one in other: pass"),
        ("return [].pop()",),
    ],
)
def test_what_is_the_same_in_any_order_is_not_refused(lines):
    assert policy_findings(method(*lines)) == []


def test_the_order_of_texts_is_not_steady_and_the_order_of_whole_numbers_is():
    orders = []
    for members in ("'abcdefgh'", "[17, 4, 99, 256, 3]"):
        code = f"print(*set({members}))"
        orders.append(
            {
                subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True).stdout
                for _ in range(5)
            }
        )

    assert len(orders[0]) > 1
    assert len(orders[1]) == 1
