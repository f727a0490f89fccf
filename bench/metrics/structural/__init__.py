"""Metrics of structural similarity: SSIM and MS-SSIM."""

from __future__ import annotations

__all__: list[str] = []
