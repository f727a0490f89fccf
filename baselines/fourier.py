"""Fast Fourier convolutions (Chi, Jiang and Mu, NeurIPS 2020) as LaMa uses them: without local Fourier units.

Features are split into local channels, which convolutions see, and global ones, which are convolved in the spectrum.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["FourierConvolution", "FourierUnit", "SpectralTransform"]


class FourierUnit(nn.Module):
    """A 1x1 convolution of the spectrum, real and imaginary parts as channels, with batch normalisation and ReLU.

    Transforms run in float32, also under autocast; normalisation of the transform is orthonormal.

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2 * channels, 2 * channels, kernel_size=1, bias=False)
        self.norm = nn.BatchNorm2d(2 * channels)

    def forward(self, values: Tensor) -> Tensor:
        """[N, channels, H, W] to the same shape, float32."""
        n, channels, height, width = values.shape
        spectrum = torch.fft.rfft2(values.float(), norm="ortho")  # [N, C, H, W / 2 + 1]
        parts = torch.view_as_real(spectrum).permute(0, 1, 4, 2, 3)  # [N, C, 2, H, W / 2 + 1]
        parts = self.norm(self.convolution(parts.flatten(1, 2))).relu().float()
        parts = parts.view(n, channels, 2, *parts.shape[2:]).permute(0, 1, 3, 4, 2)
        output: Tensor = torch.fft.irfft2(torch.view_as_complex(parts.contiguous()), s=(height, width), norm="ortho")
        return output


class SpectralTransform(nn.Module):
    """Half as many channels, their Fourier unit added to them, and back.

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.reduce = nn.Sequential(
            nn.Conv2d(channels, half, kernel_size=1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True)
        )
        self.unit = FourierUnit(half)
        self.expand = nn.Conv2d(half, channels, kernel_size=1, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        """[N, channels, H, W] to the same shape."""
        values = self.reduce(values)
        expanded: Tensor = self.expand(values + self.unit(values))
        return expanded


class FourierConvolution(nn.Module):
    """A 3x3 convolution of local and global channels, each normalised and activated; sides are mirrored (reflected).

    Args:
        local, whole: channels of both kinds, the same in input and output.
    """

    def __init__(self, local: int, whole: int) -> None:
        super().__init__()
        self.local_to_local = _three(local, local)
        self.local_to_whole = _three(local, whole)
        self.whole_to_local = _three(whole, local)
        self.whole_to_whole = SpectralTransform(whole)
        self.local_norm, self.whole_norm = nn.BatchNorm2d(local), nn.BatchNorm2d(whole)

    def forward(self, local: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
        """[N, local, H, W] and [N, whole, H, W] to the same shapes; both sides at least 2."""
        made_local = self.local_to_local(local) + self.whole_to_local(whole)
        made_whole = self.local_to_whole(local) + self.whole_to_whole(whole)
        return self.local_norm(made_local).relu(), self.whole_norm(made_whole).relu()


def _three(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False, padding_mode="reflect")
