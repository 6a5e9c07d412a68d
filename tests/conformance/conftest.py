from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from gsim_devs.conformance import load_scenario
from tests.conformance.shop import CASES, CONTRACT, RULES, SIMULATOR


@pytest.fixture
def shop(tmp_path):
    """Write the files of a system, where not given otherwise those of `shop.py`, and read them."""

    def written(
        contract: str = CONTRACT, cases: str = CASES, rules: str | None = RULES, code: str | None = None
    ):
        files = {"contracts/shop.yaml": contract, "scenarios/shop/cases.yaml": cases}
        if rules is not None:
            files["trace_checkers/shop.yaml"] = rules
        if code is not None:
            files["trace_checkers/shop.py"] = code
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return load_scenario(tmp_path, "shop")

    return written


@pytest.fixture
def simulator(tmp_path):
    """Write a simulator of the shop, spoilt with some lines of Python."""

    def written(
        spoil: str = "pass", *, before: str = "", after: str = "", name: str = "simulator.py"
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(SIMULATOR).format(spoil=spoil, before=dedent(before), after=dedent(after)))
        return path

    return written
