"""Temperature scaling of the labels that SP-Net predicts, fitted on pictures that it was not trained on."""

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
from bench.pictures import composite, quantise
from bench.training.data.batches import BatchMaker, TrainingBatch
from bench.training.data.training_data import TrainingData
from bench.training.validation import mean_psnr
from spgnet import SPGNet, one_hot

__all__ = ["MAX_TEMPERATURE", "MIN_TEMPERATURE", "calibrate"]

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.5, 8.0
"""Ends of the search."""

_BATCH_SIZE, _GRID = 8, 9


@dataclass(frozen=True)
class _Prediction:
    batch: TrainingBatch
    logits: torch.Tensor


def calibrate(weights: Path, data: TrainingData) -> float:
    """Find the temperature with the best PSNR in the hole, and write it beside the weights.

    SG-Net is trained with the labels that SP-Net predicts for its own training pictures; for other pictures SP-Net is
    wrong more often and just as confident. Temperature scaling (Guo et al., ICML 2017) divides the logits by one
    number, which is fitted to the likelihood of the labels; here it is fitted to the pictures that SG-Net fills.

    Args:
        weights: of a guided SPG-Net; the JSON file beside them is changed.
        data: its validation split, size and protocol are used.

    Returns:
        The temperature, rounded to three digits.

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
        predicted = list(_predict(model, data))
        temperature = float(f"{_best(lambda value: _psnr(model, predicted, value)):.3g}")
    spgnet.weights.save_config(weights, replace(model.config, temperature=temperature).to_dict())
    return temperature


def _best(score: Callable[[float], float]) -> float:
    """The temperature with the highest score; a grid comes first, because the score can have several maxima."""
    grid = np.geomspace(MIN_TEMPERATURE, MAX_TEMPERATURE, _GRID)
    scores = [score(float(value)) for value in grid]
    first = int(np.argmax(scores))
    low, high = grid[max(first - 1, 0)], grid[min(first + 1, _GRID - 1)]
    fine = minimize_scalar(
        lambda logarithm: -score(math.exp(logarithm)),
        bounds=(math.log(low), math.log(high)),
        method="bounded",
        options={"xatol": 0.05},
    )
    return math.exp(fine.x) if -fine.fun > scores[first] else float(grid[first])


def _predict(model: SPGNet, data: TrainingData) -> Iterator[_Prediction]:
    """The validation pictures, with the logits of SP-Net."""
    assert model.segmenter is not None  # noqa: S101 (it is guided)
    assert model.spnet is not None  # noqa: S101
    maker = BatchMaker(data.validation, data.protocol, data.size, _BATCH_SIZE, seed=0, augment=False)
    for step in range(-(-len(data.validation) // _BATCH_SIZE)):
        batch = TrainingBatch.on(torch.device("cpu"), maker(step))
        context = model.segmenter.visible_labels(batch.hidden, batch.hole)
        known = one_hot(context, len(model.config.classes))
        yield _Prediction(batch, model.spnet(batch.hidden, known, batch.hole))


def _psnr(model: SPGNet, predicted: list[_Prediction], temperature: float) -> float:
    values: list[float] = []
    for prediction in predicted:
        batch = prediction.batch
        guidance = (prediction.logits / temperature).softmax(dim=1)
        picture = composite(model.sgnet(batch.hidden, guidance, batch.hole).float(), batch.image, batch.hole)
        values += bench.metrics.psnr(quantise(batch.image), quantise(picture), batch.hole).tolist()
    return mean_psnr(values)
