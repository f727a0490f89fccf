"""The learned baselines as models of the harness."""

from __future__ import annotations

from importlib import import_module

import torch

import baselines.weights
from baselines.network import InpaintingNetwork
from bench.fingerprint import fingerprint_code
from bench.models.shipped import weights_for, weights_info
from bench.vocabulary import Batch, LabelSources, Prediction

__all__ = ["LearnedModel"]


class LearnedModel:
    """A network of `baselines` with weights.

    Args:
        name: of the row.
        network: `"module:Class"`; the module states `SOURCES` (modules) and `LIBRARIES` (distributions) that the fill
            depends on.
        weights: name of shipped weights, or the file that training wrote; None takes those that are shipped for the
            data set, else those for `streets`.
        device: torch device.
        dataset: name of the data set that is to be filled.

    Attributes:
        weights: name or file of the weights that it took.

    Raises:
        ValueError: for weights that cannot be read, or that are of another architecture.
    """

    label_sources = LabelSources()

    def __init__(
        self, *, name: str, network: str, weights: str | None = None, device: str = "cpu", dataset: str = "streets"
    ) -> None:
        self.name = name
        weights = weights or weights_for(dataset, f"{name}-small", baselines.weights.shipped())
        module_name, _, architecture = network.partition(":")
        module = import_module(module_name)
        model = getattr(module, architecture).from_pretrained(weights, device)
        assert isinstance(model, InpaintingNetwork)  # noqa: S101 (the catalogue names nothing else)
        self._network, self._device = model, device
        sha256 = baselines.weights.read_header(weights).sha256
        self.weights = weights_info(baselines.weights.find(weights), sha256)
        options = {"network": network, "weights": sha256}
        self.fingerprint = fingerprint_code((*module.SOURCES, __name__), module.LIBRARIES, options)

    @torch.no_grad()
    def inpaint(self, batch: Batch) -> Prediction:
        """Fill a batch; on the CPU picture by picture, where convolutions round otherwise in other batches."""
        image, hole = batch.image.to(self._device), batch.hole.to(self._device)
        if image.device.type != "cpu":
            return Prediction(self._network(image, hole))
        alone = [self._network(image[row : row + 1], hole[row : row + 1]) for row in range(len(image))]
        return Prediction(torch.cat(alone))
