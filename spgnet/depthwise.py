"""Widely dilated depthwise convolutions, which DeepLabv3+ has three of, in a form that is fast on processors.

Filters that see every d-th pixel never mix the d * d pictures of every d-th pixel: each is convolved without dilation
(Holschneider et al. 1989, "algorithme a trous"; TensorFlow's space_to_batch). The same products, the same sums.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

__all__ = ["UndilatedConvolution", "undilate"]

_WIDEST_FAST = 6
"""The widest dilation for which oneDNN has a fast depthwise kernel with channels innermost in memory."""


class UndilatedConvolution(nn.Module):
    """A dilated depthwise convolution of kernel 3, stride 1 and as much padding as dilation.

    Args:
        convolution: whose filters are taken over.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias, self.dilation = convolution.weight, convolution.bias, convolution.dilation[0]

    def forward(self, values: Tensor) -> Tensor:
        """[N, C, H, W] to the same; fast for channels last."""
        (n, channels, height, width), d = values.shape, self.dilation
        rows, columns = -(-height // d), -(-width // d)
        whole = functional.pad(values, (0, columns * d - width, 0, rows * d - height)).permute(0, 2, 3, 1)
        phases = whole.reshape(n, rows, d, columns, d, channels).permute(0, 2, 4, 1, 3, 5)
        batch = phases.reshape(n * d * d, rows, columns, channels).permute(0, 3, 1, 2)
        convolved = functional.conv2d(batch, self.weight, self.bias, padding=1, groups=channels).permute(0, 2, 3, 1)
        phases = convolved.reshape(n, d, d, rows, columns, channels).permute(0, 3, 1, 4, 2, 5)
        return phases.reshape(n, rows * d, columns * d, channels).permute(0, 3, 1, 2)[..., :height, :width]


def undilate(network: nn.Module) -> None:
    """Replace every such convolution of a wide dilation in the network's sequences, in place."""
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for name, layer in sequence.named_children():
            if isinstance(layer, nn.Conv2d) and _is_replaceable(layer):
                setattr(sequence, name, UndilatedConvolution(layer))


def _is_replaceable(layer: nn.Conv2d) -> bool:
    depthwise = layer.groups == layer.in_channels == layer.out_channels > 1 and layer.padding_mode == "zeros"
    plain = layer.kernel_size == (3, 3) and layer.stride == (1, 1)
    return (
        depthwise
        and plain
        and layer.dilation[0] > _WIDEST_FAST
        and layer.padding == layer.dilation == layer.dilation[::-1]
    )
