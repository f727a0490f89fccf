"""Pictures on their way into a model and out of it: hide the hole, check the prediction, quantise, composite, encode.

Each of these rules stands here once. torch is imported inside the functions that need it, so that rooms without torch
can use `png_bytes`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import ModelFailure
from bench.vocabulary import VOID, Batch

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image
    from torch import Tensor

    from bench.vocabulary import Hole, LabelSources, Picture, Prediction, Sample

__all__ = [
    "FAR",
    "check_picture",
    "check_prediction",
    "composite",
    "hide",
    "hide_labels",
    "hide_pixels",
    "known_error",
    "png_bytes",
    "quantise",
    "round_to_bytes",
    "sample_seed",
    "stack_pictures",
    "to_float",
    "unstack_pictures",
    "visible_labels",
]

_TOLERANCE = 1 / 255
"""How far outside [0, 1] a prediction may lie before it is refused as one of another range; `quantise` clips it."""


FAR = 0.1
"""Mean difference of known pixels, in parts of the range, above which they are called far from those given."""


def sample_seed(seed: int, sample_id: str) -> int:
    """The seed that a model is given for a sample: 63 bits of SHA-256 over the run's seed and the id."""
    digest = hashlib.sha256(f"model|{seed}|{sample_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stack_pictures(pictures: Sequence[npt.NDArray[np.uint8]]) -> Tensor:
    """N pictures, uint8 [H, W, 3] -> one tensor, uint8 [N, 3, H, W], contiguous."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2)))


def unstack_pictures(pictures: Tensor) -> npt.NDArray[np.uint8]:
    """A tensor of any device, uint8 [N, 3, H, W] -> the pictures in C order, uint8 [N, H, W, 3]."""
    arrays: npt.NDArray[np.uint8] = pictures.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return arrays


def to_float(pictures: Tensor) -> Tensor:
    """uint8 of any shape -> float32 in [0, 1]; `quantise` gives the same bytes back."""
    return pictures.float().div(255)


def quantise(image: Tensor) -> Tensor:
    """Float in [0, 1], of any shape -> uint8: rounded half to even, clipped."""
    return round_to_bytes(image.mul(255))


def round_to_bytes(values: Tensor) -> Tensor:
    """Float on the scale 0 to 255, of any shape -> uint8: rounded half to even, clipped."""
    return values.round().clamp(0, 255).byte()


def hide_pixels(image: Tensor, hole: Tensor, fill: float = 0.0) -> Tensor:
    """A copy of `image` that holds `fill` in the hole.

    Args:
        image: any number type, [..., 3, H, W] or another layout that `hole` broadcasts to.
        hole: bool, e.g. [..., 1, H, W], True = missing.
        fill: on the scale of `image`.
    """
    return image.masked_fill(hole, fill)


def hide_labels(labels: Tensor, hole: Tensor) -> Tensor:
    """A copy of label maps, integer [N, H, W], that holds VOID in the hole, bool [N, 1, H, W]."""
    return labels.masked_fill(hole[:, 0], VOID)


def visible_labels(labels: Tensor | None, hole: Tensor, sources: LabelSources) -> Tensor | None:
    """The label maps that a model with these label sources is given.

    Args:
        labels: true label maps, integer [N, H, W], or None where there are none.
        hole: bool [N, 1, H, W], True = missing.
        sources: `hole == "oracle"` or `"edited"` asks for the whole maps, `context == "oracle"` for maps with VOID in
            the hole.

    Returns:
        Maps of the same shape and type, or None for a model that uses no true labels.
    """
    if labels is None or "oracle" not in (sources.context, sources.hole):
        return None
    return labels if sources.hole in ("oracle", "edited") else hide_labels(labels, hole)


def hide(samples: Sequence[Sample], holes: Sequence[Hole], seed: int, sources: LabelSources) -> Batch:
    """The batch that a model is given: nothing of the truth lies in the hole, unless its label sources ask for it.

    Args:
        samples: of one size.
        holes: one a sample, bool [H, W], True = missing.
        seed: of the run.
        sources: of the model; label maps are left out when a sample has none.
    """
    import torch

    hole = torch.from_numpy(np.stack(holes))[:, None]  # [N, 1, H, W]
    image = hide_pixels(to_float(stack_pictures([sample.image for sample in samples])), hole)
    maps = [sample.labels for sample in samples if sample.labels is not None]
    labels = torch.from_numpy(np.stack(maps)) if len(maps) == len(samples) else None
    ids = tuple(sample.id for sample in samples)
    seeds = tuple(sample_seed(seed, sample_id) for sample_id in ids)
    prompts = tuple(sample.prompt for sample in samples)
    return Batch(image, hole, visible_labels(labels, hole, sources), ids, seeds, prompts if any(prompts) else ())


def check_picture(image: object, shape: Sequence[int]) -> Tensor:
    """`image`, if it is a tensor of this shape without NaN and infinity; raises ModelFailure."""
    import torch

    if not isinstance(image, torch.Tensor) or list(image.shape) != list(shape):
        found = list(image.shape) if isinstance(image, torch.Tensor) else type(image).__name__
        raise ModelFailure("the model's picture", f"have shape {list(shape)}", str(found))
    finite = torch.isfinite(image)
    if not bool(finite.all()):
        raise ModelFailure("the model's picture", "be finite", f"{int((~finite).sum())} NaN or infinite")
    return image


def check_prediction(prediction: Prediction, batch: Batch) -> Tensor:
    """The predicted pictures, float32 [N, 3, H, W] on the CPU.

    Raises:
        ModelFailure: for pictures of another shape, with NaN or infinity, or outside [0, 1] by more than 1/255, and for
            label maps that are not uint8 [N, H, W].
    """
    import torch

    image = check_picture(prediction.image, batch.image.shape).detach().to("cpu", torch.float32)
    labels, size = prediction.labels, [batch.image.shape[0], *batch.image.shape[2:]]
    if labels is not None and (labels.dtype != torch.uint8 or list(labels.shape) != size):
        raise ModelFailure("the model's label map", f"be torch.uint8 {size}", f"{labels.dtype} {list(labels.shape)}")
    low, high = float(image.min()), float(image.max())
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise ModelFailure(
            "the model's picture", "lie in 0 to 1", f"{low:.4g} to {high:.4g}", "Rescale it or declare its range."
        )
    return image


def known_error(image: Tensor, given: Tensor, hole: Tensor) -> Tensor:
    """Mean absolute difference of the known pixels of each picture, in parts of the range, float64 [N].

    Args:
        image, given: uint8, or float in [0, 1], of one type and shape [N, 3, H, W].
        hole: bool [N, 1, H, W], True = missing.

    Returns:
        0 for a picture without known pixels.
    """
    import torch

    white, whole = (1, torch.float64) if image.is_floating_point() else (255, torch.int32)
    known = hole.logical_not()
    difference = (torch.maximum(image, given) - torch.minimum(image, given)).mul_(known)
    count = known.flatten(1).sum(dim=1).clamp(min=1) * image.shape[1]
    return difference.flatten(1).sum(dim=1, dtype=whole).double() / (count * white)


def composite(image: Tensor, truth: Tensor, hole: Tensor) -> Tensor:
    """Hole pixels of `image`, known pixels of `truth`.

    Args:
        image, truth: of one type and shape, e.g. uint8 or float [N, 3, H, W].
        hole: bool that broadcasts to them, e.g. [N, 1, H, W], True = missing.
    """
    return image.where(hole, truth)


def png_bytes(picture: Picture | Hole | Image, compress_level: int = 3) -> bytes:
    """A PNG file with nothing in it but pixels.

    Args:
        picture: uint8 [H, W, 3] or [H, W], bool [H, W] (written as 255 and 0), or a Pillow picture.
        compress_level: of zlib, 0 to 9; the pixels do not depend on it.
    """
    from PIL import Image

    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture if picture.dtype == np.uint8 else picture.astype(np.uint8) * 255)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()
