"""Plans and the sources of components into simulators that run alone; writes code, never asks a language model.

What a component's class looks like inside is not examined here.
"""

from __future__ import annotations

from .folder import refuse_to_replace
from .manifest import note_calibration, origin_of
from .packing import pack
from .simulator import assemble
from .sources import misplaced, read_arrays, read_sources
from .swapping import Swap, swapped

__all__ = [
    "assemble",
    "refuse_to_replace",
    "read_sources",
    "read_arrays",
    "misplaced",
    "pack",
    "origin_of",
    "note_calibration",
    "swapped",
    "Swap",
]
