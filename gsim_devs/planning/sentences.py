"""A specification as numbered sentences, so that a plan can say which component keeps which of them.

Headings are no sentences; a row of a table and a block of code count as one each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENDS = re.compile(r"(?<=[.!?…])\s+(?=[^\sa-z])|(?<=[。！？])")  # noqa: RUF001  (they end sentences elsewhere)
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_RULE = re.compile(r"^\s*\|?[\s|:-]+\|?\s*$")
# "e.g. A" and "4.1 The" end no sentence.
_NO_END = re.compile(r"(?:^|\s)(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|resp|[\d.]+|[A-Za-z])\.$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Specification:
    """A specification, cut into sentences."""

    sentences: tuple[str, ...]
    """In the order of the text; the first one has the number 1."""
    numbered: str
    """The text with a number in brackets before each sentence."""

    def quoted(self, numbers: tuple[int, ...]) -> list[str]:
        """The sentences with these numbers."""
        return [self.sentences[number - 1] for number in numbers if 0 < number <= len(self.sentences)]


def cut(text: str) -> Specification:
    """Cut a specification in Markdown into sentences."""
    sentences: list[str] = []
    lines: list[str] = []
    for block in _blocks(text):
        if block.kind in ("heading", "rule"):
            lines.append(block.text)
            continue
        item = _ITEM.match(block.text) if block.kind == "item" else None
        lead = item.group() if item else ""
        marked = []
        for part in _parts(block, lead):
            sentences.append(part)
            marked.append(f"[{len(sentences)}]" + ("\n" if block.kind == "code" else " ") + part)
        lines.append(lead + " ".join(marked))
    return Specification(tuple(sentences), "\n".join(lines))


def _parts(block: _Block, lead: str) -> list[str]:
    if block.kind in ("row", "code"):
        return [block.text.strip()]
    return _split(" ".join(block.text.removeprefix(lead).split()))


def _split(text: str) -> list[str]:
    parts: list[str] = []
    for piece in _ENDS.split(text):
        if parts and _NO_END.search(parts[-1]):
            parts[-1] += f" {piece}"
        elif piece.strip():
            parts.append(piece)
    return parts


@dataclass(slots=True)
class _Block:
    """Lines that belong together."""

    kind: str
    """heading, paragraph, item (of a list), row (of a table), rule (of a table), code."""
    text: str


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    goes_on = fenced = False
    for line in text.splitlines():
        is_fence = line.lstrip().startswith(("```", "~~~"))
        if goes_on and (fenced or not (is_fence or _starts_anew(line))):
            blocks[-1].text += "\n" + (line if fenced else line.strip())
        elif line.strip():
            blocks.append(_Block("code" if is_fence else _kind(line), line.rstrip()))
        if is_fence:
            fenced = not fenced
        goes_on = fenced or (bool(line.strip()) and blocks[-1].kind in ("paragraph", "item") and not is_fence)
    return blocks


def _starts_anew(line: str) -> bool:
    return not line.strip() or _kind(line) != "paragraph"


def _kind(line: str) -> str:
    if line.startswith("#"):
        return "heading"
    if line.lstrip().startswith("|"):
        return "rule" if _RULE.match(line) else "row"
    return "item" if _ITEM.match(line) else "paragraph"
