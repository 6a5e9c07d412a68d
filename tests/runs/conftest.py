from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gsim_devs.runs import Manifest, Run

DAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


class Clock:
    """Stands still until it is told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def created(tmp_path, clock):
    """A new run of a system, on a certain day."""
    opened = []

    def create(system="abp", **given):
        run = Run.create(tmp_path / "runs", Manifest(system=system, **given), now=lambda: DAY, clock=clock)
        opened.append(run)
        return run

    yield create
    for run in opened:
        run.close()
