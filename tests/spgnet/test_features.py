from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor
from torchvision.models import vgg
from torchvision.transforms.functional import normalize

from spgnet import Segmenter, SegmenterConfig, losses
from spgnet.features import ImageNetFeatures, SegmenterFeatures, imagenet_features


def vgg19_layers() -> torch.nn.Sequential:
    layers: torch.nn.Sequential = vgg.make_layers(vgg.cfgs["E"])
    return layers


def small_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision's networks without their classifiers, which are most of the file."""
    make = torchvision.models.get_model

    def headless(name: str, weights: None) -> torch.nn.Module:
        assert weights is None
        with torch.device("meta"):
            network = make(name)
        network.classifier = torch.nn.Identity()
        empty: torch.nn.Module = network.to_empty(device="cpu")
        return empty

    monkeypatch.setattr(torchvision.models, "get_model", headless)


def test_vgg19_is_cut_behind_the_first_rectifier_of_each_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small_head(monkeypatch)
    torch.manual_seed(0)
    layers = vgg19_layers()
    torch.save({f"features.{name}": value for name, value in layers.state_dict().items()}, tmp_path / "vgg19.pth")
    image = torch.rand(1, 3, 32, 32)

    maps = imagenet_features("vgg19", tmp_path / "vgg19.pth")(image)

    assert [tuple(m.shape[1:]) for m in maps] == [(64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (512, 2, 2)]
    values = normalize(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    expected: list[Tensor] = []
    convolution = stage = 0
    for layer in layers:
        values = layer(values)
        if isinstance(layer, torch.nn.MaxPool2d):
            stage, convolution = stage + 1, 0
        if isinstance(layer, torch.nn.ReLU):
            convolution += 1
            if convolution == 1:
                expected.append(values.clone())
    for ours, theirs in zip(maps, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small_head(monkeypatch)
    for content in ({"features.0.weight": torch.zeros(1)}, b"no state dict"):
        torch.save(content, tmp_path / "alexnet.pth")
        with pytest.raises(ValueError, match=r"must hold torchvision's weights of alexnet"):
            imagenet_features("alexnet", tmp_path / "alexnet.pth")
    with pytest.raises(ValueError, match="No such file"):
        imagenet_features("alexnet", tmp_path / "nowhere.pth")


def test_an_unknown_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be vgg19 or alexnet; found 'vgg16'"):
        imagenet_features("vgg16", tmp_path)  # type: ignore[arg-type]  # on purpose


def test_the_segmenter_gives_five_maps_that_a_loss_can_compare() -> None:
    torch.manual_seed(0)
    extractor = SegmenterFeatures(Segmenter(SegmenterConfig(3, decoder_channels=8)))
    real, fake = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64, requires_grad=True)

    assert [m.shape[-1] for m in extractor(real)] == [32, 16, 8, 4, 4]
    (gradient,) = torch.autograd.grad(losses.perceptual(extractor(real), extractor(fake)), fake)
    assert gradient.any()
    assert float(losses.perceptual(extractor(real), extractor(real))) == 0


def test_an_extractor_stays_frozen_and_in_eval_mode() -> None:
    torch.manual_seed(0)
    for extractor in (
        SegmenterFeatures(Segmenter(SegmenterConfig(3, decoder_channels=8))),
        ImageNetFeatures(vgg19_layers()[:6], (2, 5)),
    ):
        extractor.train()

        assert not any(module.training for module in extractor.modules())
        assert not any(parameter.requires_grad for parameter in extractor.parameters())
