from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

import bench.metrics
from bench.errors import DataError, UnknownName
from bench.metrics import BatchView, boundary_band, measure

Tensors = dict[str, Any]
MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
NAMES = ("psnr", "ssim", "l1")


@pytest.fixture
def tensors(pair: MakePair) -> Tensors:
    reference, raw = pair(3, 48, 64)
    hole = torch.zeros(3, 1, 48, 64, dtype=torch.bool)
    hole[:, :, 12:36, 16:48] = True
    labels = torch.zeros(3, 48, 64, dtype=torch.uint8)
    labels[:, :, 30:] = 4
    return {
        "reference": reference,
        "completed": torch.where(hole, raw, reference),
        "raw": raw,
        "hole": hole,
        "labels": labels,
    }


def test_every_metric_has_every_region(tensors: Tensors) -> None:
    values = measure(BatchView(**tensors), NAMES)

    assert set(values) == {f"{name}.{region}" for name in NAMES for region in ("full", "hole", "boundary", "known")}
    assert all(value.shape == (3,) and value.dtype == torch.float64 for value in values.values())
    assert all(value.isfinite().all() for value in values.values())


@pytest.mark.parametrize("name", NAMES)
def test_regions_are_the_public_function_on_the_right_picture_and_pixels(tensors: Tensors, name: str) -> None:
    function = getattr(bench.metrics, name)
    reference, completed, hole = tensors["reference"], tensors["completed"], tensors["hole"]
    near = hole & boundary_band(tensors["labels"], 1)  # one percent of 80 px
    known_picture = torch.where(hole, reference, tensors["raw"])

    values = measure(BatchView(**tensors), [name])

    torch.testing.assert_close(values[f"{name}.full"], function(reference, completed), rtol=0, atol=0)
    torch.testing.assert_close(values[f"{name}.hole"], function(reference, completed, hole), rtol=0, atol=0)
    torch.testing.assert_close(values[f"{name}.boundary"], function(reference, completed, near), rtol=0, atol=0)
    torch.testing.assert_close(values[f"{name}.known"], function(reference, known_picture, ~hole), rtol=0, atol=0)


def test_known_does_not_see_the_hole(tensors: Tensors) -> None:
    before = measure(BatchView(**tensors), NAMES)
    worse = torch.where(tensors["hole"], 255 - tensors["raw"], tensors["raw"])

    after = measure(BatchView(**{**tensors, "raw": worse}), NAMES)

    assert all(torch.equal(before[f"{name}.known"], after[f"{name}.known"]) for name in NAMES)


def test_only_known_sees_the_raw_output(tensors: Tensors) -> None:
    before = measure(BatchView(**tensors), NAMES)

    after = measure(BatchView(**{**tensors, "raw": tensors["reference"]}), NAMES)

    assert {key for key in before if not torch.equal(before[key], after[key])} == {f"{name}.known" for name in NAMES}
    assert [after[f"{name}.known"].tolist() for name in NAMES] == [[math.inf] * 3, [1.0] * 3, [0.0] * 3]


def test_without_labels_only_the_boundary_is_undefined(tensors: Tensors) -> None:
    values = measure(BatchView(**{**tensors, "labels": None}), NAMES)

    assert {key for key, value in values.items() if value.isnan().any()} == {f"{name}.boundary" for name in NAMES}


def test_no_hole_leaves_hole_and_boundary_undefined(tensors: Tensors) -> None:
    hole = torch.zeros_like(tensors["hole"])

    values = measure(BatchView(**{**tensors, "hole": hole, "completed": tensors["reference"]}), ["psnr"])

    assert values["psnr.full"].tolist() == [math.inf] * 3
    assert all(values[f"psnr.{region}"].isnan().all() for region in ("hole", "boundary"))


def test_a_hole_everywhere_leaves_known_undefined(tensors: Tensors) -> None:
    hole = torch.ones_like(tensors["hole"])

    values = measure(BatchView(**{**tensors, "hole": hole, "completed": tensors["raw"]}), NAMES)

    assert all(values[f"{name}.known"].isnan().all() for name in NAMES)
    assert all(torch.equal(values[f"{name}.full"], values[f"{name}.hole"]) for name in NAMES)


def test_values_do_not_depend_on_the_batch(tensors: Tensors) -> None:
    together = measure(BatchView(**tensors), NAMES)

    for index in range(3):
        alone = measure(BatchView(**{key: value[index : index + 1] for key, value in tensors.items()}), NAMES)
        assert {key: value.item() for key, value in alone.items()} == {
            key: value[index].item() for key, value in together.items()
        }


def test_nothing_is_written_into_the_arguments(tensors: Tensors) -> None:
    before = {key: value.clone() for key, value in tensors.items()}

    measure(BatchView(**tensors), NAMES)

    assert all(torch.equal(before[key], tensors[key]) for key in tensors)


def test_an_unknown_name_is_told_its_neighbour(tensors: Tensors) -> None:
    with pytest.raises(UnknownName, match="Did you mean psnr"):
        measure(BatchView(**tensors), ["psnrr"])


