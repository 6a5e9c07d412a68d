"""Read traces as they come: one record, or one bad line, for each line. Memory does not grow with the trace."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import msgspec

from .decoding import decoder
from .documents import pieces_of
from .explaining import explainer
from .form import Contract, Form, form_of
from .records import BadLine, Defect, Record
from .sources import Batch, Source, batches, blocks_of


def read(source: Source, contract: Contract) -> Iterator[Record | BadLine]:
    """Undo the contract's layout and check each record against the contract.

    Nothing that a trace may hold raises. A record that does not fit the contract comes with its `defects`.
    """
    form = form_of(contract)
    blocks = blocks_of(source)
    if form.records_key is None:
        return _items(form, batches(blocks))
    return _items(form, pieces_of(blocks, form.records_key))


def _items(form: Form, batches: Iterator[Batch | BadLine]) -> Iterator[Record | BadLine]:
    decode, explain = decoder(form), explainer(form)
    last, replication = -inf, None
    for batch in batches:
        if isinstance(batch, BadLine):
            yield batch
            continue
        for number, line in enumerate(batch.lines, batch.first):
            record = decode(line, number)
            if record is None:
                explained = explain(line, number)
                if isinstance(explained, BadLine):
                    yield explained
                    continue
                record = explained
            # Each run begins anew.
            if record.replication != replication:
                last, replication = -inf, record.replication
            time = record.time
            if time < last:
                record = _with_defect(record, f"time goes back from {last!r} to {time!r}")
            last = time
            yield record


def _with_defect(record: Record, sentence: str) -> Record:
    return msgspec.structs.replace(record, defects=(*record.defects, Defect(record.line, sentence)))
