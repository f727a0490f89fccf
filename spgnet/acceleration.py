"""Faster inference: the same networks in other arithmetic, memory order or form, each an option, none the default.

docs/how-to/faster-spgnet.md has the measured gain and the measured change of the output of each.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Self, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from spgnet import cuda_graphs
from spgnet.compilation import compile_network
from spgnet.crop_inference import HoleGenerator, HoleSGNet
from spgnet.cuda_graphs import GraphExecutor
from spgnet.depthwise import undilate
from spgnet.gpu.inference import prepare_for_gpu
from spgnet.model import SPGNet
from spgnet.networks import Generator, SGNet

__all__ = ["Acceleration", "accelerate"]

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Acceleration:
    """What may be done for speed.

    Attributes:
        precision: of weights and arithmetic inside the networks; pictures and probabilities stay float32.
        channels_last: whether channels are innermost in memory.
        folded: whether batch normalisation is folded into the convolution before it: one pass less over the values.
        compiled: whether torch.compile makes fused kernels, anew for every shape of the batch.
        cuda_graph: whether all kernels of a call are recorded once for each shape, and replayed; on CUDA devices.
        crop_inference: whether SG-Net leaves out what no pixel of the hole depends on; the known pixels of
            `Completion.image` and of `guide` are the input's then.
    """

    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    channels_last: bool = False
    folded: bool = False
    compiled: bool = False
    cuda_graph: bool = False
    crop_inference: bool = False

    def __post_init__(self) -> None:
        if self.precision not in _DTYPES:
            raise ValueError(
                f"precision must be one of {', '.join(_DTYPES)}; found {self.precision!r}. float32 is the exact one."
            )
        if self.crop_inference and (self.compiled or self.cuda_graph):
            raise ValueError(
                "crop_inference must be used without compiled and cuda_graph, whose kernels are made for one size; "
                "found both. Leave one out."
            )


def accelerate(model: SPGNet, options: Acceleration) -> SPGNet:
    """A copy of the model that is faster and only good for inference; it takes and gives what the model does.

    Raises:
        ValueError: a CUDA graph is asked for and the model lies elsewhere.
    """
    device = next(model.parameters()).device
    executor = None
    if options.cuda_graph:
        executor = GraphExecutor(cuda_graphs.recorder_for(device), cuda_graphs.GRAPHS)
    fast = copy.deepcopy(model).eval().requires_grad_(False)
    if fast.segmenter is not None and fast.spnet is not None:
        fast.segmenter.network = _Accelerated(cast("nn.Module", fast.segmenter.network), options, executor)
        fast.spnet.generator = _Accelerated(fast.spnet.generator, options, executor)
    if options.crop_inference:
        fast.sgnet.generator = HoleGenerator(cast("Generator", fast.sgnet.generator))
    fast.sgnet.generator = _Accelerated(fast.sgnet.generator, options, executor)
    if options.crop_inference:
        fast.sgnet = cast("SGNet", HoleSGNet(fast.sgnet))
    if executor is not None:
        fast.execute = executor
    return fast


class _Accelerated(nn.Module):
    """A network that casts and orders what it is given as its weights are, and gives float32.

    Args:
        network: the network, which is changed in place.
        options: what is done for speed.
        executor: its recordings are forgotten when the weights may have moved.
    """

    def __init__(self, network: nn.Module, options: Acceleration, executor: GraphExecutor | None) -> None:
        super().__init__()
        self.dtype = _DTYPES[options.precision]
        self.order = torch.channels_last if options.channels_last else torch.contiguous_format
        if options.folded:
            _fold(network)
        if options.channels_last and next(network.parameters()).device.type == "cpu":
            undilate(network)
        replaced = options.folded and options.channels_last and not options.compiled
        self.fused = prepare_for_gpu(network, self.dtype) if replaced else None
        self.network = self.fused or network.to(dtype=self.dtype).to(memory_format=self.order)
        self._executor = executor
        self._run: Callable[..., Tensor] = compile_network(self.network) if options.compiled else self.network

    @property
    def encoder(self) -> Any:
        """The segmenter's, which makes features for a perceptual loss."""
        return self.network.encoder

    def forward(self, *inputs: Tensor) -> Tensor:
        """Run the network; a bool tensor (the hole) stays bool."""
        if self.fused is not None:
            return cast("Tensor", self.fused(*inputs))
        return self._run(*(self._prepared(values) for values in inputs)).float()

    def _prepared(self, values: Tensor) -> Tensor:
        dtype = self.dtype if values.is_floating_point() else values.dtype
        return values.to(dtype=dtype, memory_format=self.order)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        if self._executor is not None:
            self._executor.clear()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call] # of torch
        return self

    def _load_from_state_dict(self, *arguments: Any) -> None:
        if self._executor is not None:
            self._executor.clear()
        super()._load_from_state_dict(*arguments)


def _fold(network: nn.Module) -> None:
    """Fold every batch normalisation that directly follows a convolution in a sequence, in place."""
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for (name, first), (next_name, second) in list(pairwise(sequence.named_children())):
            if isinstance(first, nn.Conv2d | nn.ConvTranspose2d) and isinstance(second, nn.BatchNorm2d):
                transposed = isinstance(first, nn.ConvTranspose2d)
                setattr(sequence, name, fuse_conv_bn_eval(first, second, transpose=transposed))
                setattr(sequence, next_name, nn.Identity())
