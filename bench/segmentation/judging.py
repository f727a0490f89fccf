"""Networks as judges: each picture is segmented alone, so that its label map depends on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from bench.errors import DataError
from bench.pictures import to_float
from bench.runtime.single_threaded import map_single_threaded

__all__ = ["Labeller", "NetworkJudge"]

Labeller: TypeAlias = Callable[[Tensor], Tensor]
"""From a picture, float32 [1, 3, H, W] in [0, 1] on the judge's device, to class indices [1, H, W]."""


class NetworkJudge:
    """A network as a Judge.

    A network's sums are taken in another order for another number of threads or pictures, which changes their last bits
    and, now and then, the label of a pixel between two classes. So every picture goes through alone: on the CPU on one
    thread, as many at once as torch has threads; on a GPU one after the other, without TF32.

    Args:
        name, fingerprint, classes: as in `bench.vocabulary.Judge`.
        label: the network, in evaluation mode; safe to call from several threads.
        device: where it lies.
    """

    def __init__(
        self, name: str, fingerprint: str, classes: tuple[str, ...], label: Labeller, device: str = "cpu"
    ) -> None:
        self.name, self.fingerprint, self.classes = name, fingerprint, classes
        self._label, self._device = label, torch.device(device)

    def segment(self, pictures: Tensor) -> Tensor:
        """Label every picture.

        Args:
            pictures: uint8 [N, 3, H, W], at least one.

        Returns:
            uint8 [N, H, W] class indices, on the device of `pictures`: the same for any batch, order and number of
            threads on one machine.

        Raises:
            DataError: for another shape or dtype.
        """
        _check(pictures)
        if self._device.type == "cpu":
            labels = map_single_threaded(self._segment, list(pictures.cpu()))
        else:
            exact = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
            with exact:
                labels = [self._segment(picture) for picture in pictures]
        return torch.stack(labels).to(pictures.device)

    def _segment(self, picture: Tensor) -> Tensor:
        with torch.no_grad():  # holds for one thread
            image = to_float(picture[None].to(self._device)).contiguous()
            return self._label(image)[0].to(torch.uint8)


def _check(pictures: Tensor) -> None:
    if pictures.dtype != torch.uint8:
        fix = "Round pictures to bytes, 0 to 255."
        raise DataError("pictures for a judge", "be uint8", str(pictures.dtype), fix)
    if pictures.ndim != 4 or pictures.shape[1] != 3 or not pictures.numel():
        fix = "Put the RGB channels behind a batch axis."
        raise DataError("pictures for a judge", "be [N, 3, H, W], at least one", str(list(pictures.shape)), fix)
