"""Which judges come with the package, without reading any."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PRETRAINED", "shipped"]

PRETRAINED = Path(__file__).parent / "pretrained"
"""Where their weights lie."""


def shipped() -> tuple[str, ...]:
    """Their names: the data sets that they were trained on."""
    return tuple(sorted(file.stem for file in PRETRAINED.glob("*.safetensors")))
