"""SPG-Net (re-implementation) as a model of the harness, with the source of its label maps as a choice."""

from __future__ import annotations

from typing import Literal

import spgnet
import spgnet.weights
from bench.models.fingerprint import fingerprint_code
from bench.vocabulary import Batch, LabelAxes, Prediction

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
        weights: name of shipped weights, or the file that training wrote.
        guidance: `segmenter`: labels of the visible part are predicted, the paper's way; `oracle-context`: they are the
            true ones; `oracle-labels`: the true ones in the hole too, an upper bound; `none`: weights trained without.
        device: torch device.

    Raises:
        ValueError: for weights that cannot be read.
    """

    def __init__(self, *, name: str, weights: str, guidance: Guidance = "segmenter", device: str = "cpu") -> None:
        self.name, self.labels = name, _AXES[guidance]
        self._net = spgnet.SPGNet.from_pretrained(weights, device)
        self._device = device
        sha256 = spgnet.weights.read_header(weights).sha256
        options = {"weights": sha256, "guidance": guidance}
        self.fingerprint = fingerprint_code((*spgnet.SOURCES, __name__), spgnet.LIBRARIES, options)

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