def test_pictures_below_the_window_have_psnr_but_no_ssim(tensors: Tensors) -> None:
    small = BatchView(**{key: value[..., :10] for key, value in tensors.items()})

    assert measure(small, ["psnr"])["psnr.full"].shape == (3,)
    assert measure(small, ["ssim"])["ssim.full"].isnan().all()


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        (
            "completed",
            lambda t: t[:, :, :-1],
            r"completed picture must have the shape \[3, 3, 48, 64\].*found \[3, 3, 47, 64\]",
        ),
        ("raw", lambda t: t.float() / 255, r"raw output must be a uint8 tensor.*float32.*looks like 0 to 1"),
        (
            "hole",
            lambda t: t.to(torch.uint8),
            r"hole must be a bool tensor \[N, 1, H, W\]; found uint8 \[3, 1, 48, 64\]",
        ),
        ("hole", lambda t: t[:, 0], r"hole must have the shape \[3, 1, 48, 64\].*found \[3, 48, 64\]"),
        ("labels", lambda t: t.long(), r"label maps must be a uint8 tensor \[N, H, W\]; found int64 \[3, 48, 64\]"),
        (
            "labels",
            lambda t: t.unsqueeze(1),
            r"label maps must be a uint8 tensor \[N, H, W\]; found uint8 \[3, 1, 48, 64\]",
        ),
        ("labels", lambda t: t[:2], r"label maps must have the shape \[3, 1, 48, 64\].*found \[2, 1, 48, 64\]"),
        ("labels", lambda t: t.numpy(), r"label maps must be a uint8 tensor \[N, H, W\]; found numpy.ndarray"),
    ],
)
def test_what_cannot_be_compared_is_named(
    tensors: Tensors, field: str, change: Callable[[torch.Tensor], object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        BatchView(**{**tensors, field: change(tensors[field])})


def test_a_fill_of_the_right_pictures_is_better_everywhere(tensors: Tensors) -> None:
    good, bad = dict(tensors), dict(tensors)
    good["raw"] = ((tensors["reference"].int() + tensors["raw"].int()) // 2).to(torch.uint8)
    good["completed"] = torch.where(tensors["hole"], good["raw"], tensors["reference"])

    better, worse = measure(BatchView(**good), NAMES), measure(BatchView(**bad), NAMES)

    for key in better:
        sign = 1 if bench.metrics.definition(key.partition(".")[0]).higher_is_better else -1
        assert np.all(sign * (better[key] - worse[key]).numpy() > 0), key


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_another_device_gives_the_same_values(tensors: Tensors) -> None:
    here = measure(BatchView(**tensors), NAMES)

    there = measure(BatchView(**{key: value.cuda() for key, value in tensors.items()}), NAMES)

    for key in here:
        assert there[key].is_cuda
        torch.testing.assert_close(there[key].cpu(), here[key], rtol=0, atol=1e-9)


def _changed_known_pixels() -> tuple[BatchView, np.ndarray, np.ndarray, np.ndarray]:
    """A removal whose known pixels differ from the truth all over, as a shadow makes them, and its arrays [N, ...]."""
    random = np.random.default_rng(7)
    truth, given, output = random.integers(0, 256, (3, 2, 3, 40, 36), dtype=np.uint8)
    hole = np.zeros((2, 1, 40, 36), np.bool_)
    hole[:, :, 10:25, 8:30] = True
    completed = np.where(hole, output, given)
    reference, filled, raw, missing, source = map(torch.from_numpy, (truth, completed, output, hole, given))
    return BatchView(reference, filled, raw, missing, source=source), truth, completed, hole


@pytest.mark.parametrize("region", ["full", "hole"])
def test_known_pixels_that_differ_from_the_truth_count(region: str) -> None:
    view, truth, completed, hole = _changed_known_pixels()
    inside = np.broadcast_to(hole if region == "hole" else np.ones_like(hole), truth.shape)
    squared = (truth.astype(float) - completed) ** 2
    similarity = [
        structural_similarity(  # type: ignore[no-untyped-call]  # scikit-image is untyped
            one, other, channel_axis=0, data_range=255, gaussian_weights=True, use_sample_covariance=False, full=True
        )[1]
        for one, other in zip(truth, completed, strict=True)
    ]
    windows = np.zeros(truth.shape[2:], np.bool_)
    windows[5:-5, 5:-5] = True

    values = measure(view, ["psnr", "l1", "l1-relative", "ssim"])

    for row, mask in enumerate(inside):
        psnr = 10 * np.log10(255**2 / squared[row][mask].mean())
        absolute = np.sqrt(squared[row])[mask]
        levels = (truth[row].astype(float) + completed[row])[mask]
        assert values[f"psnr.{region}"][row] == pytest.approx(psnr, abs=1e-9)
        assert values[f"l1.{region}"][row] == pytest.approx(absolute.mean() / 2.55, abs=1e-9)
        assert values[f"l1-relative.{region}"][row] == pytest.approx(absolute.sum() / levels.sum(), abs=1e-9)
        assert values[f"ssim.{region}"][row] == pytest.approx(similarity[row][mask & windows].mean(), abs=1e-6)


def test_gradients_over_the_rim_reach_known_pixels_that_differ() -> None:
    view, truth, completed, hole = _changed_known_pixels()
    total, pairs = np.zeros(2), np.zeros(2)
    for axis in (2, 3):
        change = np.abs(
            np.abs(np.diff(truth.astype(float), axis=axis)) - np.abs(np.diff(completed.astype(float), axis=axis))
        )
        ends = [np.delete(hole, place, axis=axis) for place in (0, -1)]
        counted = np.logical_or(*ends)
        total += (change * counted).sum(axis=(1, 2, 3))
        pairs += counted.sum(axis=(1, 2, 3))

    values = measure(view, ["gradient"])["gradient.hole"]

    assert values.tolist() == pytest.approx((100 * total / (255 * 3 * pairs)).tolist(), abs=1e-9)


def test_the_known_region_is_held_against_the_input() -> None:
    view, *_ = _changed_known_pixels()
    assert view.source is not None

    kept = measure(replace(view, raw=view.source), ["psnr", "ssim"])

    assert kept["psnr.known"].isinf().all()
    assert (kept["ssim.known"] == 1).all()
    assert kept["psnr.full"].isfinite().all()
