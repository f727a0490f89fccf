from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import bench
import bench.data
import bench.metrics
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.distribution.backends import extraction
from bench.metrics.distribution.backends.inception import Inception
from bench.metrics.perceptual.backends.network import Lpips, loaded
from bench.records.features import read_cell_features
from bench.vocabulary import Dataset
from tests.support.stand_in_weights import publish, random_inception, random_trunk


@pytest.fixture(scope="module", autouse=True)
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Random weights that pass for the published ones, and a cache of their own."""
    folder = tmp_path_factory.mktemp("weights")
    trunk = {f"features.{key}": tensor for key, tensor in random_trunk("alexnet").state_dict().items()}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        publish("alexnet", {**trunk, "classifier.1.bias": torch.zeros(1000)}, folder, monkeypatch)
        publish("inception", random_inception(), folder, monkeypatch)
        _forget()
        yield
    _forget()


def _forget() -> None:
    loaded.cache_clear()
    shared_cache.cache_clear()
    extraction._inception.cache_clear()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many pictures went through each network."""
    counts = {"lpips": 0, "inception": 0}

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            counts[name] += len(arguments[-1])  # the pictures
            return function(*arguments)

        return counted

    monkeypatch.setattr(Lpips, "features", counting("lpips", Lpips.features))
    monkeypatch.setattr(Lpips, "distance_from", counting("lpips", Lpips.distance_from))
    monkeypatch.setattr(Inception, "features", counting("inception", Inception.features))
    return counts


@pytest.fixture
def few(picture_folder: Callable[..., Path]) -> Dataset:
    return bench.data.load("folder", size=(48, 48), root=str(picture_folder(3)))


def test_networks_see_each_untouched_picture_once(
    few: Dataset, tmp_path: Path, flat_model: type, shown: dict[str, int]
) -> None:
    models = [flat_model(), flat_model("other", "e" * 64)]

    run = bench.evaluate(models, few, ["center-50", "half-left"], ["lpips-alex", "fid"], tmp_path / "out")

    assert shown == {"lpips": 3 + 4 * 3, "inception": 3 + 4 * 3}
    for cell in run.cells.values():
        assert cell.metrics["lpips-alex.full"].n == cell.metrics["fid.full"].n == 3


def test_values_are_those_of_the_functions(few: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate([flat_model()], few, ["center-50"], ["lpips-alex", "fid"], tmp_path / "out")

    (cell,) = run.cells.values()
    truth = torch.stack([torch.from_numpy(np.array(sample.image)).permute(2, 0, 1) for sample in few])
    completed = truth.clone()
    completed[:, :, 12:36, 12:36] = 128
    values = [record.values["lpips-alex.full"] for record in run.records(cell.key)]
    assert values == bench.metrics.lpips(truth, completed).tolist()
    stored = read_cell_features(run.layout.cell(cell.key), "fid")
    assert stored is not None
    network = Inception("fid")
    np.testing.assert_array_equal(stored.truth, network.features(truth).numpy())
    np.testing.assert_array_equal(stored.completed, network.features(completed).numpy())
    expected = bench.metrics.fid(network.features(truth), network.features(completed))
    assert cell.metrics["fid.full"].value == pytest.approx(expected, rel=1e-12)


def test_another_run_takes_the_features_of_untouched_pictures_from_disk(
    few: Dataset, tmp_path: Path, flat_model: type, shown: dict[str, int]
) -> None:
    bench.evaluate([flat_model()], few, ["half-right"], ["lpips-alex", "fid"], tmp_path / "first")
    shared_cache.cache_clear()
    shown.update(lpips=0, inception=0)

    bench.evaluate([flat_model()], few, ["half-left"], ["lpips-alex", "fid"], tmp_path / "second")

    assert shown == {"lpips": 3, "inception": 3}


def test_several_fills_are_scored_by_their_differences_and_by_the_best() -> None:
    random = torch.Generator().manual_seed(0)
    truth = torch.randint(0, 256, (2, 3, 40, 48), dtype=torch.uint8, generator=random)
    fills = torch.randint(0, 256, (2, 4, 3, 40, 48), dtype=torch.uint8, generator=random)
    hole = torch.ones(2, 1, 40, 48, dtype=torch.bool)
    comparison = bench.metrics.BatchView(truth, fills[:, 0], fills[:, 0], hole, fills=fills)

    values = bench.metrics.measure(comparison, ["diversity-lpips-alex", "best-of-4-lpips-alex"])

    each = torch.stack([bench.metrics.lpips(truth, fill) for fill in fills.unbind(dim=1)])
    assert torch.equal(values["best-of-4-lpips-alex.full"], each.amin(dim=0))
    assert torch.equal(values["diversity-lpips-alex.full"], bench.metrics.lpips_diversity(fills))


def test_records_do_not_depend_on_the_number_of_threads(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    suite = Suite("test", ("telea",), ("center-50",), ("lpips-alex", "fid"), "folder", size="48")
    suite = suite.with_changes(data_root=str(picture_folder(3)))
    found = []
    for threads in (1, 3):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        _forget()
        run = run_suite(suite, tmp_path / str(threads)).run
        torch.set_num_threads(before)
        (key,) = run.cells
        found.append({path.name: path.read_bytes() for path in run.layout.cell(key).iterdir() if path.is_file()})

    assert found[0] == found[1]
