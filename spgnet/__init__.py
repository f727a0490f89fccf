"""SPG-Net (re-implementation): segmentation prediction and guidance for image inpainting (Song et al., BMVC 2018).

    from spgnet import SPGNet

    model = SPGNet.from_pretrained("weights/streets.safetensors")
    completion = model.complete(image, hole)         # float [N, 3, H, W] in [0, 1], bool [N, 1, H, W], True = missing
    completion.composite                             # the filled picture
    completion.labels                                # the label map that guided it
    model.fill("photo.png", "mask.png").save("filled.png")

The parts for training and for other uses are in the modules: `spgnet.networks`, `spgnet.discriminators`,
`spgnet.segmenter`, `spgnet.losses`, `spgnet.features`, `spgnet.labels`, `spgnet.sampling`, `spgnet.weights`. Names here
are imported at first use, so that the package itself is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spgnet.acceleration import Acceleration, accelerate
    from spgnet.config import DiscriminatorConfig, GeneratorConfig, SegmenterConfig, SPGNetConfig
    from spgnet.discriminators import Discriminator
    from spgnet.labels import VOID, edit, likeliest, one_hot
    from spgnet.model import Completion, SPGNet
    from spgnet.networks import SGNet, SPNet
    from spgnet.segmenter import Segmenter

__all__ = [
    "LIBRARIES",
    "SOURCES",
    "VOID",
    "Acceleration",
    "Completion",
    "Discriminator",
    "DiscriminatorConfig",
    "GeneratorConfig",
    "SGNet",
    "SPGNet",
    "SPGNetConfig",
    "SPNet",
    "Segmenter",
    "SegmenterConfig",
    "accelerate",
    "edit",
    "likeliest",
    "one_hot",
]

SOURCES = tuple(
    f"spgnet.{name}"
    for name in (
        "_imagenet",
        "arguments",
        "config",
        "labels",
        "model",
        "networks",
        "pictures",
        "sampling",
        "segmenter",
        "stages",
        "upsampling",
        "weights",
    )
)
"""Modules whose source text a fill depends on, beside the weights; for a harness that must tell stale results."""

LIBRARIES = ("segmentation-models-pytorch", "torch")
"""Distributions whose version a fill depends on."""

_MODULES = {
    "VOID": "labels",
    "Acceleration": "acceleration",
    "Completion": "model",
    "Discriminator": "discriminators",
    "DiscriminatorConfig": "config",
    "GeneratorConfig": "config",
    "SGNet": "networks",
    "SPGNet": "model",
    "SPGNetConfig": "config",
    "SPNet": "networks",
    "Segmenter": "segmenter",
    "SegmenterConfig": "config",
    "accelerate": "acceleration",
    "edit": "labels",
    "likeliest": "labels",
    "one_hot": "labels",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'spgnet' has no attribute {name!r}")
    return getattr(import_module(f"spgnet.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
