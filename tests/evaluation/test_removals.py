"""Removal protocols: fills are compared with the picture without the object, never with the one that shows it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import bench
from bench import gating
from bench.errors import DataError, UsageError
from bench.evaluation.export import export_holes
from bench.evaluation.plan import resolve
from bench.evaluation.rescore import rescore_run
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.records import CellRecord, Run, Score, folder_name, read_run
from tests.support.removals import register, removing, repainting, scenes


@pytest.fixture(autouse=True)
def catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def score(run: Run, model: str, key: str, protocol: str = "thing-out@1") -> Score:
    return cell(run, model, protocol).metrics[key]


def cell(run: Run, model: str, protocol: str = "thing-out@1") -> CellRecord:
    return next(one for key, one in run.cells.items() if (key.model, key.protocol) == (model, protocol))


def test_a_fill_is_compared_with_the_picture_without_the_object(tmp_path: Path) -> None:
    data = scenes()

    run = bench.evaluate([repainting(data), removing(data)], data, ["thing-out"], ["psnr", "l1"], tmp_path / "out")

    for record, sample in zip(run.records(next(iter(run.cells))), data, strict=True):
        assert sample.truth is not None
        error = np.abs(sample.image.astype(float) - sample.truth.image)
        assert record.values["l1.hole"] == pytest.approx(error[6:22, 6:22].mean() / 2.55, abs=1e-9)
        assert record.values["l1.full"] == pytest.approx(error.mean() / 2.55, abs=1e-9)
    assert score(run, "removing", "psnr.hole").n_infinite == 3
    assert (score(run, "removing", "l1.full").value or 0) > 0, "the shadow outside of the hole stays, and counts"
    assert score(run, "repainting", "psnr.known").n_infinite == 3, "known pixels are those of the input"
    assert not cell(run, "removing").warnings


def test_the_model_sees_neither_the_truth_nor_the_object(tmp_path: Path) -> None:
    data = scenes()
    model = removing(data)

    bench.evaluate([model], data, ["thing-out"], ["l1"], tmp_path / "out")

    for batch in model.seen:
        for picture, hole, name in zip(batch.image, batch.hole, batch.ids, strict=True):
            image = next(sample.image for sample in data if sample.id == name)
            given = torch.from_numpy(image).permute(2, 0, 1) / 255
            assert torch.equal(picture, given.masked_fill(hole, 0))


def test_records_say_the_task_under_removal_alone(tmp_path: Path) -> None:
    data = scenes()

    run = bench.evaluate([removing(data)], data, ["thing-out", "center-50"], ["l1"], tmp_path / "out")

    assert score(run, "removing", "l1.hole").signature.endswith("|size:32x32|task:removal|n:3")
    assert "task:" not in score(run, "removing", "l1.hole", "center-50@1").signature
    assert run.info.tasks == {"thing-out@1": "removal"}
    assert all(record.removed_sha256 for record in run.records(cell(run, "removing").key))
    assert not any(record.removed_sha256 for record in run.records(cell(run, "removing", "center-50@1").key))


def test_without_truths_what_compares_with_them_is_refused_with_the_reason(tmp_path: Path) -> None:
    data = scenes(paired=False)

    run = bench.evaluate([repainting(data)], data, ["thing-out", "center-50"], ["psnr", "label-miou"], tmp_path / "out")

    refused = cell(run, "repainting")
    assert list(refused.metrics) == ["psnr.known"]
    assert all("still show" in refused.notes[key] for key in ("psnr.hole", "psnr.full", "label-miou.hole"))
    assert not any(key.startswith("label-miou") for key in refused.by_class)
    assert {key for record in run.records(refused.key) for key in record.values} == {"psnr.known"}
    assert score(run, "repainting", "psnr.hole", "center-50@1").n_infinite == 3
    assert not cell(run, "repainting", "center-50@1").notes


def test_a_run_says_what_it_does_not_measure(tmp_path: Path) -> None:
    suite = Suite("test", protocols=("thing-out", "center-50"), metrics=("psnr", "only-removal"))

    outcome = run_suite(suite, tmp_path / "out", dataset=scenes(paired=False), models=["mean"])

    assert [line.partition(": needs")[0].partition(": means")[0] for line in outcome.warnings] == [
        "thing-out@1: psnr (but of known pixels): not measured",
        "center-50@1: only-removal: not measured",
    ]


def test_a_metric_of_one_task_is_refused_under_the_other(tmp_path: Path) -> None:
    data = scenes()

    run = bench.evaluate([removing(data)], data, ["thing-out", "center-50"], ["l1", "only-removal"], tmp_path / "out")

    assert score(run, "removing", "only-removal.hole").n == 3
    assert "only-removal.hole" not in cell(run, "removing", "center-50@1").metrics
    assert "completion" in cell(run, "removing", "center-50@1").notes["only-removal.hole"]


def test_some_truths_are_refused_at_once_with_the_samples_that_lack_one(tmp_path: Path) -> None:
    data, bare = scenes(4), scenes(4, paired=False)
    mixed = replace(data, samples=[*data.samples[:2], bare.samples[2], data.samples[3]])
    model = repainting(data)

    with pytest.raises(DataError, match=r"of every sample or of none; found 1 of 4 samples without one \('s2'\)"):
        bench.evaluate([model], mixed, ["thing-out"], ["l1"], tmp_path / "out")

    assert not model.seen
    bench.evaluate([model], mixed, ["center-50"], ["l1"], tmp_path / "completion")


def test_truths_that_still_show_the_object_are_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = scenes()
    copies = [replace(one, truth=replace(one.truth, image=one.image)) for one in data if one.truth]
    one_copy = replace(data, samples=[copies[0], *data.samples[1:]])

    with pytest.raises(DataError, match="truths that differ from the pictures inside the holes; found none that does"):
        bench.evaluate(["mean"], replace(data, samples=copies), ["thing-out"], ["l1"], tmp_path / "out")
    bench.evaluate(["mean"], one_copy, ["thing-out"], ["l1"], tmp_path / "one")

    assert "in 1 of 3 samples the truth equals the picture inside the hole" in caplog.text


def test_truths_of_other_scenes_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = scenes()
    moved = [replace(one, truth=replace(one.truth, image=np.roll(one.truth.image, 1))) for one in data if one.truth]

    bench.evaluate(["mean"], data, ["thing-out"], ["l1"], tmp_path / "in-place")
    assert not caplog.text
    bench.evaluate(["mean"], replace(data, samples=moved), ["thing-out"], ["l1"], tmp_path / "moved")

    assert "in 3 of 3 samples most known pixels of picture and truth differ by more than 8" in caplog.text


def test_a_truth_of_another_size_is_refused(tmp_path: Path) -> None:
    data = scenes()
    one = data.samples[1]
    assert one.truth is not None
    small = replace(one, truth=replace(one.truth, image=one.truth.image[:16]))

    with pytest.raises(DataError, match=r"truth of sample 's1' under.*found uint8 \[16, 32, 3\]"):
        bench.evaluate(
            [repainting(data)],
            replace(data, samples=[data.samples[0], small]),
            ["thing-out"],
            ["l1"],
            tmp_path / "out",
        )


def test_another_truth_makes_recorded_values_stale(tmp_path: Path) -> None:
    data = scenes()
    first = data.samples[0]
    assert first.truth is not None
    other = replace(first, truth=replace(first.truth, image=255 - first.truth.image))
    changed = replace(data, samples=[other, *data.samples[1:]], revision="1")
    model = repainting(data)
    before = bench.evaluate([model], data, ["thing-out"], ["l1"], tmp_path / "out")
    kept = [record.values["l1.hole"] for record in before.records(cell(before, "repainting").key)]

    after = bench.evaluate([model], changed, ["thing-out"], ["l1"], tmp_path / "new")

    values = [record.values["l1.hole"] for record in after.records(cell(after, "repainting").key)]
    assert values[0] != kept[0]
    assert values[1:] == kept[1:]


def test_runs_with_other_truths_are_not_compared(tmp_path: Path) -> None:
    data = scenes()
    changed = [replace(one, truth=replace(one.truth, image=255 - one.truth.image)) for one in data if one.truth]
    samples = (data.samples, changed)
    a, b = (
        bench.evaluate(["mean"], replace(data, samples=some), ["thing-out"], ["l1"], tmp_path / str(place))
        for place, some in enumerate(samples)
    )

    (check,) = gating.gate(a, b).checks

    assert check.verdict == "INCOMPARABLE"
    assert check.text == "other removed objects or truths in 3 of 3 pictures, such as 's0'"


def test_a_run_of_a_removal_is_read_back_and_asks_no_model_again(tmp_path: Path) -> None:
    data, out = scenes(), tmp_path / "out"
    first, second = removing(data), removing(data)
    run = bench.evaluate([first], data, ["thing-out"], ["l1"], out)

    bench.evaluate([second], data, ["thing-out"], ["l1"], out)

    assert first.seen
    assert not second.seen
    assert read_run(out).cells == run.cells


def test_gate_and_compare_say_why_a_metric_is_not_there(tmp_path: Path) -> None:
    data = scenes(paired=False)
    protocols, metrics = ["thing-out", "center-50"], ["psnr", "only-removal"]
    a = bench.evaluate([repainting(data)], data, protocols, metrics, tmp_path / "a")
    b = bench.evaluate(["mean"], data, protocols, metrics, tmp_path / "b")
    alone = bench.evaluate(["mean"], data, ["thing-out"], metrics, tmp_path / "alone")

    result = gating.gate(a, b, {"psnr.hole": "99dB", "only-removal.hole": "99%"})

    assert result.verdict == "PASS"
    assert [check.protocol for check in result.checks if check.metric == "psnr.hole"] == ["center-50@1"]
    assert any("thing-out@1: the margin of psnr.hole is not held: needs pictures" in note for note in result.notes)
    assert any("center-50@1: the margin of only-removal.hole is not held" in note for note in result.notes)
    with pytest.raises(UsageError, match=r"margin of psnr.hole must .* found none, because it needs pictures without"):
        gating.gate(alone, alone, {"psnr.hole": "1dB"})
    held = gating.gate(alone, alone, regression=False, suite={"psnr.hole": "1dB", "only-removal.hole": "1%"})
    assert any("psnr.hole: the baseline does not have it" in note for note in held.notes)

    compared = gating.compare(a, b, metrics=["psnr"], regions=["hole"])

    (removal, completion) = compared.cells
    assert [(row.metric, row.outcome) for row in removal.differences] == [("psnr.hole", "incomparable")]
    assert "still show" in removal.differences[0].note
    assert not compared.refused
    assert completion.differences[0].outcome != "incomparable"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of pictures, truths and masks, as people have them."""
    for sample in scenes(3):
        assert sample.truth is not None
        mask = np.zeros((32, 32), np.uint8)
        mask[6:22, 6:22] = 255
        for folder, pixels in (("images", sample.image), ("truths", sample.truth.image), ("masks", mask)):
            (tmp_path / "own" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / "own" / folder / f"{sample.id}.png")
    return tmp_path / "own"


