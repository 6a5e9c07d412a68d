"""Plan a system: specification and contract become a tree of components, and rules of its traces. Writes no code."""

from __future__ import annotations

from .arbitrating import Claimed, Decision, DisputePrompt, arbitrate
from .asking import plan_system, split_model
from .draft import Draft, Inside, Part
from .drafting import Drafted, draft_rules
from .sentences import Specification, cut
from .showing import as_mermaid, as_tree, coverage

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
    "coverage",
    "draft_rules",
    "Drafted",
    "arbitrate",
    "DisputePrompt",
    "Claimed",
    "Decision",
]
