"""Check traces against rules. Knows nothing about how a trace was made."""

from __future__ import annotations
