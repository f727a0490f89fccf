"""Models from elsewhere: called as they declare, at any size, picture by picture, with their outputs checked."""

from __future__ import annotations

import hashlib
import typing
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from bench.errors import ModelFailure, UsageError
from bench.fingerprint import fingerprint_code
from bench.models.any_size import fill_at_any_size
from bench.models.io_spec import IOSpec
from bench.models.model_error import describe_error, error_traceback
from bench.models.seeding import seeded
from bench.models.value_range import from_value_range, to_value_range
from bench.pictures import composite, hide_pixels
from bench.vocabulary import Batch, LabelSources, Prediction

__all__ = ["ModelAdapter", "ModelCall", "PromptedCall", "file_sha256", "require_file"]

_SOURCES = tuple(f"bench.models.{name}" for name in ("any_size", "io_spec", "adapter", "value_range", "seeding"))


class ModelCall(typing.Protocol):
    """The model itself, in its own terms."""

    def __call__(self, image: Tensor, mask: Tensor, labels: Tensor | None, seeds: tuple[int, ...], /) -> Tensor:
        """Fill a batch.

        Args:
            image: float32 [N, 3, h, w] in the declared range.
            mask: bool [N, 1, h, w] in the declared polarity.
            labels: uint8 [N, h, w] with VOID in the hole, or None.
            seeds: one a sample.

        Returns:
            [N, 3, h, w] in the declared output range.
        """
        ...


class PromptedCall(typing.Protocol):
    """A model that is also given a text for each sample, empty where nothing is known; else as `ModelCall`."""

    def __call__(
        self, image: Tensor, mask: Tensor, labels: Tensor | None, seeds: tuple[int, ...], prompts: tuple[str, ...], /
    ) -> Tensor:
        """Fill a batch."""
        ...


class ModelAdapter:
    """A model from elsewhere as a model of the harness.

    Args:
        name: of the row.
        call: the model.
        io_spec: what it is given and gives back.
        facts: what else its outputs depend on, such as the hash of a file; part of the signature.
        sources: modules of the adapter, beside those that all adapters share.
        libraries: distributions whose version its outputs depend on.
        label_sources: where the label maps come from that it is given.
        device: that the tensors lie on which it is called with.
        seeding: makes a context in which the model's random numbers follow from a seed; None seeds the generators of
            this process.
        cuts_batches: whether `call` takes any number of pictures and cuts them as the IOSpec says, each part with the
            seed of its first picture.
        prompts: whether `call` is a `PromptedCall`, and whether every picture must have a text.

    Attributes:
        signature: the facts and the IOSpec in one line.
        fingerprint: hash of the signature, of the adapter's code and of the versions of the libraries.
    """

    def __init__(
        self,
        name: str,
        call: ModelCall | PromptedCall,
        io_spec: IOSpec,
        facts: Mapping[str, str],
        *,
        sources: tuple[str, ...],
        libraries: tuple[str, ...] = ("torch",),
        label_sources: LabelSources = LabelSources(),  # noqa: B008 (frozen)
        device: str = "cpu",
        seeding: Callable[[int], AbstractContextManager[None]] | None = None,
        cuts_batches: bool = False,
        prompts: typing.Literal["unused", "optional", "needed"] = "unused",
    ) -> None:
        self.name, self.label_sources = name, label_sources
        self.signature = "|".join([*(f"{key}:{value}" for key, value in facts.items()), io_spec.signature])
        self.fingerprint = fingerprint_code((*_SOURCES, *sources), libraries, {"signature": self.signature})
        self._subject, self._call, self._io_spec, self._device = name, call, io_spec, torch.device(device)
        self._prompts = prompts
        self._takes_any = cuts_batches and io_spec.size is None  # tiles are cut here
        self._seeding = seeding or partial(seeded, device=self._device)

    def inpaint(self, batch: Batch) -> Prediction:
        """Fill a batch, so many pictures at once as the IOSpec says.

        Raises:
            ModelFailure: when the model raises, or returns what is no picture or lies in another range.
        """
        if batch.labels is None and self.label_sources.context != "none":
            raise ModelFailure("the data set", f"have label maps for {self._subject}", "none", "Leave out ?labels=.")
        if self._prompts == "needed" and not (batch.prompts and all(batch.prompts)):
            fix = "Put prompts.json into the data set's folder, or leave out ?prompts=."
            raise ModelFailure("the data set", f"have a text for every picture for {self._subject}", "none", fix)
        step = len(batch.ids) if self._takes_any else self._io_spec.batch
        return Prediction(torch.cat([self._fill(batch, rows) for rows in _parts(len(batch.ids), step)]))

    def _fill(self, batch: Batch, rows: slice) -> Tensor:
        hole = batch.hole[rows].to(self._device)
        image = hide_pixels(batch.image[rows].to(self._device), hole, self._io_spec.fill)
        labels = None if batch.labels is None else batch.labels[rows].to(self._device)
        seeds = batch.seeds[rows]
        prompts = batch.prompts[rows] or ("",) * len(seeds)

        def fill(image: Tensor, hole: Tensor, labels: Tensor | None) -> Tensor:
            return self._call_model(image, hole, labels, seeds, prompts)

        io_spec = self._io_spec
        with self._seeding(seeds[0]):
            filled = fill_at_any_size(fill, image, hole, labels, multiple=io_spec.multiple, size=io_spec.size)
        return composite(filled, image, hole) if io_spec.composite else filled

    def _call_model(
        self, image: Tensor, hole: Tensor, labels: Tensor | None, seeds: tuple[int, ...], prompts: tuple[str, ...]
    ) -> Tensor:
        io_spec = self._io_spec
        mask = hole.clone() if io_spec.hole else ~hole  # the model's own, whatever it does to it
        labels = None if labels is None else labels.clone()
        try:
            given = to_value_range(image, io_spec.range), mask, labels, seeds
            texts = () if self._prompts == "unused" else (prompts,)
            raw = typing.cast("typing.Callable[..., Tensor]", self._call)(*given, *texts)
        except (ModelFailure, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            must = f"answer a picture {list(image.shape)} and a mask {list(mask.shape)}"
            trace = error_traceback(error, lambda file: file == __file__)
            raise ModelFailure(f"model {self._subject}", must, describe_error(error), "", trace) from error
        subject = f"the picture of {self._subject}"
        if not isinstance(raw, Tensor):
            raise ModelFailure(subject, "be one tensor", type(raw).__name__, "Return the final picture alone.")
        if raw.shape != image.shape:
            raise ModelFailure(subject, f"have shape {list(image.shape)}", str(list(raw.shape)))
        output = io_spec.output or io_spec.range
        raw = raw.detach().to(image)  # of an isolated model it holds until the next call; what follows is a new tensor
        return torch.cat(
            [
                from_value_range(raw[rows], output, image[rows], hole[rows], clip=io_spec.clip, subject=subject)
                for rows in _parts(len(image), io_spec.batch)
            ]
        )


def _parts(count: int, step: int) -> list[slice]:
    return [slice(start, start + step) for start in range(0, count, step)]


def require_file(kind: str, file: str) -> Path:
    """The absolute path, which stays right when the working directory changes; raises UsageError for no such file."""
    path = Path(file).absolute()
    if not path.is_file():
        raise UsageError(f"{kind} {file}", "be a file", "no such file", "Check the path.")
    return path


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
