"""Type-checked, never run: SPG-Net without the harness."""

from __future__ import annotations

import torch

from spgnet import SPGNet


def complete(image: torch.Tensor, hole: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Of float32 [N, 3, H, W] in [0, 1] and bool [N, 1, H, W], True = missing."""
    model: SPGNet = SPGNet.from_pretrained("streets-small", device="cpu")
    completion = model.complete(image, hole)
    return completion.image, completion.labels


def edit(model: SPGNet, image: torch.Tensor, hole: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The picture under label maps [N, H, W] that someone has drawn."""
    probabilities: torch.Tensor = model.predict_labels(image, hole, labels)
    edited = probabilities.argmax(dim=1)
    return model.guide(image, hole, labels=edited)
