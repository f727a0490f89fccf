"""One picture in, one picture out: every form of it gives the same fill, and what needs a guess is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from spgnet import SPGNet, SPGNetConfig
from spgnet.pictures import read_mask, read_picture

RANDOM = np.random.default_rng(0)
PICTURE = RANDOM.integers(0, 256, (24, 37, 3), dtype=np.uint8)
HOLE = np.zeros((24, 37), bool)
HOLE[5:15, 9:30] = True
WHITE = np.where(HOLE, 255, 0).astype(np.uint8)


@pytest.fixture(scope="module")
def model() -> SPGNet:
    torch.manual_seed(0)
    return SPGNet(SPGNetConfig.small(("sky", "road")))


def test_every_form_gives_the_fill_of_complete(model: SPGNet, tmp_path: Path) -> None:
    Image.fromarray(PICTURE).save(tmp_path / "photo.png")
    Image.fromarray(WHITE).save(tmp_path / "mask.png")
    image = torch.from_numpy(PICTURE).permute(2, 0, 1)[None].float() / 255
    composite = model.complete(image, torch.from_numpy(HOLE)[None, None]).composite
    expected = composite[0].mul(255).round().byte().permute(1, 2, 0).numpy()

    filled = model.fill(tmp_path / "photo.png", str(tmp_path / "mask.png"))

    assert (filled.mode, filled.size) == ("RGB", (37, 24))
    assert np.array_equal(np.asarray(filled), expected)
    assert np.array_equal(np.asarray(filled)[~HOLE], PICTURE[~HOLE])
    assert not np.array_equal(np.asarray(filled), PICTURE)
    for picture, mask in (
        (PICTURE, HOLE),
        (Image.fromarray(PICTURE), Image.fromarray(HOLE)),
        (PICTURE, WHITE[..., None]),
    ):
        assert np.array_equal(np.asarray(model.fill(picture, mask)), expected)


def test_files_are_read_as_they_look(tmp_path: Path) -> None:
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(PICTURE)))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "phone.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "phone.png"), PICTURE)

    palette = Image.fromarray(PICTURE).quantize(16)
    assert np.array_equal(read_picture(palette), np.asarray(palette.convert("RGB")))
    assert np.array_equal(read_picture(PICTURE[..., 0]), np.repeat(PICTURE[..., :1], 3, axis=2))
    opaque = Image.fromarray(PICTURE).convert("RGBA")
    assert np.array_equal(read_picture(opaque), PICTURE)
    assert np.array_equal(read_mask(Image.fromarray(WHITE).convert("RGB"), HOLE.shape), HOLE)


def deep(path: Path) -> Path:
    Image.fromarray(WHITE.astype(np.uint16) * 257).save(path)
    return path


def animated(path: Path) -> Path:
    Image.fromarray(PICTURE).save(path, save_all=True, append_images=[Image.fromarray(255 - PICTURE)])
    return path


def broken(path: Path) -> Path:
    path.write_bytes(b"no picture")
    return path


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (PICTURE / 255, TypeError, r"must be uint8.*found float64.*by 255"),
        (np.moveaxis(PICTURE, 2, 0), ValueError, r"must be \[H, W, 3\].*found \[3, 24, 37\].*come last"),
        (PICTURE[None], ValueError, r"found \[1, 24, 37, 3\]"),
        (torch.zeros(3, 8, 8), TypeError, "found Tensor.*Call complete"),
        (Image.fromarray(PICTURE).convert("CMYK"), ValueError, "mode .*found CMYK"),
        (Image.new("RGBA", (37, 24), (1, 2, 3, 0)), ValueError, "opaque.*alpha"),
        (deep, ValueError, "found I;16|found 16"),
        (animated, ValueError, "found 2 frames"),
        (broken, ValueError, "readable picture.*cannot identify"),
        (Path("nowhere.png"), ValueError, "No such file"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_needs_a_guess_is_refused(source: Any, error: type[Exception], message: str, tmp_path: Path) -> None:
    picture = source(tmp_path / "file.png") if callable(source) else source

    with pytest.raises(error, match=f"image .*{message}"):
        read_picture(picture)
    with pytest.raises(error, match=f"mask .*{message}"):
        read_mask(picture, HOLE.shape)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (WHITE // 255, r"found that no pixel is missing.*mask \* 255"),
        (np.ones_like(HOLE), "found that every pixel is missing"),
        (WHITE.T.copy(), "as large as the image, 24x37; found 37x24"),
        (HOLE[1:], "found 23x37"),
    ],
    ids=["0 and 1", "all", "turned", "cut"],
)
def test_a_mask_must_fit(mask: np.ndarray[Any, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_mask(mask, HOLE.shape)
