from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import bench.metrics
from bench.errors import DataError
from bench.metrics import (
    LabelComparison,
    assd,
    boundary_band,
    boundary_f,
    boundary_iou,
    boundary_width,
    hd95,
    iou,
    trimap_iou,
)
from tests.metrics.segmentation import label_references as plain

Score = Callable[..., torch.Tensor]

VOID = 255
SCORES: dict[str, Score] = {
    "iou": iou,
    "boundary_iou": partial(boundary_iou, width=2),
    "boundary_f": partial(boundary_f, width=2),
    "trimap_iou": partial(trimap_iou, width=2),
    "hd95": hd95,
    "assd": assd,
}


def expected(
    reference: np.ndarray, predicted: np.ndarray, classes: int, width: int, region: np.ndarray, ignore: int | None
) -> dict[str, list[float]]:
    """All scores of one image from the plain references."""
    ignored = np.zeros(reference.shape, bool) if ignore is None else reference == ignore
    counted = region & ~ignored
    near = counted & plain.trimap(reference, ignored, width)
    values: dict[str, list[float]] = {name: [] for name in SCORES}
    for index in range(classes):
        truth, answer = ((labels == index) & ~ignored & (index != ignore) for labels in (reference, predicted))
        values["iou"].append(plain.iou(truth, answer, counted))
        values["boundary_iou"].append(plain.boundary_iou(truth, answer, ignored, counted, width))
        values["boundary_f"].append(plain.boundary_f(truth, answer, ignored, counted, width))
        values["trimap_iou"].append(plain.iou(truth, answer, near))
        values["hd95"].append(plain.hd95(truth, answer, ignored, counted))
        values["assd"].append(plain.assd(truth, answer, ignored, counted))
    return values


def found(comparison: LabelComparison, width: int) -> dict[str, torch.Tensor]:
    return {
        "iou": comparison.iou(),
        "boundary_iou": comparison.boundary_iou(width),
        "boundary_f": comparison.boundary_f(width),
        "trimap_iou": comparison.trimap_iou(width),
        "hd95": comparison.hd95(),
        "assd": comparison.assd(),
    }


def assert_as_expected(
    reference: np.ndarray, predicted: np.ndarray, classes: int, width: int, region: np.ndarray, ignore: int | None
) -> None:
    truth, answer, counted = (torch.from_numpy(array)[None] for array in (reference, predicted, region))
    comparison = LabelComparison(truth, answer, classes, counted, ignore)
    references = expected(reference, predicted, classes, width, region, ignore)
    for name, values in found(comparison, width).items():
        tolerance = 1e-6 if name in ("hd95", "assd") else 1e-15  # a ratio of counts, and a product of two
        np.testing.assert_allclose(values[0].numpy(), references[name], rtol=0, atol=tolerance, err_msg=name)


