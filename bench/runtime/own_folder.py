"""Folders of this user under the temporary folder, for caches that have no better place."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["own_folder"]


def own_folder(name: str) -> Path:
    """The folder `spgbench-NAME-USER` under the temporary one; made if it is not there.

    Raises:
        OSError: when it cannot be made, or when another user may write it: code is loaded from such folders.
    """
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    folder = Path(tempfile.gettempdir()) / f"spgbench-{name}-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    foreign = hasattr(os, "geteuid") and (status.st_uid != user or status.st_mode & 0o022)
    if foreign or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} is not this user's alone")
    return folder
