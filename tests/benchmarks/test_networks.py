"""Features of networks beside their reference implementations, with the same random weights on both sides."""

from __future__ import annotations

import time
import types
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision

from bench.metrics.cache.feature_cache import FeatureCache
from bench.metrics.distribution.backends.inception import Inception
from bench.metrics.perceptual.backends.network import Lpips
from bench.weights import find
from tests.support.stand_in_weights import publish, random_inception, random_trunk

MODELS, COUNT, SIZE = 6, 4, 256


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[torch.nn.Module]:
    """Random weights that pass for the published ones of AlexNet and Inception."""
    folder, network = tmp_path_factory.mktemp("weights"), random_trunk("alexnet")
    with pytest.MonkeyPatch.context() as monkeypatch:
        state = {f"features.{key}": tensor for key, tensor in network.state_dict().items()}
        publish("alexnet", state, folder, monkeypatch)
        publish("inception", random_inception(), folder, monkeypatch)
        yield network


@pytest.fixture(scope="module")
def truth() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (COUNT, 3, SIZE, SIZE), np.uint8))


@pytest.fixture(scope="module")
def completed(truth: torch.Tensor) -> list[torch.Tensor]:
    """The same pictures with another quarter in the middle, once for each model."""
    pictures, middle = truth.repeat(MODELS, 1, 1, 1), slice(SIZE // 4, -SIZE // 4)
    pictures[:, :, middle, middle] = pictures[:, :, middle, middle].flip(2) // 2
    return list(torch.split(pictures, COUNT))


def seconds(function: Callable[[], Any], rounds: int = 5) -> float:
    """The median."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


@pytest.mark.benchmark(group=f"lpips-alex ({MODELS} models, {COUNT} images of {SIZE}x{SIZE})")
def test_lpips_beats_the_package(
    benchmark: Any, trunk: torch.nn.Module, truth: torch.Tensor, completed: list[torch.Tensor], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        monkeypatch.setattr(torchvision.models, "alexnet", lambda **_: types.SimpleNamespace(features=trunk))
        theirs = import_module("lpips").LPIPS(net="alex", verbose=False)
    network = Lpips("alex")

    def by_package() -> list[torch.Tensor]:
        with torch.no_grad():
            return [theirs(truth / 127.5 - 1, pictures / 127.5 - 1).flatten() for pictures in completed]

    def ours() -> list[torch.Tensor]:
        cache = FeatureCache(tmp_path, disk_bytes=0)
        return [network.distance(cache.features(network, truth), network.features(pictures)) for pictures in completed]

    torch.testing.assert_close(torch.cat(ours()).float(), torch.cat(by_package()), rtol=1e-5, atol=0)
    peer = seconds(by_package)
    benchmark.pedantic(ours, rounds=5)
    faster = peer / benchmark.stats.stats.median
    benchmark.extra_info["times_faster"] = round(faster, 2)
    assert faster > 1.2, f"{faster:.2f} times as fast"


@pytest.mark.benchmark(group=f"inception ({COUNT} images of {SIZE}x{SIZE})")
def test_inception_beats_torch_fidelity(benchmark: Any, trunk: torch.nn.Module, truth: torch.Tensor) -> None:
    module = import_module("torch_fidelity.feature_extractor_inceptionv3")
    path = str(find("inception"))
    theirs = module.FeatureExtractorInceptionV3("peer", ["2048"], feature_extractor_weights_path=path)
    network = Inception()

    assert (network.features(truth) - theirs(truth)[0]).norm() < 1e-6 * theirs(truth)[0].norm()
    peer = seconds(lambda: theirs(truth))
    benchmark.pedantic(network.features, [truth], rounds=5)
    faster = peer / benchmark.stats.stats.median
    benchmark.extra_info["times_faster"] = round(faster, 2)
    assert faster > 1.1, f"{faster:.2f} times as fast"
