"""Scoring as a run does it, against the script that anyone would write from torchmetrics, lpips and SciPy.

Six models under four protocols. The networks' weights are random on both sides: that changes no time.
"""

from __future__ import annotations

import math
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

import bench.data
import bench.masks
from bench.metrics import BatchView, boundary_width, class_keys, measure
from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.cache.memory import TRUTH_MEMORY
from bench.metrics.distribution.backends import extraction
from bench.metrics.perceptual.backends.network import loaded
from bench.pictures import stack_pictures
from bench.weights import find
from tests.benchmarks.label_peer import label_scores
from tests.support.stand_in_weights import publish, random_inception, random_trunk

Values = dict[str, list[float]]

MODELS = 6
PROTOCOLS = ("center-50", "freeform", "irregular-20-30", "half-left")
PICTURES = int(os.environ.get("SPGBENCH_BENCHMARK_PICTURES", "8"))
SIZE = (256, 256)
WIDTHS = (
    boundary_width(*SIZE, 0.005),
    boundary_width(*SIZE, 0.008, math.ceil),
    boundary_width(*SIZE, 0.01),
)
BOUNDARIES = ("judge-boundary-iou", "judge-boundary-f", "judge-trimap-miou-10", "judge-hd95", "judge-assd")


@dataclass(frozen=True)
class Cell:
    """What is to be scored: uint8 [N, 3, H, W] completed pictures, bool [N, 1, H, W], uint8 [N, H, W] label maps."""

    completed: torch.Tensor
    hole: torch.Tensor
    judged: torch.Tensor


@dataclass(frozen=True)
class Work:
    """Untouched pictures with their labels, and the cells of six models under four protocols."""

    truth: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]
    cells: tuple[Cell, ...]


@pytest.fixture(scope="module", autouse=True)
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("weights")
    trunk = {f"features.{key}": tensor for key, tensor in random_trunk("alexnet").state_dict().items()}
    with pytest.MonkeyPatch.context() as monkeypatch:
        publish("alexnet", {**trunk, "classifier.1.bias": torch.zeros(1000)}, folder, monkeypatch)
        publish("inception", random_inception(), folder, monkeypatch)
        for cache in (loaded, extraction._inception):
            cache.cache_clear()
        yield
    for cache in (loaded, extraction._inception):
        cache.cache_clear()


@pytest.fixture(scope="module")
def work() -> Work:
    """Street scenes with noise in the holes, and labels that are a few pixels off."""
    dataset = bench.data.load("streets", split="test", size=SIZE, limit=PICTURES)
    truth = stack_pictures([sample.image for sample in dataset])
    labels = torch.from_numpy(np.stack([sample.labels for sample in dataset if sample.labels is not None]))
    random = np.random.default_rng(0)
    cells = []
    for protocol in map(bench.masks.get, PROTOCOLS):
        hole = torch.from_numpy(np.stack([protocol.hole(sample, 0, dataset) for sample in dataset]))[:, None]
        for model in range(MODELS):
            fill = torch.from_numpy(random.integers(0, 256, tuple(truth.shape), dtype=np.uint8))
            judged = torch.where(hole[:, 0], labels.roll((1, 1 + model), (1, 2)), labels)
            cells.append(Cell(torch.where(hole, fill, truth), hole, judged))
    return Work(truth, labels, class_keys(dataset.classes), tuple(cells))


def ours(work: Work) -> Values:
    """As a run: batches of eight, every cell in turn; nothing is known of the pictures before, on disk either."""
    values: Values = {}
    with pytest.MonkeyPatch.context() as monkeypatch, TemporaryDirectory() as empty:
        monkeypatch.setenv("SPGBENCH_CACHE", empty)
        TRUTH_MEMORY.clear()
        shared_cache.cache_clear()
        for start in range(0, len(work.truth), 8):
            rows = slice(start, start + 8)
            for cell in work.cells:
                comparison = BatchView(
                    work.truth[rows],
                    cell.completed[rows],
                    cell.completed[rows],
                    cell.hole[rows],
                    work.labels[rows],
                    judged=cell.judged[rows],
                    classes=work.classes,
                )
                columns = measure(comparison, ("psnr", "ssim", "l1", "lpips-alex", *BOUNDARIES))
                features = extraction.completed_features("fid", comparison.completed, "cpu")
                columns["features"] = features.double().sum(dim=1)
                extraction.true_features("fid", comparison.reference, "cpu")
                for key, column in columns.items():
                    values.setdefault(key, []).extend(column.tolist())
        shared_cache.cache_clear()
    return values


