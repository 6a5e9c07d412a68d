"""What is done already and need not be done again."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gsim_devs.errors import UsageError

from .files import json_of, put_json
from .manifest import code_version


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the work, with what it makes and what it makes it from."""

    note: Path
    """The file that says from what the output was made."""
    output: Path
    inputs: tuple[str | bytes, ...]

    @property
    def is_done(self) -> bool:
        """Whether the output is there and came from these inputs and this code."""
        try:
            return self.output.exists() and json_of(self.note) == {"key": self.key}
        except UsageError:
            return False

    @property
    def key(self) -> str:
        """A hash of the inputs, each by itself, and of the code."""
        hashes = [sha256(one.encode() if isinstance(one, str) else one).hexdigest() for one in self.inputs]
        return sha256("\n".join([code_version(), *hashes]).encode()).hexdigest()

    def done(self) -> None:
        """Note that the output is there."""
        put_json(self.note, {"key": self.key})
