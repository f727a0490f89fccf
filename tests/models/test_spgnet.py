from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import bench
import bench.models
import spgnet.weights
from bench.errors import UsageError
from bench.models.spgnet import SPGNetModel
from bench.pictures import hide
from bench.vocabulary import Dataset, Editable, LabelSources, Sample, Sampler, Staged
from spgnet import SPGNet, SPGNetConfig

ROWS = ("spgnet", "spgnet:oracle-context", "spgnet:oracle-labels")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny"
    SPGNet(SPGNetConfig.small(("ground", "thing"))).save(path)
    return path.with_suffix(".safetensors")


def test_rows_are_the_library_with_labels_from_their_source(pictures: Dataset, weights: Path) -> None:
    samples = [pictures[0], pictures[1]]
    hole = np.zeros((48, 48), bool)
    hole[10:30, 12:40] = True
    net = SPGNet.from_pretrained(weights)
    models = {row: bench.models.load(f"{row}?weights={weights}") for row in ROWS}
    batches = {row: hide(samples, [hole, hole], 0, model.label_sources) for row, model in models.items()}
    plain = batches["spgnet"]
    truth = torch.from_numpy(np.stack([sample.labels for sample in samples if sample.labels is not None]))

    images = {row: model.inpaint(batches[row]).image for row, model in models.items()}

    assert torch.equal(images["spgnet"], net.complete(plain.image, plain.hole).image)
    assert torch.equal(images["spgnet:oracle-context"], net.complete(plain.image, plain.hole, truth).image)
    assert torch.equal(images["spgnet:oracle-labels"], net.guide(plain.image, plain.hole, truth))
    assert plain.labels is None
    assert models["spgnet"].label_sources == LabelSources("segmenter", "predicted")
    assert len({model.fingerprint for model in models.values()}) == 3


def test_a_run_records_where_labels_came_from(pictures: Dataset, weights: Path, tmp_path: Path) -> None:
    run = bench.evaluate([f"{row}?weights={weights}" for row in ROWS], pictures, out=tmp_path / "out")

    assert [cell.labels for cell in run.cells.values()] == [
        {"context": "segmenter", "hole": "predicted"},
        {"context": "oracle", "hole": "predicted"},
        {"context": "oracle", "hole": "oracle"},
    ]
    assert all(cell.n_failed == 0 for cell in run.cells.values())


def test_a_network_with_skip_connections_never_bears_the_papers_name(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = SPGNetConfig.small(("ground", "thing"))
    SPGNet(replace(config, sgnet=replace(config.sgnet, base_channels=4, skips=True))).save(tmp_path / "plus")
    options = f"?weights={tmp_path / 'plus.safetensors'}"

    assert bench.models.load(f"spgnet{options}").name == f"spgnet+{options}"
    assert bench.models.load(f"spgnet:oracle-labels{options}").name == f"spgnet+:oracle-labels{options}"
    assert bench.models.load(f"mine=spgnet{options}").name == "mine"


def test_weights_that_ship_for_the_data_set_are_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spgnet.weights, "PRETRAINED", tmp_path)
    torch.manual_seed(0)
    for data in ("streets", "camvid"):
        SPGNet(SPGNetConfig.small((data, "thing"))).save(tmp_path / f"{data}-small")
    SPGNet(SPGNetConfig.small(("streets", "thing"), guided=False)).save(tmp_path / "streets-small-unguided")

    def classes(row: str, dataset: str) -> tuple[str, ...]:
        model = bench.models.load(row, dataset=dataset)
        assert isinstance(model, Editable)
        assert model.name == row
        return model.classes

    assert classes("spgnet", "streets")[0] == "streets"
    assert classes("spgnet:oracle-labels", "camvid")[0] == "camvid"
    assert classes("spgnet", "elsewhere")[0] == "streets"
    assert bench.models.load("spgnet:unguided", dataset="camvid").label_sources == LabelSources("none", "none")
    with pytest.raises(UsageError, match="option 'dataset=camvid' of model"):
        bench.models.load("spgnet?dataset=camvid")


def test_sharp_weights_are_those_of_data_set_and_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spgnet.weights, "PRETRAINED", tmp_path)
    torch.manual_seed(0)
    for name in ("streets-small-sharp", "camvid-small-sharp", "camvid-small-unguided-sharp"):
        SPGNet(SPGNetConfig.small(("a", "b"), guided="unguided" not in name)).save(tmp_path / name)

    def weights(row: str, dataset: str) -> str:
        model = bench.models.load(row, dataset=dataset)
        assert isinstance(model, SPGNetModel)
        return model.weights.name

    assert weights("spgnet?sharp=true", "camvid") == "camvid-small-sharp"
    assert weights("spgnet:oracle-labels?sharp=true", "elsewhere") == "streets-small-sharp"
    assert weights("spgnet:unguided?sharp=true", "camvid") == "camvid-small-unguided-sharp"
    with pytest.raises(UsageError, match=r"sharp must stand without weights; found weights 'x.safetensors'"):
        bench.models.load("spgnet?sharp=true&weights=x.safetensors")


