"""Finding weight files: at hand with the right hash, else downloaded, else a reason why not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from bench.errors import WeightsMissing
from bench.weights.catalogue import WEIGHT_SETS, WeightFile, weight_file, weight_set
from bench.weights.download import download
from bench.weights.folders import candidates, offline_folder, weights_cache

__all__ = ["absence", "find", "find_set"]


def find(file: str | WeightFile, *, progress: Callable[[int], None] | None = None, fetch: bool = True) -> Path:
    """The path of a weight file whose SHA-256 is the published one.

    Looked for in the folder that `SPGBENCH_WEIGHTS` names, in our cache, in torch.hub's, and in installed packages. A
    file that is nowhere is downloaded once into our cache, unless an offline folder is named. One with another hash is
    never used; in our own cache it is kept aside as `NAME.rejected`.

    Args:
        file: name of a published file, or an entry of one's own.
        progress: called with the number of bytes that came since the last call.
        fetch: whether it may be downloaded.

    Raises:
        UnknownName: no such file is known.
        WeightsMissing: it is not at hand and could not be downloaded.
    """
    wanted = weight_file(file) if isinstance(file, str) else file
    refused: list[str] = []
    for path in candidates(wanted):
        found = _sha256_of(path)
        if found == wanted.sha256:
            return path
        if found:
            refused.append(_refuse(path, found))
    if not fetch or offline_folder():
        raise _missing(wanted, refused)
    return download(wanted, weights_cache(), progress or (lambda _: None))


def find_set(name: str, *, progress: Callable[[int], None] | None = None, fetch: bool = True) -> dict[str, Path]:
    """All files of a set, such as `lpips-alex`, by the files' names; raises as `find` does."""
    return {file: find(file, progress=progress, fetch=fetch) for file in weight_set(name).files}


def absence(name: str) -> str:
    """Why the weights of that name cannot be used now without a download; empty when they can."""
    try:
        find_set(name, fetch=False)
    except WeightsMissing as error:
        return str(error)
    return ""


def _refuse(path: Path, sha256: str) -> str:
    """What to say of a file with a wrong hash; our own one is moved out of the way."""
    if path.parent != weights_cache():
        return f"{path} with SHA-256 {sha256[:12]}…, which is not used"
    aside = path.with_name(path.name + ".rejected")
    try:
        path.replace(aside)
    except OSError:
        return f"{path} with SHA-256 {sha256[:12]}…, in a folder that cannot be written"
    return f"a file with SHA-256 {sha256[:12]}…, kept aside as {aside}"


def _missing(file: WeightFile, refused: list[str]) -> WeightsMissing:
    folders = ", ".join(str(path.parent) for path in candidates(file))
    sets = [weights.name for weights in WEIGHT_SETS.values() if file.name in weights.files]
    fix = f"Put {file.url} into the folder that SPGBENCH_WEIGHTS names"
    fix += f", or run `spgbench fetch weights {sets[0]}` where there is a network." if sets else "."
    found = "; ".join(refused) or "none"
    return WeightsMissing(
        f"weights {file.file}", f"be in one of {folders} with SHA-256 {file.sha256[:12]}…", found, fix
    )


def _sha256_of(path: Path) -> str:
    """Hash of a file; empty where there is none, or none that may be read."""
    try:
        status = path.stat()
        return _sha256(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, modified: int) -> str:  # noqa: ARG001 (they tell one state of the file from another)
    """Hash of a file, kept while its size and time stay: networks are loaded more than once in a process."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
