"""Models that cost something known, or fail in a known way; made by name in processes of their own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from bench.vocabulary import Batch, LabelSources, Prediction

HERE = "tests.profiling.toys:load"


class Toy:
    label_sources = LabelSources()
    fingerprint = "f" * 64

    def __init__(self, name: str) -> None:
        self.name = name

    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(batch.image)


class Sleepy(Toy):
    def inpaint(self, batch: Batch) -> Prediction:
        time.sleep(0.005)
        return super().inpaint(batch)


class Counted(Sleepy):
    """Leaves a byte for every call in the file that the environment names."""

    def inpaint(self, batch: Batch) -> Prediction:
        with Path(os.environ["TOY_CALLS"]).open("a") as file:
            file.write(".")
        return super().inpaint(batch)


class Net(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, width, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(width, 3, 3, stride=2, padding=1, output_padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = self.up(self.down(image).relu())
        return values.float()


class Learned(Toy):
    """27 w + w + 27 w + 3 parameters at width w."""

    def __init__(self, name: str, width: int = 4) -> None:
        super().__init__(name)
        torch.manual_seed(0)
        self.net = Net(width)
        self.seen: list[torch.Tensor] = []

    def inpaint(self, batch: Batch) -> Prediction:
        self.seen.append(batch.image)
        return Prediction(self.net(batch.image.to(self.net.down.weight.device)))


class Staged(Learned):
    def stages(self, batch: Batch) -> dict[str, Callable[[], object]]:
        return {"second": lambda: self.net(batch.image), "first": lambda: time.sleep(0.001)}


class Picky(Learned):
    def inpaint(self, batch: Batch) -> Prediction:
        if batch.image.shape[-1] % 16:
            raise ValueError(f"width must be a multiple of 16; found {batch.image.shape[-1]}")
        return super().inpaint(batch)


class Hungry(Learned):
    def inpaint(self, batch: Batch) -> Prediction:
        if len(batch.image) > 1:
            raise torch.OutOfMemoryError("tried to allocate 20.00 GiB")
        return super().inpaint(batch)


class Deadly(Learned):
    def inpaint(self, batch: Batch) -> Prediction:
        if len(batch.image) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().inpaint(batch)


class Cropping(Learned):
    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(super().inpaint(batch).image[..., :-2])


class Reading(Learned):
    """Reads a value of the device on the host, which no graph can."""

    def inpaint(self, batch: Batch) -> Prediction:
        if batch.image.sum().item() < 0:
            raise ValueError("a negative picture")
        return super().inpaint(batch)


class Counting(Learned):
    """Every call is brighter than the last one."""

    calls = 0

    def inpaint(self, batch: Batch) -> Prediction:
        self.calls += 1
        return Prediction(super().inpaint(batch).image + 0.1 * self.calls)


class Seeded(Learned):
    """Takes its noise from the seeds, which lie on the host."""

    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(super().inpaint(batch).image + 0.1 * (batch.seeds[0] % 7))


class Baked(Learned):
    """Keeps the hole that it saw first in a piece of memory, as a graph keeps what lies on the host."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.holes: dict[int, torch.Tensor] = {}

    def inpaint(self, batch: Batch) -> Prediction:
        hole = self.holes.setdefault(batch.hole.data_ptr(), batch.hole.clone())
        return Prediction(super().inpaint(batch).image.masked_fill(hole, 0.5))


class Uncompilable(Learned):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.net.compile = _refuse  # type: ignore[method-assign]


def _refuse(**_: object) -> None:
    raise RuntimeError("no compiler on this machine\nand a long trace")


_KINDS: dict[str, Callable[[str], Toy]] = {
    "plain": Toy,
    "sleepy": Sleepy,
    "counted": Counted,
    "learned": Learned,
    "staged": Staged,
    "picky": Picky,
    "hungry": Hungry,
    "deadly": Deadly,
    "cropping": Cropping,
    "reading": Reading,
    "counting": Counting,
    "seeded": Seeded,
    "baked": Baked,
    "uncompilable": Uncompilable,
}


def load(name: str, device: str) -> Toy:
    toy = _KINDS[name](name)
    if isinstance(toy, Learned):
        toy.net.to(device)
    return toy
