from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import bench
import bench.models
from bench.errors import UsageError
from bench.models.label_mixture import mix_truth
from bench.pictures import hide
from bench.vocabulary import VOID, Dataset, LabelSources, Staged
from spgnet import SPGNet, SPGNetConfig, one_hot


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny"
    SPGNet(SPGNetConfig.small(("ground", "thing"))).save(path)
    return path.with_suffix(".safetensors")


def hole_of(size: int = 48) -> np.ndarray:
    hole = np.zeros((size, size), bool)
    hole[10:30, 12:40] = True
    return hole


def test_the_true_pixels_are_a_nested_share_of_the_hole_in_few_regions() -> None:
    hole = torch.from_numpy(np.stack([hole_of(64)] * 2))[:, None]
    probabilities = torch.full((2, 3, 64, 64), 1 / 3)
    labels = torch.ones(2, 64, 64, dtype=torch.uint8)

    mixed = {share: mix_truth(probabilities, labels, hole, share, (5, 6)) for share in (0.25, 0.5, 1.0)}
    true = {share: guidance[:, 1] == 1 for share, guidance in mixed.items()}

    for share, where in true.items():
        assert where[:, hole[0, 0]].float().mean(dim=1).tolist() == pytest.approx([share] * 2, abs=1e-3)
        assert not (where & ~hole[:, 0]).any()
    assert not (true[0.25] & ~true[0.5]).any()
    assert not torch.equal(true[0.5][0], true[0.5][1])
    alone = mix_truth(probabilities[1:], labels[1:], hole[1:], 0.5, (6,))
    assert torch.equal(alone[0], mixed[0.5][1])  # whatever else is in the batch
    edges = (true[0.5][:, 1:] != true[0.5][:, :-1]).sum().item()
    scattered = torch.rand(2, 64, 64) < 0.5
    assert edges < 0.5 * ((scattered[:, 1:] != scattered[:, :-1]) & hole[:, 0, 1:] & hole[:, 0, :-1]).sum().item()


def test_unlabelled_pixels_keep_what_was_predicted() -> None:
    hole = torch.ones(1, 1, 16, 16, dtype=torch.bool)
    probabilities = torch.rand(1, 3, 16, 16).softmax(dim=1)
    labels = torch.zeros(1, 16, 16, dtype=torch.uint8)
    labels[:, :4] = VOID

    mixed = mix_truth(probabilities, labels, hole, 1.0, (0,))

    assert torch.equal(mixed[:, :, :4], probabilities[:, :, :4])
    assert torch.equal(mixed[:, :, 4:], one_hot(labels, 3)[:, :, 4:])


def test_a_row_with_a_share_of_the_truth_says_that_it_is_an_oracle(
    pictures: Dataset, weights: Path, tmp_path: Path
) -> None:
    net = SPGNet.from_pretrained(weights)
    model = bench.models.load(f"spgnet?weights={weights}&oracle_share=1")
    batch = hide([pictures[0]], [hole_of()], 0, model.label_sources)
    predicted = net.predict_labels(batch.image, batch.hole)
    assert batch.labels is not None

    fill = model.inpaint(batch)

    assert model.label_sources == LabelSources("segmenter", "oracle")
    guidance = torch.where(batch.hole, one_hot(batch.labels, 2), predicted)
    assert torch.equal(fill.image, net.guide(batch.image, batch.hole, guidance))
    assert isinstance(model, Staged)
    (made,) = [step() for step in model.stages(batch).values()]
    assert isinstance(made, torch.Tensor)
    assert torch.equal(made, fill.image)
    assert model.fingerprint != bench.models.load(f"spgnet?weights={weights}&oracle_share=0.5").fingerprint
    run = bench.evaluate([model], pictures, metrics=["psnr", "label-accuracy"], out=tmp_path / "out")
    (cell,) = run.cells.values()
    assert cell.labels == {"context": "segmenter", "hole": "oracle"}
    assert cell.metrics["label-accuracy.hole"].value == 100


def test_labels_averaged_over_flips_are_a_row_of_their_own(pictures: Dataset, weights: Path) -> None:
    plain, flips = (bench.models.load(f"spgnet?weights={weights}{more}") for more in ("", "&flips=true"))
    batch = hide([pictures[0]], [hole_of()], 0, plain.label_sources)
    net = SPGNet.from_pretrained(weights)
    assert net.spnet is not None
    net.spnet.average_flips = True

    assert flips.fingerprint != plain.fingerprint
    assert torch.equal(flips.inpaint(batch).image, net.complete(batch.image, batch.hole).image)
    fast = bench.models.load(f"spgnet?weights={weights}&flips=true&folded=true").inpaint(batch)
    torch.testing.assert_close(fast.probabilities, flips.inpaint(batch).probabilities, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ("spgnet", "oracle_share=0", "above 0 and at most 1"),
        ("spgnet", "oracle_share=1.5", "above 0 and at most 1"),
        ("spgnet:oracle-labels", "oracle_share=0.5", "of the row spgnet; found 0.5 with guidance oracle-labels"),
        ("spgnet:oracle-labels", "flips=true", "flips must be asked of a model whose labels are predicted"),
        ("spgnet:unguided", "flips=true", "flips must be asked of a model whose labels are predicted"),
    ],
)
def test_options_that_do_not_fit_a_row_are_refused(row: str, options: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bench.models.load(f"{row}?{options}")
