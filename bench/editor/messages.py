"""What a page asks for: the fields of its requests. `request` is a number of the page, which the answer repeats."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AlternativesRequest",
    "FillRequest",
    "HoleRequest",
    "OpenRequest",
    "PictureRequest",
    "ReplayRequest",
    "SampleName",
    "ScoreRequest",
    "VariantRequest",
]


@dataclass(frozen=True)
class SampleName:
    """A sample by data set and id."""

    dataset: str
    id: str


@dataclass(frozen=True)
class PictureRequest:
    """A sample or an upload, and the shorter side in pixels."""

    sample: SampleName | None = None
    upload: str | None = None
    name: str = ""
    side: int = 256
    request: int | None = None


@dataclass(frozen=True)
class HoleRequest:
    """A protocol with its seed, or row and column of an object."""

    protocol: str | None = None
    seed: int = 0
    object: tuple[int, int] | None = None
    request: int | None = None


@dataclass(frozen=True)
class FillRequest:
    """A model, a hole and a label map as data URLs; no map for the model's own."""

    model: str
    hole: str
    labels: str | None = None
    seed: int = 0
    request: int | None = None


@dataclass(frozen=True)
class AlternativesRequest:
    """So many fills under label maps that the model draws."""

    model: str
    hole: str
    k: int = 4
    seed: int = 0
    request: int | None = None


@dataclass(frozen=True)
class ScoreRequest:
    """A fill and a hole as data URLs."""

    fill: str
    hole: str
    request: int | None = None


@dataclass(frozen=True)
class VariantRequest:
    """One fill to save."""

    title: str
    model: str
    labels: str | None = None
    alternative: int | None = None


@dataclass(frozen=True)
class ReplayRequest:
    """A hole and the fills to save."""

    hole: str
    variants: tuple[VariantRequest, ...]
    seed: int = 0
    request: int | None = None


@dataclass(frozen=True)
class OpenRequest:
    """The text of a saved edit."""

    document: str
    request: int | None = None
