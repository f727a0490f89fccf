from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d, gaussian_filter

import bench.data
from bench.errors import DataError
from bench.metrics import BatchView, lattice, measure
from bench.pictures import quantise
from spgnet import GeneratorConfig, SGNet, SPGNet

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
MakeRegion = Callable[..., torch.Tensor]


def square(size: int, low: int, high: int, count: int = 1) -> torch.Tensor:
    hole = torch.zeros(count, 1, size, size, dtype=torch.bool)
    hole[..., low:high, low:high] = True
    return hole


def scenes(count: int, size: int = 96) -> torch.Tensor:
    """Pictures with a falling spectrum and edges, uint8 [count, 3, size, size], levels 40 to 200."""
    random = np.random.default_rng(5)
    noise = random.standard_normal((count, 3, size, size))
    smooth = gaussian_filter(noise, (0, 0, 2, 2)) * 4 + gaussian_filter(noise[::-1], (0, 0, 6, 6)) * 20 + noise * 0.1
    smooth += 0.8 * (gaussian_filter(noise[:, ::-1], (0, 0, 5, 5)) > 0)
    return torch.from_numpy(np.clip(120 + 40 * smooth, 40, 200).astype(np.uint8))


def plain(truth: np.ndarray, answer: np.ndarray, hole: np.ndarray) -> float:
    taps = np.array([1, *[2] * 15, 1]) / 32

    def ratio(picture: np.ndarray) -> Any:
        values = picture.astype(float)
        means = convolve1d(convolve1d(values, taps, axis=1, mode="mirror"), taps, axis=2, mode="mirror")
        residual, rows, columns = values - means, *np.nonzero(hole)
        energies = {}
        for period in (15, 16, 17):
            groups = rows % period * period + columns % period
            counts = np.bincount(groups)
            sums = [np.bincount(groups, channel[rows, columns]) for channel in residual]
            there = counts > 0
            energies[period] = sum((s[there] ** 2 / counts[there]).sum() for s in sums) / there.sum()
        return 10 * np.log10((energies[16] + 0.25) / ((energies[15] + energies[17]) / 2 + 0.25))

    return float(ratio(np.where(hole, answer, truth)) - ratio(truth))


def test_it_is_the_formula(pair: MakePair) -> None:
    truth, answer = pair(1, 37, 41, noise=40)
    holes = torch.zeros(3, 1, 37, 41, dtype=torch.bool)
    holes[0, 0, 0:25, 15:] = True
    holes[1] = torch.from_numpy(np.random.default_rng(1).random((1, 37, 41)) < 0.5)
    holes[2] = True

    for hole in holes:
        expected = plain(truth[0].numpy(), answer[0].numpy(), hole[0].numpy())
        assert lattice(truth, answer, hole[None]).item() == pytest.approx(expected, abs=1e-9)


def test_the_truth_scores_exactly_zero_and_known_pixels_are_not_looked_at(pair: MakePair, region: MakeRegion) -> None:
    truth, other = pair(2, 64, 64)
    hole = region(2, 64, 64)

    assert lattice(truth, torch.where(hole, truth, other), hole).tolist() == [0, 0]


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_a_lattice_is_measured_and_grows_with_its_height(period: int) -> None:
    truth = scenes(4)
    grid = (torch.arange(96) % period == 0).float()
    pattern = torch.maximum(grid[:, None], grid[None])
    hole = square(96, 16, 80, 4)
    values = [lattice(truth, quantise(truth / 255 + pattern * step / 255), hole).mean().item() for step in (3, 8, 20)]

    assert values == sorted(values)
    assert values[-1] > 1.5


@pytest.mark.parametrize("period", [15, 17])
def test_a_pattern_of_another_period_is_no_lattice(period: int) -> None:
    truth = scenes(4)
    grid = (torch.arange(96) % period == 0).float()
    hole = square(96, 16, 80, 4)

    assert lattice(truth, quantise(truth / 255 + torch.maximum(grid[:, None], grid[None]) * 0.08), hole).mean() < 0


@pytest.mark.parametrize("change", ["blur", "noise", "other scene", "flat"])
def test_other_errors_are_no_lattice(change: str) -> None:
    truth = scenes(12)
    fills = {
        "blur": torch.from_numpy(gaussian_filter(truth.numpy(), (0, 0, 2, 2))),
        "noise": quantise(truth / 255 + 0.1 * torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))),
        "other scene": truth.roll(1, 0),
        "flat": torch.full_like(truth, 120),
    }

    assert abs(lattice(truth, fills[change], square(96, 16, 80, 12)).mean().item()) < 0.7


def test_small_holes_are_undefined(pair: MakePair) -> None:
    truth, answer = pair(1, 64, 64)
    hole = square(64, 8, 30)
    hole[..., 8, 8:9] = False

    assert lattice(truth, answer, square(64, 8, 30)).isnan().tolist() == [22 * 22 < 512]
    assert lattice(truth, answer, square(64, 8, 31)).isfinite().all()


def fills(upsampling: str, truth: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    """Of an untrained network, with the contrast of a picture."""
    torch.manual_seed(0)
    network = SGNet(
        GeneratorConfig.from_dict({"classes": 2, "base_channels": 8, "blocks": 1, "upsampling": upsampling})
    )
    with torch.no_grad():
        picture = network.train()(truth / 255, None, hole)
    return quantise((picture - picture.mean()) / picture.std() * 0.15 + 0.5)


def test_untrained_transposed_convolutions_make_a_lattice_and_resize_convolutions_do_not() -> None:
    truth, hole = scenes(6), square(96, 16, 80, 6)
    transposed, resize = (
        lattice(truth, fills(form, truth, hole), hole).mean().item() for form in ("transposed", "resize")
    )

    assert transposed > 2
    assert resize < 0.6
    assert transposed > resize + 2


def test_the_lattice_of_trained_transposed_convolutions_shows() -> None:
    samples = list(bench.data.load("streets", split="val", size=(256, 256), limit=6))
    truth = torch.from_numpy(np.stack([sample.image for sample in samples]).transpose(0, 3, 1, 2))
    hole = square(256, 64, 192, len(truth))
    with torch.no_grad():
        fill = quantise(SPGNet.from_pretrained("streets-small").complete(truth / 255, hole).image)

    assert lattice(truth, fill, hole).mean() > 0.6
    assert abs(lattice(truth, truth.roll(1, 0), hole).mean()) < 0.5


def test_values_do_not_depend_on_batch_and_threads(
    pair: MakePair, region: MakeRegion, threads: Callable[[int], None]
) -> None:
    tensors = (*pair(3, 48, 40), region(3, 48, 40))
    threads(1)
    alone = torch.cat([lattice(*(part[i : i + 1] for part in tensors)) for i in range(3)])
    threads(4)

    assert torch.equal(lattice(*tensors), alone)
    view = BatchView(tensors[0], torch.where(tensors[2], tensors[1], tensors[0]), tensors[1], tensors[2])
    assert torch.equal(measure(view, ["lattice"])["lattice.hole"], alone)


def test_arguments_are_checked(pair: MakePair) -> None:
    truth, answer = pair(1, 32, 32)

    with pytest.raises(DataError, match="completed picture must be a uint8 tensor"):
        lattice(truth, answer / 255, square(32, 0, 32))
