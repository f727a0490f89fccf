"""Every form in which a picture, a mask or a label map may come gives the values of the tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import bench.metrics
from bench.errors import DataError

RANDOM = np.random.default_rng(0)
TRUTH, FILL = RANDOM.integers(0, 256, (2, 2, 17, 20, 3), dtype=np.uint8)
REGION = RANDOM.random((2, 17, 20)) < 0.6
LABELS, PREDICTED = RANDOM.integers(0, 3, (2, 2, 17, 20))
PICTURE_SCORES = ["psnr", "ssim", "l1", "l1_relative", "gradient"]
LABEL_SCORES = {"iou": {}, "hd95": {}, "assd": {}, "boundary_iou": {"width": 2}, "boundary_f": {"width": 2}}


def channels_first(pictures: np.ndarray[Any, Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(pictures, -1, -3)))


def rotated(picture: np.ndarray[Any, Any]) -> Image.Image:
    """Stored turned by a quarter, with the orientation that turns it back."""
    image = Image.fromarray(np.ascontiguousarray(np.rot90(picture)))
    exif = image.getexif()
    exif[0x0112] = 6
    image.info["exif"] = exif.tobytes()
    return image


BATCHES: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
    "tensor": channels_first,
    "array": lambda pictures: pictures,
    "reversed view": lambda pictures: pictures[:, ::-1].copy()[:, ::-1],
    "list of arrays": list,
    "list of Pillow": lambda pictures: [Image.fromarray(picture) for picture in pictures],
    "list of tensors": lambda pictures: [channels_first(picture) for picture in pictures],
    "Pillow with EXIF": lambda pictures: [rotated(picture) for picture in pictures],
}
MASKS: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
    "tensor": lambda masks: torch.from_numpy(masks)[:, None],
    "array": lambda masks: masks,
    "array with channel": lambda masks: masks[..., None],
    "0 and 255": lambda masks: np.where(masks, 255, 0).astype(np.uint8),
    "Pillow 1": lambda masks: [Image.fromarray(mask) for mask in masks],
    "Pillow L": lambda masks: [Image.fromarray(mask).convert("L") for mask in masks],
}


@pytest.mark.parametrize("name", PICTURE_SCORES)
def test_all_forms_have_one_value(name: str) -> None:
    score = getattr(bench.metrics, name)
    expected = score(channels_first(TRUTH), channels_first(FILL), torch.from_numpy(REGION)[:, None])

    for convert in BATCHES.values():
        for mask in MASKS.values():
            assert torch.equal(score(convert(TRUTH), convert(FILL), mask(REGION)), expected)
    for row, value in enumerate(expected):
        for convert in BATCHES.values():
            for mask in MASKS.values():
                single = score(convert(TRUTH[row : row + 1]), convert(FILL[row : row + 1]), mask(REGION[row : row + 1]))
                assert torch.equal(single, value[None])
        found = [
            score(TRUTH[row], FILL[row], REGION[row]),
            score(Image.fromarray(TRUTH[row]), FILL[row], Image.fromarray(REGION[row])),
            score(channels_first(TRUTH[row]), Image.fromarray(FILL[row]), torch.from_numpy(REGION[row])),
        ]
        assert [float(one) for one in found] == [float(value)] * 3
        assert {one.shape for one in found} == {torch.Size([])}


@pytest.mark.parametrize(("name", "options"), LABEL_SCORES.items())
def test_all_forms_of_label_maps_have_one_value(name: str, options: dict[str, int]) -> None:
    score = getattr(bench.metrics, name)
    expected = score(*map(torch.from_numpy, (LABELS, PREDICTED)), 3, **options, region=torch.from_numpy(REGION))

    for kind in (np.uint8, np.uint16, np.int32, ">i2"):
        found = score(LABELS.astype(kind), PREDICTED.astype(kind), 3, **options, region=REGION)
        assert torch.equal(found, expected)
    pictures = [[Image.fromarray(one.astype(np.uint8)) for one in maps] for maps in (LABELS, PREDICTED)]
    assert torch.equal(score(*pictures, 3, **options, region=[*REGION]), expected)
    assert torch.equal(score(LABELS[0], PREDICTED[0], 3, **options, region=REGION[0]), expected[0])
    assert torch.equal(
        bench.metrics.boundary_band(LABELS[0], 2), bench.metrics.boundary_band(torch.from_numpy(LABELS), 2)[0]
    )


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (TRUTH[0] / 255, r"values from 0 to 1 \(looks like 0 to 1\).*\(255 \* image\).*astype\(np\.uint8\)"),
        (TRUTH[0].astype(np.float32), r"looks like 0 to 255.*image\.round\(\)\.clip"),
        (TRUTH[0].astype(np.int64), "int64.*Convert it to uint8"),
        (TRUTH[0].astype(bool), "bool.*Convert it to uint8"),
        (np.moveaxis(TRUTH[0], -1, 0), "channels last"),
        (TRUTH[0, ..., 0], "Grey"),
        (np.dstack([TRUTH[0], TRUTH[0, ..., :1]]), "Give RGB pictures"),
        (TRUTH[0, :3], "one end"),
        (np.zeros((3, 3, 3), np.uint8), "one end"),
        (torch.zeros(3, 8, 3, dtype=torch.uint8), "one end"),
        (Image.new("L", (8, 8)), "mode L.*convert"),
        (Image.new("RGBA", (8, 8)), "mode RGBA.*convert"),
        (Image.new("P", (8, 8)), "mode P.*convert"),
        ([], "found an empty list"),
        ([TRUTH[0], TRUTH[1, 1:]], "of one size"),
        ([TRUTH], "reference picture 0 must"),
        ("photo.png", r"found a str.*PIL\.Image\.open"),
    ],
)
def test_a_bad_picture_is_named_with_the_way_out(picture: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        bench.metrics.psnr(picture, picture)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (REGION[0].astype(np.uint8), "threshold"),
        (REGION[0].astype(float), "threshold"),
        (Image.fromarray(TRUTH[0]), r"mode RGB.*convert\(\"L\"\)"),
        (REGION[0, 1:], "never resize"),
        (REGION, "never resize"),
        (REGION[0].T, "never resize"),
        ([REGION[0], REGION[0]], "have the shape"),
    ],
)
def test_a_bad_mask_is_named_with_the_way_out(mask: object, message: str) -> None:
    with pytest.raises(DataError, match=f"region.* must .*{message}"):
        bench.metrics.l1(TRUTH[0], FILL[0], mask)  # type: ignore[arg-type]


def test_colours_are_no_labels() -> None:
    with pytest.raises(DataError, match=r"reference label map must .*mode RGB.*class indices"):
        bench.metrics.iou(Image.fromarray(TRUTH[0]), Image.fromarray(TRUTH[0]), 3)


def test_one_picture_beside_a_batch_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"completed picture must have the shape \[1, 3, 17, 20\].*found \[2, 3, 17, 20\]"
    ):
        bench.metrics.psnr(TRUTH[0], FILL)
