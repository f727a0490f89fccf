"""How right and how sure SP-Net is in the hole: `python -m tests.support.label_accuracy WEIGHTS ... --split val`.

Each of WEIGHTS is a shipped name or a file of a guided SPG-Net, with options behind it: `FILE?flips=true` for the mean
over flips, `FILE?temperature=1`, and `NAME=` before it for a short name. The table has means over pictures with 95 %
intervals, and paired differences to the first row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer

import bench.data
import bench.masks
import bench.metrics
from bench.data import parse_size
from bench.errors import DataError, NotApplicable
from bench.models.model_name import ModelName
from bench.pictures import hide_pixels, stack_pictures, to_float
from bench.runtime.device import resolve_device
from bench.statistics import cluster_intervals, cluster_sums
from bench.vocabulary import VOID, Dataset, Protocol, Sample
from spgnet import SPGNet

MEASURES = ("accuracy %", "mIoU %", "NLL", "ECE %")
_BINS = 15


@dataclass(frozen=True)
class PictureLabels:
    """What one picture adds: scores of its labelled hole pixels, and sums for the calibration error.

    Attributes:
        scores: accuracy and mIoU in percent, and mean negative log-likelihood in nats.
        gaps: float64 [bins], sum over the pixels of a bin of confidence minus correctness.
        pixels: how many they are.
    """

    scores: tuple[float, float, float]
    gaps: npt.NDArray[np.float64]
    pixels: int


def load(text: str, device: str) -> tuple[str, SPGNet]:
    """Name and network of WEIGHTS with its options."""
    parsed = ModelName.parse(text)
    net = SPGNet.from_pretrained(parsed.base, device)
    if net.spnet is None:
        raise DataError(f"weights {parsed.base}", "predict labels", "an unguided model")
    net.spnet.average_flips = bool(parsed.options.get("flips", False))
    if temperature := parsed.options.get("temperature"):
        net.config = replace(net.config, temperature=float(temperature))
    return parsed.title or f"{Path(parsed.base).stem}{'?' * bool(parsed.query)}{parsed.query}", net


def measure(net: SPGNet, dataset: Dataset, protocol: Protocol, device: str) -> list[PictureLabels | None]:
    """Of each picture the scores; None where the protocol has no hole, or the hole no label."""
    if tuple(dataset.classes) != net.config.classes:
        raise DataError(f"data set '{dataset.name}'", f"have the classes {net.config.classes}", str(dataset.classes))
    return [_measure_picture(net, dataset, sample, protocol, device) for sample in dataset]


def _measure_picture(
    net: SPGNet, dataset: Dataset, sample: Sample, protocol: Protocol, device: str
) -> PictureLabels | None:
    try:
        hole = torch.from_numpy(protocol.hole(sample, 0, dataset)).to(device)
    except NotApplicable:
        return None
    assert sample.labels is not None
    truth = torch.from_numpy(np.array(sample.labels)).to(device)
    counted = hole & (truth != VOID)
    if not counted.any():
        return None
    missing = hole[None, None]
    image = hide_pixels(to_float(stack_pictures([sample.image]).to(device)), missing)
    probabilities = net.predict_labels(image, missing)
    confidence, predicted = probabilities[0].max(dim=0)
    right = (predicted == truth)[counted]
    likelihood = probabilities[0].gather(0, truth.clamp(max=len(net.config.classes) - 1).long()[None])[0][counted]
    iou = bench.metrics.iou(
        truth[None].cpu(), predicted[None].cpu(), len(net.config.classes), missing.cpu(), ignore_index=VOID
    )
    scores = (
        100 * float(right.float().mean()),
        100 * float(iou.nanmean()),
        float(-likelihood.clamp(min=1e-12).log().mean()),
    )
    sure = confidence[counted].double()
    bins = (sure * _BINS).long().clamp(max=_BINS - 1)
    gaps = torch.zeros(_BINS, dtype=torch.float64, device=device).index_add_(0, bins, sure - right.double())
    return PictureLabels(scores, gaps.cpu().numpy(), int(counted.sum()))


def calibration_error(pictures: Sequence[PictureLabels]) -> float:
    """Expected calibration error in percent over all pixels: 15 bins of confidence of equal width (Guo et al. 2017)."""
    gaps = np.abs(np.sum([picture.gaps for picture in pictures], axis=0)).sum()
    return 100 * float(gaps) / sum(picture.pixels for picture in pictures)


def intervals(values: npt.NDArray[np.float64]) -> list[str]:
    """Means of columns [N, K] over pictures with their intervals."""
    columns = cluster_sums(values)
    low, high = cluster_intervals(columns)
    return [f"{m:.2f} [{a:.2f}, {b:.2f}]" for m, a, b in zip(columns.means(), low, high, strict=True)]


def main(
    weights: list[str],
    *,
    dataset: str = "streets",
    data_root: Annotated[str | None, typer.Option(help="Folder of the data set.")] = None,
    split: str = "val",
    limit: int = 30,
    size: str = "256",
    protocols: str = "center-50,random-rect,freeform,object",
    device: str = "auto",
) -> None:
    """Print a Markdown table."""
    device = resolve_device(device)
    data = bench.data.Cached(bench.data.load(dataset, split, parse_size(size), data_root, limit))
    nets = [load(text, device) for text in weights]
    typer.echo(f"{dataset} {split}, {len(data)} pictures at {size}; labels of SP-Net in the hole\n")
    typer.echo(f"| protocol | weights | pictures | {' | '.join(MEASURES)} | differences of the first three |")
    typer.echo("|---|---|--:|--:|--:|--:|--:|---|")
    for name in protocols.split(","):
        protocol, first = bench.masks.get(name), None
        for title, net in nets:
            found = [one for one in measure(net, data, protocol, device) if one is not None]
            scores = np.array([one.scores for one in found])
            first = scores if first is None else first
            paired = "" if first is scores else "; ".join(intervals(scores - first))
            cells = [*intervals(scores), f"{calibration_error(found):.1f}"]
            typer.echo(f"| {protocol.name} | {title} | {len(found)} | {' | '.join(cells)} | {paired} |")


if __name__ == "__main__":
    typer.run(main)
