"""Published weights of GLCIC, DeepFill v2, EdgeConnect and LaMa for the networks of this package.

    state = torch.load("best.ckpt", map_location="cpu", weights_only=True)     # only a file that you trust
    convert_checkpoints.lama(state).save("weights/big-lama")                              # from then on: safetensors

Each function takes what a published file holds, finds sizes out from the shapes, and returns a network in evaluation
mode. A tensor that is missing, left over or of another shape is named in a ValueError. The files keep their licences:
see docs/explanation/baselines.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from baselines.deepfill_v2 import DeepFillV2, DeepFillV2Config
from baselines.edge_connect import EdgeConnect, EdgeConnectConfig
from baselines.glcic import GLCIC, GLCICConfig
from baselines.lama import LaMa, LaMaConfig
from baselines.weights import load_state

__all__ = ["deepfill_v2", "edge_connect", "glcic", "lama"]

Network = TypeVar("Network", bound=nn.Module)
Tensors: TypeAlias = Mapping[str, Any]
"""Names to tensors, or to NumPy arrays."""

_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def glcic(state: Tensors, mean: Sequence[float]) -> GLCIC:
    """GLCIC from the completion network of GLCIC-PyTorch (otenim; MIT).

    Args:
        state: the state dict of a `.pth` file: `conv1.weight`, `bn1.weight` ... `conv17.bias`.
        mean: `mpv` of the `config.json` beside it, RGB in [0, 1].
    """
    width = _size(state, "conv1.weight", "GLCIC-PyTorch")
    network = GLCIC(GLCICConfig(base_channels=width, norm_last=True))
    names = [f"deconv{number}" if number in (13, 15) else f"conv{number}" for number in range(1, 18)]
    table = _pairs(_named(network, nn.Conv2d, nn.ConvTranspose2d), names, ("weight", "bias"))
    table |= _pairs(_named(network, nn.BatchNorm2d), [f"bn{number}" for number in range(1, 17)], _NORM)
    given = {**state, "mean": torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1)}
    return _filled(network, given, table | {"mean": "mean"}, "weights of GLCIC-PyTorch")


def deepfill_v2(variables: Tensors) -> DeepFillV2:
    """DeepFill v2 from the variables of the authors' TensorFlow checkpoint (CC BY-NC 4.0).

    Args:
        variables: by name, as `tf.train.load_checkpoint` gives them: `inpaint_net/conv1/kernel` [h, w, in, out],
            `inpaint_net/conv13_upsample/conv13_upsample_conv/bias` ...; others (`sn_patch_gan/...`, Adam's) are
            passed over.
    """
    width = _size(variables, "inpaint_net/conv1/bias", "DeepFill v2")
    network = DeepFillV2(DeepFillV2Config(base_channels=width))
    names = [f"inpaint_net/{layer}" for layer in _DEEPFILL_LAYERS]
    table = _pairs(_named(network, nn.Conv2d), names, ("kernel", "bias"), "/", ("weight", "bias"))
    used = {name: torch.as_tensor(variables[name]) for name in table.values() if name in variables}
    turned = {name: value.permute(3, 2, 0, 1) if value.ndim == 4 else value for name, value in used.items()}
    return _filled(network, turned, table, "variables of DeepFill v2")


def edge_connect(edges: Tensors, fills: Tensors) -> EdgeConnect:
    """EdgeConnect from the authors' `EdgeModel_gen.pth` and `InpaintingModel_gen.pth` (CC BY-NC 4.0).

    Args:
        edges: of the edge generator: `{"iteration": ..., "generator": state dict}`, or the state dict alone.
        fills: of the other one, likewise.
    """
    states = [each.get("generator", each) for each in (edges, fills)]
    width = _size(states[1], "encoder.1.weight", "EdgeConnect")
    blocks = len({name.split(".")[1] for name in states[1] if name.startswith("middle.")})
    network = EdgeConnect(EdgeConnectConfig(base_channels=width, blocks=blocks))
    layers = [f"encoder.{index}" for index in (1, 4, 7)]
    layers += [f"middle.{block}.conv_block.{index}" for block in range(blocks) for index in (1, 5)]
    layers += [f"decoder.{index}" for index in (0, 3, 7)]
    for state, generator in zip(states, (network.edge_generator, network.fill_generator), strict=True):
        ours = _named(generator, nn.Conv2d, nn.ConvTranspose2d)
        own = generator.state_dict()
        table = {
            f"{mine}.{part}": f"{theirs}.{_SPECTRAL.get(part, part)}"
            for mine, theirs in zip(ours, layers, strict=True)
            for part in ("weight", "bias", *_SPECTRAL)
            if f"{mine}.{part}" in own
        }
        _filled(generator, state, table, "weights of EdgeConnect")
    return network


def lama(state: Tensors) -> LaMa:
    """LaMa, of any number of blocks, from the authors' Lightning checkpoint (Apache-2.0).

    Args:
        state: the checkpoint, or its `state_dict`, with `generator.model.1.ffc.convl2l.weight` and so on; whatever does
            not begin with `generator.` (discriminator, losses) is passed over.
    """
    state = state.get("state_dict", state)
    state = {name: value for name, value in state.items() if name.startswith("generator.")}
    width = _size(state, "generator.model.1.ffc.convl2l.weight", "LaMa")
    blocks = sum(name.endswith("conv1.ffc.convl2l.weight") for name in state)
    whole = _size(state, "generator.model.4.ffc.convl2g.weight", "LaMa")
    network = LaMa(LaMaConfig(base_channels=width, blocks=blocks, global_share=whole / (8 * width)))
    table = dict(chain(_lama_outside(blocks), *map(_lama_block, range(blocks))))
    return _filled(network, state, {ours: f"generator.model.{name}" for ours, name in table.items()}, "weights of LaMa")


_SPECTRAL = {
    "parametrizations.weight.original": "weight_orig",
    "parametrizations.weight.0._u": "weight_u",
    "parametrizations.weight.0._v": "weight_v",
}

_DEEPFILL_LAYERS = (
    *("conv1", "conv2_downsample", "conv3", "conv4_downsample", "conv5", "conv6"),
    *("conv7_atrous", "conv8_atrous", "conv9_atrous", "conv10_atrous", "conv11", "conv12"),
    *("conv13_upsample/conv13_upsample_conv", "conv14", "conv15_upsample/conv15_upsample_conv", "conv16", "conv17"),
    *("xconv1", "xconv2_downsample", "xconv3", "xconv4_downsample", "xconv5", "xconv6"),
    *("xconv7_atrous", "xconv8_atrous", "xconv9_atrous", "xconv10_atrous"),
    *("pmconv1", "pmconv2_downsample", "pmconv3", "pmconv4_downsample", "pmconv5", "pmconv6"),
    *("pmconv9", "pmconv10", "allconv11", "allconv12", "allconv13_upsample/allconv13_upsample_conv", "allconv14"),
    *("allconv15_upsample/allconv15_upsample_conv", "allconv16", "allconv17"),
)


def _lama_outside(blocks: int) -> Iterable[tuple[str, str]]:
    for layer in (1, 2, 3):
        yield from _lama_normed(f"down.{layer}", f"{layer}.ffc.convl2l", f"{layer}.bn_l")
    yield from _lama_normed("to_local", "4.ffc.convl2l", "4.bn_l")
    yield from _lama_normed("to_whole", "4.ffc.convl2g", "4.bn_g")
    first = 5 + blocks + 1  # behind the blocks and the layer that joins local and global channels
    for index in range(3):
        number = first + 3 * index
        yield from _lama_normed(f"up.{index}", str(number), str(number + 1))
        yield f"up.{index}.convolution.bias", f"{number}.bias"
    for part in ("weight", "bias"):
        yield f"head.{part}", f"{first + 10}.{part}"


def _lama_normed(ours: str, convolution: str, norm: str) -> Iterable[tuple[str, str]]:
    yield f"{ours}.convolution.weight", f"{convolution}.weight"
    yield from ((f"{ours}.norm.{part}", f"{norm}.{part}") for part in _NORM)


def _lama_block(block: int) -> Iterable[tuple[str, str]]:
    for ours, theirs in (("first", "conv1"), ("second", "conv2")):
        mine, spectral = f"middle.{block}.{ours}", f"{block + 5}.{theirs}.ffc.convg2g"
        convolutions = {
            "local_to_local": f"{block + 5}.{theirs}.ffc.convl2l",
            "local_to_whole": f"{block + 5}.{theirs}.ffc.convl2g",
            "whole_to_local": f"{block + 5}.{theirs}.ffc.convg2l",
            "whole_to_whole.reduce.0": f"{spectral}.conv1.0",
            "whole_to_whole.unit.convolution": f"{spectral}.fu.conv_layer",
            "whole_to_whole.expand": f"{spectral}.conv2",
        }
        norms = {
            "local_norm": f"{block + 5}.{theirs}.bn_l",
            "whole_norm": f"{block + 5}.{theirs}.bn_g",
            "whole_to_whole.reduce.1": f"{spectral}.conv1.1",
            "whole_to_whole.unit.norm": f"{spectral}.fu.bn",
        }
        yield from ((f"{mine}.{name}.weight", f"{other}.weight") for name, other in convolutions.items())
        yield from ((f"{mine}.{name}.{part}", f"{other}.{part}") for name, other in norms.items() for part in _NORM)


def _named(network: nn.Module, *kinds: type[nn.Module]) -> list[str]:
    """Names of the layers of some kinds, in the order in which they work."""
    return [name for name, module in network.named_modules() if isinstance(module, kinds)]


def _pairs(
    ours: Sequence[str],
    theirs: Sequence[str],
    parts: Sequence[str],
    separator: str = ".",
    own_parts: Sequence[str] = (),
) -> dict[str, str]:
    """Our tensor names to theirs, for layers in the same order."""
    return {
        f"{mine}.{own}": f"{other}{separator}{part}"
        for mine, other in zip(ours, theirs, strict=True)
        for own, part in zip(own_parts or parts, parts, strict=True)
    }


def _size(state: Tensors, name: str, source: str) -> int:
    """Output channels of a published layer."""
    if name not in state:
        found = ", ".join(list(state)[:3]) or "nothing"
        raise ValueError(f"weights of {source} must hold {name}; found {found}. Give the file that the authors wrote.")
    return int(state[name].shape[0])


def _filled(network: Network, state: Tensors, table: Mapping[str, str], subject: str) -> Network:
    """The network with the published tensors in their places; those that the table does not name are left over."""
    given: dict[str, Tensor] = {
        ours: torch.as_tensor(state[theirs]) for ours, theirs in table.items() if theirs in state
    }
    used = set(table.values())
    load_state(network, given | {name: state[name] for name in state if name not in used}, subject)
    return network