@pytest.mark.parametrize("option", ["sharp=maybe", "flips=1", "flips=maybe"])
def test_a_switch_is_true_or_false(option: str) -> None:
    with pytest.raises(UsageError, match=f"{option.partition('=')[0]} must be true or false; found"):
        bench.models.load(f"spgnet?{option}")


def test_oracle_labels_need_labels(weights: Path, tmp_path: Path) -> None:
    class Unlabelled:
        name, revision, classes, objects, ids = "bare", "0" * 64, (), (), ("a",)

        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> Sample:
            return Sample(self.ids[index], np.full((48, 48, 3), 99, np.uint8))

        def __iter__(self) -> Any:
            return iter([self[0]])

    run = bench.evaluate([f"spgnet:oracle-labels?weights={weights}"], Unlabelled(), out=tmp_path / "out")

    (cell,) = run.cells.values()
    assert cell.n_failed == 1
    assert "must have label maps for oracle labels" in cell.failures[0].reason


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("spgnet", ["segmenter", "SP-Net", "SG-Net", "compositing"]),
        ("spgnet:oracle-context", ["SP-Net", "SG-Net", "compositing"]),
        ("spgnet:oracle-labels", ["SG-Net", "compositing"]),
    ],
)
def test_the_stages_make_what_inpaint_makes(row: str, names: list[str], pictures: Dataset, weights: Path) -> None:
    hole = np.zeros((48, 48), bool)
    hole[10:30, 12:40] = True
    model = bench.models.load(f"{row}?weights={weights}")
    batch = hide([pictures[0], pictures[1]], [hole, hole], 0, model.label_sources)
    assert isinstance(model, Staged)

    stages = model.stages(batch)
    made = [[stage() for stage in stages.values()][-1] for _ in range(2)]

    assert list(stages) == names
    for composite in made:
        assert isinstance(composite, torch.Tensor)
        assert torch.equal(composite, torch.where(batch.hole, model.inpaint(batch).image, batch.image))


def test_a_faster_one_is_another_row_near_the_exact_one(pictures: Dataset, weights: Path) -> None:
    hole = np.zeros((48, 48), bool)
    hole[10:30, 12:40] = True
    exact = bench.models.load(f"spgnet?weights={weights}")
    fast = bench.models.load(f"spgnet?weights={weights}&folded=true&precision=bfloat16")
    batch = hide([pictures[0]], [hole], 0, exact.label_sources)

    assert fast.fingerprint != exact.fingerprint
    torch.testing.assert_close(fast.inpaint(batch).image, exact.inpaint(batch).image, atol=0.05, rtol=0)
    with pytest.raises(UsageError, match="precision must be one of"):
        bench.models.load(f"spgnet?weights={weights.stem}&precision=int8")


def test_several_fills_are_those_of_the_library(pictures: Dataset, weights: Path) -> None:
    samples = [pictures[0], pictures[1]]
    hole = np.zeros((48, 48), bool)
    hole[10:30, 12:40] = True
    models = {row: bench.models.load(f"{row}?weights={weights}") for row in ROWS}
    assert all(isinstance(model, Sampler) for model in models.values())
    batch = hide(samples, [hole, hole], 0, models["spgnet"].label_sources)

    drawn = models["spgnet"].sample(batch, 3)  # type: ignore[attr-defined]  # it is a Sampler

    expected = SPGNet.from_pretrained(weights).sample(batch.image, batch.hole, 3, batch.seeds)
    assert len(drawn) == 3
    for ours, theirs in zip(drawn, expected, strict=True):
        assert torch.equal(ours.image, theirs.image)
        assert theirs.labels is not None
        assert torch.equal(ours.labels, theirs.labels)
    told = hide(samples, [hole, hole], 0, models["spgnet:oracle-labels"].label_sources)
    assert len(models["spgnet:oracle-labels"].sample(told, 3)) == 1  # type: ignore[attr-defined]  # likewise


def test_a_label_map_is_painted(pictures: Dataset, weights: Path) -> None:
    hole = np.zeros((48, 48), bool)
    hole[10:30, 12:40] = True
    model = bench.models.load(f"spgnet?weights={weights}")
    assert isinstance(model, Editable)
    assert model.classes == ("ground", "thing")
    batch = hide([pictures[0]], [hole], 0, model.label_sources)
    ground, thing = (torch.full((1, 48, 48), index, dtype=torch.uint8) for index in (0, 1))

    assert torch.equal(
        model.paint(batch, thing).image, SPGNet.from_pretrained(weights).guide(batch.image, batch.hole, thing)
    )
    assert not torch.equal(model.paint(batch, ground).image, model.paint(batch, thing).image)
