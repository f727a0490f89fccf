from __future__ import annotations

import json
from typing import Any

import pytest

from spgnet import DiscriminatorConfig, GeneratorConfig, SegmenterConfig, SPGNetConfig

CLASSES = ("road", "sky", "car")


@pytest.mark.parametrize(
    "config",
    [
        GeneratorConfig(11, base_channels=16, norm="instance", dilation=2, mask_channel=True),
        DiscriminatorConfig(scales=2, spectral_norm=True, norm="none"),
        GeneratorConfig(11, dropout=0.1, downscale=2),
        SegmenterConfig(5, encoder="resnet18"),
        SPGNetConfig.paper(CLASSES),
        SPGNetConfig.small(CLASSES, guided=False),
    ],
)
def test_json_and_back(config: Any) -> None:
    assert type(config).from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_chanels": 3}, "unknown base_chanels"),
        ({"classes": None}, "GeneratorConfig.classes must be int; found None"),
        ({"blocks": True}, "GeneratorConfig.blocks must be int; found True"),
        ({"norm": "layer"}, "must be one of batch, instance; found 'layer'"),
        ({"mask_channel": 1}, "GeneratorConfig.mask_channel must be bool; found 1"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\); found 1.0"),
        ({"downscale": 0}, "downscale must be at least 1; found 0"),
        ({"base_channels": 0}, "base_channels must be at least 1; found 0"),
        ({"classes": 256}, "classes must be 1 to 255, since 255 marks unknown labels; found 256"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        GeneratorConfig.from_dict({**GeneratorConfig(3).to_dict(), **change})


def test_a_missing_key_is_named() -> None:
    data = SPGNetConfig.small(CLASSES).to_dict()
    del data["sgnet"]
    with pytest.raises(ValueError, match="found no sgnet"):
        SPGNetConfig.from_dict(data)


def test_a_wrong_key_deep_inside_is_named() -> None:
    data = SPGNetConfig.small(CLASSES).to_dict()
    data["spnet"]["depth"] = 4
    with pytest.raises(ValueError, match=r"GeneratorConfig must have the keys .*; found unknown depth"):
        SPGNetConfig.from_dict(data)


def test_a_config_that_is_no_object_is_refused() -> None:
    with pytest.raises(TypeError, match="SegmenterConfig must be a JSON object; found 7"):
        SPGNetConfig.from_dict({**SPGNetConfig.small(CLASSES).to_dict(), "segmenter": 7})


def test_the_networks_must_agree_on_the_classes() -> None:
    generator = GeneratorConfig(3)
    with pytest.raises(ValueError, match=r"SPGNetConfig.sgnet.classes must be 3, .*; found 4"):
        SPGNetConfig(CLASSES, SegmenterConfig(3), generator, GeneratorConfig(4))


def test_only_sp_net_works_on_a_smaller_picture() -> None:
    half, whole = GeneratorConfig(3, downscale=2), GeneratorConfig(3)
    assert SPGNetConfig(CLASSES, SegmenterConfig(3), half, whole).spnet.downscale == 2
    with pytest.raises(ValueError, match=r"sgnet\.downscale must be 1; found 2"):
        SPGNetConfig(CLASSES, SegmenterConfig(3), whole, half)


def test_weights_from_before_a_field_was_there_have_its_default() -> None:
    data = GeneratorConfig(3).to_dict()
    for name in ("dropout", "downscale"):
        del data[name]
    assert GeneratorConfig.from_dict(data) == GeneratorConfig(3)
