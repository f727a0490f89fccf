"""Toy models as others would hand them in: files of every kind that an adapter takes."""

from __future__ import annotations

import json
import string
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


class ToyNet(nn.Module):
    """Two convolutions over picture and mask; height and width must be multiples of 4."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(4, 8, kernel_size=7, stride=4, padding=3)
        self.up = nn.ConvTranspose2d(8, 3, kernel_size=4, stride=4)
        generator = torch.Generator().manual_seed(0)
        for values in self.parameters():
            nn.init.normal_(values, std=0.2, generator=generator)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        features = torch.relu(self.down(torch.cat([image * (1 - mask), mask], 1)))
        filled = torch.sigmoid(self.up(features))
        return mask * filled + (1 - mask) * image


def write_torchscript(path: Path, module: nn.Module | None = None, *, inputs: int = 2) -> Path:
    """Save a module, ToyNet unless given: traced with so many inputs, or scripted with 0."""
    examples = (torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16), torch.ones(1, 1, 16, 16))[:inputs]
    jit: Any = torch.jit
    net = module or ToyNet().eval()
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", category)
        (jit.trace(net, examples) if inputs else jit.script(net)).save(str(path))
    return path


def write_onnx(
    path: Path,
    *,
    height: int | str = "H",
    width: int | str = "W",
    count: int | str = "N",
    channels: tuple[int, ...] = (3, 1),
    types: tuple[int, int] | None = None,
    scale: float = 1.0,
    outside: bool = False,
    features_first: bool = False,
) -> Path:
    """One 3x3 convolution over picture and mask and a sigmoid times `scale`; its weights `outside` if so asked.

    With `features_first` the features before the sigmoid are an output, too.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kinds = types or (TensorProto.FLOAT,) * 2
    names = ("image", "mask", "extra")[: len(channels)]
    inputs = [
        helper.make_tensor_value_info(name, kind, [count, depth, height, width])
        for name, depth, kind in zip(names, channels, (*kinds, TensorProto.FLOAT), strict=False)
    ]
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(3, sum(channels), 3, 3, generator=generator).mul(0.3).numpy()
    weights = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(torch.tensor(scale).numpy(), "scale")]
    floats = [f"{name}_float" for name in names]
    nodes = [
        *(
            helper.make_node("Cast", [name], [cast], to=TensorProto.FLOAT)
            for name, cast in zip(names, floats, strict=True)
        ),
        helper.make_node("Concat", floats, ["both"], axis=1),
        helper.make_node("Conv", ["both", "kernel"], ["features"], pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["features"], ["unit"]),
        helper.make_node("Mul", ["unit", "scale"], ["filled"]),
    ]
    output = helper.make_tensor_value_info("filled", TensorProto.FLOAT, [count, 3, height, width])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, [count, 3, height, width])
    graph = helper.make_graph(nodes, "toy", inputs, [features, output] if features_first else [output], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options: dict[str, Any] = {"save_as_external_data": True, "location": f"{path.name}.data", "size_threshold": 0}
    onnx.save_model(model, str(path), **(options if outside else {}))
    return path


PYTHON = """
import torch


def fill(image, hole, labels=None):
    mean = image.mean(dim=(2, 3), keepdim=True)
    return torch.where(hole, mean + 0.1 * torch.rand_like(image[:, :1]).round(), image)


def by_label(image, hole, labels=None):
    assert labels.dtype == torch.uint8
    assert (labels[hole[:, 0]] == 255).all()
    share = (labels == 1).float().mean(dim=(1, 2)).view(-1, 1, 1, 1)
    return torch.where(hole, share.expand_as(image), image)
"""


def write_python(path: Path, text: str = PYTHON) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def write_program(path: Path, text: str) -> Path:
    """A shell script that finds the folders as $inputs, $holes and $outputs."""
    path.write_text(f'inputs="$1" holes="$2" outputs="$3"\n{text}\n', encoding="utf-8")
    return path


def write_pipeline(folder: Path) -> Path:
    """A randomly initialised Stable Diffusion inpainting pipeline of a few thousand weights."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    diffusers: Any = import_module("diffusers")  # its classes have no types
    torch.manual_seed(0)
    pieces = [*string.ascii_lowercase, *(f"{letter}</w>" for letter in string.ascii_lowercase)]
    words = {piece: index for index, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_attention_heads=2,
        num_hidden_layers=1,
        max_position_embeddings=16,
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
        pad_token_id=0,
    )
    pipeline = diffusers.StableDiffusionInpaintPipeline(
        vae=diffusers.AutoencoderKL(
            block_out_channels=(8, 8),
            norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16),
        unet=diffusers.UNet2DConditionModel(
            sample_size=8,
            in_channels=9,
            out_channels=4,
            block_out_channels=(8, 16),
            layers_per_block=1,
            norm_num_groups=4,
            cross_attention_dim=16,
            attention_head_dim=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=diffusers.DDIMScheduler(steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / "pipeline")
    return folder / "pipeline"
