"""Keyed random streams: who draws, in which replication, under which seed, for what purpose.

A stream depends on its key and on nothing else, so adding a component leaves the draws of the others as they were.
The key goes through blake2b, numpy's SeedSequence and PCG64, all of which promise the same bits on every machine and
in every version. numpy is imported when a stream is made, not before. What is drawn from a stream is not decided
here; keyed draws are in `draws`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.random import PCG64, Generator


def stream(seed: int, replication: int, path: str, purpose: str = "") -> Generator:
    """Return the generator of one component (`path`: names below the root, joined with dots); any int is a seed."""
    from numpy.random import Generator

    return Generator(bits_of(stream_key(seed, replication, path, purpose)))


def stream_key(seed: int, replication: int, path: str, purpose: str) -> str:
    """Return 256 bits, as hexadecimal text, that no other stream has."""
    from hashlib import blake2b

    # The length of the path keeps ("ab", "c") and ("a", "bc") apart; hexadecimal has no limit on the size of a seed.
    text = f"{seed:x}/{replication:x}/{len(path)}/{path}/{purpose}"
    return blake2b(text.encode(), digest_size=32).hexdigest()


def bits_of(key: str) -> PCG64:
    """Return the bit generator of a key, at its beginning."""
    from numpy.random import PCG64, SeedSequence

    return PCG64(SeedSequence(int(key, 16)))


def state_of(generator: Generator) -> dict[str, Any]:
    """Return where a generator stands, for JSON: as text what is wider than the 64 bits that some codecs take."""
    state = generator.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise ValueError(f"only a PCG64 generator can be saved, not {state['bit_generator']}")
    return {
        "bit_generator": "PCG64",
        "state": f"{state['state']['state']:x}",
        "increment": f"{state['state']['inc']:x}",
        # Half of a 64-bit word may be waiting for the next 32-bit draw.
        "waiting": state["uinteger"] if state["has_uint32"] else None,
    }


def restore_state(generator: Generator, state: dict[str, Any]) -> None:
    """Put a generator back to where `state_of` found it."""
    if state.get("bit_generator") != "PCG64":
        raise ValueError(f"this is not the state of a PCG64 generator: {state!r}")
    waiting = state["waiting"]
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": int(state["state"], 16), "inc": int(state["increment"], 16)},
        "has_uint32": int(waiting is not None),
        "uinteger": waiting or 0,
    }
