from __future__ import annotations

import dataclasses
import io
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from bench.errors import ModelFailure
from bench.pictures import (
    check_picture,
    check_prediction,
    composite,
    hide,
    hide_labels,
    hide_pixels,
    png_bytes,
    quantise,
    round_to_bytes,
    sample_seed,
    stack_pictures,
    to_float,
    unstack_pictures,
    visible_labels,
)
from bench.vocabulary import VOID, Batch, LabelSources, Prediction, Sample

HOLE = np.zeros((6, 5), bool)
HOLE[1:4, 2:] = True


def _sample(name: str = "a", seed: int = 0) -> Sample:
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    return Sample(name, image, random.integers(0, 4, (6, 5), dtype=np.uint8))


def _batch() -> Batch:
    return hide([_sample()], [HOLE], 0, LabelSources())


def test_the_truth_is_not_in_the_batch() -> None:
    one = _sample()
    assert one.labels is not None
    other = Sample("a", np.where(HOLE[..., None], np.uint8(9), one.image), np.where(HOLE, np.uint8(3), one.labels))

    for labels in (LabelSources(), LabelSources(context="oracle")):
        a, b = (hide([sample], [HOLE], 0, labels) for sample in (one, other))
        assert torch.equal(a.image, b.image)
        if a.labels is None or b.labels is None:
            assert a.labels is b.labels is None
        else:
            assert torch.equal(a.labels, b.labels)


def test_labels_come_only_when_asked_for() -> None:
    sample = _sample()
    none, context, whole = (
        hide([sample], [HOLE], 0, axes).labels
        for axes in (LabelSources(), LabelSources(context="oracle"), LabelSources(context="oracle", hole="oracle"))
    )

    assert none is None
    assert context is not None
    assert (context[0].numpy()[HOLE] == VOID).all()
    assert (context[0].numpy()[~HOLE] == sample.labels[~HOLE]).all()  # type: ignore[index]
    assert whole is not None
    assert (whole[0].numpy() == sample.labels).all()


def test_texts_go_with_their_samples_and_stay_away_where_there_is_none() -> None:
    samples = [dataclasses.replace(_sample(name), prompt=text) for name, text in (("a", ""), ("b", "a house"))]

    assert hide(samples, [HOLE, HOLE], 0, LabelSources()).prompts == ("", "a house")
    assert hide(samples[:1], [HOLE], 0, LabelSources()).prompts == ()


def test_known_pixels_survive_exactly() -> None:
    every = np.arange(256, dtype=np.uint8)
    sample = Sample("a", np.stack([every.reshape(16, 16)] * 3, -1))

    batch = hide([sample], [np.eye(16, dtype=bool)], 0, LabelSources())

    back = quantise(batch.image)[0].permute(1, 2, 0).numpy()
    assert (back[~np.eye(16, dtype=bool)] == sample.image[~np.eye(16, dtype=bool)]).all()


def test_quantise_rounds_half_to_even_and_clips() -> None:
    values = torch.tensor([0.5, 1.5, 2.5, 254.5, -0.3, 255.9], dtype=torch.float64) / 255

    assert quantise(values).tolist() == [0, 2, 2, 254, 0, 255]


def test_composite_takes_the_hole_from_the_model() -> None:
    raw, truth = torch.zeros(1, 3, 6, 5, dtype=torch.uint8), torch.ones(1, 3, 6, 5, dtype=torch.uint8)

    result = composite(raw, truth, torch.from_numpy(HOLE)[None, None])

    assert (result[0, 0].numpy() == ~HOLE).all()


