"""What all mask protocols share: their MaskInfo, their random stream, and the one check of every hole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import UsageError
from bench.masks.mask_info import MaskInfo
from bench.masks.random_stream import RandomStream
from bench.removal import RemovedObject, Task
from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["DrawnProtocol", "MaskProtocol"]

_ATTEMPTS = 1000


@dataclass
class MaskProtocol(ABC):
    """Base of the protocols, and of anyone's own: subclass, write `cut`, register.

    Attributes:
        info: name, summary and source.
        needs_labels: whether `cut` looks at label maps of the dataset.
        covers_all: whether every pixel is missing, so that nothing but predictions made elsewhere can be scored.
        task: what a fill should be; `removal` where the hole hides an object that the fill should not show.
    """

    info: MaskInfo
    name: str = field(init=False)
    summary: str = field(init=False)
    source: str = field(init=False)
    task: Task = field(init=False, default="completion")
    needs_labels = False
    covers_all = False

    def __post_init__(self) -> None:
        self.name, self.summary, self.source = self.info.name, self.info.summary, self.info.source

    @abstractmethod
    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:
        """The rule: bool [H, W] of the sample's size, True = missing. Raises NotApplicable."""

    def stream(self, sample: Sample, seed: int) -> RandomStream:
        """The random numbers of one hole; protocols that share a stream make the same choices."""
        return RandomStream(self.name, seed, sample.id)

    def hole(self, sample: Sample, seed: int, dataset: Dataset) -> Hole:
        """The hole of a sample, a function of the arguments alone.

        Returns:
            bool [H, W], True = missing; some pixels are missing and, unless it covers all, some are not.

        Raises:
            NotApplicable: the rule has no hole for this sample.
            UsageError: the rule gave a hole of another shape, an empty one, or one that covers the whole picture.
        """
        hole = self.cut(self.stream(sample, seed), sample, dataset)
        size = sample.image.shape[:2]
        missing = int(np.count_nonzero(hole))
        if hole.shape == size and hole.dtype == np.bool_ and 0 < missing < hole.size + self.covers_all:
            return hole
        share = missing / max(hole.size, 1)
        raise UsageError(
            f"the hole of protocol '{self.name}' for sample '{sample.id}' at seed {seed}",
            f"be a boolean map of {size[0]}x{size[1]} with a share above 0 and below 1",
            f"{hole.dtype} of {'x'.join(map(str, hole.shape))} with share {share:.4f}",
            "Use another protocol or a larger size.",
        )

    def removed(self, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject:  # noqa: ARG002
        """What is known of the object that the hole of the same arguments hides; here, the sample's truth alone.

        Raises:
            NotApplicable: the rule has no hole for this sample.
            UsageError: the task of the protocol is completion: its holes hide no object.
        """
        if self.task != "removal":
            must, fix = "remove objects to tell what it removes", "Ask for its hole alone, or use a removal protocol."
            raise UsageError(f"protocol '{self.name}'", must, f"the task {self.task}", fix)
        return RemovedObject(truth=sample.truth)


class DrawnProtocol(MaskProtocol):
    """A protocol that looks at nothing but the size."""

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:  # noqa: ARG002
        """Draw a hole of the picture's size."""
        height, width = sample.image.shape[:2]
        return self.draw(stream, height, width)

    @abstractmethod
    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:
        """The rule: bool [height, width], True = missing."""

    def redraw(self, attempt: Callable[[], Hole], accepts: Callable[[Hole], bool]) -> Hole:
        """For rules that reject some of their draws: the first hole that is accepted.

        Raises UsageError after 1,000 attempts, which only pictures of a few pixels need.
        """
        for _ in range(_ATTEMPTS):
            hole = attempt()
            if accepts(hole):
                return hole
        size = "x".join(map(str, hole.shape))
        found = f"none in {_ATTEMPTS} draws at {size}"
        raise UsageError(f"protocol '{self.name}'", "find a hole of the share it promises", found, "Use a larger size.")
