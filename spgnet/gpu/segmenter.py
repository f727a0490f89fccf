"""DeepLabv3+ in a form that is fast on NVIDIA GPUs: the same products and sums, in fewer passes over memory.

What follows a convolution (bias, ReLU, addition) is one kernel or a part of its kernel, depthwise convolutions are
kernels of `spgnet.gpu.triton_layers`, and the labels are made from the logits of a quarter of the size in one pass.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import torch
from segmentation_models_pytorch.decoders.deeplabv3.decoder import ASPPPooling  # type: ignore[import-untyped]
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import Bottleneck, ResNet

from spgnet._imagenet import Normalise
from spgnet.gpu.generator import NO_LIMITS, RELU, to_pixels, to_planes
from spgnet.labels import VOID
from spgnet.networks import padded_size

__all__ = ["FusedConvolution", "FusedSegmenter", "fuse_layers"]

_LIMITS: dict[type[nn.Module], tuple[float, float]] = {nn.ReLU: RELU, nn.ReLU6: (0.0, 6.0)}


class FusedConvolution(nn.Module):
    """A convolution with its bias and the ReLU or ReLU6 behind it, on values with channels innermost in memory.

    Args:
        convolution: whose weights are shared.
        limits: that the results are clamped to.
    """

    bias: Tensor
    taps: Tensor
    bias_before: Tensor | None

    def __init__(self, convolution: nn.Conv2d, limits: tuple[float, float] = NO_LIMITS) -> None:
        super().__init__()
        self.convolution, self.limits, self.limits_before = convolution, limits, NO_LIMITS
        self.is_depthwise, self.is_pointwise = _is_depthwise(convolution), _is_pointwise(convolution)
        self.is_bare = False
        weight, bias = convolution.weight.detach(), convolution.bias
        bias = weight.new_zeros(convolution.out_channels) if bias is None else bias.detach()
        self.register_buffer("bias", bias.float(), persistent=False)
        self.register_buffer("bias_before", None, persistent=False)
        if self.is_depthwise:
            self.register_buffer("taps", weight.float().flatten(1).T.contiguous(), persistent=False)

    def leave_bias_to(self, depthwise: FusedConvolution) -> None:
        """Leave bias and clamping to the depthwise convolution that reads the results."""
        self.is_bare = True
        depthwise.bias_before, depthwise.limits_before = self.bias, self.limits

    def forward(self, values: Tensor) -> Tensor:
        """[N, C, H, W] to the same order."""
        from spgnet.gpu.triton_layers import depthwise, finish

        layer, pixels = self.convolution, to_pixels(values)
        geometry = (layer.stride, cast("tuple[int, int]", layer.padding), layer.dilation)
        if self.is_depthwise:
            stride, padding, dilation = (cast("tuple[int, int]", sides)[0] for sides in geometry)
            numbers = (stride, padding, dilation, self.limits, self.limits_before, self.bias_before)
            return to_planes(depthwise(pixels, self.taps, self.bias, *numbers))
        if self.is_pointwise and self.limits == NO_LIMITS and not self.is_bare:
            return to_planes(functional.linear(pixels, layer.weight.flatten(1), layer.bias))
        if self.is_pointwise:
            result = functional.linear(pixels, layer.weight.flatten(1))
        elif self.limits == RELU and values.is_cuda and layer.bias is not None and not self.is_bare:
            return torch.cudnn_convolution_relu(to_planes(pixels), layer.weight, layer.bias, *geometry, layer.groups)
        else:
            result = to_pixels(functional.conv2d(to_planes(pixels), layer.weight, None, *geometry, layer.groups))
        return to_planes(result if self.is_bare else finish(result, self.bias, limits=self.limits))


class _FusedBottleneck(nn.Module):
    """ResNet's block of three convolutions."""

    def __init__(self, block: Bottleneck) -> None:
        super().__init__()
        self.first = FusedConvolution(fuse_conv_bn_eval(block.conv1, block.bn1), RELU)
        self.second = FusedConvolution(fuse_conv_bn_eval(block.conv2, block.bn2), RELU)
        self.third = FusedConvolution(fuse_conv_bn_eval(block.conv3, block.bn3), RELU)
        self.third.is_bare = True
        self.downsample = block.downsample

    def forward(self, values: Tensor) -> Tensor:
        """[N, C, H, W] with channels innermost in memory to the same order."""
        from spgnet.gpu.triton_layers import finish

        shortcut = values if self.downsample is None else self.downsample(values)
        change = to_pixels(self.third(self.second(self.first(values))))
        return to_planes(finish(change, self.third.bias, limits=RELU, residual=to_pixels(shortcut)))


