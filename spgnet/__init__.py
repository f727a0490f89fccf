"""SPG-Net (re-implementation): segmentation prediction and guidance for image inpainting."""

from __future__ import annotations

__all__: list[str] = []
