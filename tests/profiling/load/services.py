"""Models as services that take a known time, or fail in a known way; made by name in processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

from bench.vocabulary import Batch, Prediction
from tests.profiling.toys import Toy

HERE = "tests.profiling.load.services:load"

_MIDDLE = 130  # calls: the first scenario makes fewer, the second one passes it


class Quick(Toy):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls = 0

    def inpaint(self, batch: Batch) -> Prediction:
        self.calls += 1
        return super().inpaint(batch)


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


_KINDS: dict[str, Callable[[str], Toy]] = {
    "quick": Quick,
    "slow": Slow,
    "failing": Failing,
    "dying": Dying,
    "unfinite": Unfinite,
}


def load(name: str, device: str) -> Toy:
    return _KINDS[name](name)
