"""SPG-Net's networks in forms that are fast on NVIDIA GPUs; `spgnet.acceleration` takes them."""

from __future__ import annotations

__all__: list[str] = []
