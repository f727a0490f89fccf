from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench
from bench.audit.run import audit
from bench.editing import LabelEdit
from bench.errors import DataError, UsageError
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite, read_suite
from bench.gating.comparability import hole_difference
from bench.masks.edit_names import EDITS
from bench.masks.edits.protocol import EditProtocol
from bench.records import CellRecord, Run, read_run
from bench.registry import Entry
from bench.reporting.analysis import RunAnalysis
from bench.reporting.images.edits import write_edit_sheets
from bench.reporting.plots.edits import edits_plot
from bench.reporting.tables.csv import csv_table
from bench.reporting.tables.edits import edit_class_table, edit_table
from bench.vocabulary import VOID, LabelSources, Sample
from tests.support.label_scenes import ColourJudge, LabelScenes, MapPainter, OwnPicture, scenes

METRICS = (
    *("control-accuracy", "control-accuracy-untouched", "edit-size", "edit-accuracy", "edit-accuracy-untouched"),
    *("control-class-accuracy", "control-boundary-f", "control-accuracy-of-4", "diversity-l1", "diversity-labels"),
)
PROTOCOLS = ("center-50", *(f"{edit}:center-50" for edit in EDITS))


def run(
    out: Path, models: Sequence[object], protocols: Sequence[str] = PROTOCOLS, dataset: LabelScenes | None = None
) -> Run:
    data = scenes() if dataset is None else dataset
    judge = ColourJudge(data.classes)
    return bench.evaluate(models, data, protocols, METRICS, out, judge=judge)  # type: ignore[arg-type]


def cells(found: Run, model: str) -> dict[str, CellRecord]:
    """By the protocol's name without the hole's."""
    return {key.protocol.removesuffix(":center-50@1"): cell for key, cell in found.cells.items() if key.model == model}


