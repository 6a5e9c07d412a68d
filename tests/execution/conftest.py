from __future__ import annotations

import shutil
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parents[2] / "gsim_devs" / "runtime"

# The model of a stand-in is a function, called at time 0 with the job and with `emit(time, event, **payload)`.
SYSTEM = """
from components.model import simulate
from runtime.program import Program
from runtime.records import TraceWriter

LAYOUT = {"form": "lines", "keys": {"t": "time", "what": "event"}, "flat": True}

def writer(self, stream, detail=False):
    return TraceWriter(stream, LAYOUT, ticks_per_unit=self.ticks_per_unit, detail=detail)

def run(self, arguments, stdin, seed, replication, sink, parameters):
    job = dict(arguments=arguments, stdin=stdin, seed=seed, replication=replication, parameters=parameters)
    simulate(job, lambda time, event, **payload: sink(round(time * 1000), "it", event, payload, "part"))

def run_settled(self, settings, commands, seed, replication, sink, changes=()):
    run(self, settings, commands, seed, replication, sink, settings["parameters"])

Program.writer, Program.run, Program.simulate = writer, run, run_settled
Program.settle = lambda self, given: {"until": 0, **given}
Program.settle_parameters = lambda self, given: {"parameters": given}
Program.commands = lambda self, stdin, values: stdin
"""


@pytest.fixture
def stand_in(tmp_path):
    """Write a simulator's folder whose whole model is `simulate(job, emit)`; the rest of its runtime is ours."""

    def write(model: str) -> Path:
        folder = tmp_path / "simulator"
        shutil.copytree(RUNTIME, folder / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "contract.json").write_text(
            '{"time": {"unit": "s", "resolution": 0.001}, "horizon": {"argument": "until"}}'
        )
        (folder / "parameters.json").write_text("{}")
        (folder / "system.py").write_text(SYSTEM)
        (folder / "components").mkdir()
        (folder / "components" / "__init__.py").write_text("")
        (folder / "components" / "model.py").write_text(model)
        return folder

    return write
