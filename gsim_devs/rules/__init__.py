"""Check traces against rules. Knows nothing about how a trace was made."""

from __future__ import annotations

from .arguments import arguments_of
from .evaluate import check, check_runs
from .files import RuleSet, is_quoted, load_rule_set, rule_defects, rules_schema
from .kinds import Rule
from .kinds.python import Obligation, RunFacts
from .monitors import Violation
from .report import Report, RuleResult, in_words
from .selecting import Selection

__all__ = [
    "check",
    "check_runs",
    "arguments_of",
    "RuleSet",
    "Rule",
    "load_rule_set",
    "rule_defects",
    "is_quoted",
    "rules_schema",
    "Report",
    "RuleResult",
    "Violation",
    "in_words",
    # for rules that are Python
    "Obligation",
    "RunFacts",
    # for others who work on traces
    "Selection",
]
