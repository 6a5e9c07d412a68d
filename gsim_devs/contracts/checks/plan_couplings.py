"""Whether couplings join what can be joined, and every port is joined to something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..plan import AtomicNode, CoupledNode, Coupling, PlanTree, Port, RootNode
from ..tree import coupled_nodes
from .findings import of, unknown

Ports = Mapping[str, Port]


class _Scope(NamedTuple):
    """A coupled model whose couplings are looked at."""

    path: str
    coupled: RootNode | CoupledNode
    children: dict[str, tuple[Ports, Ports]]
    """Inputs and outputs of each child; children of unknown models are missing."""


class _Join(NamedTuple):
    """A coupling both of whose ends exist."""

    scope: _Scope
    coupling: Coupling
    source: Port
    target: Port


def dangling(plan: PlanTree) -> Iterator[str]:
    """Both ends of a coupling are ports that exist and have the right direction."""
    for scope in _scopes(plan):
        for coupling in scope.coupled.couplings:
            for end, is_source in ((coupling.source, True), (coupling.target, False)):
                if cause := _end_defect(scope, end, is_source):
                    yield f"{_named(scope, coupling)}: {cause}."


def passing_through(plan: PlanTree) -> Iterator[str]:
    """A coupled model's input does not lead straight to its output."""
    for join in _joins(plan):
        if "." not in join.coupling.source and "." not in join.coupling.target:
            yield (
                f"{_named(join.scope, join.coupling)}: an input of a coupled model cannot lead straight to its output; "
                "couple past it."
            )


def message_types(plan: PlanTree) -> Iterator[str]:
    """Both ends of a coupling carry the same type of message."""
    for scope, coupling, source, target in _joins(plan):
        if source.message != target.message:
            yield (
                f"{_named(scope, coupling)}: {coupling.source} carries {source.message}, but "
                f"{coupling.target} takes {target.message}."
            )


def repeated(plan: PlanTree) -> Iterator[str]:
    """No coupling stands twice."""
    for scope in _scopes(plan):
        joined: set[tuple[str, str]] = set()
        for coupling in scope.coupled.couplings:
            ends = (coupling.source, coupling.target)
            if ends in joined:
                yield f"{_named(scope, coupling)} stands there twice; every message would arrive twice."
            joined.add(ends)


def to_itself(plan: PlanTree) -> Iterator[str]:
    """No atomic component is coupled to itself."""
    for scope in _scopes(plan):
        atomic = {child.name for child in scope.coupled.children if isinstance(child, AtomicNode)}
        for coupling in scope.coupled.couplings:
            child = coupling.source.rpartition(".")[0]
            if child in atomic and child == coupling.target.rpartition(".")[0]:
                yield (
                    f"{_named(scope, coupling)}: {child} would send to itself; it has its own state and timers for "
                    "that."
                )


def pairing(plan: PlanTree) -> Iterator[str]:
    """`pairing: each` joins children with the same number of copies."""
    for scope in _scopes(plan):
        copies = {
            child.name: child.copies for child in scope.coupled.children if isinstance(child, AtomicNode)
        }
        for coupling in scope.coupled.couplings:
            if coupling.pairing != "each":
                continue
            ends = [copies.get(end.rpartition(".")[0]) for end in (coupling.source, coupling.target)]
            if ends[0] is None or ends[0] != ends[1]:
                yield (
                    f"{_named(scope, coupling)}: `pairing: each` joins copy i with copy i, so both ends must be "
                    "children with the same `copies`."
                )


def fed_inputs(plan: PlanTree) -> Iterator[str]:
    """Every input of a component gets messages from somewhere."""
    for scope in _scopes(plan):
        fed = {coupling.target for coupling in scope.coupled.couplings}
        for child, (inputs, _) in scope.children.items():
            for port in inputs:
                if f"{child}.{port}" not in fed:
                    yield f"The input {child}.{port} {of(scope.path)} is fed by no coupling; couple it or remove it."


