from __future__ import annotations

import pytest
import torch
from torch import Tensor

from bench.errors import ModelFailure, UsageError
from bench.models.adapter import ModelAdapter
from bench.models.io_spec import RANGES, parse_io_spec
from bench.models.value_range import from_value_range, to_value_range
from bench.vocabulary import Batch
from tests.models.contract import make_batch


def _model(call: object, **options: object) -> ModelAdapter:
    return ModelAdapter("toy", call, parse_io_spec("toy:", options), {"toy": "1"}, sources=())  # type: ignore[arg-type]


def test_the_signature_says_all_that_is_declared() -> None:
    plain = parse_io_spec("toy:", {}).signature
    full = parse_io_spec("toy:", {"range": "-1-1", "output": "0-255", "hole": 0, "fill": 0.5, "size": "256x512",
                             "batch": 8, "composite": True, "clip": True, "version": 2})  # fmt: skip

    assert plain == "range:0-1|output:0-1|hole:1|fill:0|size:any|batch:1|composite:no|clip:no"
    assert full.signature == (
        "range:-1-1|output:0-255|hole:0|fill:0.5|size:tile-256x512|batch:8|composite:yes|clip:yes|v:2"
    )
    assert parse_io_spec("toy:", {"multiple": 8}).signature.split("|")[4] == "size:pad-8"
    assert parse_io_spec("toy:", {"size": 512}).size == (512, 512)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"multiples": 8}, "Did you mean multiple"),
        ({"colour": 8}, "It may be batch, clip, composite"),
        ({"range": "0-256"}, "be one of 0-1, -1-1, 0-255; found '0-256'"),
        ({"hole": 255}, "be 1 or 0"),
        ({"hole": True}, "be 1 or 0"),
        ({"fill": 128}, "be a grey from 0"),
        ({"fill": "mean"}, "be a grey from 0"),
        ({"multiple": 0}, "at least 1"),
        ({"batch": 1.5}, "at least 1"),
        ({"size": "512x"}, "512 .square."),
        ({"size": "0x9"}, "512 .square."),
        ({"composite": 1}, "true or false"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_io_spec("toy:", options)


def test_every_declaration_is_another_fingerprint() -> None:
    changes: list[dict[str, object]] = [
        {}, {"range": "0-255"}, {"output": "0-255"}, {"hole": 0}, {"fill": 1}, {"multiple": 8}, {"size": 8},
        {"batch": 2}, {"composite": True}, {"clip": True}, {"version": "b"},
    ]  # fmt: skip

    assert len({_model(None, **options).fingerprint for options in changes}) == len(changes)


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("hole", [1, 0])
def test_a_model_is_asked_in_its_own_terms(name: str, hole: int) -> None:
    batch = make_batch(3)
    asked: list[tuple[Tensor, Tensor]] = []

    def call(image: Tensor, mask: Tensor, labels: None, seeds: tuple[int, ...]) -> Tensor:
        asked.append((image, mask))
        return image

    filled = _model(call, range=name, hole=hole, fill=0.25).inpaint(batch).image

    low, high = RANGES[name]
    image, mask = (torch.cat(parts) for parts in zip(*asked, strict=True))
    torch.testing.assert_close(image, batch.image.masked_fill(batch.hole, 0.25) * (high - low) + low)
    assert torch.equal(mask, batch.hole if hole else ~batch.hole)
    torch.testing.assert_close(filled, batch.image.masked_fill(batch.hole, 0.25), rtol=0, atol=1e-6)


def test_compositing_puts_known_pixels_back() -> None:
    batch = make_batch(2)

    def call(image: Tensor, *_: object) -> Tensor:
        return image * 0.5 + 0.1

    raw, composited = (_model(call, composite=on).inpaint(batch).image for on in (False, True))

    assert torch.equal(composited, torch.where(batch.hole, raw, batch.image))
    assert not torch.equal(raw, composited)


def test_seeds_are_of_the_sample_and_leave_no_trace() -> None:
    batch = make_batch(4)

    def call(image: Tensor, *_: object) -> Tensor:
        return torch.rand_like(image)

    torch.manual_seed(3)
    image = _model(call, multiple=7).inpaint(batch).image
    after = torch.rand(1)

    torch.manual_seed(3)
    assert torch.equal(torch.rand(1), after)
    others = Batch(batch.image, batch.hole, None, batch.ids, tuple(reversed(batch.seeds)))
    assert torch.equal(_model(call, multiple=7).inpaint(others).image, image.flip(0))
    assert len({float(row.sum()) for row in image}) == 4


def _scene(low: float, high: float) -> Tensor:
    return torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * (high - low) + low


SCENES = {"dark": _scene(0.0, 0.02), "bright": _scene(0.9, 1.0), "ordinary": _scene(0.0, 1.0), "flat": _scene(0.5, 0.5)}


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("scene", SCENES)
def test_the_declared_range_is_never_doubted_without_cause(name: str, scene: str) -> None:
    image = SCENES[scene]
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    hole[..., 4:12, 4:12] = True

    for answer in (image, image.masked_fill(hole, 0.0), image.masked_fill(hole, 1.0), torch.zeros_like(image) + 0.3):
        values = from_value_range(to_value_range(answer, name), name, image, hole, clip=False, subject="it")
        torch.testing.assert_close(values, answer, rtol=0, atol=1e-6)


@pytest.mark.parametrize("found", RANGES)
@pytest.mark.parametrize("stated", RANGES)
def test_another_range_is_named(found: str, stated: str) -> None:
    if found == stated:
        return
    image = SCENES["ordinary"]
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    hole[..., 4:12, 4:12] = True

    with pytest.raises(ModelFailure, match=f"{found} where {stated} was declared.*output={found}"):
        from_value_range(to_value_range(image, found), stated, image, hole, clip=False, subject="it")


def test_values_a_little_outside_are_refused_or_clipped_as_declared() -> None:
    image = torch.linspace(-0.05, 1.1, 48).view(1, 3, 4, 4)
    hole = torch.zeros(1, 1, 4, 4, dtype=torch.bool)

    with pytest.raises(ModelFailure, match=r"lie in 0-1; found -0\.05 to 1\.1\. .*clip=true"):
        from_value_range(image, "0-1", image.clamp(0, 1), hole, clip=False, subject="it")

    assert torch.equal(from_value_range(image, "0-1", image, hole, clip=True, subject="it"), image.clamp(0, 1))
    with pytest.raises(ModelFailure, match="lie in 0-1"):
        from_value_range(image * 2, "0-1", image, hole, clip=True, subject="it")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda image: (image, image), "be one tensor; found tuple"),
        (lambda image: image[..., :-1], r"have shape \[1, 3, 32, 40\]; found \[1, 3, 32, 39\]"),
        (lambda image: image[:, :1], r"found \[1, 1, 32, 40\]"),
        (lambda image: image / 0 * 0 + torch.ones(2, 2)[5], "IndexError: index 5"),
    ],
)
def test_what_is_no_picture(answer: object, message: str) -> None:
    def call(image: Tensor, *_: object) -> Tensor:
        return answer(image)  # type: ignore[no-any-return, operator]

    with pytest.raises(ModelFailure, match=message):
        _model(call).inpaint(make_batch(2))


def test_what_a_model_does_to_its_arguments_stays_with_it() -> None:
    batch = make_batch(2, labelled=True)

    def call(image: Tensor, mask: Tensor, labels: Tensor, seeds: tuple[int, ...]) -> Tensor:
        answer = image.clone()
        image.zero_(), mask.zero_(), labels.zero_()
        return answer

    _model(call).inpaint(batch)

    for ours, fresh in zip(_tensors(batch), _tensors(make_batch(2, labelled=True)), strict=True):
        assert torch.equal(ours, fresh)


def _tensors(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    assert batch.labels is not None
    return batch.image, batch.hole, batch.labels


def test_what_is_not_finite_is_left_to_the_harness() -> None:
    batch = make_batch(1)

    image = _model(lambda image, *_: image * float("nan")).inpaint(batch).image

    assert image.isnan().all()
