"""Whether a source is the class that the plan names: ports, handlers, init arguments, events and their payloads.

Read from the syntax tree; nothing is run. Each finding is a sentence that the writer can act on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches

from .commission import Commission, Reported

_TIMERS = {"after", "at", "cancel", "remaining"}
_OURS = {
    "start", "stop", "now", "after", "at", "cancel", "remaining", "send", "emit", "rng", "draw", "name",
}  # fmt: skip


def interface_findings(source: str, one: Commission) -> list[str]:
    """What does not agree with the commission; empty where all does."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return [f"The file is not Python{line}: {error.msg if isinstance(error, SyntaxError) else error}."]
    found = next(
        (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == one.model), None
    )
    if found is None:
        return [f"The file defines no class {one.model}; give the class that name."]
    methods = {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}
    return [
        *_base(found),
        *_ports(found, one),
        *_init(methods, one),
        *_handlers(methods, one),
        *_calls(found, methods, one),
    ]


def _base(found: ast.ClassDef) -> Iterator[str]:
    if [ast.unparse(base) for base in found.bases] != ["Atomic"]:
        yield f"The class {found.name} must be derived from Atomic and nothing else: class {found.name}(Atomic)."


def _ports(found: ast.ClassDef, one: Commission) -> Iterator[str]:
    wanted = {name: f"Input({port.message})" for name, port in one.specification.inputs.items()}
    wanted |= {name: f"Output({port.message})" for name, port in one.specification.outputs.items()}
    declared = {
        target.id: ast.unparse(node.value)
        for node in found.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Call)
    }
    for name, text in wanted.items():
        if name not in declared:
            yield f"The port {name} is missing; write {name} = {text} in the class."
        elif declared[name] != text:
            yield f"The port {name} must be {name} = {text}, not {declared[name]}."
    for name, text in declared.items():
        if name not in wanted and text.startswith(("Input(", "Output(")):
            yield f"There is no port {name} in the plan; the ports are {', '.join(wanted) or 'none'}."


def _init(methods: dict[str, ast.FunctionDef], one: Commission) -> Iterator[str]:
    wanted = list(one.specification.arguments)
    init = methods.get("__init__")
    if init is None:
        if wanted:
            yield f"__init__ is missing; it takes (self, {', '.join(wanted)})."
        return
    given = [argument.arg for argument in (*init.args.args[1:], *init.args.kwonlyargs)]
    if given != wanted or init.args.vararg or init.args.kwarg:
        yield f"__init__ must take ({', '.join(['self', *wanted])}), not ({', '.join(['self', *given])})."


def _handlers(methods: dict[str, ast.FunctionDef], one: Commission) -> Iterator[str]:
    for name in one.specification.inputs:
        handler = methods.get(f"on_{name}")
        if handler is None:
            yield f"The input port {name} has no handler; define on_{name}(self, message)."
        elif len(handler.args.args) != 2 or handler.args.kwonlyargs or handler.args.vararg:
            yield f"on_{name} must take self and the message and nothing else."
    for name in one.specification.orders:
        if name not in methods:
            near = get_close_matches(name, methods, 1)
            yield f"The plan has a timer {name}, but there is no such method" + (
                f" ({near[0]}?)." if near else "."
            )


def _calls(found: ast.ClassDef, methods: dict[str, ast.FunctionDef], one: Commission) -> Iterator[str]:
    for node in ast.walk(found):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if not isinstance(node.func.value, ast.Name) or node.func.value.id != "self":
            continue
        called = node.func.attr
        if called in _TIMERS:
            yield from _timer(node, called, methods)
        elif called == "emit":
            yield from _emission(node, one)
        elif called == "send":
            yield from _sending(node, one)


def _timer(node: ast.Call, called: str, methods: dict[str, ast.FunctionDef]) -> Iterator[str]:
    position = 1 if called in ("after", "at") else 0
    if len(node.args) <= position:
        yield f"Line {node.lineno}: {called} needs {'a time and ' if position else ''}a method, such as self.on_done."
        return
    handler = node.args[position]
    is_method = (
        isinstance(handler, ast.Attribute)
        and isinstance(handler.value, ast.Name)
        and handler.value.id == "self"
    )
    if not is_method:
        yield f"Line {node.lineno}: {called} takes a method of this class (self.on_…), not {ast.unparse(handler)}."
    elif isinstance(handler, ast.Attribute) and handler.attr not in methods:
        yield f"Line {node.lineno}: there is no method {handler.attr}."


def _emission(node: ast.Call, one: Commission) -> Iterator[str]:
    place = f"Line {node.lineno}"
    if len(node.args) != 1 or not isinstance(node.args[0], ast.Constant):
        yield f"{place}: emit takes the name of the event as a literal text, and the payload as key=value."
        return
    event = node.args[0].value
    same = [reported for reported in one.events if reported.kind.event == event]
    if not same:
        known = ", ".join(dict.fromkeys(reported.kind.event for reported in one.events))
        yield f"{place}: {event!r} is no event of this component; its events: {known or 'none'}."
        return
    given = {keyword.arg for keyword in node.keywords}
    if None in given:
        return  # **payload: seen when it runs
    entity = next((keyword.value for keyword in node.keywords if keyword.arg == "entity"), None)
    meant = [reported for reported in same if _may_mean(entity, reported)]
    payloads = [[*_payload(place, given - {"entity"}, reported)] for reported in meant or same]
    if all(payloads):
        yield from payloads[0]
    if not meant:
        yield _misnamed(place, entity, same)


def _may_mean(entity: ast.expr | None, reported: Reported) -> bool:
    """Whether an emission with this `entity=` reports it; what is no literal may be any that has to be named."""
    if entity is None or reported.entity is None:
        return entity is None and reported.entity is None
    return not isinstance(entity, ast.Constant) or entity.value == reported.entity


def _payload(place: str, given: set[str | None], reported: Reported) -> Iterator[str]:
    kind = reported.kind
    missing = [name for name in kind.required if name not in given]
    unknown = sorted(str(name) for name in given if name not in kind.payload)
    if missing:
        yield f"{place}: the payload of {kind.event} lacks {', '.join(missing)}."
    if unknown:
        keys = ", ".join(kind.payload) or "none"
        yield f"{place}: the payload of {kind.event} has no {', '.join(unknown)}; its keys: {keys}."


def _misnamed(place: str, entity: ast.expr | None, same: list[Reported]) -> str:
    event = same[0].kind.event
    named = " or ".join(f'entity="{reported.entity}"' for reported in same if reported.entity is not None)
    if not named:
        return f"{place}: {event} is reported for the component's own entity; leave entity= out."
    if entity is None:
        return f"{place}: {event} is reported for another entity; add {named}."
    return f"{place}: {event} is not reported for {ast.unparse(entity)}; write {named}."


def _sending(node: ast.Call, one: Commission) -> Iterator[str]:
    if not node.args or not isinstance(node.args[0], ast.Attribute):
        yield f"Line {node.lineno}: send takes an output port (self.NAME) and a message."
        return
    port = node.args[0].attr
    outputs = one.specification.outputs
    if port not in outputs:
        yield f"Line {node.lineno}: {port} is no output port; the output ports: {', '.join(outputs) or 'none'}."
