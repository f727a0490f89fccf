"""SPG-Net (re-implementation) as a model of the harness, with the source of its label maps as a choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Literal

import torch

import spgnet
import spgnet.weights
from bench.fingerprint import fingerprint_code
from bench.models.shipped import weights_for
from bench.vocabulary import VOID, Batch, LabelAxes, Prediction

__all__ = ["SPGNetModel"]

Guidance = Literal["segmenter", "oracle-context", "oracle-labels", "none"]

_AXES: dict[Guidance, LabelAxes] = {
    "segmenter": LabelAxes("segmenter", "predicted"),
    "oracle-context": LabelAxes("oracle", "predicted"),
    "oracle-labels": LabelAxes("oracle", "oracle"),
    "none": LabelAxes("none", "none"),
}


class SPGNetModel:
    """SPG-Net with labels from one source.

    Args:
        name: of the row.
        weights: name of shipped weights, or the file that training wrote; None takes those that are shipped for the
            data set, else those for `streets`.
        guidance: `segmenter`: labels of the visible part are predicted, the paper's way; `oracle-context`: they are the
            true ones; `oracle-labels`: the true ones in the hole too, an upper bound; `none`: weights trained without.
        device: torch device.
        dataset: name of the data set that is to be filled.
        acceleration: fields of spgnet.Acceleration; the default is exact.

    Raises:
        ValueError: for weights that cannot be read.
    """

    def __init__(
        self,
        *,
        name: str,
        weights: str | None = None,
        guidance: Guidance = "segmenter",
        device: str = "cpu",
        dataset: str = "streets",
        **acceleration: Any,
    ) -> None:
        self.name, self.labels = name, _AXES[guidance]
        suffix = "small-unguided" if guidance == "none" else "small"
        weights = weights or weights_for(dataset, suffix, spgnet.weights.shipped())
        faster = spgnet.Acceleration(**acceleration)
        exact = spgnet.SPGNet.from_pretrained(weights, device)
        self._net = exact if faster == spgnet.Acceleration() else spgnet.accelerate(exact, faster)
        self._device = device
        sha256 = spgnet.weights.read_header(weights).sha256
        temperature = exact.config.temperature  # stands in the JSON file, which the hash of the weights does not cover
        options = {"weights": sha256, "temperature": temperature, "guidance": guidance, **asdict(faster)}
        faster_modules = ("acceleration", "depthwise", "crop_inference", "receptive_field")
        used = (__name__, *(f"spgnet.{module}" for module in faster_modules))
        self.fingerprint = fingerprint_code((*spgnet.SOURCES, *used), spgnet.LIBRARIES, options)

    def inpaint(self, batch: Batch) -> Prediction:
        """Fill a batch; raises ValueError when oracle labels are asked for and the data set has none."""
        image, hole = batch.image.to(self._device), batch.hole.to(self._device)
        labels = None if batch.labels is None else batch.labels.to(self._device)
        if labels is None and "oracle" in (self.labels.context, self.labels.hole):
            raise ValueError("data set must have label maps for oracle labels; found none. Use plain spgnet.")
        if labels is not None and self.labels.hole == "oracle":
            return Prediction(self._net.guide(image, hole, labels), labels)
        completion = self._net.complete(image, hole, labels)
        return Prediction(completion.image, completion.labels, completion.probabilities)

    def sample(self, batch: Batch, count: int) -> list[Prediction]:
        """Fills of a batch under label maps that differ in the hole; the single one where these are not predicted."""
        if self.labels.hole != "predicted":
            return [self.inpaint(batch)]
        image, hole = batch.image.to(self._device), batch.hole.to(self._device)
        labels = None if batch.labels is None else batch.labels.to(self._device)
        drawn = self._net.sample(image, hole, count, batch.seeds, labels)
        return [Prediction(one.image, one.labels, one.probabilities) for one in drawn]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes of its label maps."""
        return self._net.config.classes

    def paint(self, batch: Batch, labels: torch.Tensor) -> Prediction:
        """Fill a batch under a label map of its own: an edited one."""
        image, hole = batch.image.to(self._device), batch.hole.to(self._device)
        return Prediction(self._net.guide(image, hole, labels.to(self._device)), labels)

    def stages(self, batch: Batch) -> dict[str, Callable[[], object]]:
        """The networks and the compositing one by one, without the checks of arguments that `inpaint` makes."""
        work = _Stages(self._net, batch.image.to(self._device), batch.hole.to(self._device))
        if batch.labels is not None:
            known = self.labels.hole == "oracle"
            labels = batch.labels.to(self._device)
            work.context = labels if known else labels.masked_fill(work.hole[:, 0], VOID)
            work.guidance = spgnet.one_hot(work.context, len(self._net.config.classes))
        used = {
            "segmenter": (self.labels.context == "segmenter", work.segment),
            "SP-Net": (self.labels.hole == "predicted", work.complete_labels),
            "SG-Net": (True, work.complete_picture),
            "compositing": (True, work.composite),
        }
        return {name: stage for name, (takes_part, stage) in used.items() if takes_part}


class _Stages:
    """The way of one batch through the networks; every stage leaves what the next one reads."""

    def __init__(self, net: spgnet.SPGNet, image: torch.Tensor, hole: torch.Tensor) -> None:
        self.net, self.image, self.hole = net, image, hole
        self.context: torch.Tensor | None = None
        self.guidance: torch.Tensor | None = None
        self.picture = image

    @torch.no_grad()
    def segment(self) -> None:
        if self.net.segmenter is not None:
            self.context = self.net.segmenter.visible_labels(self.image, self.hole)

    @torch.no_grad()
    def complete_labels(self) -> None:
        if self.net.spnet is not None and self.context is not None:
            visible = spgnet.one_hot(self.context, len(self.net.config.classes))
            temperature = self.net.config.temperature
            self.guidance = self.net.spnet.probabilities(self.image, visible, self.hole, temperature)

    @torch.no_grad()
    def complete_picture(self) -> None:
        self.picture = self.net.sgnet(self.image, self.guidance, self.hole)

    @torch.no_grad()
    def composite(self) -> torch.Tensor:
        return torch.where(self.hole, self.picture, self.image)
