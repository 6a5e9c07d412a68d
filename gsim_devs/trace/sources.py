"""Where traces come from: files, pipes, texts, lists of lines. Cuts them into lines and knows nothing of JSON."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from gsim_devs.errors import UsageError

Source = os.PathLike[str] | IO[bytes] | IO[str] | bytes | str | Iterable[bytes] | Iterable[str]
"""A path, an open stream, the trace itself as bytes or text, or its lines one by one."""

LONGEST_LINE = 16 * 1024 * 1024
"""In bytes. A longer line is cut off; what is left of it is no record."""
_BLOCK = 1 << 16
# Never valid in JSON: a line that was cut cannot pass for a whole one.
_CUT = b"\0"


def blocks_of(source: Source) -> Iterator[bytes]:
    """The bytes of a source in pieces, as they come: a pipe is read without waiting for more than there is."""
    if isinstance(source, os.PathLike):
        return _file(Path(source))
    if isinstance(source, str):
        source = _encoded(source)
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    # Beneath a text stream lies one of bytes, which says itself what is no UTF-8.
    stream: Any = getattr(source, "buffer", source)
    if hasattr(stream, "read1"):
        return iter(lambda: stream.read1(_BLOCK), b"")
    if isinstance(stream, io.RawIOBase):
        return iter(lambda: stream.read(_BLOCK) or b"", b"")
    return _items(stream)


class Batch(NamedTuple):
    """Lines that follow each other, without their ends."""

    first: int
    """The number of the first one, counted from 1."""
    lines: list[bytes]


def batches(blocks: Iterable[bytes]) -> Iterator[Batch]:
    """The lines that each block completes; at last the one that nothing ends."""
    number = 1
    open_line: list[bytes] = []
    held = 0
    for block in blocks:
        lines = block.split(b"\n")
        rest = lines.pop()
        if lines:
            lines[0] = b"".join((*open_line, lines[0]))
            open_line, held = [], 0
            if max(len(block), len(lines[0])) > LONGEST_LINE:
                lines = [_shortened(line) for line in lines]
            yield Batch(number, lines)
            number += len(lines)
        # Of a line that is too long already nothing more is kept.
        if rest and held <= LONGEST_LINE:
            open_line.append(rest)
            held += len(rest)
    if open_line:
        yield Batch(number, [_shortened(b"".join(open_line))])


def _shortened(line: bytes) -> bytes:
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + _CUT


def _file(path: Path) -> Iterator[bytes]:
    # Opened where it is read: an iterator that nobody starts leaves nothing open.
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    with stream:
        yield from blocks_of(stream)


def _items(lines: Iterable[bytes | str]) -> Iterator[bytes]:
    """Lines one by one: those of a list need not end in a newline, those of a stream do unless they are cut off."""
    whole = hasattr(lines, "readline")
    for line in lines:
        block = _encoded(line) if isinstance(line, str) else line
        yield block if whole or block.endswith(b"\n") else block + b"\n"


def _encoded(text: str) -> bytes:
    # Half a surrogate pair becomes bytes that are no UTF-8, which is said where the line is read.
    return text.encode("utf-8", "surrogatepass")
