from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from spgnet import Acceleration, SPGNet, SPGNetConfig, accelerate
from tests.spgnet.conftest import build, tiny_config
from tests.spgnet.conftest import scene as draw

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
        (Acceleration(precision="float16", channels_last=True, folded=True), 0.01),
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


@given(
    norm=st.sampled_from(["batch", "instance"]),
    size=st.tuples(st.integers(32, 70), st.integers(32, 70)),
    corners=st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=2),
)
@settings(max_examples=30, deadline=None)
def test_the_known_area_is_left_out_wherever_the_holes_are(
    norm: str, size: tuple[int, int], corners: list[tuple[float, float, float, float]]
) -> None:
    exact = build(tiny_config(norm=norm, dilation=2 if norm == "batch" else 1))
    image, hole, labels = draw(len(corners), *size)
    for one, (top, bottom, left, right) in zip(hole.fill_(False), corners, strict=True):
        rows, columns = (
            (int(a * (n - 1)), int(b * (n - 1))) for a, b, n in zip((top, left), (bottom, right), size, strict=True)
        )
        one[:, min(rows) : max(rows) + 1, min(columns) : max(columns) + 1] = True
        assume(not one.all())  # a picture without a known pixel is refused
    fast = accelerate(exact, Acceleration(crop_inference=True))

    completion = fast.complete(image, hole)

    torch.testing.assert_close(completion.composite, exact.complete(image, hole).composite, atol=1e-5, rtol=0)
    assert torch.equal(completion.image, completion.composite)
    guided = torch.where(hole, exact.guide(image, hole, labels), image)
    torch.testing.assert_close(fast.guide(image, hole, labels), guided, atol=1e-5, rtol=0)


def test_nothing_is_computed_where_nothing_is_missing(model: SPGNet, scene: Scene) -> None:
    image, hole, _ = scene(1, 48, 64)
    fast = accelerate(model, Acceleration(crop_inference=True))
    with FlopCounterMode(display=False) as some:
        fast.sgnet(image, None, hole)
    with FlopCounterMode(display=False) as none:
        picture = fast.sgnet(image, None, torch.zeros_like(hole))
    assert torch.equal(picture, image)
    assert none.get_total_flops() == 0 < some.get_total_flops()


def test_a_small_hole_takes_less_work(trained: SPGNet) -> None:
    image, hole = torch.rand(1, 3, 256, 256), torch.zeros(1, 1, 256, 256, dtype=torch.bool)
    hole[..., 120:136, 120:136] = True
    operations = []
    for model in (trained, accelerate(trained, Acceleration(crop_inference=True))):
        with FlopCounterMode(display=False) as counter:
            model.sgnet(image, None, hole)
        operations.append(counter.get_total_flops())
    assert operations[1] < 0.7 * operations[0]


def test_what_cannot_be_is_refused(trained: SPGNet) -> None:
    with pytest.raises(ValueError, match="precision must be one of"):
        Acceleration(precision="int8")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be used on a CUDA device"):
        accelerate(trained, Acceleration(cuda_graph=True))
    with pytest.raises(ValueError, match="crop_inference must be used without compiled"):
        Acceleration(crop_inference=True, compiled=True)
