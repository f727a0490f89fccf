from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import bench
import bench.metrics
from bench.errors import DataError, Failure, RunConflict, UnknownName, UsageError
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.cache.memory import TRUTH_MEMORY
from bench.records import read_run
from bench.segmentation.network import JudgeConfig, JudgeNetwork
from bench.vocabulary import Batch, Dataset, Prediction

SCORES = ("judge-accuracy", "judge-miou", "judge-boundary-iou", "judge-assd")


class Lookup:
    """A judge that knows the pictures' labels by heart, and takes what it does not know for class 1."""

    name = "lookup"
    classes: tuple[str, ...] = ("ground", "thing")

    def __init__(self, dataset: Dataset, fingerprint: str = "1" * 64) -> None:
        self.fingerprint = fingerprint
        self._known = {sample.image.tobytes(): sample.labels for sample in dataset}
        self.truths: list[bytes] = []

    def segment(self, pictures: torch.Tensor) -> torch.Tensor:
        images = [picture.permute(1, 2, 0).numpy().tobytes() for picture in pictures]
        self.truths += [image for image in images if image in self._known]
        size = pictures.shape[2:]
        maps = [self._known.get(image, np.ones(size, np.uint8)) for image in images]
        return torch.from_numpy(np.stack([np.array(labels) for labels in maps]))


class Perfect:
    """A model that knows the pictures; a judge sees the truth in its fills."""

    name, fingerprint = "perfect", "2" * 64

    def __init__(self, dataset: Dataset) -> None:
        from bench.vocabulary import LabelSources

        self.label_sources = LabelSources()
        self._known = {sample.id: sample.image for sample in dataset}

    def inpaint(self, batch: Batch) -> Prediction:
        images = np.stack([self._known[sample] for sample in batch.ids])
        return Prediction(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255)


@pytest.fixture(autouse=True)
def nothing_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path / "cache"))
    forget()
    yield
    shared_cache.cache_clear()


def forget() -> None:
    """As another process would begin: with what is on disk."""
    TRUTH_MEMORY.clear()
    shared_cache.cache_clear()