def used_outputs(plan: PlanTree) -> Iterator[str]:
    """Every output of a component leads somewhere, or is listed under `unused`."""
    for scope in _scopes(plan):
        used = {coupling.source for coupling in scope.coupled.couplings}
        for child, (_, outputs) in scope.children.items():
            for port in outputs:
                if f"{child}.{port}" not in used and f"{child}.{port}" not in scope.coupled.unused:
                    yield (
                        f"The output {child}.{port} {of(scope.path)} leads nowhere; couple it, remove it, or list it "
                        "under `unused`."
                    )


def unused_outputs(plan: PlanTree) -> Iterator[str]:
    """What is listed under `unused` exists and is not used."""
    for scope in _scopes(plan):
        used = {coupling.source for coupling in scope.coupled.couplings}
        for end in scope.coupled.unused:
            if "." not in end:
                yield f"{end!r} under `unused` {of(scope.path)}: name an output of a child, `child.port`."
            elif cause := _end_defect(scope, end, is_source=True):
                yield f"{end!r} under `unused` {of(scope.path)}: {cause}."
            elif end in used:
                yield f"{end!r} {of(scope.path)} is listed under `unused`, but a coupling uses it."


def own_ports(plan: PlanTree) -> Iterator[str]:
    """The ports of coupled models lead to and come from something inside."""
    for scope in _scopes(plan):
        sources = {coupling.source for coupling in scope.coupled.couplings}
        targets = {coupling.target for coupling in scope.coupled.couplings}
        for port in scope.coupled.inputs:
            if port not in sources:
                yield f"The input {port!r} {of(scope.path)} is coupled to nothing inside; couple it or remove it."
        for port in scope.coupled.outputs:
            if port not in targets:
                yield f"The output {port!r} {of(scope.path)} is fed by nothing inside; couple it or remove it."


def _scopes(plan: PlanTree) -> Iterator[_Scope]:
    for path, coupled in coupled_nodes(plan):
        children: dict[str, tuple[Ports, Ports]] = {}
        for child in coupled.children:
            if isinstance(child, CoupledNode):
                children.setdefault(child.name, (child.inputs, child.outputs))
            elif child.model in plan.models:
                model = plan.models[child.model]
                children.setdefault(child.name, (model.inputs, model.outputs))
        yield _Scope(path, coupled, children)


def _joins(plan: PlanTree) -> Iterator[_Join]:
    for scope in _scopes(plan):
        for coupling in scope.coupled.couplings:
            source, target = _port(scope, coupling.source, True), _port(scope, coupling.target, False)
            if source is not None and target is not None:
                yield _Join(scope, coupling, source, target)


def _port(scope: _Scope, end: str, is_source: bool) -> Port | None:
    child, _, port = end.rpartition(".")
    inputs, outputs = _ports(scope, child)
    # From outside a child sends through its outputs; from inside the model's own inputs are where messages come from.
    return (outputs if is_source == bool(child) else inputs).get(port)


def _ports(scope: _Scope, child: str) -> tuple[Ports, Ports]:
    return scope.children.get(child, ({}, {})) if child else (scope.coupled.inputs, scope.coupled.outputs)


def _end_defect(scope: _Scope, end: str, is_source: bool) -> str | None:
    """Why this is no end of a coupling; None where it is one, and where its model is missing (a defect of its own)."""
    child, _, port = end.rpartition(".")
    if child and child not in scope.children:
        children = [node.name for node in scope.coupled.children]
        return None if child in children else unknown("child", child, children)
    if _port(scope, end, is_source) is not None:
        return None
    inputs, outputs = _ports(scope, child)
    right, wrong = (outputs, inputs) if is_source == bool(child) else (inputs, outputs)
    if port in wrong:
        word = "an input" if port in inputs else "an output"
        return f"{end} is {word}, so no coupling can {'begin' if is_source else 'end'} there"
    direction = "output" if right is outputs else "input"
    return unknown(f"{direction} of {child or 'this component'}", port, right)


def _named(scope: _Scope, coupling: Coupling) -> str:
    return f"The coupling {coupling} {of(scope.path)}"
