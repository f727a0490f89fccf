"""Inception features of pictures, the ground of FID, KID and IDS, in the three ways that the field resizes.

Reference: torch-fidelity's `FeatureExtractorInceptionV3` for `fid`; Pillow's own resizing before the same network for
`fid-clean` (Parmar et al., 2022, "On aliased resizing and surprising subtleties in GAN evaluation"). Both with the same
weights; held to 1e-6 of the vectors' length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from bench.errors import UnknownName
from bench.metrics.arguments import check_picture
from bench.metrics.distribution.backends.inception_network import InceptionNetwork
from bench.metrics.networks import Outputs, read_state, run_network, with_weights
from bench.weights import WeightFile, find, weight_file

__all__ = ["Inception", "InceptionKind"]

InceptionKind: TypeAlias = Literal["fid", "fid-clean", "fid-torch"]

_SIDE = 299
_CODE = 2
"""Raised when a change here changes a feature's bits: stored features of another version are not used."""


class Inception:
    """The Inception network of FID with its weights, and one way of resizing.

    Args:
        kind: `fid` resizes bilinearly as TensorFlow 1 did, without half-pixel centres or antialiasing: the numbers of
            torch-fidelity. `fid-clean` resizes each channel by Pillow's antialiased bicubic filter in float, clipped to
            0 to 255: the numbers of clean-fid, but for another conversion of the same network. `fid-torch` resizes by
            torch's bilinear filter with half-pixel centres, without antialiasing, and scales levels to -1 to 1 by
            127.5 in place of 128: the numbers of pytorch-fid.
        device: where it works.
        weights: another file than the published one; the fingerprint tells.

    Attributes:
        name: `inception-fid`, `inception-fid-clean` or `inception-fid-torch`.
        fingerprint: hash of all that a feature depends on beside the picture: weights, resizing, version of code.

    Raises:
        UnknownName: another kind.
        WeightsMissing: the weights are neither at hand nor can be downloaded.
        DataError: the weight file holds something else.
    """

    def __init__(
        self, kind: InceptionKind = "fid", device: str | torch.device = "cpu", *, weights: WeightFile | None = None
    ) -> None:
        if kind not in _RESIZINGS:
            raise UnknownName("kind of Inception features", kind, _RESIZINGS)
        file = weights or weight_file("inception")
        self.name, self.device = f"inception-{kind}", torch.device(device)
        self.fingerprint = hashlib.sha256(f"{self.name}|{file.sha256}|{_CODE}".encode()).hexdigest()
        self._resize = _RESIZINGS[kind]
        with torch.device("meta"):
            network = InceptionNetwork()
        self._network = with_weights(network, read_state(find(file)), self.device)
        self._network.fold()
        self._network.to(memory_format=torch.channels_last)

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """What FID, KID and IDS compare: the last pooled layer of each picture.

        On CPU the row of a picture is the same to the last bit whatever the batch, its order or the number of threads.

        Args:
            pictures: uint8 [N, 3, H, W] RGB of any size, on any device.

        Returns:
            float32 [N, 2048] on the network's device.

        Raises:
            DataError: the pictures are not what they must be.
        """
        return self.features_and_logits(pictures)[0]

    def features_and_logits(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same, and the logits of 1008 classes without their bias, float32 [N, 1008]."""
        features, logits = run_network(self._forward, check_picture("pictures", pictures), self.device)
        return features, logits

    def _forward(self, pictures: torch.Tensor) -> Outputs:
        resized = (self._resize(pictures) - 128) / 128
        outputs: Outputs = self._network(resized.contiguous(memory_format=torch.channels_last))
        return outputs


def _tensorflow_bilinear(pictures: torch.Tensor) -> torch.Tensor:
    """Resize uint8 [N, 3, H, W] as TensorFlow 1's `resize_bilinear`: pixel i lies at i times the scale."""
    by_pixel = pictures.permute(0, 2, 3, 1).float().contiguous()  # [N, H, W, 3]: three neighbours at a time
    return _between_neighbours(_between_neighbours(by_pixel, dim=2), dim=1).permute(0, 3, 1, 2)


def _between_neighbours(values: torch.Tensor, dim: int) -> torch.Tensor:
    size = values.shape[dim]
    place = torch.arange(_SIDE, dtype=torch.float32, device=values.device) * torch.tensor(size / _SIDE)
    before = place.long()
    after = (before + 1).clamp_max(size - 1)
    share = (place - before).reshape(-1, *[1] * (values.ndim - 1 - dim))
    low, high = values.index_select(dim, before), values.index_select(dim, after)
    return high.sub_(low).mul_(share).add_(low)


def _pillow_bicubic(pictures: torch.Tensor) -> torch.Tensor:
    """Resize uint8 [N, 3, H, W] channel by channel in float32, by Pillow: the filter widens where it shrinks."""
    channels = pictures.cpu().numpy().reshape(-1, *pictures.shape[2:]).astype(np.float32)
    size, bicubic = (_SIDE, _SIDE), Image.Resampling.BICUBIC
    resized = np.stack([np.asarray(Image.fromarray(channel).resize(size, bicubic)) for channel in channels])
    return torch.from_numpy(resized.clip(0, 255)).view(-1, 3, _SIDE, _SIDE).to(pictures.device)


def _torch_bilinear(pictures: torch.Tensor) -> torch.Tensor:
    """Resize uint8 [N, 3, H, W] by torch, scaled so that the network's (x - 128) / 128 is (x - 127.5) / 127.5."""
    resized = functional.interpolate(pictures.float(), (_SIDE, _SIDE), mode="bilinear", align_corners=False)
    return resized * (128 / 127.5)


_RESIZINGS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "fid": _tensorflow_bilinear,
    "fid-clean": _pillow_bicubic,
    "fid-torch": _torch_bilinear,
}
