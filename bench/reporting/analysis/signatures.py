"""Signatures of several cells in one foot: what a column's numbers depend on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bench.records import CellKey, CellRecord
from bench.reporting.analysis.columns import Column
from bench.reporting.titles import among

__all__ = ["merge_signatures", "signature_without_n"]


def merge_signatures(
    cells: Mapping[CellKey, CellRecord], titles: Mapping[CellKey, str], columns: Iterable[Column]
) -> Iterator[tuple[str, str]]:
    """Column title and signature, once a column; the numbers of samples that differ are joined.

    Signatures that differ in more than `n` come one by one with the models or protocols that they belong to.

    Args:
        cells: those of the table.
        titles: what the model of each cell is called.
        columns: those of the table.
    """
    for column in columns:
        kinds: dict[str, tuple[list[CellKey], dict[str, None]]] = {}
        for key, cell in cells.items():
            if column.key in cell.metrics:
                kind, n = signature_without_n(cell.metrics[column.key].signature)
                keys, counts = kinds.setdefault(kind, ([], {}))
                keys.append(key)
                counts[n] = None
        for kind, (keys, counts) in kinds.items():
            whose = among(keys, cells, titles) if len(kinds) > 1 else ""
            numbers = ",".join(sorted(counts, key=lambda n: (len(n), n)))
            yield column.title + whose, kind.replace("|n:#", f"|n:{numbers}")


def signature_without_n(signature: str) -> tuple[str, str]:
    """A signature with its number of pictures left open, and that number."""
    match = re.search(r"\|n:(\d+)(?=\||$)", signature)
    return (signature.replace(match[0], "|n:#", 1), match[1]) if match else (signature, "")
