"""Discriminators ("critics") of the learned baselines, beside `spgnet.Discriminator`."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["GlobalLocalCritic", "PictureCritic", "SpectralPatchCritic", "window_around"]

_MAX_WIDENING = 8  # of the channels, relative to the first layer
_MIN_SIDE = 4  # pixels a side at the last layer


class PictureCritic(nn.Module):
    """The discriminator of DCGAN: strided convolutions with batch normalisation to about 4x4 pixels, then linear.

    Args:
        size: height and width of the pictures.
        base_channels: of the first layer, doubled by each up to 8 times.
        kernel_size: 4 in the context encoder, 5 in GLCIC.
        outputs: number of logits.
    """

    def __init__(self, size: tuple[int, int], base_channels: int, kernel_size: int, outputs: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        (height, width), before = size, 3
        while not layers or min(height, width) > _MIN_SIDE:
            after = base_channels * min(2 ** (len(layers) // 3), _MAX_WIDENING)
            layers += [nn.Conv2d(before, after, kernel_size, 2, (kernel_size - 1) // 2)]
            layers += [nn.BatchNorm2d(after) if before > 3 else nn.Identity(), nn.LeakyReLU(0.2)]
            before = after
            height, width = ((side + kernel_size % 2) // 2 for side in (height, width))
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.last = nn.Linear(before * height * width, outputs)

    def forward(self, image: Tensor) -> Tensor:
        """Float [N, 3, H, W] to logits [N, outputs]."""
        logits: Tensor = self.last(self.body(image))
        return logits


class GlobalLocalCritic(nn.Module):
    """GLCIC's two discriminators: of the whole picture, and of a window of half its size around the hole.

    Args:
        size: height and width of the pictures.
        base_channels: of both; each gives 16 times as many features (1024 in the paper).
    """

    def __init__(self, size: tuple[int, int], base_channels: int) -> None:
        super().__init__()
        self.window = (size[0] // 2, size[1] // 2)
        outputs = 16 * base_channels
        self.whole = PictureCritic(size, base_channels, 5, outputs)
        self.part = PictureCritic(self.window, base_channels, 5, outputs)
        self.last = nn.Sequential(nn.LeakyReLU(0.2), nn.Linear(2 * outputs, 1))

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """Float [N, 3, H, W] and bool [N, 1, H, W] to logits [N, 1]."""
        part = window_around(image, hole, self.window)
        logits: Tensor = self.last(torch.cat([self.whole(image), self.part(part)], dim=1))
        return logits


class SpectralPatchCritic(nn.Module):
    """DeepFill v2's SN-PatchGAN: six 5x5 convolutions with stride 2 and spectral norm; every feature is a score.

    Args:
        base_channels: of the first layer; 2 times as many in the second, 4 times in the others.
    """

    def __init__(self, base_channels: int) -> None:
        super().__init__()
        widths = [4, base_channels, 2 * base_channels, *[4 * base_channels] * 4]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [spectral_norm(nn.Conv2d(before, after, kernel_size=5, stride=2, padding=2)), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """Float [N, 3, H, W] in [-1, 1] and bool [N, 1, H, W] to scores [N, 4 * base_channels, h, w]."""
        scores: Tensor = self.body(torch.cat([image, hole.to(image.dtype)], dim=1))
        return scores


def window_around(image: Tensor, hole: Tensor, size: tuple[int, int]) -> Tensor:
    """Crop every picture to a window centred on the bounding box of its hole, as far as the borders allow.

    Args:
        image: [N, C, H, W].
        hole: bool [N, 1, H, W].
        size: height and width of the window, at most those of the picture.

    Returns:
        [N, C, size[0], size[1]].
    """
    rows = _starts(hole.any(dim=3)[:, 0], size[0])[:, None] + torch.arange(size[0], device=image.device)  # [N, h]
    columns = _starts(hole.any(dim=2)[:, 0], size[1])[:, None] + torch.arange(size[1], device=image.device)
    pictures = torch.arange(len(image), device=image.device)[:, None, None]
    return image.permute(0, 2, 3, 1)[pictures, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _starts(missing: Tensor, length: int) -> Tensor:
    """First rows (or columns) of the windows, int64 [N]; `missing`, bool [N, H], says which rows have hole pixels."""
    total = missing.shape[1]
    first = missing.int().argmax(dim=1)
    last = total - 1 - missing.int().flip(1).argmax(dim=1)
    return ((first + last + 1 - length) // 2).clamp(0, total - length)
