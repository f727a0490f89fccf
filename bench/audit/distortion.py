"""A distortion of the truth inside the hole, as data, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from bench.masks.random_stream import RandomStream
from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

    Apply: TypeAlias = Callable[["Scene", float], Picture]

__all__ = ["Distortion", "Scene"]

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Scene:
    """What a distortion sees of a picture.

    Attributes:
        sample: the truth: the untouched sample, of a removal the scene without the object.
        image: uint8 [H, W, 3], what is distorted: the truth, or a fill that is as good (see `bench.audit.redraw`).
        hole: bool [H, W], True = missing.
        seed: of the audit.
        dataset: that the sample is of.
        direction: pixels down and to the right by which `image` is moved, beside the truth.
        redraw: makes of any picture [H, W, 3] what `image` is of the sample's picture.
        removed: uint8 [H, W, 3], the picture with the object that a removal takes out; None under completion.
    """

    sample: Sample
    image: Picture
    hole: Hole
    seed: int
    dataset: Dataset
    direction: tuple[int, int]
    redraw: Callable[[Picture], Picture]
    removed: Picture | None = None

    def stream(self, purpose: str) -> RandomStream:
        """Random numbers that depend on the purpose, the seed and the sample, and on nothing else."""
        return RandomStream(f"audit-{purpose}@1", self.seed, self.sample.id)

    def once(self, key: str, compute: Callable[[], Value]) -> Value:
        """What several grades need of this scene: `compute()`, called for the first of them alone."""
        if key not in self._computed:
            self._computed[key] = compute()
        return cast("Value", self._computed[key])

    @cached_property
    def _computed(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Distortion:
    """One way in which a fill can be wrong, from slight to strong.

    Attributes:
        name: key in records.
        title: in tables and plots.
        unit: of the grades: `px`, or empty for a share.
        grades: from slight to strong; grade 0 is no distortion.
        summary: what it does, in one sentence.
        apply: `(scene, grade) -> uint8 [H, W, 3]`, of which the hole is taken; raises NotApplicable.
        order: place in tables, small ones first.
    """

    name: str
    title: str
    unit: str
    grades: tuple[float, ...]
    summary: str
    apply: Apply
    order: int
