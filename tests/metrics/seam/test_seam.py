from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2lab

import bench.data
import bench.masks
import bench.models
from bench.errors import DataError
from bench.metrics import BatchView, measure, seam_colour, seam_gradient
from bench.pictures import hide, quantise
from bench.vocabulary import LabelSources
from tests.metrics.seam import seam_references as plain

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
MakeRegion = Callable[..., torch.Tensor]
Score = Callable[..., torch.Tensor]

BOTH = pytest.mark.parametrize("score", [seam_gradient, seam_colour])


def square(size: int, low: int, high: int) -> torch.Tensor:
    hole = torch.zeros(1, 1, size, size, dtype=torch.bool)
    hole[..., low:high, low:high] = True
    return hole


def waves(size: int) -> torch.Tensor:
    """A smooth picture without symmetries, uint8 [1, 3, size, size], levels 60 to 190."""
    noise = np.random.default_rng(3).standard_normal((3, size, size))
    smooth = np.stack([gaussian_filter(channel, 2.5, mode="wrap") for channel in noise])
    levels = 125 + 65 * smooth / np.abs(smooth).max()
    return torch.from_numpy(np.rint(levels).astype(np.uint8))[None]


@pytest.mark.parametrize(
    ("score", "reference"), [(seam_gradient, plain.plain_gradient), (seam_colour, plain.plain_colour)]
)
@pytest.mark.parametrize("width", [1, 3])
def test_they_are_the_formulas(score: Score, reference: Callable[..., float], width: int, pair: MakePair) -> None:
    truth, answer = pair(1, 33, 41, noise=40)
    holes = torch.zeros(5, 1, 33, 41, dtype=torch.bool)
    holes[0, 0, 0:15, 20:] = True  # at two borders of the picture
    holes[1, 0, 10:30, 5:7] = True  # thinner than the ring
    holes[1, 0, 10:30, 8:15] = True  # a part beside it
    holes[2] = torch.from_numpy(np.random.default_rng(1).random((1, 33, 41)) < 0.5)
    holes[3, 0, 12, 12] = True  # a single pixel
    holes[4] = True
    holes[4, 0, 5:9, 7] = False  # all but a few pixels

    for hole in holes:
        expected = reference(truth[0].numpy(), answer[0].numpy(), hole[0].numpy(), width)
        assert score(truth, answer, hole[None], width=width).item() == pytest.approx(expected, abs=1e-9)


@BOTH
def test_the_truth_scores_exactly_zero(score: Score, pair: MakePair, region: MakeRegion) -> None:
    truth, answer = pair(2, 32, 32)
    hole = region(2, 32, 32)

    assert score(truth, torch.where(hole, truth, answer), hole).tolist() == [0, 0]


@BOTH
def test_without_a_rim_they_are_undefined(score: Score, pair: MakePair) -> None:
    truth, answer = pair(2, 16, 16)
    hole = torch.zeros(2, 1, 16, 16, dtype=torch.bool)
    hole[1] = True

    assert score(truth, answer, hole).isnan().all()


@pytest.mark.parametrize("step", [1, 5, 20, 60])
def test_an_added_step_is_measured(step: int) -> None:
    truth = torch.full((1, 3, 64, 64), 120, dtype=torch.uint8)
    hole = square(64, 20, 44)
    answer = truth + step
    jumps, pairs = 4 * 24, 4 * 24 + 2 * (24 * 23 - 20 * 19)
    lightness = [rgb2lab(np.full((1, 1, 3), level, np.uint8))[0, 0, 0] for level in (120, 120 + step)]

    expected = 10 * np.log10(1 + step**2 * jumps / pairs)

    assert seam_gradient(truth, answer, hole, width=2).item() == pytest.approx(expected, abs=1e-9)
    assert seam_colour(truth, answer, hole).item() == pytest.approx(lightness[1] - lightness[0], abs=1e-3)


@BOTH
@pytest.mark.parametrize("distortion", ["step", "tint", "blur", "shift"])
def test_a_larger_distortion_is_a_larger_value(score: Score, distortion: str) -> None:
    truth = waves(96)
    hole = square(96, 24, 72)
    fills = {
        "step": [truth + amount for amount in (2, 5, 10, 30)],
        "tint": [truth + torch.tensor([amount, 0, 0], dtype=torch.uint8)[:, None, None] for amount in (2, 5, 10, 30)],
        "blur": [torch.from_numpy(gaussian_filter(truth.numpy(), (0, 0, sigma, sigma))) for sigma in (0.6, 1, 2, 4)],
        "shift": [truth.roll(shift, 3) for shift in (1, 2, 3, 4)],
    }[distortion]

    values = [score(truth, fill, hole).item() for fill in fills]

    assert values == sorted(values)
    assert 0 < values[0] < 0.8 * values[-1]


