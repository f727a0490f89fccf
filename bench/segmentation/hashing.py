"""One hash over the weights of a judge's network."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

__all__ = ["hash_weights"]


def hash_weights(network: nn.Module) -> str:
    """SHA-256 (hex) over names, types, shapes and values of all that a network's state dict holds."""
    total = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        array = value.detach().cpu().numpy()
        total.update(f"{name} {array.dtype} {array.shape}\n".encode() + array.tobytes())
    return total.hexdigest()
