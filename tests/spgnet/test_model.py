from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from itertools import combinations
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from spgnet import VOID, Completion, SPGNet, SPGNetConfig, one_hot

Scene = Callable[..., tuple[Tensor, Tensor, Tensor]]


def everything(model: SPGNet, image: Tensor, hole: Tensor, labels: Tensor) -> list[Tensor]:
    """All that a guided model says of a batch."""
    completions = [model.complete(image, hole), model.complete(image, hole, labels), *model.sample(image, hole, 2, 5)]
    values = [getattr(completion, item.name) for completion in completions for item in fields(Completion)]
    return [*values, model.guide(image, hole, labels), model.predict_labels(image, hole, labels)]


def test_a_completion_is_a_picture_and_its_labels(model: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(2, 48, 64)
    completion = model.complete(image, hole, labels)
    assert completion.labels is not None
    assert completion.probabilities is not None

    assert completion.image.shape == image.shape
    assert 0 <= completion.image.min() < completion.image.max() <= 1
    torch.testing.assert_close(completion.probabilities.sum(1), torch.ones(2, 48, 64))
    likeliest = completion.probabilities.argmax(1)
    assert completion.labels.dtype == torch.uint8
    assert torch.equal(completion.labels, torch.where(hole[:, 0], likeliest, labels).to(torch.uint8))
    assert not completion.image.requires_grad


def test_the_composite_keeps_the_known_pixels_and_the_raw_output_does_not(model: SPGNet, scene: Scene) -> None:
    image, hole, _ = scene(2, 48, 64)
    completion = model.complete(image, hole)
    inside = hole.expand_as(image)

    assert torch.equal(completion.composite[~inside], image[~inside])
    assert torch.equal(completion.composite[inside], completion.image[inside])
    assert not torch.equal(completion.image[~inside], image[~inside])


def test_completing_is_labelling_then_predicting_then_guiding(model: SPGNet, scene: Scene) -> None:
    image, hole, _ = scene(2, 48, 64)
    completion = model.complete(image, hole)
    context = model.visible_labels(image, hole)
    probabilities = model.predict_labels(image, hole, context)

    assert (context[hole[:, 0]] == VOID).all()
    assert completion.probabilities is not None
    assert torch.equal(completion.probabilities, probabilities)
    assert torch.equal(model.predict_labels(image, hole), probabilities)
    assert torch.equal(completion.image, model.guide(image, hole, probabilities))


def test_unlabelled_known_pixels_get_the_likeliest_class(model: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(1, 48, 64)
    labels[:, -6:] = VOID
    completion = model.complete(image, hole, labels)
    assert completion.labels is not None
    assert completion.probabilities is not None

    assert torch.equal(completion.labels[:, -6:].long(), completion.probabilities.argmax(1)[:, -6:])


@pytest.mark.parametrize("secret", [0.0, 1.0, 7.0, float("nan")])
def test_the_truth_under_the_hole_is_never_read(model: SPGNet, scene: Scene, secret: float) -> None:
    image, hole, labels = scene(2, 48, 64)
    other = image.masked_fill(hole, secret)

    for one, two in zip(everything(model, image, hole, labels), everything(model, other, hole, labels), strict=True):
        assert torch.equal(one, two)


def test_labels_in_the_hole_count_for_guide_alone(model: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(2, 48, 64)
    other = torch.where(hole[:, 0], (labels + 1) % 3, labels)

    assert torch.equal(model.complete(image, hole, labels).image, model.complete(image, hole, other).image)
    assert torch.equal(model.predict_labels(image, hole, labels), model.predict_labels(image, hole, other))
    assert not torch.equal(model.guide(image, hole, labels), model.guide(image, hole, other))


def test_labels_of_the_visible_part_count(model: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(2, 48, 64)

    assert not torch.equal(model.complete(image, hole, labels).image, model.complete(image, hole, 2 - labels).image)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_a_fill_does_not_depend_on_the_batch(
    build: Callable[..., SPGNet], tiny_config: Callable[..., SPGNetConfig], scene: Scene, norm: str
) -> None:
    model = build(tiny_config(norm=norm, mask_channel=True))
    image, hole, labels = scene(8, 48, 64)
    together = everything(model, image, hole, labels)

    for index in (0, 3, 7):
        one = slice(index, index + 1)
        alone = everything(model, image[one], hole[one], labels[one])
        for batch, single in zip(together, alone, strict=True):
            torch.testing.assert_close(batch[one], single, atol=1e-5, rtol=0)


def test_training_mode_changes_no_fill_and_is_left_as_it_was(model: SPGNet, scene: Scene) -> None:
    image, hole, _ = scene(2, 48, 64)
    before = model.complete(image, hole).image
    model.sgnet.train()
    during = model.complete(image, hole).image
    training = [module.training for module in model.sgnet.modules()]
    model.eval()

    assert torch.equal(before, during)
    assert all(training)


def test_the_same_seed_gives_the_same_model_and_fill(tiny_config: Callable[..., SPGNetConfig], scene: Scene) -> None:
    image, hole, _ = scene(1, 32, 32)
    fills = []
    for seed in (4, 4, 5):
        torch.manual_seed(seed)
        model = SPGNet(tiny_config(norm="instance"))
        fills.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
        fills.append(model.complete(image, hole).image)

    assert torch.equal(fills[0], fills[2])
    assert torch.equal(fills[1], fills[3])
    assert not torch.equal(fills[0], fills[4])


@given(height=st.integers(16, 100), width=st.integers(16, 100))
@settings(max_examples=5, deadline=None)
def test_any_size(model: SPGNet, height: int, width: int) -> None:
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    hole = torch.zeros(1, 1, height, width, dtype=torch.bool)
    hole[..., 2:11, 3:13] = True
    completion = model.complete(image, hole)
    assert completion.labels is not None
    assert completion.probabilities is not None

    assert completion.image.shape == completion.composite.shape == image.shape
    assert completion.labels.shape == (1, height, width)
    assert completion.probabilities.shape == (1, 3, height, width)


def test_samples_differ_in_the_hole_and_lead_to_different_pictures(model: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(2, 48, 64)
    samples = model.sample(image, hole, 3, seed=1, labels=labels)
    maps = [sample.labels for sample in samples if sample.labels is not None]

    assert len(maps) == 3
    for one, other in combinations(maps, 2):
        assert (one != other)[hole[:, 0]].any()
        assert torch.equal(one[~hole[:, 0]], labels[~hole[:, 0]])
    for first, second in combinations(samples, 2):
        assert not torch.equal(first.composite, second.composite)


def test_samples_follow_their_seeds(model: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(2, 48, 64)
    first, again, other = (model.sample(image, hole, 2, seed, labels)[1].image for seed in ([1, 2], (1, 2), [2, 2]))

    assert torch.equal(first, again)
    assert torch.equal(first[1], other[1])
    assert not torch.equal(first[0], other[0])


def test_an_edited_label_changes_the_fill(model: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(1, 48, 64)
    edited = model.edit(labels, hole[0, 0], "car")

    assert torch.equal(edited, model.edit(labels, hole[:, 0], 2))
    assert (edited[hole[:, 0]] == 2).all()
    assert not torch.equal(model.guide(image, hole, labels), model.guide(image, hole, edited))
    assert torch.equal(model.guide(image, hole, edited), model.guide(image, hole, one_hot(edited, 3)))


@pytest.mark.parametrize("name", ["tree", 3, -1, VOID])
def test_a_class_that_the_model_does_not_know(model: SPGNet, scene: Scene, name: str | int) -> None:
    _, hole, labels = scene(1, 48, 64)
    with pytest.raises(ValueError, match="class must be one of road, sky, car, or an index below 3; found"):
        model.edit(labels, hole[0, 0], name)


def test_the_unguided_model_is_the_same_generator_without_labels(model: SPGNet, unguided: SPGNet, scene: Scene) -> None:
    image, hole, labels = scene(2, 48, 64)
    completion = unguided.complete(image, hole)

    assert unguided.segmenter is None
    assert unguided.spnet is None
    assert [p.shape for p in unguided.sgnet.parameters()] == [p.shape for p in model.sgnet.parameters()]
    assert completion.labels is None
    assert completion.probabilities is None
    nothing = torch.full_like(labels, VOID)
    torch.manual_seed(0)
    assert torch.equal(completion.image, unguided.sgnet(image, one_hot(nothing, 3), hole).detach())


@pytest.mark.parametrize("method", ["complete", "guide", "predict_labels"])
def test_the_unguided_model_takes_no_labels(unguided: SPGNet, scene: Scene, method: str) -> None:
    image, hole, labels = scene(1, 48, 64)
    with pytest.raises(ValueError, match=r"model must be guided for this; found .* Call complete without labels"):
        getattr(unguided, method)(image, hole, labels)


IMAGE = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
HOLE = torch.zeros(2, 1, 32, 32, dtype=torch.bool)
HOLE[..., 8:20, 8:20] = True
LABELS = torch.zeros(2, 32, 32, dtype=torch.uint8)
NO_HOLE_IN_ONE, ALL_HOLE_IN_ONE = HOLE.clone(), HOLE.clone()
NO_HOLE_IN_ONE[1], ALL_HOLE_IN_ONE[0] = False, True


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"image": (IMAGE * 255).byte()}, TypeError, "image must be floating-point in .* found torch.uint8"),
        ({"image": IMAGE * 255}, ValueError, r"image must be in \[0, 1\]; found .* Divide 8-bit pictures by 255"),
        ({"image": IMAGE - 0.5}, ValueError, r"image must be in \[0, 1\]; found -0"),
        ({"image": IMAGE * float("nan")}, ValueError, r"image must be in \[0, 1\]; found nan"),
        ({"image": IMAGE[0]}, ValueError, r"image must be \[N, 3, H, W\]; found \[3, 32, 32\]"),
        ({"image": IMAGE[:, :1]}, ValueError, r"found \[2, 1, 32, 32\]"),
        ({"image": IMAGE[:0]}, ValueError, r"found \[0, 3, 32, 32\]"),
        ({"image": IMAGE[..., :15]}, ValueError, "at least 16 pixels on each side, .* found 32x15"),
        ({"hole": HOLE.float()}, TypeError, "hole must be bool, True = missing; found torch.float32"),
        ({"hole": HOLE[:, 0]}, ValueError, r"hole must be \[2, 1, 32, 32\], .* found \[2, 32, 32\]"),
        ({"hole": HOLE[..., :31]}, ValueError, r"found \[2, 1, 32, 31\]"),
        ({"hole": NO_HOLE_IN_ONE}, ValueError, "hole must have a missing pixel; found none in picture 1"),
        ({"hole": ALL_HOLE_IN_ONE}, ValueError, "hole must leave a known pixel; found none in picture 0"),
        ({"labels": LABELS.float()}, (TypeError, ValueError), "found"),
        ({"labels": LABELS[:, :31]}, ValueError, r"labels must be \[2, 32, 32\], .* found \[2, 31, 32\]"),
        ({"labels": LABELS + 3}, ValueError, "labels must be 0 to 2, or 255 where unknown; found 3"),
    ],
)
@pytest.mark.parametrize("method", ["complete", "guide"])
def test_a_wrong_argument_is_named(
    model: SPGNet, method: str, change: dict[str, Tensor], error: type[Exception], message: str
) -> None:
    arguments: dict[str, Any] = {"image": IMAGE, "hole": HOLE, "labels": LABELS, **change}
    with pytest.raises(error, match=message):
        getattr(model, method)(**arguments)


def test_the_first_wrong_argument_is_the_one_that_is_named(model: SPGNet, unguided: SPGNet) -> None:
    for image, hole, labels, message in (
        (IMAGE * 2, NO_HOLE_IN_ONE, LABELS + 3, "hole must have a missing pixel"),
        (IMAGE * 2, HOLE, LABELS + 3, r"image must be in \[0, 1\]"),
        (IMAGE * 2, HOLE, LABELS[:, :31], r"image must be in \[0, 1\]"),
        (IMAGE, HOLE, LABELS[:, :31] + 3, "labels must be .2, 32, 32."),
    ):
        with pytest.raises(ValueError, match=message):
            model.complete(image, hole, labels)
    with pytest.raises(ValueError, match="model must be guided"):
        unguided.complete(IMAGE, HOLE, LABELS + 3)


class Reads(TorchDispatchMode):  # type: ignore[no-untyped-call] # of torch
    """Counts the operations that wait for a device, but for copies to the host."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # of torch
        self.names: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if any(name in str(function) for name in ("_local_scalar_dense", "nonzero", "masked_select", "aten.equal")):
            self.names.append(str(function))
        return function(*args, **(kwargs or {}))


def test_nothing_but_the_checks_reads_a_value(model: SPGNet, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    tolist = Tensor.tolist

    def counted(values: Tensor) -> Any:
        read.append("tolist")
        return tolist(values)

    monkeypatch.setattr(Tensor, "tolist", counted)
    probabilities = one_hot(LABELS, 3)
    with Reads() as reads:
        model.complete(IMAGE, HOLE)
        model.complete(IMAGE, HOLE, LABELS)
        model.guide(IMAGE, HOLE, LABELS)
        model.guide(IMAGE, HOLE, probabilities)
        model.predict_labels(IMAGE, HOLE, LABELS)
        model.visible_labels(IMAGE, HOLE)
        for step in model.stages(IMAGE, HOLE).values():
            step()
    assert reads.names == []
    assert read == ["tolist"] * 7


def test_a_captured_call_checks_no_values(model: SPGNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spgnet.arguments.is_capturing", lambda _: True)
    monkeypatch.setattr(Tensor, "tolist", None)
    assert model.complete(IMAGE * 2, HOLE, LABELS).image.shape == IMAGE.shape
    with pytest.raises(ValueError, match="hole must be"):
        model.complete(IMAGE, HOLE[:1], LABELS)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (torch.full((2, 4, 32, 32), 0.25), r"class probabilities must be \[2, 3, 32, 32\]; found \[2, 4, 32, 32\]"),
        (torch.full((2, 3, 32, 32), 2.0), r"class probabilities must be in \[0, 1\]; found 2 to 2"),
        (torch.full((2, 3, 32, 32), float("nan")), r"must be in \[0, 1\]; found nan"),
    ],
)
def test_wrong_probabilities_are_named(model: SPGNet, probabilities: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model.guide(IMAGE, HOLE, probabilities)


def test_other_floating_types_are_pictures_too(model: SPGNet) -> None:
    expected = model.complete(IMAGE, HOLE)
    double = model.complete(IMAGE.double(), HOLE)

    assert torch.equal(double.image, expected.image)
    assert double.composite.dtype == torch.float32
