"""How the checks of plans put what they find: one sentence, with the place, the cause, and what there is instead."""

from __future__ import annotations

from collections.abc import Iterable

from ..sentences import all_of, nearest


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`'Pakcet' is no message type (did you mean 'Packet'?)`, or what there is where nothing is alike."""
    names = list(known)
    there = {0: "there are none", 1: f"there is only {''.join(names)}"}.get(
        len(names), f"there are {all_of(names)}"
    )
    return f"{name!r} is no {what}" + (nearest(name, names) or f"; {there}")


def of(path: str) -> str:
    """A coupled model, in words."""
    return f"of {path}" if path else "of the root"
