"""The command `gsim-devs`: one file for each command, which parses, calls a room below, and prints."""

from __future__ import annotations

from .program import main

__all__ = ["main"]
