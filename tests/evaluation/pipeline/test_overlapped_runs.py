"""A run whose stages overlap, as on a GPU, with the CPU in its place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

import bench
import bench.records
from bench.evaluation import run, shard
from bench.evaluation.executor import in_order, run_here
from bench.evaluation.plan import resolve, stays_on_cpu
from bench.evaluation.shard import Unit
from bench.evaluation.suite import Suite
from bench.vocabulary import Batch, Dataset, Prediction

METRICS = ("psnr", "ssim", "l1", "gradient")


@pytest.fixture
def overlapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run_here", partial(run_here, overlapped=True))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def no_stage_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name.startswith("stage")]


def test_the_bytes_are_those_of_one_step_after_the_other(
    pictures: Dataset, tmp_path: Path, flat_model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(flat_model):  # type: ignore[misc]
        def inpaint(self, batch: Batch) -> Prediction:
            if "p003" in batch.ids:
                raise ZeroDivisionError
            return super().inpaint(batch)  # type: ignore[no-any-return]

    def evaluate(out: Path) -> bench.records.Run:
        return bench.evaluate([Failing(), "telea"], pictures, ["center-50", "object"], METRICS, out)

    evaluate(tmp_path / "one")
    monkeypatch.setattr(run, "run_here", partial(run_here, overlapped=True))

    outcome = evaluate(tmp_path / "two")

    assert tree(tmp_path / "two") == tree(tmp_path / "one")
    assert [cell.n_failed for cell in outcome.cells.values()] == [1, 1, 0, 0]


@pytest.mark.usefixtures("overlapped")
def test_a_batch_is_scored_while_the_model_fills_the_next(
    pictures: Dataset, tmp_path: Path, flat_model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, seen = threading.Event(), list[bool]()
    measure = bench.metrics.measure

    class Telling(flat_model):  # type: ignore[misc]
        def inpaint(self, batch: Batch) -> Prediction:
            if "p008" in batch.ids:
                second.set()
            return super().inpaint(batch)  # type: ignore[no-any-return]

    def waiting(*arguments: object) -> dict[str, torch.Tensor]:
        seen.append(second.wait(300))
        return measure(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.metrics, "measure", waiting)

    bench.evaluate([Telling()], pictures, out=tmp_path / "out")

    assert seen == [True] * 3


@pytest.mark.usefixtures("overlapped")
@pytest.mark.parametrize("stage", ["model", "metrics", "files"])
def test_after_an_interruption_the_next_run_makes_the_same_bytes(
    pictures: Dataset, tmp_path: Path, flat_model: type, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    class Interrupted(flat_model):  # type: ignore[misc]
        def inpaint(self, batch: Batch) -> Prediction:
            if stage == "model" and "p017" in batch.ids:
                interrupt()
            return super().inpaint(batch)  # type: ignore[no-any-return]

    with monkeypatch.context() as patched:
        if stage == "metrics":
            patched.setattr(bench.metrics, "measure", interrupt)
        if stage == "files":
            patched.setattr(shard, "write_batch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            bench.evaluate([Interrupted()], pictures, metrics=METRICS, out=tmp_path / "out")

    assert no_stage_is_left()
    bench.evaluate([flat_model()], pictures, metrics=METRICS, out=tmp_path / "out")
    bench.evaluate([flat_model()], pictures, metrics=METRICS, out=tmp_path / "whole")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


class Full:
    """A model with room for `most` pictures, and for none of those named."""

    def __init__(self, base: type, most: int, never: tuple[str, ...] = ()) -> None:
        self._base, self._most, self._never = base(), most, never
        self.name, self.fingerprint, self.label_sources = "full", "e" * 64, self._base.label_sources
        self.sizes: list[int] = []

    def inpaint(self, batch: Batch) -> Prediction:
        if len(batch.ids) > self._most or set(self._never) & set(batch.ids):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self.sizes.append(len(batch.ids))
        prediction: Prediction = self._base.inpaint(batch)
        return prediction


def test_a_batch_that_does_not_fit_is_filled_in_halves(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    model = Full(flat_model, 2)

    (cell,) = bench.evaluate([model], pictures, out=tmp_path / "out").cells.values()

    assert cell.n_failed == 0
    assert model.sizes == [2] * 10


def test_a_picture_that_does_not_fit_fails_with_a_reason(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    model = Full(flat_model, 8, ("p005",))

    (cell,) = bench.evaluate([model], pictures, out=tmp_path / "out").cells.values()

    assert [failure.samples for failure in cell.failures] == [("p005",)]
    assert "must fit into the memory of the device with one picture" in cell.failures[0].reason
    assert "--workers" in cell.failures[0].reason


def test_what_does_not_fit_is_measured_in_halves(
    pictures: Dataset, tmp_path: Path, flat_model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.evaluate([flat_model()], pictures, metrics=METRICS, out=tmp_path / "whole")
    measure = bench.metrics.measure

    def narrow(view: bench.metrics.BatchView, names: list[str]) -> dict[str, torch.Tensor]:
        if len(view.reference) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return measure(view, names)

    monkeypatch.setattr(bench.metrics, "measure", narrow)
    bench.evaluate([flat_model()], pictures, metrics=METRICS, out=tmp_path / "out")

    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


class Narrow:
    """A judge with room for three pictures."""

    name, fingerprint = "narrow", "c" * 64
    classes: tuple[str, ...] = ("ground", "thing")

    def segment(self, pictures: torch.Tensor) -> torch.Tensor:
        if len(pictures) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return (pictures[:, 0] > 127).to(torch.uint8)


def test_what_the_judge_has_no_room_for_is_judged_in_halves(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    metrics = ("judge-miou",)

    run = bench.evaluate([flat_model()], pictures, metrics=metrics, out=tmp_path / "out", judge=Narrow())

    (cell,) = run.cells.values()
    assert (cell.n_failed, cell.metrics["judge-miou.hole"].n) == (0, 20)


def test_models_of_the_cpu_are_spread_among_those_of_the_gpu(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    models = ("mean", "telea", "partial-conv", "lama", "context-encoder", "glcic")
    suite = Suite("test", models=models, protocols=("center-50",), dataset="folder", size="48")
    plan = resolve(suite.with_changes(data_root=str(picture_folder(20))), tmp_path / "out")
    units = [Unit(cell, tuple(shard), ("",) * len(shard)) for shard in plan.shards() for cell in range(6)]

    assert in_order(plan, units) == units
    mixed = in_order(replace(plan, device="cuda:0"), units)

    assert {unit.indices for unit in mixed[:6]} == {tuple(range(16))}
    assert sorted(map(repr, mixed)) == sorted(map(repr, units))
    assert [stays_on_cpu(plan.cells[unit.cell].model) for unit in mixed[:6]] == [False, True, False, False, True, False]
