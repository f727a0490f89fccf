from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn import functional

import bench
import bench.models
from bench import gating
from bench.records import Run
from bench.vocabulary import Batch, Dataset, LabelSources, Prediction

PROTOCOLS = ("center-50", "freeform")

Deed = Callable[[torch.Tensor, Batch], torch.Tensor]


class Telea:
    """Telea's fill with something done to it."""

    label_sources = LabelSources()

    def __init__(self, deed: Deed, fingerprint: str) -> None:
        self.name, self.fingerprint = "telea", fingerprint * 64
        self._base, self._deed = bench.models.load("telea"), deed

    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(self._deed(self._base.inpaint(batch).image, batch))


def unchanged(image: torch.Tensor, _: Batch) -> torch.Tensor:
    return image


def blurred(image: torch.Tensor, _: Batch) -> torch.Tensor:
    return functional.avg_pool2d(functional.pad(image, (2, 2, 2, 2), mode="reflect"), 5, 1)


def shifted(image: torch.Tensor, _: Batch) -> torch.Tensor:
    return image.roll(1, -1)


def swapped(image: torch.Tensor, _: Batch) -> torch.Tensor:
    return image.flip(1)


def noisy(image: torch.Tensor, batch: Batch) -> torch.Tensor:
    noise = [
        torch.randn(image.shape[1:], generator=torch.Generator().manual_seed(seed % 2**31)) for seed in batch.seeds
    ]
    return (image + 0.02 * torch.stack(noise)).clamp(0, 1)


def nudged(image: torch.Tensor, batch: Batch) -> torch.Tensor:
    """One grey level, in one picture."""
    return image + torch.tensor([float(name == "p004") / 255 for name in batch.ids])[:, None, None, None] * (
        image < 0.9
    )


def better(image: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Smooth inside the hole only: less of the texture that is in the wrong place."""
    return torch.where(
        batch.hole, functional.avg_pool2d(functional.pad(image, (4, 4, 4, 4), mode="reflect"), 9, 1), image
    )


@pytest.fixture
def run_of(pictures: Dataset, tmp_path: Path) -> Callable[..., Run]:
    def run(deed: Deed, fingerprint: str = "a", name: str = "") -> Run:
        out = tmp_path / f"{deed.__name__}-{fingerprint}{name}"
        return bench.evaluate([Telea(deed, fingerprint)], pictures, PROTOCOLS, out=out)

    return run


@pytest.mark.parametrize("deed", [blurred, shifted, swapped, noisy])
def test_a_model_broken_on_purpose_fails_both_gates(run_of: Callable[..., Run], deed: Deed) -> None:
    baseline = run_of(unchanged)

    regression, paired = gating.gate(baseline, run_of(deed)), gating.gate(baseline, run_of(deed, "b"))

    assert {check.gate for check in regression.checks} == {"regression"}
    assert {check.gate for check in paired.checks} == {"paired"}
    assert (regression.exit_code(), paired.exit_code()) == (1, 1)
    assert {check.protocol for check in regression.of("REGRESSION")} == {"center-50@1", "freeform@1"}
    assert {check.protocol for check in paired.of("REGRESSION")} == {"center-50@1", "freeform@1"}


def test_the_same_thing_twice_passes_both_gates(run_of: Callable[..., Run]) -> None:
    baseline, again = run_of(unchanged), run_of(unchanged, name="again")

    assert gating.gate(baseline, again).verdict == "PASS"
    assert gating.gate(baseline, run_of(unchanged, "b")).exit_code(strict=True) == 0


def test_a_nudge_of_one_picture_fails_the_regression_gate_only(run_of: Callable[..., Run]) -> None:
    baseline = run_of(unchanged)

    regression = gating.gate(baseline, run_of(nudged))

    assert {check.samples for check in regression.of("REGRESSION")} == {("p004",)}
    assert gating.gate(baseline, run_of(nudged, "b")).verdict == "PASS"


def test_a_better_model_passes_the_paired_gate(run_of: Callable[..., Run]) -> None:
    baseline, candidate = run_of(unchanged), run_of(better, "b")

    result = gating.gate(baseline, candidate, {"psnr.hole": "0", "l1.known": "0"})

    assert result.verdict == "PASS"
    outcomes = {row.metric: row.outcome for row in gating.compare(baseline, candidate).cells[0].differences}
    assert (outcomes["psnr.hole"], outcomes["psnr.known"]) == ("better", "unclear")
