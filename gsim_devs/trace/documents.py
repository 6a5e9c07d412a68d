"""A trace that is one JSON document, `{"records": [ … ]}`, taken apart record by record as it comes.

Looks only for where records begin and end. What cannot be followed further ends the reading: behind a broken record of
a document nobody knows where the next one begins.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator

from .jsontext import breaks_off
from .records import BadLine
from .sources import LONGEST_LINE, Batch
from .wording import excerpt, shown

_BLANK = re.compile(r"[ \t\r\n]*")
_BEGINNING = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*\[')
_LATER = 1 << 16
# The numbers themselves do not matter here.
_find_end = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode


class _LostError(ValueError):
    """Says why a document cannot be followed further."""


class _Text:
    """The part of the document that has been read and is still needed."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self.held = ""
        self.at = 0
        self.line = 1

    def more(self) -> bool:
        """Read on; False at the end of the document, or where what is held is too much for one record."""
        self.held, self.at = self.held[self.at :], 0
        before = len(self.held)
        if before > LONGEST_LINE:
            return False
        pieces, now = [self.held], before
        # Twice as much each time: a long record is not begun anew for each block.
        while now <= 2 * before and (block := next(self._blocks, b"")):
            pieces.append(self._decode(block))
            now += len(pieces[-1])
        self.held = "".join(pieces)
        return now > before

    def move(self, at: int) -> None:
        self.line += self.held.count("\n", self.at, at)
        self.at = at
        if at > _LATER:
            self.held, self.at = self.held[at:], 0

    def next_character(self) -> str:
        """The next one that is not blank, without taking it; nothing at the end."""
        while True:
            found = _BLANK.match(self.held, self.at)
            self.move(found.end() if found else self.at)
            if self.at < len(self.held):
                return self.held[self.at]
            if not self.more():
                return ""


def pieces_of(blocks: Iterable[bytes], records_key: str) -> Iterator[Batch | BadLine]:
    """Each record as it is written, with the number of the line on which it begins."""
    text = _Text(blocks)
    try:
        _open(text, records_key)
        if text.next_character() != "]":
            yield _piece(text)
        while text.next_character() != "]":
            _pass(text, ",", "has no comma between two records")
            text.next_character()
            yield _piece(text)
        _pass(text, "]", "")
        _pass(text, "}", f"has something after {shown(records_key)}")
        if text.next_character():
            raise _LostError("has something after the end of the document")
    except _LostError as end:
        rest = text.held[text.at : text.at + 200].encode("utf-8", "surrogateescape")
        yield BadLine(text.line, f"{end}; what follows is not read", excerpt(rest))


def _open(text: _Text, records_key: str) -> None:
    while (found := _BEGINNING.match(text.held)) is None:
        if not text.more():
            raise _LostError(f"is no document that begins with {{{shown(records_key)}: [")
    if found[1] not in (json.dumps(records_key), json.dumps(records_key, ensure_ascii=False)):
        raise _LostError(f"has the key {found[1][:60]} where {shown(records_key)} should be")
    text.move(found.end())


def _pass(text: _Text, character: str, otherwise: str) -> None:
    found = text.next_character()
    if found != character:
        raise _LostError(otherwise if found else "breaks off")
    text.move(text.at + 1)


def _piece(text: _Text) -> Batch:
    while True:
        reason = "is nested too deeply"
        try:
            _, end = _find_end(text.held, text.at)
            # Where nothing follows, a number may go on.
            if end < len(text.held):
                break
            reason = "breaks off"
        except json.JSONDecodeError as error:
            reason = "breaks off" if breaks_off(text.held, error) else "is not JSON"
        except RecursionError:
            pass
        if not text.more():
            raise _LostError(reason)
    piece = Batch(text.line, [text.held[text.at : end].encode("utf-8", "surrogateescape")])
    text.move(end)
    return piece
