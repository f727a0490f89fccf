"""A model that cannot be used: its cells fail with the reason, and the cells of other models are run."""

from __future__ import annotations

import hashlib
import re

from bench.errors import ModelFailure
from bench.vocabulary import Batch, LabelSources, Prediction

__all__ = ["BrokenModel"]


class BrokenModel:
    """A model of a run that could not be made ready, though its name is right.

    Args:
        name: of the row.
        failure: why; every sample is recorded with it.
    """

    label_sources = LabelSources()
    on_cpu = True

    def __init__(self, name: str, failure: ModelFailure) -> None:
        self.name, self.failure = name, failure
        text = re.sub(r"0x[0-9a-fA-F]+", "0x", f"{name}|{failure}")  # addresses differ between processes
        self.fingerprint = hashlib.sha256(f"broken|{text}".encode()).hexdigest()

    def inpaint(self, batch: Batch) -> Prediction:  # noqa: ARG002 (all models take a batch)
        """Raise the failure."""
        raise self.failure
