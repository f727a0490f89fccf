"""The choice of networks that are replaced by faster ones on NVIDIA GPUs."""

from __future__ import annotations

import importlib.util

import torch
from segmentation_models_pytorch import DeepLabV3Plus  # type: ignore[import-untyped]  # the library ships no types
from torch import nn

from spgnet.gpu.generator import FusedGenerator, is_plain
from spgnet.gpu.segmenter import FusedSegmenter
from spgnet.networks import Generator

__all__ = ["prepare_for_gpu"]


def prepare_for_gpu(network: nn.Module, dtype: torch.dtype) -> FusedGenerator | FusedSegmenter | None:
    """A faster replacement of the same results but for rounding; None where there is none.

    There is one on a GPU for which Triton is installed: of the generators in the paper's form and of DeepLabv3+.

    Args:
        network: float32, in eval mode, normalisations folded into convolutions; may be changed.
        dtype: of weights and values of the replacement.
    """
    if next(network.parameters()).device.type != "cuda" or importlib.util.find_spec("triton") is None:
        return None
    if isinstance(network, Generator) and is_plain(network):
        return FusedGenerator(network, dtype)
    return FusedSegmenter(network, dtype) if isinstance(network, DeepLabV3Plus) else None
