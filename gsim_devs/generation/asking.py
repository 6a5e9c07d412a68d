"""Ask a language model for a component, examine what it wrote, send its defects back, until there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gsim_devs.contracts import snake_case
from gsim_devs.llm import Conversation, Message, Reply, Request, Work, code_block, rendered

from .commission import Commission, event_lines, message_lines, port_lines, skeleton
from .interface import interface_findings
from .policy import policy_findings

_PROMPTS = Path(__file__).with_name("prompts")
_MOST_DEFECTS = 12

Trial = Callable[[str], list[str]]
"""Drives a component alone; returns what went wrong, one sentence each."""


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """What every conversation about components begins with: nothing that differs between them."""


@dataclass(frozen=True, slots=True)
class ComponentPrompt:
    """The request for one component."""

    model: str
    function: str
    logging: str
    events: Sequence[str]
    skeleton: str
    ports: Sequence[str]
    orders: str
    messages: str
    bindings: str
    unit: str
    sentences: Sequence[str]
    seen: Sequence[str]
    file: str


@dataclass(frozen=True, slots=True)
class RepairPrompt:
    """What is sent back."""

    defects: Sequence[str]


@dataclass(frozen=True, slots=True)
class Version:
    """What a language model wrote, and what is wrong with it."""

    attempt: int
    source: str
    """Empty where a reply held no code."""
    stage: str
    """The first examination that found something: reply, policy, interface, trial, system; ok where none did."""
    findings: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.findings


def write_component(
    one: Commission,
    trial: Trial | None = None,
    attempts: int = 4,
    told: Callable[[Version], None] | None = None,
) -> Conversation[Version]:
    """Ask for a component and have it mended until nothing is found, or until the attempts are used up.

    The last version is returned in any case; `told` sees each of them.
    """
    version, attempt = None, 1
    while version is None or (not version.is_sound and attempt <= attempts):
        reply: Reply = yield Request(slot=slot_of(one.model, attempt), messages=_messages(one, version))
        version = yield from examined(reply.text, one, trial, attempt)
        if told is not None:
            told(version)
        attempt += 1
    return version


def mend_component(
    one: Commission,
    last: Version,
    findings: Sequence[str],
    trial: Trial | None = None,
    told: Callable[[Version], None] | None = None,
) -> Conversation[Version]:
    """Have a component mended that was sound by itself, after what the whole simulator did; one more attempt."""
    attempt = last.attempt + 1
    faulty = Version(last.attempt, last.source, "system", tuple(findings))
    reply: Reply = yield Request(slot=slot_of(one.model, attempt), messages=_messages(one, faulty))
    version = yield from examined(reply.text, one, trial, attempt)
    if told is not None:
        told(version)
    return version


def slot_of(model: str, attempt: int) -> str:
    """Where the request for an attempt at a model stands in a run."""
    return f"component/{snake_case(model)}/a{attempt}"


def messages_after(one: Commission, last: Version, asked: str) -> tuple[Message, ...]:
    """The request, what its author wrote last, and what is said to that."""
    shown = f"```python\n{last.source.rstrip()}\n```" if last.source else "(no code)"
    return (*_first(one), Message(role="assistant", text=shown), Message(role="user", text=asked))


def examined(text: str, one: Commission, trial: Trial | None, attempt: int) -> Conversation[Version]:
    """Cheapest first; what fails one examination is not shown to the next."""
    try:
        source = code_block(text)
    except ValueError as error:
        return Version(attempt, "", "reply", (str(error),))
    for stage, findings in (
        ("policy", [str(one) for one in policy_findings(source)]),
        ("interface", interface_findings(source, one)),
    ):
        if findings:
            return Version(attempt, source, stage, tuple(findings))
    if trial is not None:
        run = trial
        findings = yield Work(lambda: run(source))
        if findings:
            return Version(attempt, source, "trial", tuple(findings))
    return Version(attempt, source, "ok", ())


def _messages(one: Commission, last: Version | None) -> tuple[Message, ...]:
    """The request; of earlier attempts only the last one is shown, with what was found."""
    if last is None:
        return _first(one)
    return messages_after(
        one, last, rendered(_PROMPTS / "repair.md", RepairPrompt(last.findings[:_MOST_DEFECTS]))
    )


def _first(one: Commission) -> tuple[Message, ...]:
    return (
        Message(role="system", text=rendered(_PROMPTS / "system.md", SystemPrompt())),
        Message(role="user", text=rendered(_PROMPTS / "component.md", _prompt(one))),
    )


def _prompt(one: Commission) -> ComponentPrompt:
    specification = one.specification
    return ComponentPrompt(
        model=one.model,
        function=specification.function,
        logging=specification.logging or "nothing",
        events=event_lines(one),
        skeleton="\n".join(skeleton(one)),
        ports=port_lines(one),
        orders=", ".join(f"{name} {order}" for name, order in specification.orders.items()),
        messages="\n".join(message_lines(one.messages)) or "# none",
        bindings="\n".join(f"- {name}: {told}" for name, told in one.bindings.items()) or "It has none.",
        unit=one.unit,
        sentences=one.sentences,
        seen=one.seen,
        file=one.file,
    )
