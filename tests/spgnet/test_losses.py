from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
import torchmetrics.functional as reference
from scipy.ndimage import distance_transform_cdt
from torch import Tensor
from torch.nn import functional

from spgnet import VOID, losses

Features = list[list[Tensor]]


def outputs(*score_maps: list[float], seed: int = 0) -> Features:
    random = torch.Generator().manual_seed(seed)
    features = [[torch.randn(1, 2, 3, 3, generator=random) for _ in range(4)] for _ in score_maps]
    return [[*f, torch.tensor(scores).view(1, 1, 1, -1)] for f, scores in zip(features, score_maps, strict=True)]


REAL = outputs([0.9, 1.5], [0.2, -0.4])
FAKE = outputs([0.1, -2.0], [0.5, 0.7], seed=1)


def test_least_squares_by_hand() -> None:
    real = (0.1**2 + 0.5**2) / 2 + (0.8**2 + 1.4**2) / 2
    fake = (0.1**2 + 2.0**2) / 2 + (0.5**2 + 0.7**2) / 2
    generator = (0.9**2 + 3.0**2) / 2 + (0.5**2 + 0.3**2) / 2

    assert float(losses.discriminator_loss(REAL, FAKE)) == pytest.approx((real + fake) / 2)
    assert float(losses.generator_loss(FAKE)) == pytest.approx(generator)


def test_hinge_by_hand() -> None:
    real = (0.1 + 0.0) / 2 + (0.8 + 1.4) / 2
    fake = (1.1 + 0.0) / 2 + (1.5 + 1.7) / 2
    generator = -(0.1 - 2.0) / 2 - (0.5 + 0.7) / 2

    assert float(losses.discriminator_loss(REAL, FAKE, "hinge")) == pytest.approx((real + fake) / 2)
    assert float(losses.generator_loss(FAKE, "hinge")) == pytest.approx(generator)


def judged(kind: str, hole: Tensor) -> tuple[float, float, float]:
    """Discriminator's loss, generator's term and accuracy by loops over the patches; maps as large as `hole`."""
    zero = 0.0 if kind == "lsgan" else -1.0

    def cost(score: float, target: float) -> float:
        return (score - target) ** 2 if kind == "lsgan" else max(0.0, 1 - score if target > 0 else 1 + score)

    discriminator, generator, accuracy = 0.0, 0.0, []
    for real, fake in zip(REAL, FAKE, strict=True):
        true = real[-1].flatten().tolist()
        scored = list(zip(fake[-1].flatten().tolist(), hole.flatten().tolist(), strict=True))
        made = [score for score, missing in scored if missing]
        genuine = true + [score for score, missing in scored if not missing]
        parts = np.mean([cost(s, 1.0) for s in genuine]), np.mean([cost(s, zero) for s in made])
        discriminator += float(sum(parts)) / 2
        generator += float(np.mean([(s - 1) ** 2 if kind == "lsgan" else -s for s in made]))
        middle = (1 + zero) / 2
        accuracy.append((np.mean([s > middle for s in true]) + np.mean([s <= middle for s in made])) / 2)
    return discriminator, generator, float(np.mean(accuracy))


@pytest.mark.parametrize("kind", ["lsgan", "hinge"])
@pytest.mark.parametrize("missing", [(True, True), (True, False), (False, True)])
def test_patches_without_a_hole_pixel_count_as_real(
    kind: Literal["lsgan", "hinge"], missing: tuple[bool, bool]
) -> None:
    small = torch.tensor(missing).view(1, 1, 1, 2)
    hole = torch.zeros(1, 1, 6, 8, dtype=torch.bool)
    hole[..., 5, 3], hole[..., 0, 7] = missing  # one pixel is enough
    expected = judged(kind, small)

    assert float(losses.discriminator_loss(REAL, FAKE, kind, hole)) == pytest.approx(expected[0], rel=1e-6)
    assert float(losses.generator_loss(FAKE, kind, hole)) == pytest.approx(expected[1], rel=1e-6)
    assert float(losses.discriminator_accuracy(REAL, FAKE, kind, hole)) == pytest.approx(expected[2])
    if all(missing):
        assert float(losses.discriminator_loss(REAL, FAKE, kind)) == pytest.approx(expected[0], rel=1e-6)
        assert float(losses.discriminator_accuracy(REAL, FAKE, kind)) == pytest.approx(expected[2])


