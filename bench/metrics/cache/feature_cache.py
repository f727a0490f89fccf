"""What depends on a picture alone, computed once: in memory, and on disk under a hash of all that it depends on.

A key is a hash of the picture's bytes, of the network's fingerprint (weights, definition, version of code) and of what
does the arithmetic, so an entry is never stale, and models, protocols, runs and processes may share one folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import torch

from bench.metrics.arguments import check_picture
from bench.metrics.cache.tensor_folder import TensorFolder, Tensors, count_bytes
from bench.runtime.byte_lru import ByteLRU
from bench.weights import cache_folder

__all__ = ["FeatureCache", "Network", "arithmetic", "picture_key", "shared_cache"]


class Network(Protocol):
    """What has features that depend on the picture and its own fingerprint alone: `Lpips`, `Inception`."""

    fingerprint: str
    device: torch.device

    def features(self, pictures: torch.Tensor) -> torch.Tensor | Tensors:
        """One tensor [N, ...], or several, of pictures uint8 [N, 3, H, W]."""
        ...


class FeatureCache:
    """Tensors under keys, in memory and on disk; safe to share between threads, and its folder between processes.

    Args:
        folder: of the files; None for `features` in our cache folder (`SPGBENCH_CACHE`).
        memory_bytes: limit of what is in memory.
        disk_bytes: limit of the folder; 0 for no files.

    Attributes:
        memory: what is in memory.
        disk: the folder.
    """

    def __init__(self, folder: Path | None = None, *, memory_bytes: int = 1 << 30, disk_bytes: int = 8 << 30) -> None:
        self.memory: ByteLRU[str, Tensors] = ByteLRU(memory_bytes, count_bytes)
        self.disk = TensorFolder(folder or cache_folder() / "features", disk_bytes)

    def __reduce__(self) -> tuple[Callable[..., FeatureCache], tuple[Path, int, int]]:
        return _restored, (
            self.disk.folder,
            self.memory.max_bytes,
            self.disk.limit,
        )  # another process has its own memory

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
        rows = self.features_of_each(network, pictures)
        return tuple(torch.stack(tensors).to(network.device) for tensors in zip(*rows, strict=True))

    def features_of_each(self, network: Network, pictures: torch.Tensor) -> list[Tensors]:
        """The same of each picture by itself, on the CPU, without their first axis; never change them."""
        context = f"{network.fingerprint}|{arithmetic(network.device)}"
        keys = [picture_key(picture, context) for picture in check_picture("pictures", pictures)]

        def compute(missing: list[int]) -> Iterable[Tensors]:
            result = network.features(pictures[missing])
            return zip(*(result if isinstance(result, tuple) else (result,)), strict=True)

        return self.rows(keys, compute)

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
                found[position] = self.memory.add(keys[position], own)
                self.disk.write(keys[position], own)
        return [tensors for tensors in found if tensors is not None]

    def _find(self, key: str) -> Tensors | None:
        tensors = self.memory.find(key)
        if tensors is None and (stored := self.disk.read(key)) is not None:
            tensors = self.memory.add(key, stored)
        return tensors


@cache
def shared_cache() -> FeatureCache:
    """The cache of what depends on untouched pictures: one for all metrics and judges of this process."""
    return FeatureCache()


def arithmetic(device: torch.device) -> str:
    """What does a network's sums: on another kind of processor, or by another torch, their last bits may differ."""
    chip = torch.backends.cpu.get_cpu_capability() if device.type == "cpu" else ""
    if device.type == "cuda":
        chip = torch.cuda.get_device_name(device)
    return f"{device.type}|{chip}|{torch.__version__}"


def picture_key(picture: torch.Tensor, context: str) -> str:
    """Hash of a picture uint8 [3, H, W] and of whatever else a result depends on: 64 hexadecimal digits."""
    array = picture.detach().cpu().contiguous().numpy()
    digest = hashlib.sha256(f"{context}|{array.dtype}{array.shape}|".encode())
    digest.update(array.data)
    return digest.hexdigest()


def _restored(folder: Path, memory_bytes: int, disk_bytes: int) -> FeatureCache:
    return FeatureCache(folder, memory_bytes=memory_bytes, disk_bytes=disk_bytes)
