"""Writes a run until it is killed; says on stdout what is settled. Started by test_killed."""

from __future__ import annotations

import sys
from pathlib import Path

from gsim_devs.contracts import load_plan
from gsim_devs.runs import Manifest, Run

root, plan_file = map(Path, sys.argv[1:])
plan = load_plan(plan_file)
run = next((Run.open(folder) for folder in root.glob("[!.]*")), None) or Run.create(
    root, Manifest(system="abp")
)
attempt = 1000 * (1 + len(list(run.paths.components.glob("sender/*.py"))))
print("begun", flush=True)
while True:
    attempt += 1
    run("asked", f"component/sender/a{attempt}")
    source = f"# {attempt}\n" + "x = 1\n" * 5000
    run("examined", "Sender", attempt=attempt, stage="ok", findings=[], source=source)
    run.accept_component("Sender", source)
    run.save_plan(plan)
    run.save_report({"attempt": attempt, "behavioural": 1.0})
    step = run.step("sender", run.paths.accepted("Sender"), [source])
    step.done()
    print(attempt, flush=True)
