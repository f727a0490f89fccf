from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from spgnet import Acceleration, SPGNet, SPGNetConfig, accelerate

Scene = Callable[..., tuple[Tensor, Tensor, Tensor]]


@pytest.fixture(scope="module")
def trained() -> SPGNet:
    """Weights of which every normalisation has seen data, so that folding it has something to fold."""
    torch.manual_seed(0)
    model = SPGNet(SPGNetConfig.small(("a", "b", "c", "d")))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)  # type: ignore[arg-type] # a buffer
            nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type] # a buffer
    return model


@pytest.mark.parametrize(
    ("options", "tolerance"),
    [
        (Acceleration(), 0.0),
        (Acceleration(channels_last=True), 1e-4),
        (Acceleration(folded=True), 1e-4),
        (Acceleration(precision="bfloat16", channels_last=True, folded=True), 0.05),
    ],
)
def test_a_faster_model_fills_as_the_exact_one_does(
    trained: SPGNet, scene: Scene, options: Acceleration, tolerance: float
) -> None:
    image, hole, labels = scene(2, 48, 64)
    fast = accelerate(trained, options)

    for exact, faster in (
        (trained.complete(image, hole).image, fast.complete(image, hole).image),
        (trained.guide(image, hole, labels), fast.guide(image, hole, labels)),
        (trained.predict_labels(image, hole), fast.predict_labels(image, hole)),
    ):
        assert faster.dtype == torch.float32
        torch.testing.assert_close(faster, exact, atol=tolerance, rtol=0)


def test_the_model_itself_stays_as_it_was(trained: SPGNet, scene: Scene) -> None:
    image, hole, _ = scene(1, 48, 64)
    before = trained.complete(image, hole).image
    accelerate(trained, Acceleration(precision="bfloat16", channels_last=True, folded=True))
    assert torch.equal(trained.complete(image, hole).image, before)


def test_folding_leaves_no_normalisation_behind_a_convolution(trained: SPGNet) -> None:
    fast = accelerate(trained, Acceleration(folded=True))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fast.sgnet.modules())


def test_an_unguided_model_can_be_faster_too(scene: Scene) -> None:
    torch.manual_seed(0)
    model = SPGNet(SPGNetConfig.small(("a", "b"), guided=False))
    image, hole, _ = scene(1, 48, 64)
    fast = accelerate(model, Acceleration(folded=True))
    torch.testing.assert_close(fast.complete(image, hole).image, model.complete(image, hole).image, atol=1e-4, rtol=0)


def test_what_cannot_be_is_refused(trained: SPGNet) -> None:
    with pytest.raises(ValueError, match="precision must be one of"):
        Acceleration(precision="int8")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be used on a CUDA device"):
        accelerate(trained, Acceleration(cuda_graph=True))
