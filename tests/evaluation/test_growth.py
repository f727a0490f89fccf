"""A run that grows holds what a run of all at once holds, and runs only what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import bench
import bench.data
from bench.errors import DataError, RunConflict, UsageError
from bench.evaluation.rescore import rescore_run
from bench.evaluation.run import RunOutcome, run_suite
from bench.evaluation.suite import Suite
from bench.records import read_run
from bench.vocabulary import Batch, Dataset, Inpainter, Prediction

Write = Callable[..., Path]


def tree(folder: Path) -> dict[str, bytes]:
    """The files of all cells."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted((folder / "cells").rglob("*")) if p.is_file()}


def suite_on(root: Path, **changes: Any) -> Suite:
    suite = Suite("test", models=(), protocols=("center-50",), metrics=("psnr",), dataset="folder", size="48")
    return replace(suite, data_root=str(root), **changes)


def run(root: Path, out: Path, models: Iterable[Inpainter], changes: dict[str, Any], **options: Any) -> RunOutcome:
    return run_suite(suite_on(root, **changes), out, models=list(models), **options)


SMALL: dict[str, Any] = {"limit": 6}
STEPS: tuple[dict[str, Any], ...] = (
    {"limit": 20},
    {"protocols": ("center-50", "object-removal")},
    {"metrics": ("psnr", "l1", "label-miou")},
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_grown_in_any_order_it_is_the_run_of_all_at_once(
    picture_folder: Write, tmp_path: Path, flat_model: type, order: tuple[int, ...]
) -> None:
    root, asked = picture_folder(20), SMALL
    run(root, tmp_path / "grown", [flat_model()], asked)
    for step in order:
        asked = asked | STEPS[step]
        run(root, tmp_path / "grown", [flat_model(), flat_model("second", "a" * 64)], asked)

    run(root, tmp_path / "whole", [flat_model(), flat_model("second", "a" * 64)], asked)

    assert tree(tmp_path / "grown") == tree(tmp_path / "whole")
    grown, whole = read_run(tmp_path / "grown"), read_run(tmp_path / "whole")
    assert grown.info == whole.info
    assert len(grown.cells) == 4


def test_only_new_pictures_and_protocols_run(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, asked = picture_folder(20), []
    for changes in ({"limit": 5}, {"limit": 10}, {"limit": 10, "protocols": ("center-50", "half-left")}, {"limit": 5}):
        model = flat_model()
        outcome = run(root, tmp_path / "out", [model], changes)
        asked.append(model.asked)

    first, second = ([f"p{index:03d}" for index in range(0, 20, step)] for step in (4, 2))
    assert asked == [first, [name for name in second if name not in first], second, []]
    (cell,) = outcome.run.cells.values()
    assert (cell.n, outcome.run.info.dataset.n) == (5, 5)
    assert outcome.run.values(cell.key).samples == tuple(first)


def test_another_text_is_another_picture(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, asked = picture_folder(3), []
    texts = {f"p{index:03d}": "a street" for index in range(3)}
    for changed in (texts, texts, texts | {"p001": "a house"}):
        (root / "prompts.json").write_text(json.dumps(changed), encoding="utf-8")
        model = flat_model()
        run(root, tmp_path / "out", [model], {"limit": 3})
        asked.append(model.asked)

    assert asked == [list(texts), [], ["p001"]]


def test_what_is_not_asked_for_any_more_stays(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, out = picture_folder(20), tmp_path / "out"
    run(root, out, [flat_model()], {"limit": 20, "metrics": ("psnr", "l1")})
    before = tree(out)
    run(root, out, [flat_model()], {"limit": 3, "protocols": ("half-left",)})
    model = flat_model()

    run(root, out, [model], {"limit": 20, "metrics": ("psnr", "l1")})

    assert model.asked == []
    assert {name: content for name, content in tree(out).items() if "center-50" in name} == before


def test_a_model_that_is_not_named_keeps_its_row_as_far_as_it_goes(
    picture_folder: Write, tmp_path: Path, flat_model: type
) -> None:
    root, out = picture_folder(12), tmp_path / "out"
    run(root, out, [flat_model()], {"limit": 6})

    grown = run(root, out, [flat_model("second", "a" * 64)], {"limit": 12})
    rows = [[key.model for key in keys] for keys in (grown.run.cells, grown.run.missing)]
    shrunk = run(root, out, [flat_model("second", "a" * 64)], {"limit": 6})

    assert rows == [["second"], ["flat"]]
    assert [warning.split()[0] for warning in grown.warnings if " lacks " in warning] == ["flat"]
    assert [(key.model, cell.n) for key, cell in shrunk.run.cells.items()] == [("flat", 6), ("second", 6)]


def test_a_mended_picture_voids_itself_alone(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, out, model = picture_folder(12), tmp_path / "out", flat_model()
    run(root, out, [flat_model()], {})
    path = root / "images" / "p007.png"
    Image.fromarray(np.asarray(Image.open(path))[::-1]).save(path)

    changed = run(root, out, [model], {}).run

    whole = run(root, tmp_path / "whole", [flat_model()], {}).run
    assert model.asked == ["p007"]
    assert tree(out) == tree(tmp_path / "whole")
    assert changed.info.dataset == whole.info.dataset


def test_labels_beyond_the_limit_void_the_holes_that_they_draw(
    picture_folder: Write, tmp_path: Path, flat_model: type
) -> None:
    root, out, changes = picture_folder(8), tmp_path / "out", {"limit": 4, "protocols": ("center-50", "object")}
    run(root, out, [flat_model()], changes)
    for index in (1, 3, 5, 7):  # left out by the limit
        path = root / "labels" / f"p{index:03d}.png"
        Image.fromarray(np.roll(np.asarray(Image.open(path)), 3, axis=1)).save(path)
    model = flat_model()

    run(root, out, [model], changes)

    run(root, tmp_path / "whole", [flat_model()], changes)
    assert 0 < len(model.asked) <= 4
    assert tree(out) == tree(tmp_path / "whole")


def test_all_bad_files_are_named_before_a_model_runs(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, out, model = picture_folder(30), tmp_path / "deep" / "out", flat_model()
    for name in ("p003", "p018"):
        (root / "images" / f"{name}.png").write_bytes(b"no picture")
    Image.fromarray(np.full((48, 48), 77, np.uint8)).save(root / "labels" / "p025.png")

    with pytest.raises(DataError, match=r"(?s)found 3 that are not.*p003\.png.*p018\.png.*p025\.png"):
        run(root, out, [model], {})
    assert model.asked == []
    assert not (tmp_path / "deep").exists()

    outcome = run(root, out, [model], {}, skip_bad=True)
    (cell,) = outcome.run.cells.values()
    assert (cell.n, cell.n_skipped, cell.n_failed, cell.metrics["psnr.hole"].n) == (30, 3, 0, 27)
    assert len(cell.failures) == 3
    assert run(root, out, [Unwilling()], {}, skip_bad=True).failed == 0


def test_a_bad_donor_is_named_or_left_out(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, out, changes = picture_folder(8), tmp_path / "out", {"limit": 4, "protocols": ("object",)}
    for index in (1, 3, 5, 7):  # left out by the limit
        (root / "images" / f"p{index:03d}.png").write_bytes(b"no picture")
    model = flat_model()
    with pytest.raises(DataError, match=r"(?s)found 2 that are not.*p00[1357]\.png"):
        run(root, out, [model], changes)
    assert model.asked == []

    (cell,) = run(root, out, [model], changes, skip_bad=True).run.cells.values()

    assert (cell.n, cell.n_skipped, len(model.asked)) == (4, 0, 4)


class Unwilling:
    """Has the records of the flat model, and must not be asked."""

    def __init__(self) -> None:
        from tests.conftest import FlatModel

        model = FlatModel()
        self.name, self.fingerprint, self.label_sources = model.name, model.fingerprint, model.label_sources

    def inpaint(self, batch: Batch) -> Prediction:
        raise AssertionError(batch.ids)


def test_a_protocol_that_does_not_fit_is_refused_before_anything_is_written(
    picture_folder: Write, tmp_path: Path, flat_model: type
) -> None:
    root = picture_folder(3)
    for path in (root / "labels").iterdir():
        path.unlink()
    (root / "labels").rmdir()
    (root / "classes.json").unlink()

    with pytest.raises(UsageError, match="object"):
        run(root, tmp_path / "out", [flat_model()], {"protocols": ("center-50", "object")})

    assert not (tmp_path / "out").exists()


class Leaky:
    """Changes known pixels, gives label maps, and may give another picture each time."""

    def __init__(self, base: Inpainter, shift: float = 0.0) -> None:
        self.name, self.fingerprint, self.label_sources = base.name, base.fingerprint, base.label_sources
        self.shift, self.asked = shift, 0

    def inpaint(self, batch: Batch) -> Prediction:
        self.asked += len(batch.ids)
        labels = batch.hole[:, 0].to(torch.uint8)
        return Prediction((batch.image.masked_fill(batch.hole, 0.5 + self.shift) * 0.9), labels)


MORE: dict[str, Any] = {"metrics": ("psnr", "l1", "label-miou")}


def test_kept_fills_give_every_metric_without_the_model(
    picture_folder: Write, tmp_path: Path, flat_model: type
) -> None:
    root, out = picture_folder(18), tmp_path / "out"
    run(root, out, [Leaky(flat_model())], {}, keep_fills=True)

    rescored = rescore_run(out, ["l1", "label-miou"], data_root=str(root)).run

    run(root, tmp_path / "whole", [Leaky(flat_model())], MORE, keep_fills=True)
    assert tree(out) == tree(tmp_path / "whole")
    assert rescored.info.metrics == read_run(tmp_path / "whole").info.metrics
    (cell,) = rescored.cells.values()
    assert cell.metrics["l1.known"].value
    assert len(list(rescored.layout.cell(cell.key).glob("fills/*.raw.png"))) == 18


def test_without_kept_fills_rescore_is_refused_and_changes_nothing(
    picture_folder: Write, tmp_path: Path, flat_model: type
) -> None:
    root, out = picture_folder(4), tmp_path / "out"
    run(root, out, [flat_model()], {})
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    with pytest.raises(UsageError, match="must have kept fills of all pictures; found none of 'flat'"):
        rescore_run(out, ["l1"], data_root=str(root))

    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_an_output_that_differs_now_replaces_all_values_and_is_said(
    picture_folder: Write, tmp_path: Path, flat_model: type
) -> None:
    root, out = picture_folder(4), tmp_path / "out"
    run(root, out, [Leaky(flat_model())], {})

    outcome = run(root, out, [Leaky(flat_model(), shift=0.1)], MORE)

    run(root, tmp_path / "whole", [Leaky(flat_model(), shift=0.1)], MORE)
    assert tree(out) == tree(tmp_path / "whole")
    assert any("4 pictures came out differently" in warning for warning in outcome.warnings)


def test_an_edited_record_is_not_taken_over(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, out, again = picture_folder(4), tmp_path / "out", flat_model()
    run(root, out, [flat_model()], {"limit": 2})
    (path,) = out.rglob("samples-0000.jsonl")
    path.write_text(path.read_text().replace("psnr", "psnk"))

    outcome = run(root, out, [again], {})

    run(root, tmp_path / "whole", [flat_model()], {})
    assert sorted(again.asked) == ["p000", "p001", "p002", "p003"]
    assert tree(out) == tree(tmp_path / "whole")
    assert f"{path} is a file with another SHA-256 than when it was written; its pictures run again" in outcome.warnings


def test_another_definition_of_a_metric_is_another_run(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    bench.evaluate([flat_model()], pictures, metrics=["psnr"], out=tmp_path / "out")
    file = tmp_path / "out" / "run.json"
    file.write_text(file.read_text().replace("range:255", "range:1"))

    with pytest.raises(RunConflict, match="another definition of psnr"):
        bench.evaluate([flat_model()], pictures, metrics=["psnr", "l1"], out=tmp_path / "out")


class Interrupting:
    """The flat model, which is interrupted at one picture."""

    def __init__(self, base: Inpainter, victim: str) -> None:
        self.name, self.fingerprint, self.label_sources = base.name, base.fingerprint, base.label_sources
        self._base, self._victim = base, victim

    def inpaint(self, batch: Batch) -> Prediction:
        if self._victim in batch.ids:
            raise KeyboardInterrupt
        return self._base.inpaint(batch)


def test_an_interrupted_run_keeps_every_finished_batch(picture_folder: Write, tmp_path: Path, flat_model: type) -> None:
    root, out, model = picture_folder(20), tmp_path / "out", flat_model()
    with pytest.raises(KeyboardInterrupt):
        run(root, out, [Interrupting(flat_model(), "p012")], {})

    run(root, out, [model], {})

    run(root, tmp_path / "whole", [flat_model()], {})
    assert model.asked == [f"p{index:03d}" for index in range(8, 20)]
    assert tree(out) == tree(tmp_path / "whole")


def test_a_picture_too_small_for_a_metric_is_undefined_there(
    picture_folder: Write, tmp_path: Path, flat_model: type
) -> None:
    root = picture_folder(3)
    Image.fromarray(np.asarray(Image.open(root / "images" / "p001.png"))[:9]).save(root / "images" / "p001.png")
    Image.fromarray(np.asarray(Image.open(root / "labels" / "p001.png"))[:9]).save(root / "labels" / "p001.png")

    outcome = run(root, tmp_path / "out", [flat_model()], {"size": "native", "metrics": ("psnr", "ssim")})

    (cell,) = outcome.run.cells.values()
    assert (cell.metrics["psnr.hole"].n, cell.metrics["ssim.hole"].n, cell.metrics["ssim.hole"].n_undefined) == (
        3,
        2,
        1,
    )