def test_without_a_hole_the_generator_is_not_judged_and_nothing_is_undefined() -> None:
    fake = [[f.clone().requires_grad_() for f in scale] for scale in FAKE]
    nothing = torch.zeros(1, 1, 6, 8, dtype=torch.bool)
    loss = losses.generator_loss(fake, hole=nothing)
    gradients = torch.autograd.grad(loss, [scale[-1] for scale in fake])

    assert loss.detach().item() == 0
    assert not any(gradient.any() for gradient in gradients)
    assert losses.discriminator_loss(REAL, fake, hole=nothing).isfinite()


def test_r1_is_half_of_the_squared_gradient() -> None:
    picture = torch.rand(2, 3, 4, 5, requires_grad=True)
    weight = torch.tensor(3.0, requires_grad=True)
    scores = [[(weight * picture).sum(dim=1, keepdim=True)], [picture[:, :1, ::2] ** 2]]
    slope = (weight / 20 + torch.cat([2 * picture[:, :1] / 10, torch.zeros(2, 2, 4, 5)], 1) * rows(4)).detach()
    penalty = losses.r1_penalty(scores, picture)
    (again,) = torch.autograd.grad(penalty, weight)

    assert float(penalty.detach()) == pytest.approx(float(slope.square().sum()) / 4, rel=1e-5)
    assert float(again) == pytest.approx(float(slope.sum()) / 40, rel=1e-5)


def rows(height: int) -> Tensor:
    return (torch.arange(height) % 2 == 0).float()[:, None]


def test_feature_matching_by_hand() -> None:
    differences = [
        np.abs(r.numpy() - f.numpy()).mean()
        for real_scale, fake_scale in zip(REAL, FAKE, strict=True)
        for r, f in zip(real_scale[:4], fake_scale[:4], strict=True)
    ]
    weight = 4 / (3 + 1) * 1 / 2  # pix2pixHD: three layers, here two scales

    assert float(losses.feature_matching(REAL, FAKE)) == pytest.approx(weight * sum(differences), rel=1e-6)


def test_feature_matching_ignores_the_score_map_and_sends_no_gradient_to_the_real_side() -> None:
    real = [[f.clone().requires_grad_() for f in scale] for scale in REAL]
    fake = [[f.clone().requires_grad_() for f in scale] for scale in FAKE]
    everything = [f for scale in real + fake for f in scale]
    gradients = torch.autograd.grad(losses.feature_matching(real, fake), everything, allow_unused=True)

    assert [g is not None for g in gradients] == [False] * 10 + [True, True, True, True, False] * 2


def test_perceptual_weights_are_those_of_pix2pixhd() -> None:
    real = [torch.zeros(1, 2, 4, 4)] * 5
    fake = [torch.full((1, 2, 4, 4), value) for value in (32.0, 16.0, 8.0, 4.0, 1.0)]

    assert float(losses.perceptual(real, fake)) == pytest.approx(5)
    assert float(losses.perceptual(real[:2], fake[:2], weights=(1, 2))) == pytest.approx(64)
    with pytest.raises(ValueError, match="found 5 for 4 real and 5 fake ones"):
        losses.perceptual(real[:4], fake)


def labelled(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 4, (2, 6, 7), generator=random, dtype=torch.uint8)
    labels[:, 2:4, 1:5] = VOID
    hole = torch.rand(2, 1, 6, 7, generator=random) < 0.4
    return torch.randn(2, 4, 6, 7, generator=random), labels, hole


def test_cross_entropy_leaves_void_out() -> None:
    logits, labels, _ = labelled()
    expected = functional.cross_entropy(logits, labels.long(), ignore_index=VOID)

    torch.testing.assert_close(losses.cross_entropy(logits, labels), expected)


def test_cross_entropy_weighs_hole_and_known_pixels() -> None:
    logits, labels, hole = labelled()
    inside = torch.where(hole[:, 0], labels, VOID)
    outside = torch.where(hole[:, 0], VOID, labels)
    n_in, n_out = int((inside != VOID).sum()), int((outside != VOID).sum())
    mean_in = float(functional.cross_entropy(logits, inside.long(), ignore_index=VOID))
    mean_out = float(functional.cross_entropy(logits, outside.long(), ignore_index=VOID))
    expected = (3 * n_in * mean_in + 0.5 * n_out * mean_out) / (3 * n_in + 0.5 * n_out)

    assert float(losses.cross_entropy(logits, labels, hole, 3, 0.5)) == pytest.approx(expected, rel=1e-6)
    assert float(losses.cross_entropy(logits, labels, hole, 1, 0)) == pytest.approx(mean_in, rel=1e-6)