def own_suite(own: Path, **changes: object) -> Suite:
    removal = f"files:{own / 'masks'}?task=removal"
    suite = Suite("own", models=("mean",), protocols=(removal,), metrics=("l1",), dataset="folder", size="native")
    return suite.with_changes(data_root=str(own), **changes)


def test_only_a_truth_that_changed_is_measured_again(own: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = run_suite(own_suite(own), out, keep_fills=True).run
    (key,) = before.cells
    old = {one.sample: one for one in before.records(key)}
    Image.fromarray(np.full((32, 32, 3), 9, np.uint8)).save(own / "truths" / "s1.png")

    after = run_suite(own_suite(own), out, reuse="only-kept").run

    new = {one.sample: one for one in after.records(key)}
    fill = read_picture(after.layout.kept_fill(key, "s1"))
    assert new["s1"].values["l1.full"] == pytest.approx(np.abs(fill.astype(float) - 9).mean() / 2.55, abs=1e-9)
    assert new["s0"] == old["s0"]


def read_picture(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def test_more_metrics_are_measured_of_kept_fills(own: Path, tmp_path: Path) -> None:
    run_suite(own_suite(own), tmp_path / "out", keep_fills=True)

    rescored = rescore_run(tmp_path / "out", ["psnr"]).run

    at_once = run_suite(own_suite(own, metrics=("l1", "psnr")), tmp_path / "fresh").run
    (key,) = at_once.cells
    assert rescored.cells == at_once.cells
    assert rescored.records(key) == at_once.records(key)


def test_the_gallery_holds_the_truths_of_a_removal_alone(own: Path, tmp_path: Path) -> None:
    suite = own_suite(own, protocols=(*own_suite(own).protocols, "center-50"), gallery=3)

    layout = run_suite(suite, tmp_path / "out").run.layout

    (removal,) = (tmp_path / "out" / "gallery" / "samples" / "without").iterdir()
    assert {path.stem for path in removal.iterdir()} == {"s0", "s1", "s2"}
    assert np.array_equal(read_picture(removal / "s0.png"), read_picture(own / "truths" / "s0.png"))
    assert np.array_equal(read_picture(layout.truth("s0")), read_picture(own / "images" / "s0.png"))


def test_exported_removals_have_their_truths(own: Path, tmp_path: Path) -> None:
    plan = resolve(own_suite(own, protocols=(*own_suite(own).protocols, "center-50")), tmp_path / "run")

    manifest = json.loads(export_holes(plan, tmp_path / "out")[0].read_text())["protocols"]

    removal, completion = (protocol.name for protocol in plan.protocols)
    folder = tmp_path / "out" / folder_name(removal)
    truth = read_picture(own / "truths" / "s0.png")
    assert np.array_equal(read_picture(folder / "truths" / "s0.png"), truth)
    assert manifest[removal]["s0"]["truth_sha256"] == hashlib.sha256(truth.tobytes()).hexdigest()
    assert not (tmp_path / "out" / folder_name(completion) / "truths").exists()
    assert read_picture(folder / "inputs" / "s0.png")[6:22, 6:22].max() == 0
