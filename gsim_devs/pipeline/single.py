"""The other way to a simulator, to compare with: a language model writes it as one file, without a plan.

It chooses its library. What it wrote is run in the sandbox and examined as any other simulator; nothing looks into it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from platform import python_version_tuple
from typing import Any

from gsim_devs.conformance import Conformance, Scenario, conform
from gsim_devs.contracts import (
    Argument,
    BooleanArgument,
    ChoiceArgument,
    Contract,
    DurationArgument,
    EventKind,
    FileArgument,
    IntegerArgument,
    JsonlStdin,
    LineStdin,
    NumberArgument,
    TextArgument,
    trace_schema,
)
from gsim_devs.errors import GenerationError, UsageError
from gsim_devs.llm import (
    Backend,
    Conversation,
    Message,
    Reply,
    Request,
    Usage,
    Work,
    code_block,
    converse,
    rendered,
)
from gsim_devs.runtime.durations import pattern_of

from .blame import findings
from .building import Job, score
from .telling import Counted, Tell, silent

LIBRARIES = ("numpy", "simpy", "xdevs")
"""What the model may use beside the standard library, where it is installed."""
SEED = "{seed}"

_PROMPTS = Path(__file__).with_name("prompts")
_MOST_FINDINGS = 8
_KEYWORDS = {
    "minimum": "minimum",
    "exclusive_minimum": "exclusiveMinimum",
    "maximum": "maximum",
    "exclusive_maximum": "exclusiveMaximum",
}
_MARK = ".single-file-simulator"
"""The file by which a folder that was filled here is known."""


@dataclass(frozen=True, slots=True)
class SinglePrompt:
    """The request."""

    specification: str
    arguments: str
    takes_seed: bool
    unit: str
    horizon: str
    closed: bool
    stdin: str
    stdin_about: str
    output_about: str
    records: str
    events: Sequence[str]
    python: str
    libraries: Sequence[str]


@dataclass(frozen=True, slots=True)
class SingleRepairPrompt:
    """What is sent back."""

    findings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was written, and how it did."""

    number: int
    source: str
    """Empty where a reply held no code."""
    conformance: Conformance | None
    """On the test inputs on which it is tried; None where there are none of those levels, or no code."""
    findings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Single:
    """What came out."""

    simulator: Sequence[str]
    """The command line that starts it."""
    first: Attempt
    chosen: Attempt
    """The best of them; it is the simulator."""
    attempts: int
    usage: Usage
    seconds: float
    critical: float
    """The seconds of all replies: each waited for the one before."""


async def build_single(job: Job, backend: Backend, tell: Tell = silent, *, repairs: int = 0) -> Single:
    """Have a simulator written in one file. Raises GenerationError where no reply held any code.

    Args:
        job: what is to be built; its plan, attempts and rounds mean nothing here.
        backend: who answers.
        tell: hears what goes on.
        repairs: how often what was found is sent back.
    """
    started = time.monotonic()
    _refuse_to_overwrite(job.into)
    counted = Counted(backend, tell)
    attempts = await converse(_written(_Bench(job, tell), repairs), counted)
    chosen = max(attempts, key=_worth)
    if not chosen.source:
        raise GenerationError("the simulator", chosen.findings)
    return Single(
        simulator=_put(chosen.source, job),
        first=attempts[0],
        chosen=chosen,
        attempts=len(attempts),
        usage=counted.usage,
        seconds=time.monotonic() - started,
        critical=sum(counted.seconds.values()),
    )


def prompt_of(scenario: Scenario) -> SinglePrompt:
    """All that the model is told: the specification, and the contract as schemas."""
    contract = scenario.contract
    form, about = _stdin(contract)
    return SinglePrompt(
        specification=scenario.specification.strip(),
        arguments=_lined(arguments_schema(contract), "properties"),
        takes_seed="seed" not in contract.arguments,
        unit=contract.time.unit,
        horizon=f"--{contract.horizon.argument}",
        closed=contract.horizon.closed,
        stdin=form,
        stdin_about=about,
        output_about=_output(contract),
        records=_lined(trace_schema(contract), "oneOf"),
        events=[_told(kind) for kind in contract.events],
        python=".".join(python_version_tuple()[:2]),
        libraries=[name for name in LIBRARIES if find_spec(name) is not None],
    )


def arguments_schema(contract: Contract) -> dict[str, Any]:
    """The arguments of the command line as the JSON Schema of one object."""
    return {
        "type": "object",
        "properties": {name: _argument(one) for name, one in contract.arguments.items()},
        "required": [name for name, one in contract.arguments.items() if one.required],
        "additionalProperties": False,
    }


# Ask.


