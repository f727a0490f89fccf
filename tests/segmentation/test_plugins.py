from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional
from torchvision import models
from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessor

from bench.errors import DataError, UnknownName, UsageError
from bench.segmentation import load
from tests.segmentation.conftest import CLASSES

Mapping = Callable[[object], Path]
LRASPP = "lraspp_mobilenet_v3_large"
NUMBERED = {"0": "ground", "1": "thing", "2": "sky"}


@pytest.fixture(scope="module")
def lraspp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = models.get_model(LRASPP, weights=None, weights_backbone=None, num_classes=3)
    file = tmp_path_factory.mktemp("torchvision") / "own.pth"
    torch.save(network.state_dict(), file)
    return file


@pytest.fixture(scope="module")
def segformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("transformers") / "tiny"
    config = SegformerConfig(
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2],
        depths=[1, 1, 1, 1],
        decoder_hidden_size=16,
        id2label=dict(enumerate(["road", "person", "heaven"])),
    )
    SegformerForSemanticSegmentation(config).save_pretrained(folder)
    SegformerImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


def test_a_segmenter_of_torchvision(lraspp: Path, mapping: Mapping, pictures: torch.Tensor) -> None:
    network = models.get_model(LRASPP, weights=None, weights_backbone=None, num_classes=3).eval()
    network.load_state_dict(torch.load(lraspp, weights_only=True))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        logits = network((pictures.float() / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1))["out"]

    judge = load(f"torchvision:{LRASPP}?weights={lraspp}&map={mapping(NUMBERED)}", CLASSES)

    assert judge.name == f"torchvision:{LRASPP}"
    assert (judge.segment(pictures) == logits.argmax(dim=1)).double().mean() > 0.999
    with pytest.raises(DataError, match="found 0, 1, 2"):
        load(f"torchvision:{LRASPP}?weights={lraspp}", CLASSES)


def test_torchvisions_size_is_that_of_the_shorter_side(lraspp: Path, pictures: torch.Tensor) -> None:
    plain, larger = (
        load(f"torchvision:{LRASPP}?weights={lraspp}{option}", ("0", "1", "2")) for option in ("", "&size=96")
    )
    doubled = functional.interpolate(pictures.float(), scale_factor=2, mode="bilinear", antialias=True)

    labels = larger.segment(pictures)

    assert labels.shape == (5, 48, 70)
    assert plain.fingerprint != larger.fingerprint
    again = plain.segment(doubled.round().byte())[:, ::2, ::2]
    assert (labels == again).double().mean() > 0.9
    with pytest.raises(UsageError, match="must be a number of pixels; found 'big'"):
        load(f"torchvision:{LRASPP}?weights={lraspp}&size=big", CLASSES)


def test_torchvisions_weights_as_safetensors_with_an_auxiliary_head(tmp_path: Path, mapping: Mapping) -> None:
    network = models.get_model(
        "deeplabv3_mobilenet_v3_large", weights=None, weights_backbone=None, num_classes=3, aux_loss=True
    )
    save_file(network.state_dict(), tmp_path / "own.safetensors")

    name = f"torchvision:deeplabv3_mobilenet_v3_large?weights={tmp_path / 'own.safetensors'}&map={mapping(NUMBERED)}"

    assert load(name, CLASSES).segment(torch.zeros(1, 3, 32, 40, dtype=torch.uint8)).shape == (1, 32, 40)


def test_torchvisions_bad_input(lraspp: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UnknownName, match=r"segmenter of torchvision 'fcn_resnet51' must be .*Did you mean fcn_resnet50"
    ):
        load("torchvision:fcn_resnet51", CLASSES)
    with pytest.raises(UsageError, match="must be those of torchvision's fcn_resnet50; found Error"):
        load(f"torchvision:fcn_resnet50?weights={lraspp}", CLASSES)
    (tmp_path / "empty.pth").write_bytes(b"")
    with pytest.raises(UsageError, match="must be a state dict; found EOFError"):
        load(f"torchvision:{LRASPP}?weights={tmp_path / 'empty.pth'}", CLASSES)
    save_file({"w": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(UsageError, match="found no classifier"):
        load(f"torchvision:{LRASPP}?weights={tmp_path / 'other.safetensors'}", CLASSES)


def test_published_weights_that_cannot_be_downloaded_are_never_random_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*arguments: object, **options: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    with pytest.raises(UsageError, match=r"must be downloaded; found URLError\('no network'\).*say weights=FILE"):
        load(f"torchvision:{LRASPP}", CLASSES)


def test_a_segmenter_of_transformers(segformer: Path, mapping: Mapping, pictures: torch.Tensor) -> None:
    model = SegformerForSemanticSegmentation.from_pretrained(segformer)  # in evaluation mode
    processor = SegformerImageProcessor.from_pretrained(segformer)
    with torch.no_grad():
        outputs = model(**processor(images=pictures, return_tensors="pt"))
    logits = functional.interpolate(outputs.logits, (48, 70), mode="bilinear")

    judge = load(f"hf:{segformer}?map={mapping({'road': 'ground', 'person': 'thing', 'heaven': 'sky'})}", CLASSES)

    labels = judge.segment(pictures)
    assert judge.name == "hf:tiny"
    assert len(set(labels.flatten().tolist())) > 1
    assert (labels == logits.argmax(dim=1)).double().mean() > 0.99  # rounding between resizing and rescaling
    assert torch.equal(judge.segment(pictures[2:3]), labels[2:3])


def test_without_transformers_the_extra_is_named(segformer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)

    with pytest.raises(
        UsageError, match=r"must have transformers; found not installed.*pip install \"spgbench\[hf\]\""
    ):
        load(f"hf:{segformer}", CLASSES)


def test_a_model_without_trained_head_is_refused(segformer: Path, tmp_path: Path) -> None:
    model = SegformerForSemanticSegmentation.from_pretrained(segformer)
    state = {key: value for key, value in model.state_dict().items() if "classifier" not in key}
    model.save_pretrained(tmp_path, state_dict=state)
    SegformerImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(UsageError, match=r"must have weights for all its layers; found none for .*classifier"):
        load(f"hf:{tmp_path}", CLASSES)


def test_a_folder_that_is_no_segmenter(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be a semantic segmenter"):
        load(f"hf:{tmp_path}", CLASSES)
