"""Which judges there are, by name. Other packages add theirs through the entry-point group `spgbench.judges`."""

from __future__ import annotations

from bench.registry import Registry
from bench.vocabulary import Judge

__all__ = ["JUDGES"]

JUDGES: Registry[Judge] = Registry("judge", "spgbench.judges")
