"""Holes of several protocols in one training, so that a network meets more than one kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bench.masks
from bench.masks.random_stream import RandomStream
from bench.vocabulary import Dataset, Protocol, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["Mixture", "protocol_of"]


class Mixture:
    """A protocol that lets one of several, each equally likely, cut the hole of a sample.

    Args:
        protocols: to choose from.
    """

    def __init__(self, protocols: Sequence[Protocol]) -> None:
        self.protocols = tuple(protocols)
        self.name = ",".join(protocol.name for protocol in protocols)
        self.needs_labels = any(protocol.needs_labels for protocol in protocols)

    def hole(self, sample: Sample, seed: int, dataset: Dataset) -> Hole:
        """As `Protocol.hole`; the choice is a function of the arguments alone, too."""
        choice = RandomStream("mixture@1", seed, sample.id).integer(0, len(self.protocols) - 1)
        return self.protocols[choice].hole(sample, seed, dataset)


def protocol_of(names: str) -> Protocol:
    """The protocol of a name, or the mixture of several, separated by commas.

    Raises:
        UnknownName, DataError: as `bench.masks.get`.
    """
    protocols = [bench.masks.get(name.strip()) for name in names.split(",")]
    return protocols[0] if len(protocols) == 1 else Mixture(protocols)
