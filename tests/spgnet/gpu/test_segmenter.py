from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from spgnet import Acceleration, Segmenter, SegmenterConfig, accelerate
from spgnet.gpu.generator import FusedGenerator
from spgnet.gpu.segmenter import FusedSegmenter
from tests.spgnet.conftest import build, scene, tiny_config


@pytest.mark.parametrize("encoder", ["mobilenet_v2", "resnet50"])
@torch.no_grad()
def test_the_fused_segmenter_computes_what_the_plain_one_does(device: str, encoder: str) -> None:
    torch.manual_seed(0)
    segmenter = Segmenter(SegmenterConfig(3, encoder=encoder, decoder_channels=8)).eval()
    for layer in segmenter.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.running_mean, layer.bias):
                nn.init.uniform_(values, -0.1, 0.1)  # type: ignore[arg-type] # tensors
            nn.init.uniform_(layer.running_var, 0.5, 2.0)  # type: ignore[arg-type] # a buffer
    segmenter.to(device)
    image, hole, _ = (values.to(device) for values in scene(1, 16, 48))
    image, hole = image[..., :39], hole[..., :39]
    hole[..., 5:30] = True
    padded = torch.nn.functional.pad(segmenter.prepare(image, hole), (0, 9))

    fused = FusedSegmenter(copy.deepcopy(segmenter.network), torch.float32)

    expected = segmenter.network(padded)
    torch.testing.assert_close(fused(padded), expected, atol=1e-5 * float(expected.abs().max()) + 1e-6, rtol=1e-4)
    assert (fused.labels(image, hole) != segmenter.visible_labels(image, hole)).float().mean() < 0.02


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_on_a_gpu_the_faster_model_fills_as_the_exact_one_does(precision: str) -> None:
    model = build(tiny_config(mask_channel=True)).cuda()
    image, hole, labels = (values.cuda() for values in scene(2, 65, 81))
    fast = accelerate(model, Acceleration(precision=precision, channels_last=True, folded=True))  # type: ignore[arg-type]
    assert isinstance(fast.sgnet.generator.fused, FusedGenerator)
    tolerance = 1e-2 if precision == "float32" else 0.15  # convolutions in float32 may take TF32
    for exact, faster in (
        (model.guide(image, hole, labels), fast.guide(image, hole, labels)),
        (model.predict_labels(image, hole, labels), fast.predict_labels(image, hole, labels)),
    ):
        torch.testing.assert_close(faster, exact, atol=tolerance, rtol=0)
    assert (fast.visible_labels(image, hole) != model.visible_labels(image, hole)).float().mean() < 0.05
    assert torch.equal(fast.complete(image, hole).composite[~hole.expand_as(image)], image[~hole.expand_as(image)])
