"""What SSIM and MS-SSIM are computed by."""

from __future__ import annotations

__all__: list[str] = []
