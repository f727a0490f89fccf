"""Models that fill one uint8 picture at a time: everything without learning."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from bench.fingerprint import fingerprint_code
from bench.pictures import quantise, stack_pictures, to_float, unstack_pictures
from bench.vocabulary import Batch, LabelSources, Prediction

__all__ = ["ClassicalModel"]


class ClassicalModel:
    """A function `fill(image, hole, *, seed) -> image` on uint8 [H, W, 3] as a model.

    Args:
        fill: `"module:function"`; its module states `SOURCES` (modules) and `LIBRARIES` (distributions) that the
            output depends on.
        device: ignored, these functions run on the CPU.
        options: keyword arguments of the function.
    """

    label_sources = LabelSources()
    on_cpu = True

    def __init__(self, *, fill: str, name: str, device: str = "cpu", **options: Any) -> None:  # noqa: ARG002 (all models take a device)
        module_name, _, function = fill.partition(":")
        module = import_module(module_name)
        self.name = name
        self.fingerprint = fingerprint_code(module.SOURCES, module.LIBRARIES, {"fill": fill, **options})
        self._fill: Callable[..., np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = getattr(module, function)
        inspect.signature(self._fill).bind(None, None, seed=0, **options)  # TypeError for an option it does not have
        self._options = options

    def inpaint(self, batch: Batch) -> Prediction:
        """Fill picture by picture; uint8 values survive the float32 detour exactly."""
        images = unstack_pictures(quantise(batch.image))
        holes = batch.hole[:, 0].contiguous().numpy()
        fills = [
            self._fill(*pair, seed=seed, **self._options)
            for *pair, seed in zip(images, holes, batch.seeds, strict=True)
        ]
        return Prediction(to_float(stack_pictures(fills)))
