"""Fingerprints of judges: other weights, code, libraries or options are another judge, and other numbers."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

__all__ = ["fingerprint", "hash_weights"]


def fingerprint(modules: tuple[str, ...], libraries: tuple[str, ...], **facts: Any) -> str:
    """SHA-256 (hex) over source texts of this room's modules, versions of libraries, and `facts` (JSON values)."""
    room = Path(__file__).parent
    sources = {name: hashlib.sha256((room / f"{name}.py").read_bytes()).hexdigest() for name in modules}
    versions = {library: version(library) for library in libraries}
    text = json.dumps({"sources": sources, "versions": versions, "facts": facts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_weights(network: nn.Module) -> str:
    """SHA-256 (hex) over names, types, shapes and values of all that a network's state dict holds."""
    total = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        array = value.detach().cpu().numpy()
        total.update(f"{name} {array.dtype} {array.shape}\n".encode() + array.tobytes())
    return total.hexdigest()
