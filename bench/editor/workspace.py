"""What a person edits: one picture, its holes, and the fills that models give under label maps."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

import bench.masks
from bench.editor.models import is_guided
from bench.errors import ModelFailure, NotApplicable, SpgbenchError, UsageError
from bench.masks.objects import object_at
from bench.metrics import l1, psnr
from bench.models.model_error import describe_error
from bench.pictures import check_prediction, hide, quantise, stack_pictures, unstack_pictures
from bench.runtime.byte_lru import ByteLRU
from bench.vocabulary import VOID, Batch, Editable, Inpainter, Prediction, Sample, Sampler, Staged
from spgnet.labels import likeliest

if TYPE_CHECKING:
    from bench.editor.edited_picture import EditedPicture
    from bench.vocabulary import Hole, LabelMap, Picture

__all__ = ["EditedFill", "Workspace", "fill_cache"]

_STAGES = {"segmenter": "segmenter", "SP-Net": "sp-net", "SG-Net": "sg-net"}
_MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class EditedFill:
    """A fill, and the label maps around it.

    Attributes:
        image: uint8 [H, W, 3]; outside the hole the picture's own pixels.
        labels: uint8 [H, W] that guided it; None of an unguided model.
        visible: uint8 [H, W], labels of the visible part with VOID in the hole; None where there are none.
        predicted: uint8 [H, W], the likeliest class that the model itself predicts; None where it predicts none.
        milliseconds: of `segmenter`, `sp-net` and `sg-net` where they ran, and of `all`.
        reused: which of the stages were not computed again.
    """

    image: Picture
    labels: LabelMap | None = None
    visible: LabelMap | None = None
    predicted: LabelMap | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    reused: tuple[str, ...] = ()


def fill_cache() -> ByteLRU[str, EditedFill]:
    """A cache of the models' own fills of 16 MiB, some 40 at 256x256; several workspaces may share it."""
    return ByteLRU(_MOST_BYTES, _count_bytes)