def blobs(seed: int, height: int, width: int, classes: int) -> np.ndarray:
    """Smooth regions, as in a street."""
    noise = np.random.default_rng(seed).standard_normal((classes, height, width)).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(layer, (0, 0), 5) for layer in noise])
    return np.asarray(smooth.argmax(0), np.uint8)


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, int, np.ndarray, int | None]:
    height, width, classes = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 4))
    ignore = draw(st.sampled_from([None, VOID, 0]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = [*range(classes), *([ignore] * 2 if ignore is not None else [])]
    if draw(st.booleans()):
        reference, predicted = random.choice(labels, (2, height, width))
    else:  # large regions and a few errors
        reference = np.repeat(np.repeat(random.choice(labels, (3, 3)), 3, 0), 3, 1)[:height, :width]
        predicted = np.where(random.random((height, width)) < 0.2, random.choice(labels, (height, width)), reference)
    region = random.random((height, width)) < draw(st.sampled_from([0.2, 0.8, 1.1]))
    return reference, predicted, classes, draw(st.integers(1, 4)), region, ignore


@given(cases())
def test_small_maps_are_scored_as_scipy_does(
    case: tuple[np.ndarray, np.ndarray, int, int, np.ndarray, int | None],
) -> None:
    assert_as_expected(*case)


@pytest.mark.parametrize("width", [1, 3, 10])
@pytest.mark.parametrize("ignore", [None, VOID])
def test_large_maps_are_scored_as_scipy_does(width: int, ignore: int | None) -> None:
    reference, predicted = blobs(0, 96, 130, 6), blobs(0, 96, 130, 6)
    predicted[:, 4:] = reference[:, :-4].copy()
    predicted[20:60, 30:80] = blobs(2, 40, 50, 6)
    region = np.zeros((96, 130), bool)
    region[10:80, 20:110] = True
    if ignore is not None:
        reference[30:50, 50:90] = predicted[40:45] = ignore

    assert_as_expected(reference, predicted, 6, width, region, ignore)


def test_bands_are_those_of_boundary_iou_api() -> None:
    reference, predicted = blobs(0, 60, 80, 3), blobs(1, 60, 80, 3)
    kernel = np.ones((3, 3), np.uint8)

    def band(mask: np.ndarray) -> np.ndarray:
        padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        return np.asarray(mask & ~cv2.erode(padded, kernel, iterations=4)[1:-1, 1:-1].astype(bool))

    bands = [(band(reference == index), band(predicted == index)) for index in range(3)]
    ratios = [(truth & answer).sum() / (truth | answer).sum() for truth, answer in bands]

    values = boundary_iou(torch.from_numpy(reference)[None], torch.from_numpy(predicted)[None], 3, 4)

    assert values[0].tolist() == ratios


def brute_force(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """Distances from each 4-neighbour surface pixel to the nearest one of the other mask, one by one."""

    def edge(mask: np.ndarray) -> np.ndarray:
        padded = np.pad(mask, 1)
        whole = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        return np.argwhere(mask & ~whole)

    return np.asarray(np.linalg.norm(edge(truth)[:, None] - edge(answer)[None], axis=2).min(axis=1))


def test_distances_are_those_of_every_pair() -> None:
    reference, predicted = blobs(3, 40, 50, 2), blobs(4, 40, 50, 2)
    forth = brute_force(reference == 1, predicted == 1)
    back = brute_force(predicted == 1, reference == 1)
    maps = torch.from_numpy(reference)[None], torch.from_numpy(predicted)[None]

    assert hd95(*maps, 2)[0, 1].item() == pytest.approx(
        max(np.percentile(forth, 95), np.percentile(back, 95)), abs=1e-9
    )
    assert assd(*maps, 2)[0, 1].item() == pytest.approx((forth.mean() + back.mean()) / 2, abs=1e-9)


@pytest.mark.parametrize("shift", [0, 1, 2, 3, 5, 8])
@pytest.mark.parametrize("width", [1, 3, 6])
def test_a_shifted_straight_boundary_has_its_analytic_scores(shift: int, width: int) -> None:
    columns = torch.arange(60).expand(1, 40, 60)
    reference, predicted = (columns >= 30).int(), (columns >= 30 + shift).int()
    region = torch.zeros(1, 1, 40, 60, dtype=torch.bool)
    region[..., 10:30, 10:50] = True  # far from the image border, which bounds the classes too
    inner = max(width - shift, 0)

    assert iou(reference, predicted, 2, region)[0].tolist() == [20 / (20 + shift), (20 - shift) / 20]
    assert boundary_iou(reference, predicted, 2, width, region)[0].tolist() == [inner / (2 * width - inner)] * 2
    assert boundary_f(reference, predicted, 2, width, region)[0].tolist() == [float(shift <= width)] * 2
    assert trimap_iou(reference, predicted, 2, width, region)[0].tolist() == [
        width / (2 * width - inner),
        inner / width,
    ]
    assert hd95(reference, predicted, 2, region)[0].tolist() == [shift] * 2
    assert assd(reference, predicted, 2, region)[0].tolist() == [shift] * 2


def test_a_shifted_square_has_its_analytic_distance() -> None:
    reference, predicted = torch.zeros(2, 1, 64, 64, dtype=torch.long)
    reference[:, 20:40, 10:30] = predicted[:, 20:40, 17:37] = 1

    assert hd95(reference, predicted, 2)[0, 1].item() == 7
    assert iou(reference, predicted, 2)[0, 1].item() == 13 / 27


@pytest.mark.parametrize("name", SCORES)
def test_equal_maps_are_perfect_and_absent_classes_undefined(name: str) -> None:
    labels = torch.from_numpy(blobs(0, 32, 40, 3))[None]

    values = SCORES[name](labels, labels, num_classes=5)

    assert values.dtype == torch.float64
    assert values.shape == (1, 5)
    assert values[0, :3].tolist() == [0.0 if name in ("hd95", "assd") else 1.0] * 3
    assert values[0, 3:].isnan().all()


@pytest.mark.parametrize("name", SCORES)
def test_a_class_of_one_map_only_is_wrong_and_not_undefined(name: str) -> None:
    reference = torch.zeros(1, 20, 20, dtype=torch.long)
    predicted = reference.clone()
    predicted[:, 5:12, 5:12] = 1
    worst = math.inf if name in ("hd95", "assd") else 0.0

    assert SCORES[name](predicted, reference, num_classes=2)[0, 1].item() == worst
    if name == "trimap_iou":  # a reference without a boundary has no trimap
        assert trimap_iou(reference, predicted, 2, 2)[0].isnan().all()
    else:
        assert SCORES[name](reference, predicted, num_classes=2)[0, 1].item() == worst


@pytest.mark.parametrize("name", SCORES)
def test_an_empty_region_leaves_all_undefined(name: str) -> None:
    labels = torch.from_numpy(blobs(0, 32, 40, 3))[None]

    assert SCORES[name](labels, labels, num_classes=3, region=torch.zeros(1, 32, 40, dtype=torch.bool)).isnan().all()


@pytest.mark.parametrize("name", SCORES)
def test_what_is_predicted_at_ignored_pixels_changes_nothing(name: str) -> None:
    reference, predicted, other = (torch.from_numpy(blobs(seed, 32, 40, 3))[None] for seed in range(3))
    reference[:, 10:20, 10:30] = VOID
    swapped = torch.where(reference == VOID, other, predicted)

    before = SCORES[name](reference, predicted, num_classes=3, ignore_index=VOID)

    torch.testing.assert_close(
        SCORES[name](reference, swapped, num_classes=3, ignore_index=VOID), before, rtol=0, atol=0, equal_nan=True
    )


def test_the_border_of_ignored_pixels_is_no_boundary() -> None:
    reference = torch.zeros(1, 30, 30, dtype=torch.long)
    reference[:, 10:20, 10:20] = VOID
    inner = torch.zeros(1, 30, 30, dtype=torch.bool)
    inner[:, 5:25, 5:25] = True

    for name in ("boundary_iou", "boundary_f", "trimap_iou", "hd95", "assd"):
        assert SCORES[name](reference, reference, num_classes=1, region=inner, ignore_index=VOID).isnan().all(), name
    assert iou(reference, reference, 1, inner, VOID).item() == 1


def test_to_abstain_is_an_error() -> None:
    reference = torch.zeros(1, 4, 4, dtype=torch.long)
    predicted = reference.clone()
    predicted[:, 0] = VOID

    assert iou(reference, predicted, 2, ignore_index=VOID)[0, 0].item() == 12 / 16


def test_boundaries_are_found_before_the_region_is_cut() -> None:
    columns = torch.arange(40).expand(1, 20, 40)
    reference, predicted = (columns >= 20).int(), (columns >= 22).int()
    region = (columns < 21) & (columns > 5)  # holds the true boundary, not the predicted one two pixels further

    assert boundary_f(reference, predicted, 2, 2, region)[0].tolist() == [1, 1]
    assert hd95(reference, predicted, 2, region & (torch.arange(20)[:, None] % 19 > 0))[0, 1].item() == 2


@pytest.mark.parametrize("name", SCORES)
def test_values_are_the_same_for_any_batch_order_threads_and_type(name: str, threads: Callable[[int], None]) -> None:
    reference = torch.from_numpy(np.stack([blobs(seed, 50, 70, 5) for seed in range(5)]))
    predicted = torch.from_numpy(np.stack([blobs(seed + 9, 50, 70, 5) for seed in range(5)]))
    region = torch.rand(5, 1, 50, 70, generator=torch.Generator().manual_seed(0)) < 0.8
    threads(1)
    together = SCORES[name](reference, predicted, num_classes=5, region=region)
    same = partial(torch.testing.assert_close, rtol=0, atol=0, equal_nan=True)

    for count in (1, 2, 4):
        threads(count)
        same(SCORES[name](reference, predicted, num_classes=5, region=region), together)
    same(SCORES[name](reference.flip(0), predicted.flip(0), num_classes=5, region=region.flip(0)), together.flip(0))
    same(SCORES[name](reference.long(), predicted.int(), num_classes=5, region=region[:, 0]), together)
    for index in range(5):
        alone = (tensor[index : index + 1] for tensor in (reference, predicted))
        same(SCORES[name](*alone, num_classes=5, region=region[index : index + 1])[0], together[index])
    transposed = (tensor.mT.contiguous().mT for tensor in (reference, predicted))
    same(SCORES[name](*transposed, num_classes=5, region=region.mT.contiguous().mT), together)


def test_an_empty_batch_gives_no_values() -> None:
    nothing = torch.zeros(0, 8, 8, dtype=torch.long)

    assert all(score(nothing, nothing, num_classes=3).shape == (0, 3) for score in SCORES.values())


def test_many_classes() -> None:
    reference = torch.arange(1200).reshape(1, 30, 40)

    assert iou(reference, reference, 1500)[0].nansum().item() == 1200
    assert boundary_f(reference, reference, 1500, 1)[0].nansum().item() == 1200


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", SCORES)
def test_another_device_gives_the_same_values(name: str) -> None:
    maps = [torch.from_numpy(blobs(seed, 50, 70, 5))[None] for seed in range(2)]

    there = SCORES[name](*(labels.cuda() for labels in maps), num_classes=5)

    assert there.is_cuda
    torch.testing.assert_close(there.cpu(), SCORES[name](*maps, num_classes=5), rtol=0, atol=0, equal_nan=True)


def test_widths_are_shares_of_the_diagonal() -> None:
    sizes = ((256, 256), (256, 512), (512, 1024))

    assert [boundary_width(*size, share=0.02) for size in sizes] == [7, 11, 23]
    assert [boundary_width(*size, share=0.005) for size in sizes] == [2, 3, 6]
    assert [boundary_width(*size, share=0.008, rounding=math.ceil) for size in sizes] == [3, 5, 10]
    assert boundary_width(8, 8, share=0.001) == 1


def test_the_trimap_is_the_band_of_the_region_boundary() -> None:
    reference, predicted = (torch.from_numpy(blobs(seed, 40, 50, 3))[None] for seed in range(2))
    reference[:, 10:20] = VOID
    band = boundary_band(reference, 4)

    torch.testing.assert_close(
        trimap_iou(reference, predicted, 3, 4, ignore_index=VOID),
        iou(reference, predicted, 3, band, VOID),
        rtol=0,
        atol=0,
        equal_nan=True,
    )


MAP = torch.zeros(2, 8, 8, dtype=torch.long)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"reference": MAP.float().numpy()},
            r"reference label map must be an integer .*found numpy\.ndarray float",
        ),
        ({"predicted": MAP.float()}, r"predicted label map must be an integer tensor .*found float32 .*argmax"),
        ({"predicted": MAP.bool()}, "found bool"),
        ({"reference": MAP[0]}, r"predicted label map must be like the reference, \[1, 8, 8\].*found \[2, 8, 8\]"),
        ({"predicted": MAP[:1]}, r"predicted label map must be like the reference, \[2, 8, 8\].*found \[1, 8, 8\]"),
        ({"predicted": MAP[:, 1:]}, r"never resize"),
        ({"predicted": MAP.to("meta")}, r"like the reference.*on cpu; found .* on meta"),
        ({"predicted": MAP + 3}, r"predicted label map must hold class indices 0 to 2; found the label 3.*Map its"),
        ({"reference": MAP + 255}, r"reference label map .*found the label 255.*ignore_index"),
        ({"reference": MAP - 2, "ignore_index": -1}, "0 to 2 or -1; found the label -2"),
        ({"num_classes": 0}, "num_classes must be 1 to 32000; found 0"),
        ({"region": MAP}, r"region must be a bool tensor \[N, 1, H, W\] or \[N, H, W\]; found int64"),
        ({"region": MAP[:1].bool()}, r"region must have the shape \[2, 1, 8, 8\] or \[2, 8, 8\]; found \[1, 8, 8\]"),
    ],
)
def test_what_cannot_be_scored_is_named(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        SCORES[name](**{"reference": MAP, "predicted": MAP, "num_classes": 3, **arguments})


@pytest.mark.parametrize("function", [boundary_iou, boundary_f, trimap_iou])
@pytest.mark.parametrize("width", [0, -1, 2.5, True, None])
def test_a_width_is_whole_pixels(function: Score, width: object) -> None:
    with pytest.raises(DataError, match=r"width must be a whole number of pixels, at least 1; .*boundary_width"):
        function(MAP, MAP, 3, width)


def test_a_width_beyond_the_picture_takes_all_of_it() -> None:
    reference, predicted = (torch.from_numpy(blobs(seed, 20, 30, 3))[None] for seed in range(2))

    torch.testing.assert_close(
        boundary_iou(reference, predicted, 3, 500), iou(reference, predicted, 3), rtol=0, atol=0, equal_nan=True
    )


def test_the_functions_are_public() -> None:
    assert {"assd", "boundary_f", "boundary_iou", "hd95", "iou", "trimap_iou"} <= set(bench.metrics.__all__)
