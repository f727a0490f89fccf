"""Asking a model: its output for each sample, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from bench.errors import ModelFailure, is_machine_fault
from bench.evaluation.fills.pictures import ModelOutput
from bench.models.model_error import error_traceback
from bench.pictures import check_prediction, hide, quantise
from bench.runtime.device_memory import free_device_memory, halves, out_of_memory
from bench.vocabulary import Batch, Inpainter, Sample, Sampler

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["predict"]


def predict(
    model: Inpainter, samples: Sequence[Sample], holes: Sequence[Hole], seed: int, fills: int = 0
) -> list[ModelOutput | ModelFailure]:
    """The output for each sample, or the failure.

    A batch that fails is tried again picture by picture, so that one bad sample does not take others with it; one that
    does not fit into the memory of a GPU, in halves.

    Args:
        fills: how many fills of each hole to ask for besides, of a model that can give several.

    Raises:
        OSError: the disk is full or too many files are open: no fault of the model, so that nothing is recorded.
    """
    batch = hide(samples, holes, seed, model.label_sources)
    parts: Sequence[Sequence[int]] = [range(row, row + 1) for row in range(len(samples))]
    try:
        return list(_outputs(model, batch, fills))
    except torch.OutOfMemoryError:  # its frames hold what fills the memory
        failure, is_full = out_of_memory("the model"), True
    except Exception as error:  # a model from elsewhere may raise anything; it is recorded
        if is_machine_fault(error):
            raise
        failure, is_full = error if isinstance(error, ModelFailure) else _raised(error), False
    if is_full:
        free_device_memory()
        parts = list(halves(range(len(samples))))
    if len(samples) == 1:
        return [failure]
    again = (
        predict(model, [samples[row] for row in part], [holes[row] for row in part], seed, fills) for part in parts
    )
    return [output for outputs in again for output in outputs]


def _outputs(model: Inpainter, batch: Batch, fills: int) -> Sequence[ModelOutput]:
    prediction = model.inpaint(batch)
    pictures = quantise(check_prediction(prediction, batch))
    labels = [None] * len(pictures) if prediction.labels is None else list(prediction.labels.cpu())
    several = _several(model, batch, fills) if fills else [(None, None)] * len(pictures)
    return [
        ModelOutput(picture, known, *drawn) for picture, known, drawn in zip(pictures, labels, several, strict=True)
    ]


def _several(model: Inpainter, batch: Batch, count: int) -> Sequence[tuple[torch.Tensor | None, torch.Tensor | None]]:
    """`count` outputs of each sample, uint8 [K, 3, H, W], and their label maps, uint8 [K, H, W], where it gives them.

    Neither of a model that has but one output.
    """
    nothing: list[tuple[torch.Tensor | None, torch.Tensor | None]] = [(None, None)] * len(batch.ids)
    if not isinstance(model, Sampler):
        return nothing
    predictions = model.sample(batch, count)
    drawn = [quantise(check_prediction(prediction, batch)) for prediction in predictions]
    if len(drawn) not in (1, count):
        raise ModelFailure("the model's sample", f"give {count} predictions, or a single one", str(len(drawn)))
    if len(drawn) == 1:
        return nothing
    maps = [prediction.labels.cpu() for prediction in predictions if prediction.labels is not None]
    known = list(torch.stack(maps, dim=1)) if len(maps) == count else [None] * len(batch.ids)
    return list(zip(torch.stack(drawn, dim=1), known, strict=True))


def _raised(error: Exception) -> ModelFailure:
    found, trace = f"{type(error).__name__}: {error}", error_traceback(error, lambda file: file == __file__)
    return ModelFailure("the model", "return a prediction", found, "", trace)
