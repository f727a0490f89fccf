"""A folder that cannot be written, also for root."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A copy of the folder that this process may read and may not write; its rights come back at the end."""
    parent = Path(tempfile.mkdtemp())
    copy = shutil.copytree(folder, parent / folder.name)
    for path in (parent, copy, *copy.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield copy
    finally:
        os.seteuid(user)
        for path in (parent, *parent.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(parent)
