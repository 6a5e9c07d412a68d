"""How the checks of plans put what they find: one sentence, with the place, the cause, and what there is instead."""

from __future__ import annotations

from collections.abc import Iterable

from ..sentences import nearest, one_of


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`there is no message type 'Pakcet' (did you mean 'Packet'?)`, or what there is where nothing is alike."""
    names = list(known)
    return f"there is no {what} {name!r}" + (nearest(name, names) or f"; there are {one_of(names) or 'none'}")


def of(path: str) -> str:
    """A coupled model, in words."""
    return f"of {path}" if path else "of the root"
