"""What depends on a picture alone, computed once: kept in memory, and on disk under a hash of all that it depends on.

A key is a hash of the picture's bytes, of the network's fingerprint (weights, definition, version of code) and of what
does the arithmetic, so an entry is never stale, and models, protocols, runs and processes may share one folder. A file
appears whole or not at all; when the folder outgrows its limit, the files used last stay.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from bench.metrics.arguments import check_picture
from bench.weights import cache_folder

__all__ = ["FeatureCache", "Network", "Tensors", "picture_key"]

Tensors: TypeAlias = tuple[torch.Tensor, ...]

_ABANDONED = 3600
"""Seconds after which a half-written file is nobody's."""


class Network(Protocol):
    """What has features that depend on the picture and its own fingerprint alone: `Lpips`, `Inception`."""

    fingerprint: str
    device: torch.device

    def features(self, pictures: torch.Tensor) -> torch.Tensor | Tensors:
        """One tensor [N, ...], or several, of pictures uint8 [N, 3, H, W]."""
        ...


class FeatureCache:
    """Tensors under keys, in memory and on disk; safe to share between threads, and its folder between processes.

    A folder that cannot be written is read all the same; a warning says so once.

    Args:
        folder: where files are kept; None for `features` in our cache folder (`SPGBENCH_CACHE`).
        memory_bytes: limit of what is kept in memory.
        disk_bytes: limit of the folder, exceeded by at most a sixteenth for each process that writes; 0 for no files.
    """

    def __init__(self, folder: Path | None = None, *, memory_bytes: int = 1 << 30, disk_bytes: int = 8 << 30) -> None:
        self.folder = folder or cache_folder() / "features"
        self.memory_bytes, self.disk_bytes = memory_bytes, disk_bytes
        self._memory: OrderedDict[str, Tensors] = OrderedDict()
        self._bytes = 0
        self._unseen: int | None = None  # bytes written since the folder was last measured; None: never measured
        self._writable = disk_bytes > 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Callable[..., FeatureCache], tuple[Path, int, int]]:
        return _restored, (self.folder, self.memory_bytes, self.disk_bytes)  # another process has its own memory

    def features(self, network: Network, pictures: torch.Tensor) -> Tensors:
        """The network's features of pictures, computed only for those that were never seen.

        Args:
            network: `Lpips`, `Inception`, or something like them.
            pictures: uint8 [N, 3, H, W].

        Returns:
            The tensors [N, ...] of `network.features`, the only one of a tuple where that is one; on its device.

        Raises:
            DataError: the pictures are not what they must be.
        """
        context = f"{network.fingerprint}|{network.device.type}|{torch.__version__}"
        keys = [picture_key(picture, context) for picture in check_picture("pictures", pictures)]

        def compute(missing: list[int]) -> Iterable[Tensors]:
            result = network.features(pictures[missing])
            return zip(*(result if isinstance(result, tuple) else (result,)), strict=True)

        rows = self.rows(keys, compute)
        return tuple(torch.stack(tensors).to(network.device) for tensors in zip(*rows, strict=True))

    def rows(self, keys: Sequence[str], compute: Callable[[list[int]], Iterable[Tensors]]) -> list[Tensors]:
        """The tensors under each key, on the CPU; never change them.

        Args:
            keys: hashes of everything that the tensors depend on.
            compute: called at most once, with the positions of keys that are nowhere; returns the tensors of each.
        """
        found = [self._find(key) for key in keys]
        missing = [position for position, tensors in enumerate(found) if tensors is None]
        if missing:
            for position, tensors in zip(missing, compute(missing), strict=True):
                own = tuple(tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for tensor in tensors)
                found[position] = self._remember(keys[position], own)
                self._write(keys[position], own)
        return [tensors for tensors in found if tensors is not None]

    def _find(self, key: str) -> Tensors | None:
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        tensors = self._read(key)
        return None if tensors is None else self._remember(key, tensors)

    def _remember(self, key: str, tensors: Tensors) -> Tensors:
        with self._lock:
            if key not in self._memory and _bytes(tensors) <= self.memory_bytes:
                self._memory[key] = tensors
                self._bytes += _bytes(tensors)
            while self._bytes > self.memory_bytes:
                _, oldest = self._memory.popitem(last=False)
                self._bytes -= _bytes(oldest)
        return tensors

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"

    def _read(self, key: str) -> Tensors | None:
        """The tensors of a file; None where there is none, or a damaged one."""
        if not self.disk_bytes:
            return None
        path = self._path(key)
        try:
            tensors = load(path.read_bytes())  # opened once: another process may delete it meanwhile
        except (OSError, SafetensorError):
            return None
        with suppress(OSError):  # gone, or in a folder that cannot be written
            os.utime(path)  # the time of last use, for the limit
        return tuple(tensors[name] for name in sorted(tensors))

    def _write(self, key: str, tensors: Tensors) -> None:
        if not self._writable or _bytes(tensors) > self.disk_bytes:
            return
        path = self._path(key)
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")  # of this process and thread alone
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(save({f"{position:03d}": tensor for position, tensor in enumerate(tensors)}))
            part.replace(path)
        except OSError as error:
            self._writable = False
            warnings.warn(f"nothing more is written to the feature cache {self.folder}: {error}", stacklevel=2)
        else:
            self._watch_limit(_bytes(tensors))

    def _watch_limit(self, written: int) -> None:
        """Measure the folder at the first file, and after every sixteenth of the limit."""
        with self._lock:
            self._unseen = None if self._unseen is None else self._unseen + written
            due = self._unseen is None or self._unseen * 16 >= self.disk_bytes
            self._unseen = 0 if due else self._unseen
        if due:
            _shrink(self.folder, self.disk_bytes)


def picture_key(picture: torch.Tensor, context: str) -> str:
    """Hash of a picture uint8 [3, H, W] and of whatever else a result depends on: 64 hexadecimal digits."""
    array = picture.detach().cpu().contiguous().numpy()
    digest = hashlib.sha256(f"{context}|{array.dtype}{array.shape}|".encode())
    digest.update(array.data)
    return digest.hexdigest()


def _shrink(folder: Path, limit: int) -> None:
    """Delete the files that were not used for longest until a tenth of the limit is free, and abandoned parts."""
    files = []
    for path in folder.glob("??/*"):
        with suppress(OSError):  # another process deleted it
            status = path.stat()
            if path.suffix == ".safetensors":
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


def _bytes(tensors: Tensors) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _restored(folder: Path, memory_bytes: int, disk_bytes: int) -> FeatureCache:
    return FeatureCache(folder, memory_bytes=memory_bytes, disk_bytes=disk_bytes)