class Workspace:
    """One picture and what models make of it. Nothing is computed twice that does not depend on what was edited.

    Args:
        picture: that is edited.
        cache: of the models' own fills.
    """

    def __init__(self, picture: EditedPicture, cache: ByteLRU[str, EditedFill] | None = None) -> None:
        self.picture = picture
        self._cache = fill_cache() if cache is None else cache

    def draw_hole(self, protocol: str, seed: int = 0) -> Hole:
        """The hole of a mask protocol, bool [H, W].

        Raises:
            UsageError: an unknown protocol, one that needs a label map or a data set where there is none, or one that
                has no hole for this picture.
        """
        rule, sample = bench.masks.get(protocol), self.picture.sample
        try:
            if self.picture.dataset is not None:
                return rule.hole(sample, seed, self.picture.dataset)
            if rule.needs_labels:
                fix = "Take a picture of a data set with labels, or another protocol."
                raise UsageError("the picture", f"have a label map for '{protocol}'", "none", fix)
            height, width = self.picture.size
            return bench.masks.draw(protocol, height=height, width=width, key=sample.id, seed=seed)
        except NotApplicable as error:
            must, fix = f"have a hole of protocol '{protocol}'", "Take another protocol or picture."
            raise UsageError("the picture", must, str(error), fix) from error

    def object_hole(self, row: int, column: int) -> Hole:
        """The object of the label map at a pixel and its margin, see `bench.masks.objects.object_at`."""
        labels = self.picture.sample.labels
        if labels is None:
            fix = "Take a picture of a data set with labels, or paint the hole."
            raise UsageError("the picture", "have a label map for this", "none", fix)
        hole = object_at(labels, row, column)
        if hole.all():
            raise UsageError("hole", "leave a pixel of the picture", "a hole over everything", "Pick another object.")
        return hole

    def fill(self, model: Inpainter, hole: Hole, labels: LabelMap | None = None, seed: int = 0) -> EditedFill:
        """Fill the hole.

        Args:
            model: any; one that is not guided takes no labels.
            hole: bool [H, W], True = missing.
            labels: uint8 [H, W], a class of the model in every pixel, also in the hole; None: the model's own. A guided
                model's own label maps are computed once for a hole, so that here its last network alone runs.
            seed: of models that draw random numbers.

        Raises:
            UsageError: labels for a model that is not guided, or true labels for a model that needs them are missing.
            ModelFailure: the model raised, or gave no usable picture.
        """
        start = time.perf_counter()
        if is_guided(model):
            found = self._guided(model, hole, labels, seed)
        elif labels is not None:
            raise UsageError(f"model '{model.name}'", "paint under label maps", "one that does not", "Take spgnet.")
        else:
            image, _ = self._ask(model, hole, seed, model.inpaint)
            found = EditedFill(image, milliseconds={})
        return replace(found, milliseconds={**found.milliseconds, "all": _since(start)})

    def alternatives(self, model: Inpainter, hole: Hole, count: int, seed: int = 0) -> list[EditedFill]:
        """Fills under label maps that the model draws and that differ from one another in the hole.

        Args:
            model: a guided one that can give several fills.
            hole: bool [H, W], True = missing.
            count: how many; those of a smaller count are the first of a larger one.
            seed: of the draws.

        Raises:
            UsageError: a model that gives one fill alone.
            ModelFailure: as `fill`, and when the hole is too small for so many label maps.
        """
        several: list[Prediction] = []
        if not isinstance(model, Sampler) or not is_guided(model):
            raise _gives_one(model)

        def first(batch: Batch) -> Prediction:
            several.extend(model.sample(batch, count))
            return several[0]

        images = [self._ask(model, hole, seed, first)[0]]
        if len(several) != count:
            raise _gives_one(model)
        images += [self._ask(model, hole, seed, lambda _, one=one: one)[0] for one in several[1:]]  # type: ignore[misc]
        return [EditedFill(image, _map(one.labels)) for image, one in zip(images, several, strict=True)]

    def score(self, image: Picture, hole: Hole) -> tuple[float | None, float]:
        """PSNR in dB (None where nothing differs) and L1 in percent of the range, in the hole, against the picture.

        Args:
            image: uint8 [H, W, 3].
            hole: bool [H, W], True = missing.
        """
        truth, filled = (stack_pictures([one]) for one in (self.picture.sample.image, image))
        region = torch.from_numpy(hole)[None, None]
        decibels, error = float(psnr(truth, filled, region)[0]), float(l1(truth, filled, region)[0])
        return decibels if np.isfinite(decibels) and error > 0 else None, error

    def _guided(self, model: Inpainter, hole: Hole, labels: LabelMap | None, seed: int) -> EditedFill:
        key = _key(model, self.picture, hole, seed)
        own = self._cache.find(key)
        reused = () if own is None else ("segmenter", "sp-net")
        if own is None:
            own = self._cache.add(key, self._own(model, hole, seed))
        milliseconds = {} if reused else own.milliseconds
        if labels is None:
            return replace(own, milliseconds=milliseconds, reused=reused)
        given, start = torch.from_numpy(np.ascontiguousarray(labels))[None], time.perf_counter()
        image, _ = self._ask(model, hole, seed, lambda batch: _editable(model).paint(batch, given))
        milliseconds = {**milliseconds, "sg-net": _since(start)}
        return replace(own, image=image, labels=labels, milliseconds=milliseconds, reused=reused)

    def _own(self, model: Inpainter, hole: Hole, seed: int) -> EditedFill:
        """The fill under the model's own label map, and that map; the networks of SPG-Net run one by one."""
        milliseconds: dict[str, float] = {}
        visible: list[torch.Tensor | None] = [None]

        def staged(batch: Batch) -> Prediction:
            steps = model.stages(batch) if isinstance(model, Staged) else {}
            if "SP-Net" not in steps:
                return model.inpaint(batch)
            results = {"segmenter": batch.labels}
            for name, title in _STAGES.items():
                if name in steps:
                    start = time.perf_counter()
                    results[name] = cast("torch.Tensor", steps[name]())
                    milliseconds[title] = _since(start)
            visible[0] = results["segmenter"]
            picture, probabilities = results["SG-Net"], results["SP-Net"]
            assert picture is not None  # noqa: S101 (every pipeline ends with it)
            return Prediction(picture, probabilities=probabilities)

        image, prediction = self._ask(model, hole, seed, staged)
        predicted = None if prediction.probabilities is None else _map(likeliest(prediction.probabilities))
        context = _map(visible[0])
        if context is not None and predicted is not None:
            labels: LabelMap | None = np.where(context == VOID, predicted, context)
        else:
            labels = _map(prediction.labels)
        return EditedFill(image, labels, context, predicted, milliseconds)

    def _ask(
        self, model: Inpainter, hole: Hole, seed: int, ask: Callable[[Batch], Prediction]
    ) -> tuple[Picture, Prediction]:
        """The composited picture, uint8 [H, W, 3], of what a model answers; any error of it is a ModelFailure."""
        batch = hide([self._sample_for(model)], [hole], seed, model.label_sources)
        try:
            prediction = ask(batch)
            raw = unstack_pictures(quantise(check_prediction(prediction, batch)))[0]
        except SpgbenchError:
            raise
        except Exception as error:  # a model may raise anything
            raise ModelFailure(f"model '{model.name}'", "fill the hole", describe_error(error)) from error
        image: Picture = np.where(hole[..., None], raw, self.picture.sample.image)
        return image, prediction

    def _sample_for(self, model: Inpainter) -> Sample:
        """The sample; raises UsageError for a model of true labels where these are missing, or are of other classes."""
        classes = tuple(model.classes) if isinstance(model, Editable) else self.picture.classes
        asks = "oracle" in (model.label_sources.context, model.label_sources.hole)
        if asks and (self.picture.sample.labels is None or classes != self.picture.classes):
            found = f"a label map of {', '.join(self.picture.classes)}" if self.picture.classes else "none"
            must = f"have a label map of the classes of '{model.name}'"
            raise UsageError("the picture", must, found, "Take plain spgnet.")
        return self.picture.sample


def _editable(model: Inpainter) -> Editable:
    assert isinstance(model, Editable)  # noqa: S101 (a guided model is)
    return model


def _gives_one(model: Inpainter) -> UsageError:
    return UsageError(f"model '{model.name}'", "give several fills of a hole", "one that gives one", "Take spgnet.")


def _map(labels: torch.Tensor | None) -> LabelMap | None:
    return None if labels is None else labels[0].to("cpu", torch.uint8).numpy()


def _key(model: Inpainter, picture: EditedPicture, hole: Hole, seed: int) -> str:
    """Of the cache: all that the model's own fill depends on."""
    of_labels = b"" if picture.sample.labels is None else picture.sample.labels.tobytes()
    parts = (model.fingerprint, picture.sample.id, str(picture.size), str(seed))
    content = hashlib.sha256("|".join(parts).encode())
    for data in (picture.sample.image.tobytes(), hole.tobytes(), of_labels):
        content.update(data)
    return content.hexdigest()


def _since(start: float) -> float:
    """Milliseconds since a reading of the clock."""
    return round(1000 * (time.perf_counter() - start), 1)


def _count_bytes(fill: EditedFill) -> int:
    return sum(part.nbytes for part in (fill.image, fill.labels, fill.visible, fill.predicted) if part is not None)
