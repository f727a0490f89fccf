"""Weights of the learned baselines on disk: safetensors with a JSON file beside them, in SPG-Net's format.

The format is `spgnet.weights`; what is added here is where the baselines' own shipped weights lie.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from spgnet import weights as files
from spgnet.weights import WeightsHeader, load_state, save

__all__ = ["PRETRAINED", "WeightsHeader", "find", "load_state", "read", "read_header", "save", "shipped"]

PRETRAINED = Path(__file__).parent / "pretrained"
"""Where the weights lie that come with the package."""


def shipped() -> list[str]:
    """Names of the weights that come with the package."""
    return sorted(file.stem for file in PRETRAINED.glob("*.safetensors"))


def find(name: str | Path) -> Path:
    """The weight file of a shipped name or of a path, with or without `.safetensors`.

    Raises:
        ValueError: for a pickle, or when there is no such file.
    """
    path = Path(name)
    full = path if path.suffix == ".safetensors" else path.with_name(path.name + ".safetensors")
    places = [path, full, *([PRETRAINED / full] if len(path.parts) == 1 else [])]
    for place in places:
        if place.is_file():
            return files.find(place)  # refuses pickles
    names = ", ".join(shipped()) or "none in this version"
    raise ValueError(
        f"weights '{name}' must be a shipped name or a safetensors file; found neither. Shipped: {names}. "
        "Give the path of a file that a model's `save` wrote."
    )


def read_header(name: str | Path) -> WeightsHeader:
    """What the JSON beside a weight file says, without reading the weights. Raises ValueError."""
    return files.read_header(find(name))


def read(name: str | Path, architecture: str) -> tuple[dict[str, Tensor], WeightsHeader]:
    """The tensors and the header of a weight file; raises ValueError as `spgnet.weights.read` does."""
    return files.read(find(name), architecture)