def test_seeds_depend_on_run_and_sample_alone() -> None:
    alone = hide([_sample("b")], [HOLE], 3, LabelSources()).seeds
    together = hide([_sample("a"), _sample("b")], [HOLE, HOLE], 3, LabelSources()).seeds

    assert alone == together[1:] == (sample_seed(3, "b"),)
    assert len({sample_seed(seed, name) for seed in range(3) for name in "abc"}) == 9


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (torch.zeros(1, 3, 5, 6), r"shape \[1, 3, 6, 5\]; found \[1, 3, 5, 6\]"),
        (torch.zeros(3, 6, 5), "have shape"),
        (None, "found NoneType"),
        (torch.full((1, 3, 6, 5), float("nan")), "be finite; found 90 NaN"),
        (torch.full((1, 3, 6, 5), float("inf")), "be finite"),
        (torch.full((1, 3, 6, 5), 255.0), "lie in 0 to 1; found 255 to 255"),
        (torch.full((1, 3, 6, 5), -1.0), "lie in 0 to 1; found -1 to -1"),
    ],
)
def test_what_is_no_picture(image: torch.Tensor, message: str) -> None:
    with pytest.raises(ModelFailure, match=message):
        check_prediction(Prediction(image), _batch())


@pytest.mark.parametrize("labels", [torch.zeros(1, 6, 5), torch.zeros(1, 1, 6, 5, dtype=torch.uint8)])
def test_what_is_no_label_map(labels: torch.Tensor) -> None:
    with pytest.raises(ModelFailure, match=r"be torch\.uint8 \[1, 6, 5\]; found"):
        check_prediction(Prediction(torch.zeros(1, 3, 6, 5), labels), _batch())


def test_a_slight_overshoot_is_clipped_not_refused() -> None:
    image = torch.full((1, 3, 6, 5), 1.002)

    assert (quantise(check_prediction(Prediction(image), _batch())) == 255).all()


def test_what_is_hidden_is_hidden_in_any_layout() -> None:
    sample = _sample()
    hole = torch.from_numpy(HOLE)

    channels_last = hide_pixels(torch.from_numpy(sample.image), hole[..., None])
    channels_first = hide_pixels(stack_pictures([sample.image]), hole[None, None])

    assert (channels_last.numpy()[HOLE] == 0).all()
    assert torch.equal(channels_first[0].permute(1, 2, 0), channels_last)
    assert (hide_pixels(torch.zeros(2, 3, 6, 5), hole, 0.5)[:, :, hole] == 0.5).all()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64])
def test_hidden_labels_are_void_in_the_hole_alone(dtype: torch.dtype) -> None:
    labels, hole = torch.ones(1, 6, 5, dtype=dtype), torch.from_numpy(HOLE)[None, None]

    hidden = hide_labels(labels, hole)

    assert hidden.dtype == dtype
    assert (hidden == torch.where(hole[:, 0], VOID, 1)).all()
    assert visible_labels(labels, hole, LabelSources()) is None
    assert visible_labels(None, hole, LabelSources("oracle", "oracle")) is None
    assert visible_labels(labels, hole, LabelSources("oracle", "oracle")) is labels


def test_pictures_come_back_from_a_stack_and_from_floats() -> None:
    pictures = np.stack([_sample(seed=seed).image for seed in range(3)])

    stack = stack_pictures(list(pictures))

    assert stack.shape == (3, 3, 6, 5)
    assert (unstack_pictures(stack) == pictures).all()
    assert torch.equal(quantise(to_float(stack)), stack)
    assert torch.equal(round_to_bytes(stack.float()), stack)


def test_one_picture_is_checked_on_its_device_as_it_is() -> None:
    image = torch.full((3, 6, 5), 7.0, dtype=torch.float16)

    assert check_picture(image, (3, 6, 5)) is image
    with pytest.raises(ModelFailure, match="have shape"):
        check_picture(image, (3, 5, 6))


@pytest.mark.parametrize("level", [0, 3, 9])
def test_png_bytes_hold_the_pixels(level: int) -> None:
    image = _sample().image

    for picture, pixels in ((image, image), (HOLE, HOLE * np.uint8(255)), (Image.fromarray(image), image)):
        with Image.open(io.BytesIO(png_bytes(picture, level))) as file:
            assert (np.asarray(file) == pixels).all()


def test_png_bytes_need_no_torch() -> None:
    code = "import sys, numpy, bench.pictures; bench.pictures.png_bytes(numpy.zeros((2, 2), bool))"

    subprocess.run([sys.executable, "-c", f"{code}; sys.exit('torch' in sys.modules)"], check=True)
