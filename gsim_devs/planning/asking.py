"""Ask a language model for a plan, examine it, send its defects back, until there are none.

A small system takes one request. Where the plan leaves a model that is too much for one class, that model is planned
further in a conversation of its own, beside those of its siblings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gsim_devs.contracts import Contract, atomics, check_plan, coupled_nodes, from_data, snake_case
from gsim_devs.contracts.documents import write_yaml
from gsim_devs.errors import GenerationError, UsageError
from gsim_devs.llm import Conversation, Message, form_of, insist, json_object, rendered

from .draft import Draft, Inside, Part, joined
from .sentences import cut
from .wire import PlanReply, plan_of

T = TypeVar("T")

_PROMPTS = Path(__file__).with_name("prompts")
_MOST_DEFECTS = 12


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """What every conversation about plans begins with."""

    form: str


@dataclass(frozen=True, slots=True)
class PlanPrompt:
    """The request for a plan of a whole system."""

    specification: str
    contract: str
    closing: str
    """The events that may close a run."""
    system: str


@dataclass(frozen=True, slots=True)
class SplitPrompt:
    """The request for the inside of a model."""

    model: str
    function: str
    logging: str
    events: str
    interface: str
    messages: str
    taken: str
    sentences: str


@dataclass(frozen=True, slots=True)
class RepairPrompt:
    """What is sent back."""

    defects: Sequence[str]


def plan_system(specification: str, contract: Contract, attempts: int = 3) -> Conversation[Draft]:
    """Plan a whole system; what is to be split is still one model in it. Raises GenerationError."""
    text = cut(specification)
    if not text.sentences:
        raise UsageError("the specification is empty; write down how the system behaves")
    closing = ", ".join(f"`{kind.event}`" for kind in contract.events if kind.at_end)
    asked = PlanPrompt(text.numbered, contract_text(contract), closing, contract.id)

    def examined(reply: PlanReply) -> tuple[Draft, list[str]]:
        draft = Draft(plan_of(reply, contract.id, contract.title), text, _parts(reply), _rest(reply))
        strange = _unknown_sentences(reply, len(text.sentences))
        return draft, [*check_plan(draft.plan, contract), *strange, *_unclaimed(draft), *_unsplittable(draft)]

    return (yield from _asked("plan", rendered(_PROMPTS / "plan.md", asked), examined, attempts))


def split_model(draft: Draft, model: str, contract: Contract, attempts: int = 3) -> Conversation[Inside]:
    """Plan the inside of one model of a draft; it fits there. Raises GenerationError."""
    specification = draft.plan.models[model]
    claims = draft.parts[model].sentences
    asked = SplitPrompt(
        model=model,
        function=specification.function,
        logging=specification.logging or "nothing",
        events=", ".join(str(one) for one in specification.emits) or "none",
        interface=write_yaml(
            specification.model_dump(mode="json", by_alias=True, include={"arguments", "inputs", "outputs"})
        ),
        messages=write_yaml({name: one.model_dump(mode="json") for name, one in draft.plan.messages.items()}),
        taken=", ".join([*draft.plan.models, *draft.plan.messages]),
        sentences="\n".join(f"[{number}] {draft.text.sentences[number - 1]}" for number in claims),
    )  # fmt: skip

    def examined(reply: PlanReply) -> tuple[Inside, list[str]]:
        inside = Inside(plan_of(reply, contract.id), _parts(reply), _rest(reply))
        unknown = _unknown_sentences(reply, len(draft.text.sentences))
        if strange := [*_strangely_named(draft, model, inside), *unknown, *_still_whole(model, inside)]:
            return inside, strange
        whole = joined(draft, model, inside)
        return inside, [*check_plan(whole.plan, contract), *_unclaimed(whole, claims), *_unsplittable(whole)]

    slot = f"plan/{snake_case(model)}"
    return (yield from _asked(slot, rendered(_PROMPTS / "split.md", asked), examined, attempts))


def contract_text(contract: Contract) -> str:
    """The contract without what only the printing of records needs."""
    data = contract.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return write_yaml({key: value for key, value in data.items() if key != "layout"})


def _asked(
    slot: str, question: str, examined: Callable[[PlanReply], tuple[T, list[str]]], attempts: int
) -> Conversation[T]:
    """Ask, examine, send the defects back."""
    system = rendered(_PROMPTS / "system.md", SystemPrompt(form_of(PlanReply)))
    messages = (Message(role="system", text=system), Message(role="user", text=question))
    found, defects = yield from insist(
        slot,
        messages,
        lambda text: examined(from_data(PlanReply, json_object(text), "plan")),
        lambda defects: rendered(_PROMPTS / "repair.md", RepairPrompt(defects[:_MOST_DEFECTS])),
        attempts,
        PlanReply.model_json_schema(),
    )
    if found is None or defects:
        raise GenerationError("a plan", defects)
    return found


def _parts(reply: PlanReply) -> dict[str, Part]:
    return {one.name: Part(one.sentences, one.split) for one in reply.models}


def _rest(reply: PlanReply) -> dict[int, str]:
    return {one.sentence: one.reason for one in reply.rest}


def _unknown_sentences(reply: PlanReply, last: int) -> list[str]:
    """Numbers that no sentence has."""
    told = [(f"The model {one.name}", number) for one in reply.models for number in one.sentences]
    told += [("rest", one.sentence) for one in reply.rest]
    return [
        f"{where} names the sentence {str(number)[:20]}; there are the sentences 1 to {last}."
        for where, number in told
        if not 1 <= number <= last
    ]


def _unclaimed(draft: Draft, wanted: Sequence[int] | None = None) -> list[str]:
    """Sentences that nobody keeps."""
    numbers = wanted if wanted is not None else range(1, len(draft.text.sentences) + 1)
    missing = [number for number in numbers if number not in draft.claimed and number not in draft.rest]
    if not missing:
        return []
    shown = "; ".join(f"[{number}] {draft.text.sentences[number - 1]}" for number in missing[:5])
    more = f" and {len(missing) - 5} more: {missing[5:]}" if len(missing) > 5 else ""
    return [f"No model names these sentences, nor are they in rest: {shown}{more}"]


def _strangely_named(draft: Draft, model: str, inside: Inside) -> list[str]:
    """New names that a model which is planned further at the same time might give as well."""
    longer = tuple(name for name in draft.plan.models if name.startswith(model) and name != model)
    # These get the model's name in front when the inside is put in its place.
    coupled = (f"{model}{node.class_name}" for path, node in coupled_nodes(inside.plan) if path)
    return [
        f"The name {name} must begin with {model}"
        + (f", and not with {' or '.join(longer)}." if longer else ", so that it is nobody else's.")
        for name in (*inside.plan.models, *inside.plan.messages, *coupled)
        if not name.startswith(model) or name == model or (longer and name.startswith(longer))
    ]


def _still_whole(model: str, inside: Inside) -> list[str]:
    """An inside of one component is no way to make it smaller."""
    nodes = [node for _, node, _ in atomics(inside.plan)]
    if len(nodes) > 1 or any(node.copies is not None for node in nodes):
        return []
    return [f"The inside of {model} must consist of several components; share its work among them."]


def _unsplittable(draft: Draft) -> list[str]:
    """Models that are to be split, but stand for several components."""
    defects = []
    for name, part in draft.parts.items():
        nodes = [node for _, node, _ in atomics(draft.plan) if node.model == name]
        if part.split and (len(nodes) != 1 or nodes[0].copies is not None):
            defects.append(
                f"The model {name} stands for several components and cannot be split; make it one class."
            )
    return defects
