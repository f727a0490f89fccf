"""Where libraries keep caches when the home of the user cannot be written."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from bench.runtime.own_folder import own_folder

__all__ = ["prepare_caches"]


def prepare_caches() -> None:
    """Give Matplotlib a folder of ours where it could not make its own, so that it neither warns nor rebuilds fonts."""
    if os.name != "posix" or os.environ.get("MPLCONFIGDIR"):
        return
    places = (("XDG_CONFIG_HOME", "~/.config"), ("XDG_CACHE_HOME", "~/.cache"))
    if not all(_can_be_made(os.path.expanduser(os.environ.get(name) or usual)) for name, usual in places):  # noqa: PTH111
        with suppress(OSError):
            os.environ["MPLCONFIGDIR"] = str(own_folder("matplotlib"))


def _can_be_made(folder: str) -> bool:
    path = Path(folder)
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)
