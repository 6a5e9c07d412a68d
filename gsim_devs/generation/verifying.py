"""Have somebody else read a component beside its sentences, and its author answer. Runs only what the author answers.

A reader must quote: what it says of no sentence of the specification does not count, and code looks that up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gsim_devs.contracts import from_data, snake_case
from gsim_devs.contracts.declaration import Declaration
from gsim_devs.llm import Conversation, Message, Reply, Request, form_of, insist, json_object, rendered
from gsim_devs.rules import is_quoted

from .asking import Trial, Version, examined, messages_after, slot_of
from .commission import Commission, event_lines, port_lines

_PROMPTS = Path(__file__).with_name("prompts")
_MOST_OBJECTIONS = 6
_LONGEST = 600
"""Characters of what a reader says of one line."""


class WireObjection(Declaration):
    """A sentence that the component breaks."""

    clause: str
    """The words of the sentence that is broken, copied word for word."""
    line: int
    """The number of the line that breaks it, or at which what it demands is missing."""
    why: str
    """What happens there, and what would have to happen; one or two sentences."""


class WireReading(Declaration):
    """What a reader has to say of a component."""

    thoughts: str
    """For each sentence in a few words which lines keep it; what can coincide."""
    objections: tuple[WireObjection, ...]
    """Empty where it keeps all its sentences."""


@dataclass(frozen=True, slots=True)
class ReaderPrompt:
    """What every conversation of readers begins with."""

    interface: str
    form: str


@dataclass(frozen=True, slots=True)
class ReadingPrompt:
    """The request to read one component."""

    model: str
    function: str
    logging: str
    events: Sequence[str]
    ports: Sequence[str]
    orders: str
    bindings: str
    unit: str
    sentences: Sequence[str]
    code: str


@dataclass(frozen=True, slots=True)
class RereadPrompt:
    """What is sent back to a reader whose reply has not the form."""

    defects: Sequence[str]


@dataclass(frozen=True, slots=True)
class ObjectionPrompt:
    """What the author is told."""

    objections: Sequence[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader said of a component."""

    objections: tuple[str, ...] = ()
    """What counts, in sentences for the author."""
    unfounded: tuple[str, ...] = ()
    """What does not count, with the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a component's author made of the objections."""

    version: Version
    """The one that stands now; its attempt is the last one that was used up."""
    outcome: Literal["mended", "disputed", "unsound"]
    """`unsound`: what the author wrote has defects of its own, so that the version before it stands."""


def read_component(
    one: Commission, source: str, specification: str, attempts: int = 2
) -> Conversation[Reading]:
    """Ask for a reading; a reply that cannot be read is sent back, and one that stays so says nothing."""
    messages = (
        Message(
            role="system",
            text=rendered(_PROMPTS / "reader.md", ReaderPrompt(_interface(), form_of(WireReading))),
        ),
        Message(role="user", text=rendered(_PROMPTS / "reading.md", _prompt(one, source))),
    )
    found, defects = yield from insist(
        f"verify/{snake_case(one.model)}",
        messages,
        lambda text: (
            _weighed(from_data(WireReading, json_object(text), "reading"), one, source, specification),
            (),
        ),
        lambda defects: rendered(_PROMPTS / "reread.md", RereadPrompt(defects[:_MOST_OBJECTIONS])),
        attempts,
        WireReading.model_json_schema(),
    )
    return found or Reading(unfounded=tuple(defects[:1]))


def answer_reader(
    one: Commission,
    last: Version,
    objections: Sequence[str],
    trial: Trial | None = None,
    told: Callable[[Version], None] | None = None,
) -> Conversation[Answer]:
    """Show a component's author what a reader objects to; one more attempt. The author may disagree."""
    attempt = last.attempt + 1
    asked = rendered(_PROMPTS / "objection.md", ObjectionPrompt(objections))
    reply: Reply = yield Request(slot=slot_of(one.model, attempt), messages=messages_after(one, last, asked))
    version = yield from examined(reply.text, one, trial, attempt)
    kept = replace(last, attempt=attempt)
    if _disagrees(reply.text, version, last):
        return Answer(kept, "disputed")
    if told is not None:
        told(version)
    return Answer(version, "mended") if version.is_sound else Answer(kept, "unsound")


def _disagrees(text: str, version: Version, last: Version) -> bool:
    if not version.source:
        return "i disagree" in text.lower()
    return version.source.strip() == last.source.strip()


def _weighed(said: WireReading, one: Commission, source: str, specification: str) -> Reading:
    """What of it counts."""
    lines = source.splitlines()
    objections, unfounded = [], []
    for objection in said.objections:
        number = objection.line
        if not any(is_quoted(objection.clause, text) for text in (specification, *one.sentences)):
            unfounded.append(
                f"the specification does not say {_short(objection.clause)!r}: {_short(objection.why)}"
            )
        elif not 1 <= number <= len(lines):
            unfounded.append(f"there is no line {number}: {_short(objection.why)}")
        else:
            objections.append(
                f"A reader says that line {number}, `{lines[number - 1].strip()}`, breaks "
                f'"{_short(objection.clause)}": {_short(objection.why)}'
            )
    return Reading(tuple(objections[:_MOST_OBJECTIONS]), tuple(unfounded[:_MOST_OBJECTIONS]))


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]} …"


def _prompt(one: Commission, source: str) -> ReadingPrompt:
    specification = one.specification
    return ReadingPrompt(
        model=one.model,
        function=specification.function,
        logging=specification.logging or "nothing",
        events=event_lines(one),
        ports=port_lines(one),
        orders=", ".join(f"{name} {order}" for name, order in specification.orders.items()) or "none",
        bindings="\n".join(f"- {name}: {told}" for name, told in one.bindings.items()) or "It has none.",
        unit=one.unit,
        sentences=one.sentences,
        code="\n".join(f"{number:4}  {line}" for number, line in enumerate(source.splitlines(), 1)),
    )


def _interface() -> str:
    """What writers are told of the programming interface; readers need the same and nothing else."""
    text = (_PROMPTS / "system.md").read_text(encoding="utf-8")
    begin, end = text.index("# The programming interface"), text.index("# What is refused")
    return text[begin:end].strip()
