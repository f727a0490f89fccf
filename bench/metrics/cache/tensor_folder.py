"""Tensors in files under keys, within a limit: what outlives a process of all that is found in untouched pictures.

A file appears whole or not at all, and ends in the SHA-256 of what stands before, so that a damaged one is never used.
When the folder outgrows its limit, the files used last stay.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

__all__ = ["TensorFolder", "Tensors", "count_bytes"]

Tensors: TypeAlias = tuple[torch.Tensor, ...]

_ABANDONED = 3600
"""Seconds after which a half-written file is nobody's."""
_DIGEST = hashlib.sha256().digest_size


class TensorFolder:
    """A folder of files, safe to share between threads and processes.

    A folder that cannot be written is read all the same; a warning says so once.

    Args:
        folder: made at the first file.
        limit: bytes of all files, exceeded by at most a sixteenth for each process that writes; 0 for no files.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._unseen: int | None = None  # bytes written since the folder was last measured; None: never measured
        self._writable = limit > 0
        self._lock = threading.Lock()

    def read(self, key: str) -> Tensors | None:
        """The tensors under a key, on the CPU; None where there are none, or their file is damaged."""
        if not self.limit:
            return None
        path = self._path(key)
        try:
            content = path.read_bytes()  # opened once: another process may delete it meanwhile
            whole = hashlib.sha256(memoryview(content)[:-_DIGEST]).digest() == content[-_DIGEST:]
            tensors = load(content[:-_DIGEST]) if whole else None
        except (OSError, SafetensorError):
            return None
        if tensors is None:
            return None
        with suppress(OSError):  # gone, or in a folder that cannot be written
            os.utime(path)  # the time of last use, for the limit
        return tuple(tensors[name] for name in sorted(tensors))

    def write(self, key: str, tensors: Tensors) -> None:
        """Write contiguous CPU tensors under a key, 64 hexadecimal digits; nothing of those beyond the limit."""
        if not self._writable or count_bytes(tensors) > self.limit:
            return
        path = self._path(key)
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")  # of this process and thread alone
        content = save({f"{position:03d}": tensor for position, tensor in enumerate(tensors)})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content + hashlib.sha256(content).digest())
            part.replace(path)
        except OSError as error:
            self._refuse(error)
        else:
            self._watch_limit(len(content) + _DIGEST)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.tensors"

    def _refuse(self, error: OSError) -> None:
        with self._lock:
            first, self._writable = self._writable, False
        if first:
            warnings.warn(f"nothing more is written to the feature cache {self.folder}: {error}", stacklevel=3)

    def _watch_limit(self, written: int) -> None:
        """Measure the folder at the first file, and after every sixteenth of the limit."""
        with self._lock:
            self._unseen = None if self._unseen is None else self._unseen + written
            due = self._unseen is None or self._unseen * 16 >= self.limit
            self._unseen = 0 if due else self._unseen
        if due:
            _shrink(self.folder, self.limit)


def count_bytes(tensors: Tensors) -> int:
    """What the numbers of tensors take."""
    return sum(tensor.nbytes for tensor in tensors)


def _shrink(folder: Path, limit: int) -> None:
    """Delete the files that were not used for longest until a tenth of the limit is free, and abandoned parts."""
    files = []
    for path in folder.glob("??/*"):
        with suppress(OSError):  # another process deleted it
            status = path.stat()
            if path.suffix != ".part":
                files.append((status.st_mtime_ns, status.st_size, path))
            elif status.st_mtime < time.time() - _ABANDONED:
                path.unlink()
    total = sum(size for _, size, _ in files)
    if total <= limit:
        return
    for _, size, path in sorted(files):
        with suppress(OSError):
            path.unlink()
        total -= size
        if total <= limit * 0.9:
            return
