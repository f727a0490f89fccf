from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

import bench
from bench.vocabulary import Batch, Dataset, Prediction

NAMES = ["best-of-4-psnr", "psnr"]


@pytest.fixture
def sampler(flat_model: type) -> Callable[..., object]:
    """Makes a model whose four fills are four greys, the second one that of its only fill."""

    class Greys(flat_model):  # type: ignore[misc]  # a fixture's class
        levels: Sequence[float] = (0.2, 0.5, 0.6, 0.9)

        def sample(self, batch: Batch, count: int) -> list[Prediction]:
            assert count == 4
            return [Prediction(batch.image.masked_fill(batch.hole, level)) for level in self.levels]

    def make(*levels: float) -> object:
        model = Greys()
        model.levels = levels or model.levels
        return model

    return make


def test_the_best_of_four_fills_is_scored(pictures: Dataset, tmp_path: Path, sampler: Callable[..., object]) -> None:
    run = bench.evaluate([sampler()], pictures, ["center-50"], NAMES, tmp_path / "out")  # type: ignore[list-item]

    (cell,) = run.cells.values()
    for sample, record in zip(pictures, run.records(cell.key), strict=True):
        truth = sample.image[12:36, 12:36].astype(float)
        levels = np.rint(np.multiply(255, (0.2, 0.5, 0.6, 0.9)).astype(np.float32))
        scores = [10 * math.log10(255**2 / np.mean((truth - level) ** 2)) for level in levels]
        assert record.values["best-of-4-psnr.hole"] == pytest.approx(max(scores), abs=1e-9)
        assert record.values["psnr.hole"] == pytest.approx(scores[1], abs=1e-9)
    signature = cell.metrics["best-of-4-psnr.hole"].signature
    assert (
        signature
        == "best-of-4-psnr|region:hole|range:255|fills:4|agg:image-mean|cap:100|composite:yes|v1|size:48x48|n:20"
    )


def test_models_with_a_single_fill_have_no_score_of_several(
    pictures: Dataset, tmp_path: Path, flat_model: type, sampler: Callable[..., object]
) -> None:
    models = [flat_model("no-sampler", "a" * 64), sampler(0.5)]

    run = bench.evaluate(models, pictures, ["center-50"], NAMES, tmp_path / "out")

    for cell in run.cells.values():
        assert (cell.metrics["best-of-4-psnr.hole"].value, cell.metrics["psnr.hole"].n) == (None, 20)


def test_no_fill_is_drawn_when_no_metric_asks_for_it(
    pictures: Dataset, tmp_path: Path, sampler: Callable[..., object]
) -> None:
    run = bench.evaluate([sampler(math.nan)], pictures, ["center-50"], ["psnr"], tmp_path / "out")  # type: ignore[list-item]

    (cell,) = run.cells.values()
    assert cell.n_failed == 0


@pytest.mark.parametrize(
    ("levels", "reason"), [((0.1, 0.2, math.nan, 0.3), "finite"), ((0.1, 0.2), "give 4 predictions, or a single one")]
)
def test_fills_that_are_no_pictures_fail(
    pictures: Dataset, tmp_path: Path, sampler: Callable[..., object], levels: tuple[float, ...], reason: str
) -> None:
    run = bench.evaluate([sampler(*levels)], pictures, ["center-50"], NAMES, tmp_path / "out")  # type: ignore[list-item]

    (cell,) = run.cells.values()
    assert cell.n_failed == 20
    assert reason in cell.failures[0].reason


def test_fills_show_the_known_pixels_of_the_truth(pictures: Dataset) -> None:
    from bench.metrics import BatchView, measure

    truth = torch.stack([torch.from_numpy(np.array(sample.image)).permute(2, 0, 1) for sample in pictures])
    hole = torch.zeros(20, 1, 48, 48, dtype=torch.bool)
    hole[..., 10:20, 10:20] = True
    fills = torch.where(hole[:, None], torch.randint(0, 256, (20, 4, 3, 48, 48), dtype=torch.uint8), truth[:, None])

    together = measure(BatchView(truth, fills[:, 0], fills[:, 0], hole, fills=fills), ["best-of-4-psnr"])
    singly = [measure(BatchView(truth, fill, fill, hole), ["psnr"])["psnr.hole"] for fill in fills.unbind(dim=1)]

    assert torch.equal(together["best-of-4-psnr.hole"], torch.stack(singly).amax(dim=0))
