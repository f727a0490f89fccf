from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from bench.errors import DataError, WeightsMissing
from bench.metrics.distribution.backends.dinov2 import DinoV2, VisionTransformerSize
from bench.weights import WeightFile
from tests.metrics.conftest import MakePair
from tests.support.stand_in_weights import publish

SMALL = VisionTransformerSize(width=32, layers=2, heads=4)
SIDE = 9
"""Patches along a side in the weights, which the authors trained at 37."""


@pytest.fixture(scope="module")
def theirs() -> Any:
    """Transformers' network of that size with random weights, for pictures of 224x224."""
    transformers = import_module("transformers")
    config = transformers.Dinov2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, image_size=14 * SIDE, patch_size=14
    )
    torch.manual_seed(0)
    network = transformers.Dinov2Model(config).eval()
    with torch.no_grad():
        for tensor in network.parameters():
            tensor.normal_(0, 0.3)
    return network


def in_the_authors_words(network: Any) -> dict[str, torch.Tensor]:
    """Names and shapes of the published file."""
    found = {}
    parts = {"attention.o_proj": "attn.proj", "attention.": "attn.", "layer_scale1.lambda1": "ls1.gamma"}
    parts |= {"layer_scale2.lambda1": "ls2.gamma", "layernorm": "norm", "encoder.layer": "blocks"}
    parts |= {"embeddings.patch_embeddings.projection": "patch_embed.proj", "embeddings.cls_token": "cls_token"}
    parts |= {"embeddings.position_embeddings": "pos_embed", "embeddings.mask_token": "mask_token"}
    for name, tensor in network.state_dict().items():
        for old, new in parts.items():
            name = name.replace(old, new)  # noqa: PLW2901
        found[name] = tensor
    for block in range(2):
        for kind in ("weight", "bias"):
            joined = [found.pop(f"blocks.{block}.attn.{part}.{kind}") for part in ("q_proj", "k_proj", "v_proj")]
            found[f"blocks.{block}.attn.qkv.{kind}"] = torch.cat(joined)
    return found


@pytest.fixture
def weights(theirs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightFile:
    return publish("dinov2-vit-l-14", in_the_authors_words(theirs), tmp_path, monkeypatch)


def resized_as_by_the_authors(positions: torch.Tensor) -> torch.Tensor:
    grid = positions[0, 1:].reshape(SIDE, SIDE, -1).permute(2, 0, 1)[None]
    larger = functional.interpolate(grid, scale_factor=16.1 / SIDE, mode="bicubic")
    return torch.cat([positions[0, :1], larger[0].permute(1, 2, 0).reshape(256, -1)])[None]


def test_features_are_those_of_transformers(theirs: Any, weights: WeightFile, pair: MakePair) -> None:
    pictures, _ = pair(2, 60, 90)
    embeddings = theirs.embeddings
    with pytest.MonkeyPatch.context() as patch:
        positions = resized_as_by_the_authors(embeddings.position_embeddings)
        patch.setattr(embeddings, "interpolate_pos_encoding", lambda *_: positions)
        rows = [Image.fromarray(one).resize((224, 224), 3) for one in pictures.permute(0, 2, 3, 1).numpy()]
        shown = np.stack([np.asarray(row) for row in rows])
        mean, deviation = (torch.tensor(one).view(3, 1, 1) for one in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        given = (torch.from_numpy(shown).permute(0, 3, 1, 2) / 255 - mean) / deviation
        with torch.no_grad():
            expected = theirs(given).last_hidden_state[:, 0]

    found = DinoV2(weights=weights, size=SMALL).features(pictures)

    assert (found.shape, found.dtype) == ((2, 32), torch.float32)
    assert (found - expected).norm() <= 1e-6 * expected.norm()
    assert (found[0] - found[1]).norm() > 1e-3 * expected.norm()


def test_bits_do_not_depend_on_batch_or_threads(
    weights: WeightFile, pair: MakePair, threads: Callable[[int], None]
) -> None:
    pictures, _ = pair(3, 30, 30)
    network = DinoV2(weights=weights, size=SMALL)
    together = network.features(pictures)
    threads(1)

    assert torch.equal(together, torch.cat([network.features(pictures[row : row + 1]) for row in range(3)]))


def test_other_weights_are_never_used(weights: WeightFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="hold the weights of VisionTransformer"):
        DinoV2(weights=weights)  # of another size
    (tmp_path / weights.file).write_bytes(b"changed")
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path / "cache"))

    with pytest.raises(WeightsMissing, match="which is not used"):
        DinoV2(weights=weights, size=SMALL)