def test_completed_pictures_are_judged_beside_the_ceiling(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    judge = Lookup(pictures)

    run = bench.evaluate(
        [flat_model(), Perfect(pictures)], pictures, ["center-50"], SCORES, tmp_path / "o", judge=judge
    )

    flat, perfect = run.cells.values()
    for sample, record in zip(pictures, run.records(flat.key), strict=True):
        assert sample.labels is not None
        things = float(np.mean(sample.labels[12:36, 12:36] == 1))
        assert record.values["judge-accuracy.hole"] == pytest.approx(100 * things, abs=1e-9)
        assert record.values["judge-miou.hole.ground"] == 0
        assert record.values["judge-miou.hole.thing"] == pytest.approx(100 * things, abs=1e-9)
        assert record.values["judge-miou.hole"] == pytest.approx(50 * things, abs=1e-9)
        assert record.values["judge-accuracy-ceiling.hole"] == 100
    assert set(flat.metrics) == {f"{name}{end}.hole" for name in SCORES for end in ("", "-ceiling")}
    assert [perfect.metrics[f"{name}.hole"].value for name in SCORES] == [100, 100, 100, 0]
    assert all(flat.metrics[f"{name}-ceiling.hole"].value == perfect.metrics[f"{name}.hole"].value for name in SCORES)


def test_signatures_name_the_judge(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate(
        [flat_model()], pictures, ["center-50"], ["judge-miou", "l1"], tmp_path / "o", judge=Lookup(pictures)
    )

    (cell,) = run.cells.values()
    common = "region:hole|labels:judged|void:ignored|classes:in-either|agg:image-mean|composite:yes|v1"
    mark = "judge:lookup@111111111111|size:48x48"
    assert cell.metrics["judge-miou.hole"].signature == f"judge-miou|{common}|{mark}|n:20"
    assert cell.by_class["judge-miou.hole.thing"].signature.startswith(f"judge-miou|{common}|{mark}|class:thing|n:")
    assert "lookup" not in cell.metrics["l1.hole"].signature


def test_classes_have_means_of_their_own(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate(
        [flat_model()], pictures, ["half-right"], ["judge-miou", "judge-hd95"], tmp_path / "o", judge=Lookup(pictures)
    )

    (cell,) = run.cells.values()
    records = run.records(cell.key)
    assert set(cell.by_class) == {
        f"judge-{name}{end}.hole.{of_class}"
        for name in ("miou", "hd95")
        for end in ("", "-ceiling")
        for of_class in ("ground", "thing")
    }
    for name, score in cell.by_class.items():
        defined = [record.values[name] for record in records if name in record.values]
        assert score.value == pytest.approx(np.mean(defined), abs=1e-9)
        assert (score.n, score.n_undefined) == (len(defined), 20 - len(defined))
        assert not any(math.isnan(record.values.get(name, 0)) for record in records)
    assert 0 < cell.by_class["judge-miou-ceiling.hole.thing"].n < 20
    assert read_run(tmp_path / "o").cells[cell.key] == cell


def test_each_untouched_picture_is_judged_once(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    judge = Lookup(pictures)

    models = [flat_model(), flat_model("other", "e" * 64)]
    bench.evaluate(models, pictures, ["center-50", "half-left"], ["judge-miou"], tmp_path / "o", judge=judge)

    assert len(judge.truths) == len(set(judge.truths)) == 20


def test_another_run_takes_what_the_judge_saw_in_untouched_pictures_from_disk(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    first, second, other = Lookup(pictures), Lookup(pictures), Lookup(pictures, "3" * 64)

    def judged(judge: Lookup, folder: str) -> list[dict[str, float]]:
        run = bench.evaluate([flat_model()], pictures, ["half-left"], SCORES, tmp_path / folder, judge=judge)
        forget()
        (cell,) = run.cells.values()
        return [record.values for record in run.records(cell.key)]

    assert judged(first, "one") == judged(second, "two") == judged(other, "three")
    assert [len(judge.truths) for judge in (first, second, other)] == [20, 0, 20]


def test_a_class_that_never_occurs_is_undefined_and_counted(
    picture_folder: Callable[..., Path], tmp_path: Path, flat_model: type
) -> None:
    root = picture_folder(3)
    classes = ["ground", "thing", "unseen one"]
    (root / "classes.json").write_text(json.dumps({"classes": classes, "objects": ["thing"]}))
    dataset = bench.data.load("folder", size=(48, 48), root=str(root))
    judge = Lookup(dataset)
    judge.classes = tuple(classes)

    run = bench.evaluate([flat_model()], dataset, ["center-50"], ["judge-miou"], tmp_path / "o", judge=judge)

    (cell,) = run.cells.values()
    score = cell.by_class["judge-miou.hole.unseen-one"]
    assert (score.value, score.n, score.n_undefined) == (None, 0, 3)


def test_without_a_judge_its_columns_are_left_out_with_a_reason(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    suite = Suite("test", protocols=("center-50",), metrics=("judge-miou", "l1", "judge-assd"), dataset="folder")

    outcome = run_suite(suite, tmp_path / "o", dataset=pictures, models=[flat_model()])

    run, reason = outcome.run, "no judge comes with the package for the data set folder: name one with --judge"
    assert run.info.unavailable == {"judge-miou": reason, "judge-assd": reason}
    assert outcome.warnings[0] == f"judge-miou, judge-assd: not measured: {reason}"
    (cell,) = run.cells.values()
    assert all(name.startswith("l1.") for name in (*cell.metrics, *run.info.metrics))


def test_a_judge_is_only_looked_for_when_a_metric_needs_it(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate([flat_model()], pictures, ["center-50"], ["l1"], tmp_path / "o", judge="no-such-judge")

    assert run.info.unavailable == {}
    with pytest.raises(UnknownName, match="judge 'no-such-judge'"):
        bench.evaluate([flat_model()], pictures, ["center-50"], ["judge-miou"], tmp_path / "p", judge="no-such-judge")
    assert not (tmp_path / "p").exists()


def test_another_judge_is_another_run(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    bench.evaluate([flat_model()], pictures, ["center-50"], ["judge-miou"], tmp_path / "o", judge=Lookup(pictures))

    with pytest.raises(RunConflict, match="a run with another definition of judge-miou"):
        bench.evaluate(
            [flat_model()], pictures, ["center-50"], ["judge-miou"], tmp_path / "o", judge=Lookup(pictures, "3" * 64)
        )


def test_a_judge_of_other_classes_is_asked_for_a_mapping(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    judge = Lookup(pictures)
    judge.classes = ("thing", "ground")

    with pytest.raises(DataError, match=r"judge 'lookup' must have the data set's classes \(ground, thing\).*map=FILE"):
        bench.evaluate([flat_model()], pictures, ["center-50"], ["judge-miou"], tmp_path / "o", judge=judge)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda pictures: pictures[:, 0].long(), r"torch.int64 \[8, 48, 48\]"),
        (lambda pictures: pictures[:1, 0], r"torch.uint8 \[1, 48, 48\]"),
        (lambda pictures: pictures[:, 0] * 0 + 7, "the label 7"),
        (list, "list"),
        (lambda pictures: pictures / 0, "ZeroDivisionError|torch.float32"),
    ],
)
def test_a_judge_that_gives_no_label_maps_is_named(
    pictures: Dataset, tmp_path: Path, flat_model: type, answer: Callable[[torch.Tensor], object], found: str
) -> None:
    class Broken(Lookup):
        def segment(self, pictures: torch.Tensor) -> torch.Tensor:
            return answer(pictures)  # type: ignore[return-value]  # that is the test

    with pytest.raises(
        Failure, match=rf"judge 'lookup' must return uint8 .* classes 0 to 1, or 255; found .*({found})"
    ):
        bench.evaluate([flat_model()], pictures, ["center-50"], ["judge-miou"], tmp_path / "o", judge=Broken(pictures))


def test_records_do_not_depend_on_workers_where_a_judge_has_a_name(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    JudgeNetwork(JudgeConfig(("ground", "thing"))).save(tmp_path / "judge")
    suite = Suite("test", ("telea",), ("center-50", "half-left"), ("judge-miou", "judge-hd95"), "folder", size="48")
    changes = {"data_root": str(picture_folder(18)), "judge": str(tmp_path / "judge.safetensors")}

    cells = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        run_suite(suite.with_changes(**changes), out, workers=workers)
        cells.append({path.relative_to(out): path.read_bytes() for path in out.glob("cells/**/*") if path.is_file()})

    assert len(cells[0]) > 6
    assert cells[0] == cells[1]


def test_a_judge_in_memory_works_in_one_process(pictures: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="workers must be 1 for models, data or a judge in memory"):
        run_suite(Suite("test"), tmp_path / "o", workers=2, judge=Lookup(pictures))