def script(work: Work) -> Values:
    """The straightforward script: for every cell, every metric of every picture, from the libraries that have it."""
    lpips, inception = _lpips(), _inception()
    values: Values = {}
    for start in range(0, len(work.truth), 8):
        for cell in work.cells:
            for row in range(start, min(start + 8, len(work.truth))):
                found = _image(work, cell, row)
                pair = [pictures[row : row + 1] for pictures in (work.truth, cell.completed)]
                with torch.no_grad():
                    found["lpips-alex.full"] = float(lpips(*(picture / 127.5 - 1 for picture in pair)))
                    features = [inception(picture)[0] for picture in pair]
                found["features"] = float(features[1].double().sum())
                for key, value in found.items():
                    values.setdefault(key, []).append(value)
    return values


def _image(work: Work, cell: Cell, row: int) -> dict[str, float]:
    truth, completed = work.truth[row : row + 1].float(), cell.completed[row : row + 1].float()
    inside = cell.hole[row : row + 1].expand_as(truth)
    found = {
        "psnr.full": float(peak_signal_noise_ratio(completed, truth, data_range=255.0)),
        "psnr.hole": float(peak_signal_noise_ratio(completed[inside], truth[inside], data_range=255.0)),
        "l1.full": float((completed - truth).abs().mean() / 2.55),
        "l1.hole": float((completed - truth)[inside].abs().mean() / 2.55),
    }
    structural_similarity_index_measure(completed, truth, data_range=255.0)  # with its borders: another number
    maps = work.labels[row].numpy(), cell.judged[row].numpy()
    scores = label_scores(*maps, len(work.classes), WIDTHS, cell.hole[row, 0].numpy())
    for name, of_classes in zip(BOUNDARIES, zip(*scores, strict=True), strict=True):
        in_pixels = name in ("judge-hd95", "judge-assd")
        for of_class, value in zip(work.classes, of_classes, strict=True):
            found[f"{name}.hole.{of_class}"] = min(value, math.hypot(*SIZE)) if in_pixels else 100 * value
    return found


def _lpips() -> Any:
    """The package's network with the weights of ours."""
    package = import_module("lpips")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = package.LPIPS(net="alex", pnet_rand=True, verbose=False)
    network.load_state_dict(loaded("alex", "cpu")._model.state_dict())
    return network.eval()


def _inception() -> Any:
    """torch-fidelity's network with the weights of ours."""
    module = import_module("torch_fidelity.feature_extractor_inceptionv3")
    path = str(find("inception"))
    return module.FeatureExtractorInceptionV3("script", ["2048"], feature_extractor_weights_path=path)


@pytest.mark.benchmark(group=f"scoring 6 models x 4 protocols x {PICTURES} pictures, 256x256 (ours, then the script)")
def test_scoring_is_several_times_faster_than_the_script_and_equal(benchmark: Any, work: Work) -> None:
    cell = work.cells[0]
    one = Cell(cell.completed[:1], cell.hole[:1], cell.judged[:1])
    small = Work(work.truth[:1], work.labels[:1], work.classes, (one,))
    seconds: dict[Callable[[Work], Values], list[float]] = {ours: [], script: []}
    values: dict[Callable[[Work], Values], Values] = {}

    def one_round() -> None:
        for function, spent in seconds.items():
            start = time.perf_counter()
            values[function] = function(work)
            spent.append(time.perf_counter() - start)

    for function in seconds:
        function(small)  # compiles and warms up
    benchmark.pedantic(one_round, rounds=1)

    for key, expected in values[script].items():
        np.testing.assert_allclose(values[ours][key], expected, rtol=2e-5, atol=1e-6, err_msg=key)
    faster = statistics.median(theirs / mine for mine, theirs in zip(seconds[ours], seconds[script], strict=True))
    pictures = MODELS * len(PROTOCOLS) * PICTURES
    benchmark.extra_info.update(
        times_faster=round(faster, 2), milliseconds_a_picture=round(1000 * min(seconds[ours]) / pictures, 1)
    )
    assert faster >= 3, f"{faster:.2f} times as fast as the script"
