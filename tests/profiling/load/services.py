"""Models as services that take a known time, or fail in a known way; made by name in processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

from bench.vocabulary import Batch, LabelSources, Prediction

HERE = "tests.profiling.load.services:load"

_MIDDLE = 130  # calls: the first scenario makes fewer, the second one passes it


class Quick:
    label_sources = LabelSources()
    fingerprint = "f" * 64

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0

    def inpaint(self, batch: Batch) -> Prediction:
        self.calls += 1
        return Prediction(batch.image)


class Slow(Quick):
    def inpaint(self, batch: Batch) -> Prediction:
        time.sleep(0.02)
        return super().inpaint(batch)


class Failing(Quick):
    def inpaint(self, batch: Batch) -> Prediction:
        if self.calls > _MIDDLE:
            raise ValueError("the weights are gone")
        return super().inpaint(batch)


class Dying(Quick):
    def inpaint(self, batch: Batch) -> Prediction:
        if self.calls > _MIDDLE:
            os._exit(9)
        return super().inpaint(batch)


class Unfinite(Quick):
    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(batch.image / torch.zeros(()))


_KINDS: dict[str, Callable[[str], Quick]] = {
    "quick": Quick,
    "slow": Slow,
    "failing": Failing,
    "dying": Dying,
    "unfinite": Unfinite,
}


def load(name: str, device: str) -> Quick:
    return _KINDS[name](name)
