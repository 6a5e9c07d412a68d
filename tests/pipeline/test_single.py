"""A simulator in one file: what the model is told, and what is done with its answers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

from gsim_devs.conformance import conform, load_scenario
from gsim_devs.contracts import trace_schema
from gsim_devs.errors import GenerationError, UsageError
from gsim_devs.execution import sandboxed
from gsim_devs.llm import Script, rendered, variables
from gsim_devs.pipeline import Job, build_single, single
from gsim_devs.pipeline.single import SinglePrompt, SingleRepairPrompt, arguments_schema, prompt_of
from tests.pipeline.metronome import ONE_FILE, code, write

ROOT = Path(__file__).parents[2]
PROMPTS = Path(single.__file__).with_name("prompts")
SYSTEMS = ("abp", "barbershop", "iobs", "oft", "otrain", "sa", "seird")
EARLY = ONE_FILE.replace('{"time": number * given.interval', '{"time": number * given.interval - 0.25')


@pytest.fixture
def job(tmp_path):
    write(tmp_path, "tick")
    return Job(load_scenario(tmp_path, "tick"), tmp_path / "made", launcher=sandboxed())


def made(job: Job, replies: list[str], **options):
    script = Script(replies)
    return asyncio.run(build_single(job, script, **options)), script


def test_what_it_wrote_is_run_and_examined(job):
    built, script = made(job, [code(ONE_FILE)])

    assert built.chosen.findings == []
    assert built.first.conformance.holds
    assert conform(built.simulator, job.scenario, launcher=job.launcher).holds
    assert [request.slot for request in script.requests] == ["single/a1"]


def test_it_is_asked_once_unless_repairs_are_allowed(job):
    built, script = made(job, [code(EARLY), code(ONE_FILE)])

    assert len(script.requests) == 1
    assert "It beats every `interval` seconds" in built.chosen.findings[0]


def test_what_was_found_is_sent_back_with_the_program(job):
    built, script = made(job, ["I cannot.", code(EARLY), code(ONE_FILE)], repairs=5)

    assert built.attempts == 3
    assert built.chosen.number == 3
    nothing, early = script.requests[1:]
    assert "holds no block of code" in nothing.messages[-1].text
    assert "- 0.25" in early.messages[-2].text
    assert "It beats every `interval` seconds" in early.messages[-1].text
    assert len(early.messages) == 3


def test_the_best_of_them_is_the_simulator(job):
    built, _ = made(job, [code(EARLY), code("import nothing_of_that_name"), "No."], repairs=2)

    assert built.chosen.number == 1
    assert "- 0.25" in (job.into / "__main__.py").read_text()


def test_without_any_code_there_is_no_simulator(job):
    with pytest.raises(GenerationError, match="holds no block of code"):
        made(job, ["No."])


@pytest.mark.parametrize(("name", "kind"), [("single", SinglePrompt), ("single_repair", SingleRepairPrompt)])
def test_a_prompt_needs_what_fills_it(name, kind):
    assert variables(PROMPTS / f"{name}.md") == {field.name for field in fields(kind)}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_model_is_told_all_that_the_contract_says(system):
    scenario = load_scenario(ROOT, system)

    asked = prompt_of(scenario)

    text = rendered(PROMPTS / "single.md", asked)
    assert scenario.specification.strip() in text
    assert json.loads(asked.records) == trace_schema(scenario.contract)
    assert json.loads(asked.arguments) == arguments_schema(scenario.contract)
    assert all(kind.when in text for kind in scenario.contract.events)
    assert bool(asked.stdin) == (scenario.contract.stdin.form != "none")
    assert asked.takes_seed == ("seed" not in scenario.contract.arguments)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_arguments_of_every_test_input_fit_the_schema(system):
    scenario = load_scenario(ROOT, system)
    schema = arguments_schema(scenario.contract)

    jsonschema.Draft202012Validator.check_schema(schema)
    for case in scenario.cases:
        jsonschema.validate(dict(case.arguments), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"unheard_of": 1}, schema)


def test_what_somebody_else_wrote_is_not_overwritten_and_what_was_made_here_is(job):
    job.into.mkdir()
    program = job.into / "__main__.py"
    program.write_text("mine")

    with pytest.raises(UsageError, match="made holds something else"):
        made(job, [])

    assert program.read_text() == "mine"
    program.unlink()
    for source in (EARLY, ONE_FILE):
        made(job, [code(source)])
        assert program.read_text() == source
