from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from baselines import convert_checkpoints
from baselines.glcic import GLCIC
from baselines.lama import LaMa
from spgnet.arguments import hide

Scene = Callable[..., tuple[Tensor, Tensor]]
State = dict[str, Tensor]


class Draw:
    """Random tensors under published names."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)
        self.state: State = {}

    def tensor(self, name: str, *shape: int) -> None:
        self.state[name] = torch.randn(*shape, generator=self.generator) / math.prod(shape[1:]) ** 0.5

    def norm(self, name: str, channels: int) -> None:
        for part in ("weight", "bias", "running_mean"):
            self.tensor(f"{name}.{part}", channels)
        self.state[f"{name}.running_var"] = torch.rand(channels, generator=self.generator) + 0.5
        self.state[f"{name}.num_batches_tracked"] = torch.tensor(7)


def published_glcic(width: int) -> State:
    draw = Draw()
    channels = [4, 1, 2, 2, *[4] * 9, 2, 2, 1, 0.5, 3]  # in multiples of the width, but for the ends
    widths = [4, *(int(width * factor) for factor in channels[1:-1]), 3]
    for number in range(1, 18):
        before, after = widths[number - 1], widths[number]
        if number in (13, 15):
            draw.tensor(f"deconv{number}.weight", before, after, 4, 4)
        else:
            kernel = 5 if number == 1 else 3
            draw.tensor(f"conv{number}.weight", after, before, kernel, kernel)
        draw.tensor(f"{'de' if number in (13, 15) else ''}conv{number}.bias", after)
        if number < 17:
            draw.norm(f"bn{number}", after)
    return draw.state


def published_deepfill(width: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    variables: dict[str, Any] = {"global_step": np.int64(9), "sn_patch_gan/conv1/kernel": np.zeros(3)}

    def layers(before: int, table: str) -> None:
        for entry in table.split():
            name, filters, kernel = entry.split(":")
            count = 3 if filters == "rgb" else int(float(filters) * width)
            full = f"inpaint_net/{name}/{name}_conv" if "upsample" in name else f"inpaint_net/{name}"
            shape = (int(kernel), int(kernel), before, count)
            variables[f"{full}/kernel"] = random.normal(0, 0.1, shape).astype(np.float32)
            variables[f"{full}/bias"] = random.normal(0, 0.1, count).astype(np.float32)
            variables[f"{full}/kernel/Adam"] = np.zeros(shape, np.float32)
            before = count // 2

    middle = "{0}7_atrous:4:3 {0}8_atrous:4:3 {0}9_atrous:4:3 {0}10_atrous:4:3"
    tail = "{0}11:4:3 {0}12:4:3 {0}13_upsample:2:3 {0}14:2:3 {0}15_upsample:1:3 {0}16:0.5:3 {0}17:rgb:3"
    head = "{0}1:1:5 {0}2_downsample:%s:3 {0}3:2:3 {0}4_downsample:%s:3 {0}5:4:3 {0}6:4:3"
    layers(5, f"{head % (2, 4)} {middle} {tail}".format("conv"))
    layers(3, f"{head % (1, 2)} {middle}".format("xconv"))
    layers(3, (head % (1, 4)).format("pmconv"))
    layers(2 * width, "pmconv9:4:3 pmconv10:4:3")
    layers(4 * width, tail.format("allconv"))
    return variables


def published_edges(width: int, blocks: int, before: int, after: int, *, spectral: bool) -> dict[str, Any]:
    draw = Draw()

    def layer(name: str, *shape: int, up: bool = False, plain: bool = False, bias: bool = True) -> None:
        normed = spectral and not plain
        draw.tensor(f"{name}.weight_orig" if normed else f"{name}.weight", *shape)
        outputs, rest = (shape[1], shape[0]) if up else (shape[0], shape[1])
        if bias:
            draw.tensor(f"{name}.bias", outputs)
        if normed:
            weight = draw.state[f"{name}.weight_orig"]
            matrix = (weight.transpose(0, 1) if up else weight).flatten(1)
            left, _, right = torch.linalg.svd(matrix, full_matrices=False)
            draw.state[f"{name}.weight_u"], draw.state[f"{name}.weight_v"] = left[:, 0], right[0]
            assert right.shape[1] == rest * shape[2] * shape[3]

    layer("encoder.1", width, before, 7, 7)
    layer("encoder.4", 2 * width, width, 4, 4)
    layer("encoder.7", 4 * width, 2 * width, 4, 4)
    for block in range(blocks):
        for index in (1, 5):
            layer(f"middle.{block}.conv_block.{index}", 4 * width, 4 * width, 3, 3, bias=not spectral)
    layer("decoder.0", 4 * width, 2 * width, 4, 4, up=True)
    layer("decoder.3", 2 * width, width, 4, 4, up=True)
    layer("decoder.7", after, width, 7, 7, plain=True)
    return {"iteration": 3, "generator": draw.state}


def published_lama(width: int, blocks: int) -> dict[str, Any]:
    draw, model = Draw(), "generator.model"
    local, whole = 2 * width, 6 * width
    draw.tensor(f"{model}.1.ffc.convl2l.weight", width, 4, 7, 7)
    draw.norm(f"{model}.1.bn_l", width)
    for index, factor in ((2, 1), (3, 2)):
        draw.tensor(f"{model}.{index}.ffc.convl2l.weight", 2 * factor * width, factor * width, 3, 3)
        draw.norm(f"{model}.{index}.bn_l", 2 * factor * width)
    for kind, channels in (("l", local), ("g", whole)):
        draw.tensor(f"{model}.4.ffc.convl2{kind}.weight", channels, 4 * width, 3, 3)
        draw.norm(f"{model}.4.bn_{kind}", channels)
    for block in range(5, 5 + blocks):
        for conv in ("conv1", "conv2"):
            name = f"{model}.{block}.{conv}"
            for pair, shape in {"l2l": (local, local), "l2g": (whole, local), "g2l": (local, whole)}.items():
                draw.tensor(f"{name}.ffc.conv{pair}.weight", *shape, 3, 3)
            draw.tensor(f"{name}.ffc.convg2g.conv1.0.weight", whole // 2, whole, 1, 1)
            draw.norm(f"{name}.ffc.convg2g.conv1.1", whole // 2)
            draw.tensor(f"{name}.ffc.convg2g.fu.conv_layer.weight", whole, whole, 1, 1)
            draw.norm(f"{name}.ffc.convg2g.fu.bn", whole)
            draw.tensor(f"{name}.ffc.convg2g.conv2.weight", whole, whole // 2, 1, 1)
            draw.norm(f"{name}.bn_l", local)
            draw.norm(f"{name}.bn_g", whole)
    number = 5 + blocks + 1
    for factor in (8, 4, 2):
        draw.tensor(f"{model}.{number}.weight", factor * width, factor * width // 2, 3, 3)
        draw.tensor(f"{model}.{number}.bias", factor * width // 2)
        draw.norm(f"{model}.{number + 1}", factor * width // 2)
        number += 3
    draw.tensor(f"{model}.{number + 1}.weight", 3, width, 7, 7)
    draw.tensor(f"{model}.{number + 1}.bias", 3)
    draw.tensor("discriminator.model0.0.weight", 4, 3, 4, 4)
    return {"state_dict": draw.state, "epoch": 40}


def from_file(content: Mapping[str, Any], folder: Path) -> Any:
    torch.save(dict(content), folder / "published.pth")
    return torch.load(folder / "published.pth", map_location="cpu", weights_only=True)


def filled(network: nn.Module, scene: Scene) -> Tensor:
    assert not network.training
    with torch.no_grad():
        fill: Tensor = network(*scene(1, 32, 40))
    assert fill.isfinite().all()
    assert fill.std() > 1e-3
    return fill


def test_glcic(tmp_path: Path, scene: Scene) -> None:
    state, mean = published_glcic(8), (0.5, 0.4, 0.3)

    network = convert_checkpoints.glcic(from_file(state, tmp_path), mean)

    image, hole = scene(1, 32, 40)
    values = torch.cat([torch.where(hole, torch.tensor(mean).view(1, 3, 1, 1), image), hole.float()], dim=1)
    for number in range(1, 17):
        dilation = {7: 2, 8: 4, 9: 8, 10: 16}.get(number, 1)
        if number in (13, 15):
            layer = state[f"deconv{number}.weight"], state[f"deconv{number}.bias"]
            values = nn.functional.conv_transpose2d(values, *layer, stride=2, padding=1)
        else:
            layer = state[f"conv{number}.weight"], state[f"conv{number}.bias"]
            padding, stride = 2 if number == 1 else dilation, 2 if number in (2, 4) else 1
            values = nn.functional.conv2d(values, *layer, stride, padding, dilation)
        mean_of, spread, scale, shift = (
            state[f"bn{number}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        values = nn.functional.batch_norm(values.relu(), mean_of, spread, scale, shift)
    expected = nn.functional.conv2d(values, state["conv17.weight"], state["conv17.bias"], padding=1).sigmoid()
    assert torch.allclose(filled(network, scene), expected, atol=1e-5)


def test_deepfill_v2(tmp_path: Path, scene: Scene) -> None:
    variables = published_deepfill(8)
    np.savez(tmp_path / "published.npz", **variables)

    with np.load(tmp_path / "published.npz") as file:
        network = convert_checkpoints.deepfill_v2(dict(file))

    filled(network, scene)
    state = network.state_dict()
    for ours, theirs in {
        "coarse.0.convolution": "conv1",
        "coarse.13.convolution": "conv13_upsample/conv13_upsample_conv",
        "coarse.18": "conv17",
        "branch.9.convolution": "xconv10_atrous",
        "matched.5.convolution": "pmconv6",
        "attended.1.convolution": "pmconv10",
        "fine.0.convolution": "allconv11",
        "fine.8": "allconv17",
    }.items():
        kernel = variables[f"inpaint_net/{theirs}/kernel"]
        assert np.array_equal(state[f"{ours}.weight"].numpy(), kernel.transpose(3, 2, 0, 1))
        assert np.array_equal(state[f"{ours}.bias"].numpy(), variables[f"inpaint_net/{theirs}/bias"])


def test_edge_connect(tmp_path: Path, scene: Scene) -> None:
    edges = published_edges(4, 2, 3, 1, spectral=True)
    fills = published_edges(4, 2, 4, 3, spectral=False)

    network = convert_checkpoints.edge_connect(from_file(edges, tmp_path), fills["generator"])

    image, hole = scene(2, 24, 32)
    drawn, edge = network.draw(image, hole, torch.zeros_like(image[:, :1])), edges["generator"]
    luminance = (hide(image, hole) * torch.tensor([0.2125, 0.7154, 0.0721]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    values = torch.cat([torch.where(hole, 1, luminance), torch.zeros_like(luminance), hole.float()], dim=1)

    def layer(name: str, values: Tensor, *, up: bool = False, pad: int = 0, **options: int) -> Tensor:
        weight, bias = edge[f"{name}.weight_orig"], edge.get(f"{name}.bias")
        matrix = (weight.transpose(0, 1) if up else weight).flatten(1)
        weight = weight / torch.linalg.matrix_norm(matrix, ord=2)
        values = nn.functional.pad(values, (pad,) * 4, mode="reflect") if pad else values
        made = (nn.functional.conv_transpose2d if up else nn.functional.conv2d)(values, weight, bias, **options)
        return nn.functional.instance_norm(made)

    values = layer("encoder.1", values, pad=3).relu()
    for name in ("encoder.4", "encoder.7"):
        values = layer(name, values, stride=2, padding=1).relu()
    for block in (f"middle.{index}.conv_block" for index in range(2)):
        inner = layer(f"{block}.1", values, pad=2, dilation=2).relu()
        values = values + layer(f"{block}.5", inner, pad=1)
    for name in ("decoder.0", "decoder.3"):
        values = layer(name, values, up=True, stride=2, padding=1).relu()
    padded = nn.functional.pad(values, (3,) * 4, mode="reflect")
    expected = nn.functional.conv2d(padded, edge["decoder.7.weight"], edge["decoder.7.bias"]).sigmoid()
    assert torch.allclose(drawn, expected, atol=1e-5)
    filled(network, scene)


@pytest.mark.parametrize("blocks", [1, 3])
def test_lama(blocks: int, tmp_path: Path, scene: Scene) -> None:
    content = published_lama(4, blocks)

    network = convert_checkpoints.lama(from_file(content, tmp_path))

    filled(network, scene)
    assert isinstance(network, LaMa)
    ours, theirs = network.state_dict(), content["state_dict"]
    assert len(ours) == len([name for name in theirs if name.startswith("generator.")])
    last, after = 4 + blocks, 6 + blocks
    deep, theirs_deep = f"middle.{blocks - 1}.second", f"{last}.conv2.ffc"
    for mine, published in {
        "down.1.convolution.weight": "1.ffc.convl2l.weight",
        "to_local.norm.running_mean": "4.bn_l.running_mean",
        "to_whole.convolution.weight": "4.ffc.convl2g.weight",
        "middle.0.first.local_to_whole.weight": "5.conv1.ffc.convl2g.weight",
        f"{deep}.whole_to_local.weight": f"{theirs_deep}.convg2l.weight",
        f"{deep}.whole_to_whole.unit.convolution.weight": f"{theirs_deep}.convg2g.fu.conv_layer.weight",
        f"{deep}.whole_to_whole.reduce.1.running_var": f"{theirs_deep}.convg2g.conv1.1.running_var",
        f"middle.{blocks - 1}.first.whole_norm.bias": f"{last}.conv1.bn_g.bias",
        "up.0.convolution.weight": f"{after}.weight",
        "up.2.norm.weight": f"{after + 7}.weight",
        "head.bias": f"{after + 10}.bias",
    }.items():
        assert torch.equal(ours[mine], theirs[f"generator.model.{published}"]), mine


def test_what_was_converted_is_kept_as_any_other_weights(tmp_path: Path, scene: Scene) -> None:
    network = convert_checkpoints.glcic(published_glcic(8), (0.5, 0.4, 0.3))

    network.save(tmp_path / "published")

    again = GLCIC.from_pretrained(tmp_path / "published")
    assert torch.equal(filled(again, scene), filled(network, scene))
    assert again.mean.flatten().tolist() == pytest.approx([0.5, 0.4, 0.3])


def test_missing_and_left_over_tensors_are_named() -> None:
    state = published_glcic(8)
    with pytest.raises(ValueError, match=r"must fit GLCIC; found tensors missing: body\.6\.convolution\.bias"):
        convert_checkpoints.glcic({name: value for name, value in state.items() if name != "conv7.bias"}, (0, 0, 0))
    with pytest.raises(ValueError, match=r"unexpected: conv18\.weight"):
        convert_checkpoints.glcic({**state, "conv18.weight": torch.zeros(1)}, (0, 0, 0))
    with pytest.raises(ValueError, match=r"head\.weight \[9, 4, 3, 3\] instead of"):
        convert_checkpoints.glcic({**state, "conv17.weight": torch.zeros(9, 4, 3, 3)}, (0, 0, 0))
    deeper = published_lama(4, 1)["state_dict"]
    with pytest.raises(ValueError, match=r"unexpected: generator\.model\.99"):
        convert_checkpoints.lama({**deeper, "generator.model.99.weight": torch.zeros(1)})


@pytest.mark.parametrize(
    ("convert", "source", "first"),
    [
        (lambda: convert_checkpoints.glcic({"layer.0": 1}, (0, 0, 0)), "GLCIC-PyTorch", "conv1.weight; found layer.0"),
        (lambda: convert_checkpoints.deepfill_v2({}), "DeepFill v2", "inpaint_net/conv1/bias; found nothing"),
        (
            lambda: convert_checkpoints.edge_connect({}, {"iteration": 3}),
            "EdgeConnect",
            "encoder.1.weight; found iteration",
        ),
        (lambda: convert_checkpoints.lama({"epoch": 3}), "LaMa", "generator.model.1.ffc.convl2l.weight; found nothing"),
    ],
)
def test_another_file_is_refused(convert: Callable[[], nn.Module], source: str, first: str) -> None:
    with pytest.raises(ValueError, match=f"weights of {source} must hold {first}"):
        convert()
