from __future__ import annotations

from collections.abc import Callable

import pytest
import segmentation_models_pytorch as smp  # type: ignore[import-untyped]  # the library ships no types
import torch
from torch import Tensor
from torchvision.transforms.functional import normalize

from spgnet import VOID, Segmenter, SegmenterConfig, SPGNet

Scene = Callable[..., tuple[Tensor, Tensor, Tensor]]


@torch.no_grad()
def test_it_is_deeplabv3plus_of_the_normalised_picture_and_the_mask(scene: Scene) -> None:
    torch.manual_seed(0)
    image, hole, _ = scene(2, 64, 48)
    segmenter = Segmenter(SegmenterConfig(5, decoder_channels=8)).eval()
    reference = smp.DeepLabV3Plus("mobilenet_v2", encoder_weights=None, decoder_channels=8, in_channels=4, classes=5)
    reference.load_state_dict(segmenter.network.state_dict())
    visible = normalize(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) * ~hole

    torch.testing.assert_close(segmenter(image, hole), reference.eval()(torch.cat([visible, hole.float()], dim=1)))


@torch.no_grad()
@pytest.mark.parametrize("size", [(16, 16), (33, 70), (64, 64)])
def test_any_size_with_and_without_the_mask_channel(size: tuple[int, int]) -> None:
    hole = torch.zeros(1, 1, *size, dtype=torch.bool)
    hole[..., 3:9, 4:10] = True
    for mask_channel in (True, False):
        torch.manual_seed(0)
        segmenter = Segmenter(SegmenterConfig(4, decoder_channels=8, mask_channel=mask_channel)).eval()

        assert segmenter(torch.rand(1, 3, *size), hole).shape == (1, 4, *size)


def test_visible_labels_are_the_likeliest_classes_and_void_in_the_hole(model: SPGNet, scene: Scene) -> None:
    image, hole, _ = scene(2, 64, 64)
    segmenter = model.segmenter
    assert segmenter is not None
    labels = segmenter.visible_labels(image, hole)
    with torch.no_grad():
        likeliest = segmenter(image, hole).argmax(1)

    assert labels.dtype == torch.uint8
    assert (labels[hole[:, 0]] == VOID).all()
    assert torch.equal(labels[~hole[:, 0]].long(), likeliest[~hole[:, 0]])
    assert set(labels.flatten().tolist()) == {0, 1, 2, VOID}


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(ValueError, match="must be an encoder of segmentation-models-pytorch; found 'resnet5'"):
        Segmenter(SegmenterConfig(3, encoder="resnet5"))
