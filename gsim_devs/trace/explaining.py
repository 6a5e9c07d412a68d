"""One line, understood slowly and to the letter: the record that it holds, and what is wrong with it.

What this says counts. `decoding` is a quick way to the same records; it knows only sound ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

from .form import DETAIL, Form, Kind
from .jsontext import NotJsonError, decoded
from .records import BadLine, Defect, Record
from .sources import LONGEST_LINE
from .values import Fault, check_of, infinite, keys_fault
from .wording import cut, excerpt, listed, nearest, shown

Understand = Callable[[bytes, int], Record | BadLine]

# Of one record; so many are wrong with rubbish only.
_MOST_DEFECTS = 20
_LONGEST_SENTENCE = 500
_DETAIL = {key: check_of(schema) for key, schema in DETAIL.items()}


class _NoRecordError(ValueError):
    """Says why no record can be made of a line."""


def explainer(form: Form) -> Understand:
    """A function that makes a record of a line and its number, with all its defects."""

    def understand(line: bytes, number: int) -> Record | BadLine:
        try:
            if len(line) > LONGEST_LINE:
                raise _NoRecordError(f"is longer than {LONGEST_LINE // 2**20} MiB")
            return _record(form, decoded(line), number)
        except (NotJsonError, _NoRecordError) as error:
            return BadLine(number, cut(str(error), _LONGEST_SENTENCE), excerpt(line))
        except RecursionError:
            return BadLine(number, "is nested too deeply", excerpt(line))

    return understand


def _record(form: Form, printed: Any, number: int) -> Record:
    if not isinstance(printed, dict):
        raise _NoRecordError(f"is no record, which would be an object, but {shown(printed)}")
    time = _time(form, printed)
    entity = _word(form.entity_key, printed, form.entities)
    event = _word(form.event_key, printed, form.events)
    kind = form.kinds.get((entity, event))
    payload = _payload(form, kind, printed)
    own = kind.detail if kind else tuple(key for key in DETAIL if key not in form.keys)
    sentences = chain(
        _unknown(form, entity, event) if kind is None else (),
        _time_defects(form, printed, time),
        _key_defects(form, kind, printed, own),
        _value_defects(form, kind, printed, payload, own),
    )
    detail = {key: printed[key] for key in own if key in printed and not _DETAIL[key](printed[key])}
    return Record(
        time,
        entity,
        event,
        payload | {field: printed[key] for key, field in form.lifted.items() if key in printed},
        number,
        **detail,
        defects=tuple(
            [
                Defect(number, cut(sentence, _LONGEST_SENTENCE))
                for sentence in islice(sentences, _MOST_DEFECTS)
            ]
        ),
    )


def _time(form: Form, printed: dict[str, Any]) -> float:
    clock = form.clocks[0]
    if clock.key not in printed:
        raise _NoRecordError(f"lacks {shown(clock.key)}")
    value = printed[clock.key]
    fault = clock.check(value)
    # A negative time is a time; the records after it can be told from it.
    if fault and (clock.hint is str or type(value) not in (int, float) or infinite(value)):
        raise _NoRecordError(f"has no time: {clock.key} {fault.text}")
    try:
        return clock.read(value)
    except (OverflowError, ValueError):
        raise _NoRecordError(
            f"has no time: {clock.key} is larger than any number that can be counted with"
        ) from None


def _word(key: str | None, printed: dict[str, Any], known: list[str]) -> str:
    if key is None:
        return known[0]
    if key not in printed:
        raise _NoRecordError(f"lacks {shown(key)}")
    word = printed[key]
    if not isinstance(word, str):
        raise _NoRecordError(f"is no record: {key} is {shown(word)}; it must be a text")
    return word


def _payload(form: Form, kind: Kind | None, printed: dict[str, Any]) -> dict[str, Any]:
    """What is printed of the payload, without the fields that are lifted."""
    if form.flat:
        own = {*form.keys, *(kind.detail if kind else DETAIL)}
        return {key: value for key, value in printed.items() if key not in own}
    if form.payload_key is None:
        return {}
    if form.payload_key not in printed:
        raise _NoRecordError(f"lacks {shown(form.payload_key)}")
    payload = printed[form.payload_key]
    if not isinstance(payload, dict):
        raise _NoRecordError(f"is no record: {form.payload_key} is {shown(payload)}; it must be an object")
    return payload


def _unknown(form: Form, entity: str, event: str) -> Iterator[str]:
    """Who or what the contract does not know; one sentence."""
    if entity not in form.entities:
        known = f"there are {listed(form.entities)}"
        yield f"{form.entity_key} is {shown(entity)}{nearest(entity, form.entities)}; {known}"
    elif event not in form.events:
        events = [event for one, event in form.kinds if one == entity]
        yield f"{form.event_key} is {shown(event)}{nearest(event, events)}; {shown(entity)} reports {listed(events)}"
    else:
        events = [event for one, event in form.kinds if one == entity]
        yield f"{form.event_key} is {shown(event)}, but {shown(entity)} reports {listed(events)}"


def _time_defects(form: Form, printed: dict[str, Any], time: float) -> Iterator[str]:
    first, *others = form.clocks
    if fault := first.check(printed[first.key]):
        yield f"{first.key} {fault.text}"
    for clock in others:
        if clock.key in printed:
            value = printed[clock.key]
            try:
                fault = clock.check(value) or clock.disagreement(value, time)
            except (OverflowError, ValueError):
                fault = Fault("", "is larger than any number that can be counted with")
            if fault:
                yield f"{clock.key} {fault.text}"


def _key_defects(
    form: Form, kind: Kind | None, printed: dict[str, Any], own: tuple[str, ...]
) -> Iterator[str]:
    """Keys at the top level: one sentence."""
    keys = [*form.keys, *(kind.fields if kind and form.flat else ())]
    required = [*form.keys, *(kind.required if kind and form.flat else ())]
    # Of an unknown kind nobody knows what fields a flat record should have.
    closed = kind is not None or not form.flat
    if fault := keys_fault({key: ... for key in printed if key not in own}, required, keys, closed):
        yield f"the record {fault.text}"


def _value_defects(
    form: Form, kind: Kind | None, printed: dict[str, Any], payload: dict[str, Any], own: tuple[str, ...]
) -> Iterator[str]:
    """Constants, fields, details: a sentence for each that is wrong."""
    fields = kind.checks if kind else {}
    lifted = {key: fields.get(field, infinite) for key, field in form.lifted.items()}
    checks = form.constants | lifted | {key: _DETAIL[key] for key in own}
    for key, check in checks.items():
        if key in printed and (fault := check(printed[key])):
            yield f"{key}{fault.path} {fault.text}"
    place = "" if form.flat else f"{form.payload_key}."
    if kind and not form.flat and (fault := keys_fault(payload, kind.required, kind.fields)):
        yield f"{form.payload_key} {fault.text}"
    for field, value in payload.items():
        check = kind.checks[field] if kind and field in kind.fields else infinite
        if fault := check(value):
            yield f"{place}{field}{fault.path} {fault.text}"