@BOTH
def test_opposite_errors_along_the_rim_do_not_cancel_out(score: Score) -> None:
    truth = torch.full((1, 3, 64, 64), 120, dtype=torch.uint8)
    hole = square(64, 16, 48)
    answer = truth.clone()
    answer[..., :32], answer[..., 32:] = 140, 100

    assert score(truth, answer, hole).item() > 0.9 * score(truth, truth + 20, hole).item()


def test_parts_of_a_hole_are_told_apart() -> None:
    truth = torch.full((1, 3, 32, 32), 120, dtype=torch.uint8)
    hole = torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    hole[..., 10:13], hole[..., 14:17] = True, True
    answer = torch.where(torch.arange(32) < 13, 140, 100).to(torch.uint8).expand(1, 3, 32, 32)

    up, down = (seam_colour(truth, truth + step, hole, width=4).item() for step in (20, -20 % 256))

    assert seam_colour(truth, answer, hole, width=4).item() == pytest.approx((up + down) / 2, abs=1e-9)


@BOTH
def test_the_border_of_the_picture_is_no_rim(score: Score) -> None:
    truth = waves(64)
    hole = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    hole[..., :32] = True
    at_the_border = truth.clone()
    at_the_border[..., :4] += 30

    assert score(truth, at_the_border, hole).item() == 0
    assert score(truth, truth + 30, hole).item() > 0


@BOTH
def test_known_pixels_are_the_truths(score: Score, pair: MakePair) -> None:
    truth, with_shadow = pair(1, 32, 32)
    hole = square(32, 8, 24)
    completed = torch.where(hole, truth, with_shadow)
    name = {seam_gradient: "seam-gradient", seam_colour: "seam-colour"}[score]

    view = BatchView(truth, completed, with_shadow, hole, source=with_shadow)

    assert {key: values.tolist() for key, values in measure(view, [name]).items()} == {f"{name}.hole": [0]}


@BOTH
def test_values_do_not_depend_on_batch_and_threads(
    score: Score, pair: MakePair, region: MakeRegion, threads: Callable[[int], None]
) -> None:
    tensors = (*pair(4, 40, 36), region(4, 40, 36))
    threads(1)
    alone = torch.cat([score(*(part[i : i + 1] for part in tensors)) for i in range(4)])
    threads(4)

    assert torch.equal(score(*tensors), alone)
    assert torch.equal(score(*(part.flip(0) for part in tensors)), alone.flip(0))
    for turn in (lambda t: t.flip(3), lambda t: t.transpose(2, 3)):
        assert score(*map(turn, tensors)).tolist() == pytest.approx(alone.tolist(), abs=1e-9)


@BOTH
def test_they_take_the_widths_of_their_definitions(score: Score, pair: MakePair) -> None:
    truth, answer = pair(1, 192, 320)  # 373 px across: 0.5 % are 1.9 px and 1 % are 3.7 px
    hole = square(192, 60, 120)
    hole = torch.nn.functional.pad(hole, (0, 128))
    width = {seam_gradient: 2, seam_colour: 4}[score]

    assert torch.equal(score(truth, answer, hole), score(truth, answer, hole, width=width))
    with pytest.raises(DataError, match="width of the ring at the rim must be at least 1 pixel; found 0"):
        score(truth, answer, hole, width=0)


@BOTH
def test_arguments_are_checked(score: Score, pair: MakePair) -> None:
    truth, answer = pair(1, 16, 16)

    with pytest.raises(DataError, match="completed picture must be a uint8 tensor"):
        score(truth, answer / 255, square(16, 4, 8))
    with pytest.raises(DataError, match="region must be"):
        score(truth, answer, square(16, 4, 8).float())


def test_the_seam_of_spgnet_shows() -> None:
    """Its L1 is about that of Telea's method, which continues the pixels of the rim."""
    dataset, protocol = bench.data.load("streets", split="val", size=(128, 128), limit=4), bench.masks.get("object")
    samples = list(dataset)
    holes = [protocol.hole(sample, 0, dataset) for sample in samples]
    batch = hide(samples, holes, 0, LabelSources())
    truth = torch.from_numpy(np.stack([sample.image for sample in samples]).transpose(0, 3, 1, 2))

    fills = {name: quantise(bench.models.load(name).inpaint(batch).image) for name in ("telea", "spgnet")}

    for score, factor in ((seam_gradient, 1.02), (seam_colour, 1.3)):
        values = {name: score(truth, fill, batch.hole).mean().item() for name, fill in fills.items()}
        assert values["spgnet"] > factor * values["telea"]