def mean(cell: CellRecord, metric: str) -> float | None:
    return cell.metrics[f"{metric}.hole"].value


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A painter that follows every map, one that paints class 4 whatever the map says, and the pictures themselves."""
    models = [MapPainter(), MapPainter("deaf", "d" * 64, ignores=4), OwnPicture(scenes(8))]
    return run(tmp_path_factory.mktemp("edits"), models, dataset=scenes(8))


@pytest.mark.parametrize("edit", EDITS)
def test_a_perfect_painter_scores_everything_under_every_map(whole: Run, edit: str) -> None:
    cell = cells(whole, "painter")[edit]

    assert cell.n_failed == 0 < cell.n - cell.n_skipped
    for metric in ("control-accuracy", "control-class-accuracy", "control-boundary-f"):
        assert mean(cell, metric) == 100
    assert mean(cell, "edit-accuracy") == (None if edit == "edit-none" else 100)
    assert all(score.value in (None, 100) for name, score in cell.by_class.items() if name.startswith("edit-accuracy."))
    assert cell.labels == {"context": "oracle", "hole": "edited"}


@pytest.mark.parametrize("edit", list(EDITS)[1:])
def test_a_perfect_model_that_ignores_the_edit_scores_what_the_untouched_picture_does(whole: Run, edit: str) -> None:
    cell = cells(whole, "own-picture")[edit]
    size = mean(cell, "edit-size")

    assert mean(cell, "edit-accuracy") == mean(cell, "edit-accuracy-untouched") == 0
    assert size
    assert mean(cell, "control-accuracy") == pytest.approx(100 - size)
    assert mean(cell, "control-accuracy") == mean(cell, "control-accuracy-untouched")
    if edit in ("edit-shift-16", "edit-insert", "edit-remove"):  # by more than the tolerance
        assert mean(cell, "control-boundary-f") < 100  # type: ignore[operator]
    assert cell.labels == {"context": "none", "hole": "none"}


def test_a_painter_of_one_class_scores_the_share_of_that_class_in_the_map(whole: Run) -> None:
    data, (swap, none) = scenes(8), (cells(whole, "deaf")[edit] for edit in ("edit-swap", "edit-none"))
    protocol = bench.masks.get("edit-swap:center-50")
    assert isinstance(protocol, EditProtocol)
    found = [(protocol.edited(sample, 0, data), protocol.hole(sample, 0, data)) for sample in data]

    assert mean(none, "control-accuracy") == 0  # the pictures have no tree
    assert mean(swap, "control-accuracy") == pytest.approx(100 * np.mean([(e.labels[h] == 4).mean() for e, h in found]))
    assert mean(swap, "edit-accuracy") == pytest.approx(
        100 * np.mean([(e.labels[e.changed] == 4).mean() for e, _ in found])
    )


def test_own_maps_and_samples_of_them_are_measured_without_an_edit(whole: Run) -> None:
    cell = cells(whole, "painter")["center-50@1"]

    assert mean(cell, "control-accuracy") == mean(cell, "control-accuracy-of-4") == 100
    assert mean(cell, "diversity-labels") == pytest.approx(100 * 5 / 6)  # one of six pairs is equal
    assert mean(cell, "diversity-l1") > 0  # type: ignore[operator]
    assert "edit-accuracy.hole" in cell.refused
    assert cells(whole, "own-picture")["center-50@1"].metrics["diversity-l1.hole"].n == 0


def test_a_second_call_runs_nothing_and_a_new_picture_alone(tmp_path: Path) -> None:
    painter, protocols = MapPainter(), ["edit-swap:center-50", "edit-remove:center-50"]
    run(tmp_path / "out", [painter], protocols)
    first, painter.painted = len(painter.painted), []
    run(tmp_path / "out", [painter], protocols)

    assert first == 7  # one picture has no thing to remove
    assert painter.painted == []
    run(tmp_path / "out", [painter], protocols, scenes(5))
    assert painter.painted == ["s4", "s4"]


def test_an_edit_that_came_out_differently_is_filled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    painter, protocols = MapPainter(), ["edit-swap:center-50"]
    found = run(tmp_path / "out", [painter], protocols)
    (key,) = found.cells
    assert len({record.edit_sha256 for record in found.records(key)} - {""}) == 4
    edited = EditProtocol.edited

    def another(self: EditProtocol, sample: Sample, seed: int, dataset: LabelScenes) -> LabelEdit:
        found = edited(self, sample, seed, dataset)
        return replace(found, labels=np.where(found.changed & (sample.id == "s2"), np.uint8(1), found.labels))

    monkeypatch.setattr(EditProtocol, "edited", another)
    painter.painted = []
    for done in (tmp_path / "out").rglob("done"):
        done.unlink()  # the cell is looked at again
    run(tmp_path / "out", [painter], protocols)

    assert painter.painted == ["s2"]
    (other,) = run(tmp_path / "other", [painter], protocols).cells
    now, before = (read_run(tmp_path / name).values(key) for name, key in (("other", other), ("out", key)))
    assert hole_difference(now, before) == ""
    assert "edited label maps in 1 of 4 pictures" in hole_difference(replace(now, edits=("0", *now.edits[1:])), before)


def test_pixels_without_a_true_label_are_asked_for_nothing(tmp_path: Path) -> None:
    found = run(tmp_path / "out", [MapPainter()], ["edit-none:center-50"], scenes(void=True))

    (cell,) = found.cells.values()
    assert (cell.n_failed, mean(cell, "control-accuracy"), mean(cell, "control-boundary-f")) == (0, 100, 100)


def test_pictures_without_such_an_edit_are_skipped_with_the_reason(tmp_path: Path) -> None:
    data = scenes(2)
    data.objects = ()

    found = run(tmp_path / "out", [MapPainter()], ["edit-swap:center-50", "edit-insert:center-50"], data)

    swap, insert = cells(found, "painter").values()
    assert (swap.n_skipped, insert.n_skipped) == (0, 2)
    assert "no object of another picture fits" in insert.failures[0].reason


def test_a_model_of_other_classes_is_refused(tmp_path: Path) -> None:
    painter = MapPainter(classes=("wall", "ground", "sky", "thing", "tree"))

    with pytest.raises(UsageError, match="must have the data set's classes"):
        run(tmp_path / "out", [painter], ["edit-none:center-50"])


def test_a_model_that_has_no_guidance_is_called_as_always(tmp_path: Path) -> None:
    unguided = MapPainter(label_sources=LabelSources(), classes=("other",))

    found = run(tmp_path / "out", [unguided], ["edit-swap:center-50"])

    (cell,) = found.cells.values()
    assert cell.labels == {"context": "none", "hole": "none"}


def test_a_data_set_without_labels_is_refused(tmp_path: Path) -> None:
    data = LabelScenes([replace(sample, labels=None) for sample in scenes()])

    with pytest.raises(UsageError, match="must have label maps"):
        run(tmp_path / "out", [MapPainter()], ["edit-none:center-50"], data)


def test_metrics_that_compare_with_the_picture_are_refused(tmp_path: Path) -> None:
    found = bench.evaluate(
        [MapPainter()], scenes(), ["edit-swap:center-50"], ["psnr", "label-accuracy"], tmp_path / "out"
    )

    (cell,) = found.cells.values()
    assert "psnr.hole" not in cell.metrics
    assert "asks for another" in cell.refused["psnr.hole"]
    assert "asks for another" in cell.refused["label-accuracy.hole"]
    assert cell.metrics["psnr.known"].all_infinite


@dataclass(frozen=True)
class Wrong(EditProtocol):
    """Gives an edit that it must not give."""

    wrong: LabelEdit | None = None

    def edited(self, sample: Sample, seed: int, dataset: object) -> LabelEdit:  # noqa: ARG002
        assert self.wrong
        return self.wrong


@pytest.mark.parametrize(
    ("labels", "changed", "must"),
    [
        (np.zeros((32, 31), np.uint8), np.zeros((32, 32), bool), "as large as the picture"),
        (np.zeros((32, 32), np.uint8), np.zeros((32, 32), np.uint8), "as large as the picture"),
        (np.full((32, 32), 9, np.uint8), np.zeros((32, 32), bool), "indices of the data set's 5 classes"),
        (np.full((32, 32), VOID, np.uint8), np.ones((32, 32), bool), "no pixel outside the hole"),
    ],
)
def test_an_edit_of_a_plug_in_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: np.ndarray, changed: np.ndarray, must: str
) -> None:
    protocol = Wrong("edit-none", bench.masks.get("center-50"), wrong=LabelEdit(labels, changed))
    monkeypatch.setattr(bench.masks.PROTOCOLS, "create", lambda _: protocol)

    with pytest.raises(DataError, match=must):
        run(tmp_path / "out", [MapPainter()], ["wrong"])


def test_tables_a_plot_and_a_sheet_show_guidance(whole: Run) -> None:
    layout = whole.layout
    analysis = RunAnalysis.of(whole)
    table, by_class, figure, sheets = (
        edit_table(analysis),
        edit_class_table(analysis),
        edits_plot(analysis),
        write_edit_sheets(analysis),
    )

    assert table
    assert [group.name.partition(":")[0] for group in table.groups] == ["own map", *EDITS]
    lines = [line for line in csv_table(table).splitlines() if ",edit-shift-16," in line]
    assert len(lines) == 3 * (len(table.columns) - 3)  # a line a model and column, but of several fills
    assert by_class
    assert {group.name for group in by_class.groups} <= set(whole.info.dataset.classes)
    assert figure
    assert [axes.get_ylabel().split(" hole")[0] for axes in figure.axes] == [
        *("Control boundary F", "Control accuracy", "Edit accuracy")
    ]
    assert [path.name for path in sheets] == ["edits.png", "edits-2.png"]  # one a model that paints under maps
    with Image.open(layout.gallery / "edits.png") as sheet:
        assert sheet.width > 14 * 192  # 14 columns


def test_the_sampled_fills_of_kept_pictures_are_kept_and_no_others(tmp_path: Path) -> None:
    suite = Suite("s", protocols=("center-50",), metrics=METRICS, gallery=1)
    found = run_suite(suite, tmp_path / "out", dataset=scenes(12), models=[MapPainter()], judge=ColourJudge()).run

    (key,) = found.cells
    folder = found.layout.cell(key)
    several = sorted(path.name for path in (folder / "several").iterdir())
    kept = {path.name.split(".")[0] for path in (folder / "gallery").iterdir()}
    assert several == sorted(
        f"{name}.{place}{end}.png" for name in kept for place in range(1, 5) for end in ("", ".labels")
    )
    assert len(kept) < 12


def test_the_suite_names_what_there_is() -> None:
    suite = read_suite("guidance-edits")

    edits = {name.partition(":")[0] for name in suite.protocols if ":" in name}
    assert edits == set(EDITS)
    assert [bench.masks.get(name).name for name in suite.protocols]
    assert all(isinstance(bench.metrics.METRICS.find(name)[0], Entry) for name in suite.metrics)


def test_an_audit_of_edits_is_refused_since_no_picture_shows_them() -> None:
    with pytest.raises(UsageError, match="truths to distort"):
        audit(["edit-accuracy"], scenes(), protocols=["edit-swap:center-50"], judge=ColourJudge())
