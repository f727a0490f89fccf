"""Two ways to double the size of feature maps with a learned 3x3 kernel, and how weights of one become the other's.

A transposed convolution of kernel 3 and stride 2 gives even and odd pixels other numbers of inputs, so that even
constant features make a lattice (Odena et al. 2016, "Deconvolution and checkerboard artifacts"). A convolution after
nearest upsampling treats both the same.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ResizeConvolution", "resize_kernel", "transposed_kernel"]

_RESIZE = torch.tensor([[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 0, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.float64)
"""From a kernel after nearest upsampling: weights of the inputs i-1, i, i+1 for the outputs 2i (three rows), 2i + 1."""

_TRANSPOSED = torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0]], dtype=torch.float64)
"""The same from the kernel of a transposed convolution with stride 2, padding 1 and output padding 1."""


class ResizeConvolution(nn.Conv2d):
    """Nearest upsampling to twice the size, then a 3x3 convolution over reflected borders.

    Args:
        before, after: channels.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, kernel_size=3)

    def forward(self, values: Tensor) -> Tensor:
        """[N, before, h, w] to [N, after, 2h, 2w]."""
        return super().forward(functional.pad(self.enlarged(values), (1, 1, 1, 1), mode="reflect"))

    def convolved(self, values: Tensor) -> Tensor:
        """The convolution alone, of upsampled and padded values."""
        return super().forward(values)

    @staticmethod
    def enlarged(values: Tensor) -> Tensor:
        """The upsampling alone."""
        return functional.interpolate(values, scale_factor=2.0, mode="nearest")


def resize_kernel(kernel: Tensor) -> Tensor:
    """The kernel of a ResizeConvolution whose response is nearest to that of a transposed convolution.

    Nearest in the sum of squared differences over all pairs of an input and an output pixel, borders aside. What
    constant features give is the same in the mean over the 2x2 output pixels of an input pixel.

    Args:
        kernel: float [before, after, 3, 3], as nn.ConvTranspose2d has it.

    Returns:
        The same kind, [after, before, 3, 3].
    """
    return _nearest(kernel, _TRANSPOSED, _RESIZE).transpose(0, 1).contiguous()


def transposed_kernel(kernel: Tensor) -> Tensor:
    """The other way round: [after, before, 3, 3] to [before, after, 3, 3].

    A transposed convolution has fewer pairs of pixels, so that the mean of what constant features give is not kept.
    """
    return _nearest(kernel, _RESIZE, _TRANSPOSED).transpose(0, 1).contiguous()


def _nearest(kernel: Tensor, given: Tensor, wanted: Tensor) -> Tensor:
    """Least squares for a separable linear map: the same matrix along rows and columns."""
    side = (torch.linalg.pinv(wanted) @ given).to(kernel.device)
    nearest: Tensor = side @ kernel.double() @ side.mT
    return nearest.to(kernel.dtype)
