"""Three ways to double the size of feature maps with a learned 3x3 kernel, and how weights of one become another's.

A transposed convolution of kernel 3 and stride 2 gives even and odd pixels other numbers of inputs, so that even
constant features make a lattice (Odena et al. 2016, "Deconvolution and checkerboard artifacts"). A convolution after
nearest upsampling treats both the same where features are constant; where they change, the change lies at the border
of two pixels of the small map, so that edges of the output stand at fixed places of a grid. After bilinear upsampling
a change is spread evenly from one pixel to the next.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spgnet.config import Upsampling

__all__ = ["ResizeConvolution", "converted_kernel"]

_MATRICES: dict[Upsampling, Tensor] = {
    "transposed": torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0]], dtype=torch.float64),
    "resize": torch.tensor([[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 0, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.float64),
    "resize-bilinear": torch.tensor(
        [[3, 1, 0], [1, 3, 3], [0, 0, 1], [1, 0, 0], [3, 3, 1], [0, 1, 3]], dtype=torch.float64
    )
    / 4,
}
"""From the three values of a kernel along an axis: weights of the inputs i-1, i, i+1 for the outputs 2i (three rows)
and 2i + 1. The transposed convolution has padding 1 and output padding 1."""


class ResizeConvolution(nn.Conv2d):
    """Upsampling to twice the size, then a 3x3 convolution over reflected borders.

    Args:
        before, after: channels.
        bilinear: upsampling between the centres of pixels, the outermost continued, instead of nearest upsampling.
    """

    def __init__(self, before: int, after: int, *, bilinear: bool = False) -> None:
        super().__init__(before, after, kernel_size=3)
        self.bilinear = bilinear

    def forward(self, values: Tensor) -> Tensor:
        """[N, before, h, w] to [N, after, 2h, 2w]."""
        return super().forward(functional.pad(self.enlarged(values), (1, 1, 1, 1), mode="reflect"))

    def convolved(self, values: Tensor) -> Tensor:
        """The convolution alone, of upsampled and padded values."""
        return super().forward(values)

    def enlarged(self, values: Tensor) -> Tensor:
        """The upsampling alone."""
        if self.bilinear:
            return functional.interpolate(values, scale_factor=2.0, mode="bilinear", align_corners=False)
        return functional.interpolate(values, scale_factor=2.0, mode="nearest")


def converted_kernel(kernel: Tensor, given: Upsampling, wanted: Upsampling) -> Tensor:
    """The kernel of the form `wanted` whose response is nearest to that of one of the form `given`.

    Nearest in the sum of squared differences over all pairs of an input and an output pixel, borders aside. From
    `transposed` to `resize`, what constant features give stays the same in the mean over the 2x2 output pixels of an
    input pixel; the other way a kernel has fewer pairs of pixels, so that this mean is not kept.

    Args:
        kernel: float [before, after, 3, 3], as nn.ConvTranspose2d has it, if `given` is `transposed`; else
            [after, before, 3, 3].

    Returns:
        The same kind of the form `wanted`.
    """
    side = (torch.linalg.pinv(_MATRICES[wanted]) @ _MATRICES[given]).to(kernel.device)
    nearest: Tensor = (side @ kernel.double() @ side.mT).to(kernel.dtype)
    return nearest.transpose(0, 1).contiguous() if "transposed" in {given, wanted} else nearest
