"""The fills of a workspace are those of SPG-Net's own functions, and no network runs without need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

import bench.masks
import bench.models
from bench.editor.edited_picture import EditedPicture
from bench.editor.workspace import Workspace
from bench.errors import ModelFailure, UsageError
from bench.metrics import l1, psnr
from bench.pictures import sample_seed
from bench.vocabulary import Batch, Inpainter, LabelSources, Prediction, Sample
from spgnet import SPGNet, likeliest
from spgnet.networks import Generator


def inputs(picture: EditedPicture, hole: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    image = torch.from_numpy(picture.sample.image.copy()).permute(2, 0, 1)[None].float() / 255
    return image, torch.from_numpy(hole)[None, None]


def completed(picture: EditedPicture, raw: torch.Tensor, hole: np.ndarray) -> np.ndarray:
    """The picture of an output, float [1, 3, H, W], with the known pixels put back."""
    filled = raw[0].mul(255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return np.where(hole[..., None], filled, picture.sample.image)


@pytest.fixture
def runs() -> Iterator[Counter[str]]:
    """How often each class of network ran."""
    counted: Counter[str] = Counter()
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: counted.update([type(module).__name__]))
    yield counted
    handle.remove()


def test_the_own_fill_is_that_of_complete(
    picture: EditedPicture, hole: np.ndarray, model: Inpainter, net: SPGNet
) -> None:
    found = Workspace(picture).fill(model, hole)

    reference = net.complete(*inputs(picture, hole))
    assert reference.labels is not None
    np.testing.assert_array_equal(found.image, completed(picture, reference.image, hole))
    np.testing.assert_array_equal(found.labels, reference.labels[0])
    np.testing.assert_array_equal(found.visible, net.visible_labels(*inputs(picture, hole))[0])
    np.testing.assert_array_equal(found.predicted, likeliest(net.predict_labels(*inputs(picture, hole)))[0])
    assert list(found.milliseconds) == ["segmenter", "sp-net", "sg-net", "all"]
    assert found.reused == ()


def test_an_edit_of_the_labels_gives_the_fill_of_guide_and_runs_one_network(
    picture: EditedPicture, hole: np.ndarray, model: Inpainter, net: SPGNet, runs: Counter[str]
) -> None:
    workspace = Workspace(picture)
    own = workspace.fill(model, hole)
    assert own.labels is not None
    segmenter = {name for name in runs if "DeepLab" in name}
    edited = own.labels.copy()
    edited[25:40, 20:40] = (edited[25:40, 20:40] + 1) % 3
    edited[:10] = 2  # outside the hole
    runs.clear()

    found = workspace.fill(model, hole, edited)

    assert runs[Generator.__name__] == 1
    assert segmenter
    assert not segmenter & set(runs)
    assert found.reused == ("segmenter", "sp-net")
    guided = net.guide(*inputs(picture, hole), torch.from_numpy(edited)[None])
    np.testing.assert_array_equal(found.image, completed(picture, guided, hole))
    np.testing.assert_array_equal(found.visible, own.visible)
    assert (found.image != own.image).any()
    assert (found.image == picture.sample.image)[~hole].all()


def test_another_hole_another_seed_and_another_picture_are_computed_anew(
    picture: EditedPicture, hole: np.ndarray, model: Inpainter
) -> None:
    workspace = Workspace(picture)
    darker = Workspace(EditedPicture(Sample(picture.sample.id, picture.sample.image // 2)), workspace._cache)

    assert workspace.fill(model, hole).reused == ()
    assert workspace.fill(model, hole).reused == ("segmenter", "sp-net")
    assert workspace.fill(model, ~hole).reused == ()
    assert darker.fill(model, hole).reused == ()


@pytest.mark.parametrize("name", ["oracle-context", "oracle-labels"])
def test_models_of_true_labels_are_given_them_or_refuse(
    name: str, picture: EditedPicture, hole: np.ndarray, model_name: str, net: SPGNet
) -> None:
    model = bench.models.load(model_name.replace("spgnet", f"spgnet:{name}", 1))

    found = Workspace(picture).fill(model, hole)

    assert picture.sample.labels is not None
    labels = torch.from_numpy(picture.sample.labels)[None]
    if name == "oracle-labels":
        raw = net.guide(*inputs(picture, hole), labels)
    else:
        raw = net.complete(*inputs(picture, hole), labels).image
    np.testing.assert_array_equal(found.image, completed(picture, raw, hole))
    unlabelled = EditedPicture(Sample("upload", picture.sample.image))
    foreign = EditedPicture(picture.sample, picture.dataset, classes=("ground", "sky", "thing"))
    for other in (unlabelled, foreign):
        with pytest.raises(UsageError, match="label map of the classes"):
            Workspace(other).fill(model, hole)


def test_alternatives_are_the_samples_of_the_network(
    picture: EditedPicture, hole: np.ndarray, model: Inpainter, net: SPGNet
) -> None:
    found = Workspace(picture).alternatives(model, hole, 3, seed=5)

    seeds = [sample_seed(5, picture.sample.id)]
    for one, reference in zip(found, net.sample(*inputs(picture, hole), 3, seeds), strict=True):
        assert reference.labels is not None
        np.testing.assert_array_equal(one.image, completed(picture, reference.image, hole))
        np.testing.assert_array_equal(one.labels, reference.labels[0])
    assert len({one.labels.tobytes() for one in found if one.labels is not None}) == 3
    fewer = Workspace(picture).alternatives(model, hole, 2, seed=5)
    assert [one.image.tobytes() for one in fewer] == [one.image.tobytes() for one in found[:2]]


class Plain:
    """A guided model that knows nothing of stages: it paints its labels as grey."""

    name, fingerprint, label_sources = "plain", "p" * 64, LabelSources("segmenter", "predicted")
    classes = ("a", "b")

    def inpaint(self, batch: Batch) -> Prediction:
        return self.paint(batch, torch.ones(len(batch.ids), *batch.image.shape[2:], dtype=torch.uint8))

    def paint(self, batch: Batch, labels: torch.Tensor) -> Prediction:
        return Prediction(labels[:, None].expand_as(batch.image).float() / 2, labels)


def test_any_guided_model_follows_labels_and_any_other_refuses_them(picture: EditedPicture, hole: np.ndarray) -> None:
    workspace, labels = Workspace(picture), np.zeros((64, 64), np.uint8)

    own, edited = workspace.fill(Plain(), hole), workspace.fill(Plain(), hole, labels)

    assert (own.image[hole] == 128).all()
    assert (edited.image[hole] == 0).all()
    assert own.visible is own.predicted is None
    telea = bench.models.load("telea")
    assert workspace.fill(telea, hole).labels is None
    with pytest.raises(UsageError, match="paint under label maps"):
        workspace.fill(telea, hole, labels)
    for model in (telea, Plain()):
        with pytest.raises(UsageError, match="several fills"):
            workspace.alternatives(model, hole, 2)


def test_a_model_that_raises_or_gives_no_picture_fails_in_words(picture: EditedPicture, hole: np.ndarray) -> None:
    class Raising(Plain):
        def inpaint(self, batch: Batch) -> Prediction:
            raise RuntimeError(f"no luck with {batch.ids[0]}")

    class Small(Plain):
        def inpaint(self, batch: Batch) -> Prediction:
            return Prediction(batch.image[..., :5])

    with pytest.raises(ModelFailure, match="RuntimeError: no luck with p0"):
        Workspace(picture).fill(Raising(), hole)
    with pytest.raises(ModelFailure, match="shape"):
        Workspace(picture).fill(Small(), hole)


def test_holes_are_those_of_the_protocols_and_of_objects(picture: EditedPicture) -> None:
    workspace, sample = Workspace(picture), picture.sample
    assert picture.dataset is not None
    for name in ("center-50", "freeform", "object-removal@1"):
        expected = bench.masks.get(name).hole(sample, 3, picture.dataset)
        np.testing.assert_array_equal(workspace.draw_hole(name, 3), expected)

    hole = workspace.object_hole(30, 30)

    thing = np.zeros((64, 64), bool)
    thing[25:40, 20:45] = True
    rows, columns = np.nonzero(hole)
    assert hole[thing].all()
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (24, 40, 19, 45)  # 5 pixels at 256 are 1 here


def test_a_picture_without_labels_has_no_objects(picture: EditedPicture) -> None:
    upload = EditedPicture(Sample("upload", picture.sample.image))
    workspace = Workspace(upload)

    assert upload.objects == 0
    assert workspace.draw_hole("center-50").sum() == 32 * 32
    with pytest.raises(UsageError, match="have a label map"):
        workspace.draw_hole("object-removal")
    with pytest.raises(UsageError, match="have a label map"):
        workspace.object_hole(5, 5)
    whole = EditedPicture(Sample("one", picture.sample.image, np.zeros((64, 64), np.uint8)))
    with pytest.raises(UsageError, match="hole over everything"):
        Workspace(whole).object_hole(5, 5)
    with pytest.raises(UsageError, match="row 64"):
        Workspace(whole).object_hole(64, 5)


def test_scores_are_those_of_the_metrics_in_the_hole(picture: EditedPicture, hole: np.ndarray) -> None:
    fill = picture.sample.image.copy()
    fill[30, 30] ^= 64
    truth, filled = (torch.from_numpy(one.copy()).permute(2, 0, 1)[None] for one in (picture.sample.image, fill))
    region = torch.from_numpy(hole)[None, None]

    expected = float(psnr(truth, filled, region)[0]), float(l1(truth, filled, region)[0])
    assert Workspace(picture).score(fill, hole) == expected
    assert Workspace(picture).score(picture.sample.image, hole) == (None, 0)