def _written(bench: _Bench, repairs: int) -> Conversation[list[Attempt]]:
    first = Message(role="user", text=rendered(_PROMPTS / "single.md", prompt_of(bench.job.scenario)))
    messages: tuple[Message, ...] = (first,)
    attempts: list[Attempt] = []
    while not attempts or (attempts[-1].findings and len(attempts) <= repairs):
        reply: Reply = yield Request(slot=f"single/a{len(attempts) + 1}", messages=messages)
        attempt = yield from bench.examined(reply.text, len(attempts) + 1)
        attempts.append(attempt)
        shown = f"```python\n{attempt.source.rstrip()}\n```" if attempt.source else "(no code)"
        asked = rendered(_PROMPTS / "single_repair.md", SingleRepairPrompt(attempt.findings))
        messages = (first, Message(role="assistant", text=shown), Message(role="user", text=asked))
    return attempts


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where a program is tried."""

    job: Job
    tell: Tell

    def examined(self, text: str, number: int) -> Conversation[Attempt]:
        try:
            source = code_block(text)
        except ValueError as error:
            attempt = Attempt(number, "", None, (str(error),))
        else:
            found: Conformance | None = yield Work(lambda: self._tried(source))
            said = list(dict.fromkeys(_sentences(found)))[:_MOST_FINDINGS]
            attempt = Attempt(number, source, found, said)
        self.tell(
            "examined",
            "single",
            attempt=number,
            stage=_stage(attempt),
            findings=list(attempt.findings),
            source=attempt.source,
        )
        return attempt

    def _tried(self, source: str) -> Conformance | None:
        job = self.job
        cases = [case for case in job.scenario.cases if case.level in job.levels]
        if not cases:
            return None
        found = conform(_put(source, job), job.scenario, jobs=job.jobs, cases=cases, launcher=job.launcher)
        self.tell("tried", operational=found.operational, behavioural=found.behavioural)
        return found


def _stage(attempt: Attempt) -> str:
    if not attempt.source:
        return "reply"
    return "system" if attempt.findings else "ok"


def _worth(attempt: Attempt) -> tuple[bool, tuple[float, float, float, float]]:
    return bool(attempt.source), score(attempt.conformance)


def _sentences(found: Conformance | None) -> Iterator[str]:
    for case in found.cases if found is not None else ():
        for one in findings(case):
            yield one.sentence


def _refuse_to_overwrite(into: Path) -> None:
    """Now, not when everything is paid for."""
    if into.exists() and not into.is_dir():
        raise UsageError(f"{into} is a file; a simulator is a folder")
    if into.is_dir() and any(into.iterdir()) and not (into / _MARK).is_file():
        raise UsageError(f"{into} holds something else; choose another place, or remove it")


def _put(source: str, job: Job) -> list[str]:
    """The program in its place; the command line that starts it."""
    job.into.mkdir(parents=True, exist_ok=True)
    (job.into / _MARK).touch()
    program = job.into.absolute() / "__main__.py"
    program.write_text(source, encoding="utf-8", errors="replace")
    seed = [] if "seed" in job.scenario.contract.arguments else ["--seed", SEED]
    # Isolated, as our own: neither the folder nor the environment decides what is imported.
    return [sys.executable, "-I", str(program), "{arguments}", *seed]


# Tell what the contract says.


def _argument(one: Argument) -> dict[str, Any]:
    schema, about = _value(one)
    said = "; ".join(filter(None, (one.help, about)))
    described = {"description": said} if said else {}
    default = {} if one.default is None else {"default": one.default}
    return {**schema, **default, **described}


def _value(one: Argument) -> tuple[dict[str, Any], str]:
    """A schema, and what it cannot say."""
    match one:
        case IntegerArgument() | NumberArgument():
            # A bound may be the name of another argument; that no schema can say, and inputs keep it.
            bounds = {
                _KEYWORDS[key]: bound for key, bound in one.bounds.items() if not isinstance(bound, str)
            }
            return {"type": one.type, **bounds}, f"in {one.unit}" if one.unit else ""
        case DurationArgument():
            return {
                "type": "string",
                "pattern": f"^{pattern_of(one.format)}$",
            }, f"a time, written {one.format}"
        case TextArgument():
            return {"type": "string", **({"pattern": f"^(?:{one.pattern})$"} if one.pattern else {})}, ""
        case ChoiceArgument():
            return {"enum": list(one.choices)}, ""
        case BooleanArgument():
            return {"type": "boolean"}, ""
        case FileArgument():
            return {"type": "string"}, f"the path of a file: {one.format}"


def _stdin(contract: Contract) -> tuple[str, str]:
    """What is declared, as JSON, and how it is to be read; both empty where nothing is read."""
    stdin = contract.stdin
    if isinstance(stdin, LineStdin):
        about = (
            "So is everything from `#` to the end of a line. Each line is a command and matches the pattern of its "
            "kind as a whole; the groups are its fields."
        )
    elif isinstance(stdin, JsonlStdin):
        about = f"Each line is a command, written as a JSON object; its key `{stdin.discriminator}` names its kind."
    else:
        return "", ""
    about += " It takes effect at the time in the field that `time` names, null: at time 0."
    # In which order things happen at one instant, the specification says.
    declared = {
        name: command.model_dump(mode="json", exclude={"order"}, exclude_none=True) | {"time": command.time}
        for name, command in stdin.commands.items()
    }
    return json.dumps(declared, ensure_ascii=False), about


def _output(contract: Contract) -> str:
    if contract.layout.form == "document":
        key = contract.layout.records_key
        return f"At the end it prints one JSON object with the key `{key}`, which holds all records in order."
    return "Records are printed in order, each as one JSON object on one line."


def _told(kind: EventKind) -> str:
    closing = (
        " (it closes a run: it is reported at the end, whatever else happens then)" if kind.at_end else ""
    )
    return f"{' or '.join(kind.entities)}, `{kind.event}`: {kind.when}{closing}"


def _lined(schema: dict[str, Any], key: str) -> str:
    """A schema as JSON, each part of `key` on a line: indented in full it would be four times as long."""
    parts = schema[key]
    rest = json.dumps({name: one for name, one in schema.items() if name != key}, ensure_ascii=False)
    if isinstance(parts, list):
        lines, ends = [json.dumps(one, ensure_ascii=False) for one in parts], "[]"
    else:
        lines, ends = [json.dumps({name: one}, ensure_ascii=False)[1:-1] for name, one in parts.items()], "{}"
    held = ",\n  ".join(lines)
    return f'{rest[:-1]}, "{key}": {ends[0]}\n  {held}\n{ends[1]}}}'