class _Pooled(nn.Module):
    """The mean of a whole picture, through some layers, for every pixel."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, values: Tensor) -> Tensor:
        """[N, C, H, W] to [N, O, H, W]."""
        mean: Tensor = self.layers(values)
        return mean.expand(-1, -1, *values.shape[2:])


class FusedSegmenter(nn.Module):
    """The network of a `Segmenter`, for inference.

    Args:
        network: DeepLabv3+ of segmentation-models-pytorch, changed in place.
        dtype: of weights and values.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        fuse_layers(network)
        _cast(network, dtype)
        self.network, self.dtype = network, dtype
        self.inputs = next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d)).in_channels
        normalise = Normalise().to(next(network.parameters()).device)
        self.register_buffer("scale", 1 / normalise.std.flatten(), persistent=False)
        self.register_buffer("shift", -(normalise.mean / normalise.std).flatten(), persistent=False)

    @property
    def encoder(self) -> Any:
        """Makes features for a perceptual loss."""
        return self.network.encoder

    def forward(self, values: Tensor) -> Tensor:
        """As the network's, in float32."""
        logits: Tensor = self.network(values.to(dtype=self.dtype, memory_format=torch.channels_last))
        return logits.float()

    def labels(self, image: Tensor, hole: Tensor) -> Tensor:
        """See `Segmenter.visible_labels`."""
        from spgnet.gpu.triton_pictures import assemble, logits_to_labels

        values = assemble(
            image,
            None,
            hole,
            scale=self.scale,
            shift=self.shift,
            hidden=0.0,
            classes=0,
            hide_labels=False,
            mask_channel=self.inputs == 4,
            channels=self.inputs,
            size=padded_size(image.shape[-2:]),
            dtype=self.dtype,
        )
        network = cast("Any", self.network)
        head, enlargement, _ = network.segmentation_head
        logits = head(network.decoder(network.encoder(to_planes(values))))
        return logits_to_labels(to_pixels(logits), hole, int(enlargement.scale_factor), VOID)


def fuse_layers(network: nn.Module) -> None:
    """Fold the normalisations, and replace what `FusedConvolution` and its like do alike, in place."""
    for parent in list(network.modules()):
        for name, block in list(parent.named_children()):
            if isinstance(block, Bottleneck):
                setattr(parent, name, _FusedBottleneck(block))
            elif isinstance(block, ASPPPooling):
                setattr(parent, name, _Pooled(block))
        if isinstance(parent, ResNet):
            parent.conv1 = FusedConvolution(fuse_conv_bn_eval(parent.conv1, parent.bn1), RELU)
            parent.bn1, parent.relu = nn.Identity(), nn.Identity()
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        _fuse_sequence(sequence)
    for block in network.modules():
        if isinstance(block, InvertedResidual):
            layers = [layer for layer in block.modules() if isinstance(layer, FusedConvolution)]
            for first, second in pairwise(layers):
                if second.is_depthwise and not first.is_depthwise:
                    first.leave_bias_to(second)


def _fuse_sequence(sequence: nn.Sequential) -> None:
    """Make one of a convolution and the normalisation and ReLU behind it."""
    names = [name for name, _ in sequence.named_children()]
    for index, name in enumerate(names):
        holder, key = _last_of(sequence, name)
        convolution = holder.get_submodule(key)
        if not isinstance(convolution, nn.Conv2d):
            continue
        limits = NO_LIMITS
        for follower in names[index + 1 :]:
            layer = sequence.get_submodule(follower)
            if isinstance(layer, nn.BatchNorm2d) and limits == NO_LIMITS:
                convolution = fuse_conv_bn_eval(convolution, layer)
            elif type(layer) in _LIMITS and limits == NO_LIMITS:
                limits = _LIMITS[type(layer)]
            elif not isinstance(layer, nn.Identity):
                break
            setattr(sequence, follower, nn.Identity())
        setattr(holder, key, FusedConvolution(convolution, limits))


def _last_of(sequence: nn.Sequential, name: str) -> tuple[nn.Sequential, str]:
    """Where the layer lies that ends the named part: that part itself, or the last one of sequences inside it."""
    layer = sequence.get_submodule(name)
    while isinstance(layer, nn.Sequential) and len(layer):
        sequence, name = layer, str(len(layer) - 1)
        layer = layer[-1]
    return sequence, name


def _cast(network: nn.Module, dtype: torch.dtype) -> None:
    """Weights to `dtype`; the biases and the filters that kernels read stay float32."""
    kept = {module: dict(module.named_buffers(recurse=False)) for module in network.modules()}
    network.to(dtype=dtype).to(memory_format=torch.channels_last)
    for module, buffers in kept.items():
        if isinstance(module, FusedConvolution):
            module._buffers.update(buffers)


def _is_depthwise(layer: nn.Conv2d) -> bool:
    geometry = (layer.stride, layer.padding, layer.dilation)
    return (
        layer.groups == layer.in_channels == layer.out_channels > 1
        and layer.kernel_size == (3, 3)
        and layer.padding_mode == "zeros"
        and all(isinstance(sides, tuple) and sides[0] == sides[1] for sides in geometry)
    )


def _is_pointwise(layer: nn.Conv2d) -> bool:
    return layer.kernel_size == (1, 1) and layer.stride == (1, 1) and layer.padding == (0, 0) and layer.groups == 1