def test_cross_entropy_of_smoothed_targets() -> None:
    logits = torch.tensor([2.0, 0.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 1, 2)
    labels = torch.tensor([[[0, VOID]]])
    negative = -logits[0, :, 0, 0].log_softmax(0)
    expected = 0.7 * negative[0] + 0.3 * negative.mean()

    assert float(losses.cross_entropy(logits, labels, smoothing=0.3)) == pytest.approx(float(expected))


def test_cross_entropy_without_a_label_is_zero_and_has_a_gradient() -> None:
    logits = torch.randn(1, 4, 5, 5, requires_grad=True)
    loss = losses.cross_entropy(logits, torch.full((1, 5, 5), VOID))
    (gradient,) = torch.autograd.grad(loss, logits)

    assert loss.item() == 0
    assert not gradient.any()


def test_l1_is_the_mean_absolute_error() -> None:
    random = torch.Generator().manual_seed(2)
    real, fake = (torch.rand(2, 3, 8, 9, generator=random) for _ in range(2))
    hole = torch.rand(2, 1, 8, 9, generator=random) < 0.3
    where = hole.expand_as(real)

    torch.testing.assert_close(losses.l1(real, fake), reference.mean_absolute_error(fake, real))
    torch.testing.assert_close(
        losses.l1(real, fake, hole, hole_weight=1, known_weight=0),
        reference.mean_absolute_error(fake[where], real[where]),
    )
    weights = np.where(where, 6.0, 1.0)
    expected = np.average(np.abs(real.numpy() - fake.numpy()), weights=weights)
    assert float(losses.l1(real, fake, hole, hole_weight=6)) == pytest.approx(expected, rel=1e-6)


def test_balanced_l1_gives_every_hole_the_same_share() -> None:
    random = torch.Generator().manual_seed(3)
    real, fake = (torch.rand(2, 3, 8, 9, generator=random) for _ in range(2))
    hole = torch.zeros(2, 1, 8, 9, dtype=torch.bool)
    hole[0, :, 2, 3], hole[1, :, :, 2:] = True, True  # one pixel, and most of the picture
    errors = np.abs(real.numpy() - fake.numpy()).mean(axis=1)
    inside = [errors[index][hole[index, 0].numpy()].mean() for index in range(2)]
    outside = [errors[index][~hole[index, 0].numpy()].mean() for index in range(2)]

    assert float(losses.balanced_l1(real, fake, hole, 0.9)) == pytest.approx(
        np.mean([0.9 * i + 0.1 * o for i, o in zip(inside, outside, strict=True)]), rel=1e-6
    )
    assert float(losses.balanced_l1(real, fake, hole, 1.0)) == pytest.approx(np.mean(inside), rel=1e-6)
    nothing = torch.zeros_like(hole)
    assert float(losses.balanced_l1(real, fake, nothing, 0.0)) == pytest.approx(errors.mean(), rel=1e-6)


def test_the_border_of_the_hole_weighs_most() -> None:
    hole = torch.zeros(2, 1, 40, 150, dtype=torch.bool)
    hole[0, 0, 3:37, 5:] = True
    hole[1] = True
    weights = losses.border_weights(hole, 0.9)
    distances = distance_transform_cdt(hole[0, 0].numpy(), "chessboard")
    expected = 0.9 ** np.minimum(2 * np.ceil(distances / 2), 64)

    np.testing.assert_allclose(weights[0, 0].numpy(), expected, rtol=1e-5)
    assert torch.equal(weights[1], torch.full_like(weights[1], 0.9**64))


def test_balanced_l1_can_weigh_the_border_of_the_hole() -> None:
    random = torch.Generator().manual_seed(4)
    real, fake = (torch.rand(2, 3, 16, 18, generator=random) for _ in range(2))
    hole = torch.zeros(2, 1, 16, 18, dtype=torch.bool)
    hole[0, :, 2, 3], hole[1, :, 2:14, 3:] = True, True
    weights = losses.border_weights(hole, 0.8)
    errors = (real - fake).abs().mean(dim=1, keepdim=True)
    means = [float((e * w)[h].sum() / w[h].sum()) for e, w, h in zip(errors, weights, hole, strict=True)]

    assert float(losses.balanced_l1(real, fake, hole, 1.0, 0.8)) == pytest.approx(np.mean(means), rel=1e-5)


def test_other_weights_need_the_hole() -> None:
    with pytest.raises(ValueError, match="hole must be given when the weights differ"):
        losses.l1(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), hole_weight=6)


@pytest.mark.parametrize("kind", ["lsgan", "hinge"])
def test_half_precision_scores_are_judged_in_float32(kind: str) -> None:
    half = [[f.to(torch.bfloat16) for f in scale] for scale in REAL]

    for loss in (losses.generator_loss(half, kind), losses.feature_matching(half, half)):  # type: ignore[arg-type]  # parametrised
        assert loss.dtype == torch.float32
