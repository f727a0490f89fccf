"""Where weight files may lie: a folder that the user names, our cache, torch's cache, and installed packages."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from bench.runtime.own_folder import own_folder
from bench.weights.catalogue import WeightFile

__all__ = ["cache_folder", "candidates", "offline_folder", "weights_cache"]


def cache_folder() -> Path:
    """`SPGBENCH_CACHE`, or `spgbench` in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`)."""
    named = os.environ.get("SPGBENCH_CACHE")
    return Path(named).expanduser() if named else _user_cache() / "spgbench"


def weights_cache() -> Path:
    """Where downloaded weights are kept."""
    return cache_folder() / "weights"


def offline_folder() -> Path | None:
    """`SPGBENCH_WEIGHTS`, a folder of weight files; while it is named nothing is downloaded."""
    named = os.environ.get("SPGBENCH_WEIGHTS")
    return Path(named).expanduser() if named else None


def candidates(file: WeightFile) -> list[Path]:
    """Every path where the file may be, the user's own folder first; none of them need exist."""
    offline = offline_folder()
    paths = [offline / file.file] if offline else []
    paths += [weights_cache() / file.file, _torch_hub() / file.file]
    return paths + _in_package(file)


def _user_cache() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError:  # a user without a name and a home, as in some containers
        return own_folder("cache")


def _torch_hub() -> Path:
    """torch.hub's folder of downloads, worked out as torch does it, without importing torch."""
    home = os.environ.get("TORCH_HOME")
    return (Path(home).expanduser() if home else _user_cache() / "torch") / "hub" / "checkpoints"


def _in_package(file: WeightFile) -> list[Path]:
    package, _, inside = file.packaged.partition("/")
    spec = find_spec(package) if package else None
    return [Path(folder) / inside for folder in (spec.submodule_search_locations or ())] if spec else []
