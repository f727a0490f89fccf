"""What passes between spgbench and the processes of models: short messages over a socket, tensors in shared memory."""

from __future__ import annotations

import json
import mmap
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SharedTensors", "TensorSizes", "copy_values", "create_memory", "receive", "send"]

_HEADER = struct.Struct("<I")
_MOST_DESCRIPTORS = 4


def send(connection: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send a message and copies of file descriptors; raises EOFError when nobody is at the other end."""
    data = json.dumps(message).encode()
    try:
        socket.send_fds(connection, [_HEADER.pack(len(data))], descriptors)
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise EOFError from error


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next message and its file descriptors.

    Raises:
        EOFError: when nobody is at the other end.
        TimeoutError: when the connection has a time limit and nothing came.
    """
    try:
        header, descriptors, _, _ = socket.recv_fds(connection, _HEADER.size, _MOST_DESCRIPTORS)
        if len(header) < _HEADER.size:
            raise EOFError
        (left,) = _HEADER.unpack(header)
        parts = []
        while left:
            part = connection.recv(min(left, 1 << 16))
            if not part:
                raise EOFError
            parts.append(part)
            left -= len(part)
    except ConnectionResetError as error:
        raise EOFError from error
    message: dict[str, Any] = json.loads(b"".join(parts))
    return message, list(descriptors)


def create_memory(size: int) -> int:
    """A file descriptor of memory that has no name, so that nothing is left of it when its processes end.

    Raises:
        OSError: when there is not so much memory.
    """
    if sys.platform == "linux":  # not a file of /dev/shm, which is small in containers
        descriptor = os.memfd_create("spgbench")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    if size and sys.platform == "linux":
        os.posix_fallocate(descriptor, 0, size)  # an error here, where a page that is missing later kills the process
    os.ftruncate(descriptor, size)
    return descriptor


@dataclass(frozen=True)
class TensorSizes:
    """Sizes of the tensors of one call: pictures [N, 3, H, W], masks [N, 1, H, W], label maps [N, H, W]."""

    count: int
    height: int
    width: int

    @property
    def total(self) -> int:
        """Bytes of all tensors together: two float32 pictures, a mask and a label map for each sample."""
        return self.count * self.height * self.width * (2 * 3 * 4 + 1 + 1)


class SharedTensors:
    """Picture, mask, label map and filled picture of a call, in memory that two processes map.

    Args:
        descriptor: of `create_memory`; it may be closed afterwards.
        size: in bytes.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self.size = size
        self._memory = mmap.mmap(descriptor, size)

    def views(self, sizes: TensorSizes) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Picture and filled picture float32 [N, 3, H, W], mask bool [N, 1, H, W], label map uint8 [N, H, W]."""
        import torch

        n, height, width = sizes.count, sizes.height, sizes.width
        start, views = 0, []
        for kind, shape in (
            (np.float32, (n, 3, height, width)),
            (np.float32, (n, 3, height, width)),
            (np.bool_, (n, 1, height, width)),
            (np.uint8, (n, height, width)),
        ):
            array: Any = np.ndarray(shape, kind, self._memory, start)
            views.append(torch.from_numpy(array))
            start += array.nbytes
        image, filled, mask, labels = views
        return image, filled, mask, labels


def copy_values(source: Tensor, target: Tensor) -> Tensor:
    """Copy between tensors of one type in the host's memory, in one thread; returns the target.

    PyTorch would share it out among threads, which go on spinning for a while after that and keep the other process of
    the two from its cores.
    """
    np.copyto(target.numpy(), source.detach().cpu().numpy())
    return target
