"""Metrics of single pixels: PSNR, L1, relative L1, gradient error."""

from __future__ import annotations

__all__: list[str] = []
