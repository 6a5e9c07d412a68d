"""Circles and reach in a directed graph, given as node -> next nodes. Results are in the order of the nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def reached(graph: Mapping[str, Iterable[str]], starts: Iterable[str]) -> set[str]:
    """The starts, and every node that can be reached from them."""
    found = set(starts)
    pending = list(found)
    while pending:
        for node in graph.get(pending.pop(), ()):
            if node not in found:
                found.add(node)
                pending.append(node)
    return found


def cycles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """One shortest circle for each set of nodes that reach each other; each begins with its first node."""
    found: list[list[str]] = []
    settled: set[str] = set()
    for node in graph:
        if node in settled:
            continue
        circle = _shortest_back(graph, node)
        if circle:
            found.append(circle)
            settled |= {other for other in reached(graph, [node]) if node in reached(graph, [other])}
    return found


def _shortest_back(graph: Mapping[str, Iterable[str]], node: str) -> list[str]:
    """The nodes of a shortest way from a node back to it; empty where there is none."""
    ways = [[node]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for following in graph.get(way[-1], ()):
            if following == node:
                return way
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []
