from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from bench.errors import DataError, UnknownName, WeightsMissing
from bench.metrics import fid
from bench.metrics.distribution.backends.inception import Inception
from bench.weights import find
from tests.metrics.conftest import MakePair
from tests.support.stand_in_weights import publish, random_inception


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, torch.Tensor]]:
    """Random weights that pass for the published ones."""
    random = random_inception()
    with pytest.MonkeyPatch.context() as monkeypatch:
        publish("inception", random, tmp_path_factory.mktemp("weights"), monkeypatch)
        yield random


@pytest.fixture(scope="module")
def reference() -> Any:
    """torch-fidelity's network with the same file."""
    module = import_module("torch_fidelity.feature_extractor_inceptionv3")
    path = str(find("inception"))
    return module.FeatureExtractorInceptionV3("ours", ["2048", "logits_unbiased"], feature_extractor_weights_path=path)


def pillow_bicubic(picture: torch.Tensor) -> torch.Tensor:
    """clean-fid's resizing of a picture [3, H, W]: each channel by itself, in float, clipped."""
    channels = [Image.fromarray(channel.astype(np.float32)) for channel in picture.numpy()]
    resized = [np.asarray(channel.resize((299, 299), Image.Resampling.BICUBIC)).clip(0, 255) for channel in channels]
    return torch.from_numpy(np.stack(resized))


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Within 1e-6 of the vectors' length, which is far less than what tells the pictures apart."""
    error, length = (ours - theirs).norm(), theirs.norm()
    assert error < 1e-6 * length
    assert (theirs - theirs.mean(dim=0)).norm() > 0.01 * length


@pytest.mark.parametrize(("height", "width"), [(64, 96), (299, 299), (310, 350)])
def test_features_are_those_of_torch_fidelity(reference: Any, pair: MakePair, height: int, width: int) -> None:
    pictures = torch.cat(pair(1, height, width, noise=90))

    features, logits = Inception("fid").features_and_logits(pictures)

    theirs, their_logits = reference(pictures)
    assert features.dtype == torch.float32
    assert features.shape == (2, 2048)
    close(features, theirs)
    close(logits, their_logits)


def test_features_are_those_of_torchmetrics(pair: MakePair) -> None:
    module = import_module("torchmetrics.image.fid")
    theirs = module.NoTrainInceptionV3("ours", ["2048"], str(find("inception")), antialias=False)
    pictures = torch.cat(pair(1, 80, 64, noise=90))

    close(Inception("fid").features(pictures), theirs(pictures))


def test_clean_features_are_those_of_pictures_that_pillow_resized(reference: Any, pair: MakePair) -> None:
    pictures = torch.cat(pair(1, 400, 330, noise=90))
    x = (torch.stack([pillow_bicubic(picture) for picture in pictures]) - 128) / 128
    for name, module in reference.named_children():
        x = x if name == "fc" else module(x)

    close(Inception("fid-clean").features(pictures), x.flatten(1))


def test_features_of_lama_are_resized_by_torch(reference: Any, pair: MakePair) -> None:
    pictures = torch.cat(pair(1, 90, 77, noise=90))
    x = 2 * functional.interpolate(pictures / 255, size=(299, 299), mode="bilinear", align_corners=False) - 1
    for name, module in reference.named_children():
        x = x if name == "fc" else module(x)

    close(Inception("fid-torch").features(pictures), x.flatten(1))


def test_the_clean_filter_is_the_antialiased_bicubic_one(pair: MakePair) -> None:
    pictures = pair(1, 400, 330, noise=90)[1]
    theirs = functional.interpolate(pictures.float(), (299, 299), mode="bicubic", antialias=True).clamp(0, 255)

    assert (pillow_bicubic(pictures[0]) - theirs[0]).abs().max() < 0.01


def test_the_two_ways_of_resizing_are_two_networks(pair: MakePair) -> None:
    pictures = torch.cat(pair(1, 400, 350, noise=90))
    plain, clean = Inception("fid"), Inception("fid-clean")

    assert plain.fingerprint != clean.fingerprint
    assert (plain.features(pictures) - clean.features(pictures)).abs().max() > 1e-3


def test_bits_do_not_depend_on_batch_order_or_threads(pair: MakePair, threads: Callable[[int], None]) -> None:
    pictures = pair(3, 40, 56)[1]
    network = Inception()

    threads(1)
    together = network.features(pictures)
    for count in (2, 3):
        threads(count)
        assert torch.equal(network.features(pictures), together)
    assert torch.equal(network.features(pictures[[2, 0]]), together[[2, 0]])


def test_features_go_into_fid(pair: MakePair) -> None:
    network = Inception()
    reference, completed = (network.features(pictures) for pictures in pair(2, 40, 40, noise=60))

    assert fid(reference, reference) == pytest.approx(0, abs=1e-6)
    assert fid(reference, completed) > 0.001


def test_wrong_arguments_are_named(pair: MakePair) -> None:
    with pytest.raises(UnknownName, match="Did you mean fid-clean"):
        Inception("fid-clear")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="looks like 0 to 1"):
        Inception().features(pair(1, 40, 40)[0] / 255)


def test_other_weights_are_refused_by_their_hash_and_their_names(
    state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("inception", {name: state[name] for name in list(state)[5:]}, tmp_path, monkeypatch)
    with pytest.raises(DataError, match="must hold the weights of InceptionNetwork"):
        Inception()

    (tmp_path / "inception.pth").write_bytes(b"not these")
    with pytest.raises(WeightsMissing, match="which is not used"):
        Inception()


def test_a_file_that_is_no_state_dict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save([Path("not tensors")], tmp_path / "list.pth")
    publish("inception", {"a": object()}, tmp_path, monkeypatch)  # type: ignore[dict-item] # that is the point

    with pytest.raises(DataError, match="state dict that torch can load"):
        Inception()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_agrees_with_the_cpu(pair: MakePair) -> None:
    pictures = torch.cat(pair(1, 64, 64, noise=90))

    close(Inception(device="cuda").features(pictures).cpu(), Inception().features(pictures))
