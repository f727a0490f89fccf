from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.records import Run
from bench.vocabulary import Batch, Dataset, LabelSources, Prediction

SUITE = Suite("cases", protocols=("center-50", "half-left"), metrics=("l1", "psnr"), gallery=1)


class Tinted:
    """Fills with one colour, for the rows of different models."""

    label_sources = LabelSources()

    def __init__(self, name: str, level: float) -> None:
        self.name, self.fingerprint, self._level = name, name * 8, level

    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(torch.full_like(batch.image, self._level))


DARK, LIGHT = Tinted("dark", 0.1), Tinted("light", 0.9)


def run_into(out: Path, pictures: Dataset, models: Sequence[Tinted] = (DARK, LIGHT)) -> Run:
    suite = replace(SUITE, dataset=pictures.name, split="as given", size="as given")
    return run_suite(suite, out, dataset=pictures, models=models).run


def kept(run: Run) -> dict[tuple[str, str], set[str]]:
    return {
        (key.model, key.protocol): {path.stem for path in (run.layout.cell(key) / "gallery").glob("*.png")}
        for key in run.cells
    }


def ends(run: Run, model: str, protocol: str, metric: str = "l1.hole") -> set[str]:
    """The two worst and the two best pictures of a cell."""
    key = next(key for key in run.cells if (key.model, key.protocol) == (model, protocol))
    records = sorted(run.records(key), key=lambda record: (record.values[metric], record.sample))
    return {record.sample for record in (*records[:2], *records[-2:])}


def test_the_worst_and_best_of_every_model_are_kept_of_all_models(pictures: Dataset, tmp_path: Path) -> None:
    run = run_into(tmp_path / "out", pictures)
    found = kept(run)

    for protocol in run.info.protocols:
        wanted = ends(run, "dark", protocol) | ends(run, "light", protocol) | set(run.info.gallery)
        assert len(wanted) < len(pictures)
        assert found["dark", protocol] == found["light", protocol] == wanted
        for sample in wanted:
            truth = np.asarray(Image.open(run.layout.truth(sample)))
            hole = np.asarray(Image.open(run.layout.hole(protocol, sample))) > 0
            key = next(key for key in run.cells if (key.model, key.protocol) == ("dark", protocol))
            assert np.array_equal(
                np.asarray(Image.open(run.layout.fill(key, sample))), np.where(hole[..., None], np.uint8(26), truth)
            )


def test_a_model_that_joins_keeps_the_pictures_of_the_others(pictures: Dataset, tmp_path: Path) -> None:
    run_into(tmp_path / "out", pictures, [DARK])
    run = run_into(tmp_path / "out", pictures, [LIGHT])
    found = kept(run)

    for protocol in run.info.protocols:
        assert found["dark", protocol] == ends(run, "dark", protocol) | set(run.info.gallery)
        assert found["light", protocol] == found["dark", protocol] | ends(run, "light", protocol)


def test_a_run_that_was_stopped_between_records_and_pictures_is_put_right(
    pictures: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_into(tmp_path / "whole", pictures)
    with monkeypatch.context() as patch:
        patch.setattr("bench.evaluation.fills.cases.CaseKeeper.settle", _stop_at_the_last_protocol())
        with pytest.raises(KeyboardInterrupt):
            run_into(tmp_path / "stopped", pictures)
    stopped = run_into(tmp_path / "stopped", pictures)

    assert kept(stopped) == kept(whole)


def _stop_at_the_last_protocol() -> object:
    from bench.evaluation.fills.cases import CaseKeeper

    settle, calls = CaseKeeper.settle, iter(range(100))

    def stopped(keeper: CaseKeeper, protocol: object) -> None:
        if next(calls) == 1:  # of 2 protocols
            raise KeyboardInterrupt
        settle(keeper, protocol)  # type: ignore[arg-type]

    return stopped


def test_without_a_gallery_no_picture_is_kept(pictures: Dataset, tmp_path: Path) -> None:
    suite = replace(SUITE, gallery=0, protocols=("center-50",), split="as given", size="as given")
    run = run_suite(suite, tmp_path / "out", dataset=pictures, models=[DARK]).run

    assert kept(run) == {("dark", "center-50@1"): set()}
    assert not (tmp_path / "out" / "gallery").exists()
