"""Every rule of another evaluator against a second computation, by other means than the implementation."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.ndimage import correlate1d, sobel
from skimage.color import rgb2gray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure
from torchmetrics.image import PeakSignalNoiseRatio

from bench.errors import DataError
from bench.metrics import BatchView, lpips, measure
from bench.metrics.catalogue import BUILT_IN
from bench.metrics.evaluators.backends.squared_errors import squared_errors
from bench.metrics.perceptual.backends.network import loaded
from tests.support.stand_in_weights import publish, random_trunk

Picture = npt.NDArray[np.uint8]  # [H, W, 3]
Hole = npt.NDArray[np.bool_]
Rule = Callable[[Picture, Picture, Picture, Hole], float]
"""Of the truth, the composited picture, the raw output and the hole."""


def unit(picture: Picture) -> npt.NDArray[np.float64]:
    return picture / 255.0


def mse(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    return float(np.mean((a - b) ** 2))


def decibels(value: float) -> float:
    return math.inf if value == 0 else -10 * math.log10(value)


def in_scikit_image(a: npt.NDArray[Any], b: npt.NDArray[Any], **options: Any) -> float:
    return float(structural_similarity(a, b, **options))  # type: ignore[no-untyped-call]  # scikit-image is untyped


def grey(picture: Picture) -> npt.NDArray[np.float64]:
    return np.asarray(rgb2gray(picture))


def rounded_luma(picture: Picture) -> npt.NDArray[np.float64]:
    whole, rest = np.divmod(picture.astype(np.int64) @ np.array([299, 587, 114]), 1000)
    return np.asarray(whole + ((rest > 500) | ((rest == 500) & (whole % 2 == 1))), dtype=np.float64)


def gaussian_ssim(
    a: npt.NDArray[Any],
    b: npt.NDArray[Any],
    mode: Literal["constant", "nearest"],
    *,
    crop: bool = True,
    clip: bool = False,
) -> float:
    """SSIM of channels [H, W, C] from 0 to 255, by SciPy's one-dimensional filters."""
    taps = np.exp(-((np.arange(-5, 6) / 1.5) ** 2) / 2)
    taps /= taps.sum()

    def blur(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(correlate1d(correlate1d(x, taps, axis=0, mode=mode), taps, axis=1, mode=mode))

    x, y = a.astype(np.float64), b.astype(np.float64)
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    contrast = (2 * cov + 58.5225) / (vx + vy + 58.5225)
    maps = (2 * mx * my + 6.5025) / (mx**2 + my**2 + 6.5025) * (np.maximum(contrast, 0) if clip else contrast)
    return float((maps[5:-5, 5:-5] if crop else maps).mean())


def in_torch(a: Picture, b: Picture) -> float:
    """LaMa's SSIM by convolutions with zeros around the picture, in float64."""
    x, y = (torch.from_numpy(unit(one)).permute(2, 0, 1)[:, None] for one in (a, b))
    taps = torch.exp(-((torch.arange(11.0, dtype=torch.float64) - 5) ** 2) / (2 * 1.5**2))
    window = torch.outer(taps, taps)[None, None] / taps.sum() ** 2

    def blur(z: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv2d(z, window, padding=5)

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    values = (2 * mx * my + 1e-4) * (2 * cov + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))
    return float(values.mean())


def in_torchmetrics(a: Picture, b: Picture) -> float:
    x, y = (torch.from_numpy(unit(one)).permute(2, 0, 1)[None] for one in (a, b))
    return float(structural_similarity_index_measure(y, x, data_range=1.0))  # type: ignore[arg-type]


def relative(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    total = float((a + b).sum())
    return math.nan if total == 0 else float(np.abs(a - b).sum()) / total


def brushbench_mse(truth: Picture, output: Picture, hole: Hole) -> float:
    mask = 1.0 - hole[:, :, None]
    if not mask.sum():
        return math.nan
    return float((((unit(output) - unit(truth)) * mask) ** 2).sum() / mask.sum())


def brushbench_psnr(truth: Picture, output: Picture, hole: Hole) -> float:
    value = brushbench_mse(truth, output, hole)
    return 1000.0 if value < 1e-10 else 20 * math.log10(1 / math.sqrt(value))


def pasted(truth: Picture, output: Picture, hole: Hole) -> Picture:
    weight = (cv2.GaussianBlur(hole.astype(np.uint8) * 255, (21, 21), 0) / 255)[:, :, None]
    return np.asarray((truth * (1 - weight) + output * weight).astype(np.uint8))


def asuka_gradient(truth: Picture, completed: Picture, hole: Hole) -> float:
    rim = cv2.Canny(np.where(hole, 255, 0).astype(np.uint8), 100, 200) > 0
    if not rim.any():
        return 0.0
    error = completed.astype(np.float64) - truth
    gradients = [[sobel(one, axis=axis, mode="mirror") for axis in (1, 0)] for one in np.moveaxis(error, 2, 0)]
    return float(np.mean([np.sqrt(across**2 + down**2)[rim].mean() for across, down in gradients]))


def torchvision_grey(picture: Picture) -> npt.NDArray[np.float64]:
    return np.asarray(unit(picture) @ np.array([0.2989, 0.587, 0.114]))


RULES: dict[str, Rule] = {
    "lama-ssim": lambda a, b, _, __: in_torch(a, b),
    "mat-psnr": lambda a, b, _, __: decibels(mse(unit(a), unit(b))),
    "mat-ssim": lambda a, b, _, __: gaussian_ssim(a, b, "constant"),
    "mat-l1": lambda a, b, _, __: float(np.abs(unit(a) - unit(b)).mean()),
    "edgeconnect-psnr": lambda a, b, _, __: decibels(mse(grey(a), grey(b))),
    "edgeconnect-ssim": lambda a, b, _, __: in_scikit_image(grey(a), grey(b), data_range=1, win_size=51),
    "edgeconnect-mae": lambda a, b, _, __: relative(grey(a), grey(b)),
    "aot-gan-psnr": lambda a, b, _, __: (
        math.inf if (a == b).all() else float(peak_signal_noise_ratio(a, b))  # type: ignore[no-untyped-call]
    ),
    "aot-gan-ssim": lambda a, b, _, __: in_scikit_image(a, b, channel_axis=-1),
    "aot-gan-mae": lambda a, b, _, __: relative(a.astype(np.float64), b.astype(np.float64)),
    "zits-psnr": lambda a, b, _, __: 1.0 - 10 * math.log(mse(unit(a), unit(b)) + 1e-7) / math.log(10),
    "zits-ssim": lambda a, b, _, __: in_scikit_image(grey(a[..., ::-1]), grey(b[..., ::-1]), data_range=2),
    "zits-mae": lambda a, b, _, __: float(np.abs(unit(a) - unit(b)).mean()),
    "zits-mse": lambda a, b, _, __: mse(unit(a), unit(b)),
    "mmagic-l1": lambda a, b, _, hole: float(
        100 * (np.abs(unit(a) - unit(b)) * hole[..., None]).sum() / (hole.sum() * 3 + 1e-12)
    ),
    "mmagic-psnr": lambda a, b, _, __: decibels(mse(unit(a), unit(b))),
    "mmagic-ssim": lambda a, b, _, __: gaussian_ssim(a, b, "nearest"),
    "iqa-pytorch-psnr": lambda a, b, _, __: 10 * math.log10(1 / (mse(unit(a), unit(b)) + 1e-8)),
    "iqa-pytorch-ssim": lambda a, b, _, __: gaussian_ssim(rounded_luma(a), rounded_luma(b), "nearest", clip=True),
    "iqa-pytorch-ssimc": lambda a, b, _, __: gaussian_ssim(a, b, "nearest", clip=True),
    "torchmetrics-ssim": lambda a, b, _, __: in_torchmetrics(a, b),
    "brushbench-psnr": lambda a, _, raw, hole: brushbench_psnr(a, raw, hole),
    "brushbench-mse": lambda a, _, raw, hole: brushbench_mse(a, raw, hole),
    "brushbench-blended-psnr": lambda a, _, raw, hole: brushbench_psnr(a, pasted(a, raw, hole), hole),
    "brushbench-blended-mse": lambda a, _, raw, hole: brushbench_mse(a, pasted(a, raw, hole), hole),
    "asuka-psnr": lambda a, b, _, __: -10 * math.log10(mse(unit(a), unit(b)) + 1e-7),
    "asuka-ssim": lambda a, b, _, __: in_scikit_image(torchvision_grey(a), torchvision_grey(b), data_range=1.0),
    "asuka-gradient": lambda a, b, _, hole: asuka_gradient(a, b, hole),
}


def case(kind: str, height: int, width: int) -> tuple[Picture, Picture, Hole]:
    """A truth, a raw output and a hole."""
    random = np.random.default_rng(height)
    smooth = np.asarray(cv2.resize(random.integers(0, 256, (5, 7, 3)).astype(np.uint8), (width, height)), np.uint8)
    hole = np.zeros((height, width), np.bool_)
    hole[height // 5 : height // 2, : width // 3] = True  # touches the border
    noisy = np.clip(smooth + random.normal(0, 25, smooth.shape), 0, 255).astype(np.uint8)
    one_level = smooth.copy()
    one_level[0, -1, 2] ^= 1
    black, white = np.zeros_like(smooth), np.full_like(smooth, 255)
    pairs: dict[str, tuple[Picture, Picture, Hole]] = {
        "noisy": (smooth, noisy, hole),
        "equal": (smooth, smooth.copy(), hole),
        "one level of one known pixel": (smooth, one_level, hole),
        "one level in the hole": (smooth, one_level, ~hole),
        "black and white": (black, white, hole),
        "both black": (black, black.copy(), hole),
        "negative": (smooth, 255 - smooth, hole),
        "no hole": (smooth, noisy, np.zeros_like(hole)),
        "all is hole": (smooth, noisy, np.ones_like(hole)),
    }
    return pairs[kind]


def view_of(*cases: tuple[Picture, Picture, Hole]) -> BatchView:
    truth, raw = (
        torch.from_numpy(np.stack(parts).transpose(0, 3, 1, 2).copy()) for parts in list(zip(*cases, strict=True))[:2]
    )
    hole = torch.from_numpy(np.stack([one[2] for one in cases]))[:, None]
    return BatchView(truth, torch.where(hole, raw, truth), raw, hole)


@pytest.mark.parametrize(
    ("kind", "height", "width"),
    [
        ("noisy", 77, 53),
        ("noisy", 51, 64),
        ("negative", 53, 51),
        ("equal", 51, 64),
        ("one level of one known pixel", 51, 51),
        ("one level in the hole", 51, 51),
        ("black and white", 51, 53),
        ("both black", 51, 51),
        ("no hole", 52, 51),
        ("all is hole", 51, 52),
    ],
)
def test_every_rule_agrees_with_a_second_computation(kind: str, height: int, width: int) -> None:
    truth, raw, hole = case(kind, height, width)
    completed = np.where(hole[:, :, None], raw, truth)

    found = {key.partition(".")[0]: value.item() for key, value in measure(view_of((truth, raw, hole)), RULES).items()}

    expected = {name: rule(truth, completed, raw, hole) for name, rule in RULES.items()}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-8, nan_ok=True)


def test_every_rule_without_weights_is_tested() -> None:
    of_pictures = {name for name, one in BUILT_IN.items() if one.translation and not one.needs}

    assert of_pictures == {*RULES, "torchmetrics-psnr"}


def test_a_value_does_not_depend_on_the_batch() -> None:
    kinds = ("noisy", "negative", "equal", "no hole")
    cases = [case(kind, 51, 64) for kind in kinds]

    together = measure(view_of(*cases), RULES)

    for row, one in enumerate(cases):
        alone = measure(view_of(one), RULES)
        assert {key: value[row].item() for key, value in together.items()} == pytest.approx(
            {key: value.item() for key, value in alone.items()}, rel=0, abs=0, nan_ok=True
        )


def test_equal_pictures_have_the_value_that_each_evaluator_gives_them() -> None:
    found = {key: value.item() for key, value in measure(view_of(case("equal", 60, 61)), RULES).items()}

    best = {
        **{key: 1.0 for key in found if "ssim" in key},
        **{f"{name}-psnr.full": math.inf for name in ("mat", "aot-gan", "mmagic", "edgeconnect")},
        "zits-psnr.full": 71.0,
        "asuka-psnr.full": 70.0,
        "iqa-pytorch-psnr.full": 80.0,
        "brushbench-psnr.known": 1000.0,
        "brushbench-mse.known": 0.0,
        "mat-l1.full": 0.0,
        "mmagic-l1.hole": 0.0,
    }
    assert {key: found[key] for key in best} == pytest.approx(best, abs=1e-12)


def test_torchmetrics_pools_the_squared_errors_of_all_pictures() -> None:
    sizes = [("noisy", 51, 64), ("negative", 33, 35), ("equal", 40, 41)]
    views = [view_of(case(*one)) for one in sizes]
    metric = PeakSignalNoiseRatio(data_range=255.0).set_dtype(torch.float64)
    for view in views:
        metric.update(view.completed.double(), view.reference.double())

    parts = [squared_errors(view) for view in views]
    values, squared = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
    found, error = BUILT_IN["torchmetrics-psnr"].load_distance()(values, squared)

    assert found == pytest.approx(float(metric.compute()), abs=1e-5)  # it sums in float32
    differences = np.concatenate([(view.completed.double() - view.reference.double()).flatten() for view in views])
    assert found == pytest.approx(10 * math.log10(255**2 / np.mean(differences**2)), abs=1e-6)
    assert error is None
    with pytest.raises(DataError, match="exact pictures only: infinity"):
        BUILT_IN["torchmetrics-psnr"].load_distance()(values[2:], squared[2:])


def test_lpips_of_brushbench_sees_no_hole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trunk = {f"features.{name}": tensor for name, tensor in random_trunk("squeezenet1_1").state_dict().items()}
    publish("squeezenet", {**trunk, "classifier.1.bias": torch.zeros(1000)}, tmp_path, monkeypatch)
    truth, raw, hole = case("noisy", 64, 64)
    black = [np.where(hole[:, :, None], 0, one).astype(np.uint8) for one in (truth, raw)]

    loaded.cache_clear()
    found = measure(view_of((truth, raw, hole)), ["brushbench-lpips"])["brushbench-lpips.known"]
    expected = lpips(black[0], black[1], net="squeeze")
    loaded.cache_clear()

    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    assert float(found) > 0


def test_small_pictures_are_undefined_where_the_window_does_not_fit() -> None:
    small = measure(view_of(case("noisy", 50, 64)), ["edgeconnect-ssim", "aot-gan-ssim"])

    assert math.isnan(small["edgeconnect-ssim.full"])
    assert 0 < small["aot-gan-ssim.full"] < 1


def test_brushbench_is_blind_to_the_hole_and_its_psnr_too_low_by_a_third() -> None:
    truth, raw, hole = case("noisy", 64, 64)
    other_fill = np.where(hole[:, :, None], 255 - truth, raw)
    names = ("brushbench-psnr", "psnr")

    first, second = measure(view_of((truth, raw, hole)), names), measure(view_of((truth, other_fill, hole)), names)

    assert first["brushbench-psnr.known"] == second["brushbench-psnr.known"]
    assert first["psnr.full"] != second["psnr.full"]
    difference = float(first["psnr.known"] - first["brushbench-psnr.known"])
    assert difference == pytest.approx(10 * math.log10(3), abs=1e-9)


def test_one_picture_has_about_the_disagreement_of_the_field() -> None:
    """A Telea fill of a quarter, 128 x 128: windows of 51 pixels score far lower, zeros around the picture higher."""
    random = np.random.default_rng(1)
    coarse = random.integers(0, 256, (16, 16, 3)).astype(np.uint8)
    truth = cv2.resize(coarse, (128, 128), interpolation=cv2.INTER_CUBIC)
    truth = np.clip(truth + random.normal(0, 6, truth.shape), 0, 255).astype(np.uint8)
    hole = np.zeros((128, 128), np.bool_)
    hole[32:96, 32:96] = True
    raw = np.asarray(cv2.inpaint(truth, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA), np.uint8)

    found = {key: value.item() for key, value in measure(view_of((truth, raw, hole)), [*RULES, "ssim"]).items()}

    ours = found["ssim.full"]
    assert found["mat-ssim.full"] == pytest.approx(ours, abs=1e-9)
    assert 0.002 < found["lama-ssim.full"] - ours < 0.05
    assert abs(found["aot-gan-ssim.full"] - ours) < 0.02
    assert found["edgeconnect-ssim.full"] < ours - 0.05
    assert 0.002 < found["zits-ssim.full"] - found["asuka-ssim.full"] < 0.08  # a range of 2 in place of 1
