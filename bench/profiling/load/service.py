"""A model as a service: pictures wait in host memory, and an answer is there when its picture is in host memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from bench.pictures import check_picture
from bench.profiling.execution import Subject, autocast_context
from bench.records.profile import Configuration
from bench.vocabulary import Batch

__all__ = ["ModelService"]


class ModelService:
    """Calls a model on the pictures of queries; to be used inside `precision_context(..., autocast=False)`.

    A call puts the pictures of its queries into one batch, moves it to the device, fills the holes and copies the
    result to the host, which waits for the device.

    Args:
        subject: prepared for the configuration.
        configuration: its precision and memory format.
        pictures: a batch on the CPU; a query shows one of them.
    """

    def __init__(self, subject: Subject, configuration: Configuration, pictures: Batch) -> None:
        self._subject, self._configuration, self._pictures = subject, configuration, pictures
        channels_last = configuration.memory_format == "channels-last"
        self._format = torch.channels_last if channels_last else torch.contiguous_format

    @property
    def pictures(self) -> int:
        """How many there are to choose from."""
        return len(self._pictures.ids)

    def answer(self, chosen: NDArray[np.int64]) -> torch.Tensor:
        """The filled pictures, float [N, 3, H, W] on the CPU; raises ModelFailure for what is no picture."""
        batch = _chosen(self._pictures, chosen)
        placed = self._subject.place(batch, self._format)
        with autocast_context(self._configuration.precision, self._subject.device):
            image = self._subject.model.inpaint(placed).image
        host: torch.Tensor = image.to("cpu")
        if host.shape != batch.image.shape:  # the values are checked before the trials: that takes time
            check_picture(host, batch.image.shape)
        return host


def _chosen(batch: Batch, chosen: NDArray[np.int64]) -> Batch:
    index = torch.from_numpy(chosen)
    return replace(
        batch,
        image=batch.image[index],
        hole=batch.hole[index],
        labels=None if batch.labels is None else batch.labels[index],
        ids=tuple(batch.ids[place] for place in chosen),
        seeds=tuple(batch.seeds[place] for place in chosen),
        prompts=tuple(batch.prompts[place] for place in chosen) if batch.prompts else (),
    )
