"""Plan a system: specification and contract become a tree of components. Writes no code."""

from __future__ import annotations

from .asking import plan_system, split_model
from .draft import Draft, Inside, Part
from .sentences import Specification, cut
from .showing import as_mermaid, as_tree

__all__ = [
    "plan_system",
    "split_model",
    "Draft",
    "Inside",
    "Part",
    "Specification",
    "cut",
    "as_tree",
    "as_mermaid",
]
