"""The dataset that the package draws itself, under the arguments that every dataset is called with."""

from __future__ import annotations

from pathlib import Path

from bench.data.streets import Streets
from bench.errors import UsageError
from bench.image_files.sizes import Size

__all__ = ["load_streets"]


def load_streets(split: str, size: Size | None, root: Path | None, limit: int | None) -> Streets:
    """Open `streets`; raises UsageError when it is given a folder, or no size to draw at."""
    if root is not None:
        raise UsageError(
            "dataset 'streets'", "be asked for without a folder", f"{root}", "Leave --data-root away: it is drawn."
        )
    if size is None:
        raise UsageError(
            "size of 'streets'",
            "be given",
            "native",
            "Give 256 or 256x512, say: it is drawn and has no size of its own.",
        )
    return Streets(split, size, limit)
