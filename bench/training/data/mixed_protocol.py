"""A protocol that mixes the holes of several others, so that a network is trained on more than one kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bench.masks
from bench.masks.random_stream import RandomStream
from bench.vocabulary import Dataset, Protocol, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["MixedProtocol", "parse_protocols"]


class MixedProtocol:
    """A protocol that draws the hole of each sample by one of several protocols, each equally likely.

    Args:
        protocols: the protocols to choose from.
    """

    def __init__(self, protocols: Sequence[Protocol]) -> None:
        self.protocols = tuple(protocols)
        self.name = ",".join(protocol.name for protocol in protocols)
        self.needs_labels = any(protocol.needs_labels for protocol in protocols)

    def hole(self, sample: Sample, seed: int, dataset: Dataset) -> Hole:
        """As `Protocol.hole`; the choice too is a function of the arguments alone."""
        choice = RandomStream("mixture@1", seed, sample.id).integer(0, len(self.protocols) - 1)
        return self.protocols[choice].hole(sample, seed, dataset)


def parse_protocols(names: str) -> Protocol:
    """The protocol of a name, or the mixture of several names, separated by commas.

    Raises:
        UnknownName, DataError: as `bench.masks.get`.
    """
    protocols = [bench.masks.get(name.strip()) for name in names.split(",")]
    return protocols[0] if len(protocols) == 1 else MixedProtocol(protocols)
