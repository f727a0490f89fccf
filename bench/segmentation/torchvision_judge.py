"""Torchvision's segmenters as judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models
from torchvision.models import segmentation

from bench.errors import UnknownName, UsageError
from bench.fingerprint import fingerprint_code
from bench.segmentation.hashing import hash_weights
from bench.segmentation.judging import NetworkJudge
from spgnet import likeliest

__all__ = ["torchvision_judge"]

_PUBLISHED_SIZE = 520  # of the shorter side, at which torchvision's accuracies are given
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def torchvision_judge(
    name: str, *, weights: str | None = None, size: str | None = None, device: str = "cpu"
) -> NetworkJudge:
    """A segmenter of torchvision.

    Args:
        name: as torchvision has it, say `lraspp_mobilenet_v3_large`.
        weights: state dict as `.safetensors` or `.pth`; its classes are named `0`, `1` and so on. None takes the
            published weights, which torchvision downloads, checks and keeps.
        size: pixels of the shorter side that pictures get before; none are resized with weights of your own unless it
            is given, and published ones take 520.
        device: torch device.

    Raises:
        UnknownName: torchvision has no such segmenter.
        UsageError: the weights cannot be read or downloaded, or are of another network; the size is no number.
    """
    known = models.list_models(module=segmentation)
    if name not in known:
        raise UnknownName("segmenter of torchvision", name, known)
    side = _side(size, weights)
    network, classes = _published(name) if weights is None else _from_file(name, weights)
    network = network.eval().to(device)
    options = {"name": name, "weights": hash_weights(network), "size": side}
    fingerprint = fingerprint_code(("bench.segmentation.judging", __name__), ("torch", "torchvision"), options)
    return NetworkJudge(f"torchvision:{name}", fingerprint, classes, _Segmenter(network, side, device), device)


class _Segmenter:
    def __init__(self, network: nn.Module, side: int, device: str) -> None:
        self._network, self._side = network, side
        self._mean, self._std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (_MEAN, _STD))

    def __call__(self, image: Tensor) -> Tensor:
        size = image.shape[2:]
        if self._side:
            ratio = self._side / min(size)
            larger = [round(length * ratio) for length in size]
            image = functional.interpolate(image, larger, mode="bilinear", antialias=True)
        logits = self._network((image - self._mean) / self._std)["out"]
        return likeliest(functional.interpolate(logits, size, mode="bilinear"))


def _side(size: str | None, weights: str | None) -> int:
    """Of the shorter side; 0 to leave pictures as they are."""
    if size is None:
        return _PUBLISHED_SIZE if weights is None else 0
    if not size.isdecimal() or int(size) < 1:
        raise UsageError("size of a judge's pictures", "be a number of pixels", repr(size), "Say size=520.")
    return int(size)


def _published(name: str) -> tuple[nn.Module, tuple[str, ...]]:
    published = models.get_model_weights(name).DEFAULT
    try:
        network = models.get_model(name, weights=published, progress=False)
    except (OSError, RuntimeError) as error:  # no network, or another hash
        fix = f"Download {published.url} elsewhere, and say weights=FILE."
        raise UsageError(f"weights of torchvision's {name}", "be downloaded", repr(error), fix) from error
    return network, tuple(published.meta["categories"])


def _from_file(name: str, file: str) -> tuple[nn.Module, tuple[str, ...]]:
    state = {key: value for key, value in _read(file).items() if not key.startswith("aux_classifier.")}
    biases = [value for key, value in state.items() if key.startswith("classifier.") and key.endswith(".bias")]
    fix = "Give the state dict of the network that is named."
    if not biases:
        raise UsageError(f"weights '{file}'", f"be those of torchvision's {name}", "no classifier", fix)
    count = len(biases[-1])
    network = models.get_model(name, weights=None, weights_backbone=None, num_classes=count)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise UsageError(f"weights '{file}'", f"be those of torchvision's {name}", str(error)[:300], fix) from error
    categories = models.get_model_weights(name).DEFAULT.meta["categories"]
    return network, tuple(categories) if count == len(categories) else tuple(map(str, range(count)))


def _read(file: str) -> dict[str, Any]:
    """A state dict; code in a pickle is never run."""
    try:
        if Path(file).suffix == ".safetensors":
            return load_file(file)
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        return state
    except Exception as error:  # safetensors and torch raise many kinds
        fix = "Save it with torch.save(network.state_dict(), FILE) or as safetensors."
        raise UsageError(f"weights '{file}'", "be a state dict", repr(error), fix) from error
