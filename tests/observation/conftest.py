from __future__ import annotations

from pathlib import Path

import pytest

from gsim_devs.contracts import Contract
from tests.observation.sir import sir_contract, sir_simulator


@pytest.fixture(scope="session")
def contract() -> Contract:
    return sir_contract()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory) -> Path:
    """The small epidemic; tests leave it as it is."""
    return sir_simulator(tmp_path_factory.mktemp("observed") / "sir")
