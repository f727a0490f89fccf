"""The temperature of SPG-Net's labels, fitted on pictures that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize_scalar

import bench.metrics
import spgnet.weights
from bench.errors import DataError, UsageError
from bench.training.batches import BatchMaker, TrainingBatch
from bench.training.settings import TrainingData
from bench.training.validation import as_bytes, composite
from spgnet import SPGNet, one_hot

__all__ = ["LARGEST", "SMALLEST", "calibrate"]

SMALLEST, LARGEST = 0.5, 8.0
"""Between these the temperature is sought."""

_BATCH_SIZE, _GRID = 8, 9


@dataclass(frozen=True)
class _Predicted:
    batch: TrainingBatch
    logits: torch.Tensor


def calibrate(weights: Path, data: TrainingData) -> float:
    """Find the temperature whose fills are best in PSNR of the hole, and write it beside the weights.

    SG-Net has learned how far to trust SP-Net on pictures that SP-Net has seen; on others SP-Net errs more and is as
    sure. Dividing its logits by one number is temperature scaling (Guo et al., ICML 2017), which fits it to the labels'
    likelihood; here what the labels are for is fitted, the picture.

    Args:
        weights: of a guided SPG-Net; the JSON file beside them is changed.
        data: its validation pictures, size and protocol are used.

    Returns:
        The temperature, of three digits.

    Raises:
        DataError: the weights cannot be read, or were trained on other classes.
        UsageError: weights without guidance.
    """
    try:
        model = SPGNet.from_pretrained(weights)
    except ValueError as error:
        raise DataError(f"weights {weights}", "be readable", str(error)) from error
    if not model.config.guided:
        raise UsageError(f"weights {weights}", "predict labels", "an unguided model", "Calibrate the guided one.")
    if data.validation.classes != model.config.classes:
        found = ", ".join(data.validation.classes) or "no labels"
        raise DataError(f"data set '{data.validation.name}'", f"have the classes {model.config.classes}", found)
    with torch.no_grad():
        predicted = list(_predicted(model, data))
        temperature = float(f"{_best(lambda value: _psnr(model, predicted, value)):.3g}")
    spgnet.weights.save_config(weights, replace(model.config, temperature=temperature).to_dict())
    return temperature


def _best(score: Callable[[float], float]) -> float:
    """The temperature of the highest score, which can have several peaks: of a grid, then between its neighbours."""
    grid = np.geomspace(SMALLEST, LARGEST, _GRID)
    scores = [score(float(value)) for value in grid]
    first = int(np.argmax(scores))
    around = grid[max(first - 1, 0)], grid[min(first + 1, _GRID - 1)]
    fine = minimize_scalar(
        lambda logarithm: -score(math.exp(logarithm)),
        bounds=(math.log(around[0]), math.log(around[1])),
        method="bounded",
        options={"xatol": 0.05},
    )
    return math.exp(fine.x) if -fine.fun > scores[first] else float(grid[first])


def _predicted(model: SPGNet, data: TrainingData) -> Iterator[_Predicted]:
    """The validation pictures with SP-Net's logits."""
    assert model.segmenter is not None  # noqa: S101 (it is guided)
    assert model.spnet is not None  # noqa: S101
    maker = BatchMaker(data.validation, data.protocol, data.size, _BATCH_SIZE, seed=0, augment=False)
    for step in range(-(-len(data.validation) // _BATCH_SIZE)):
        batch = TrainingBatch.on(torch.device("cpu"), maker(step))
        context = model.segmenter.visible_labels(batch.hidden, batch.hole)
        known = one_hot(context, len(model.config.classes))
        yield _Predicted(batch, model.spnet(batch.hidden, known, batch.hole))


def _psnr(model: SPGNet, predicted: list[_Predicted], temperature: float) -> float:
    values: list[float] = []
    for one in predicted:
        guidance = (one.logits / temperature).softmax(dim=1)
        picture = composite(model.sgnet(one.batch.hidden, guidance, one.batch.hole), one.batch)
        values += bench.metrics.psnr(as_bytes(one.batch.image), as_bytes(picture), one.batch.hole).tolist()
    return sum(values) / len(values)
