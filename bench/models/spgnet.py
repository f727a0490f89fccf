"""SPG-Net (re-implementation) as a model of the harness, with the source of its label maps as a choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Literal

import torch

import spgnet
import spgnet.weights
from bench.fingerprint import fingerprint_code
from bench.models.label_mixture import mix_truth
from bench.models.shipped import weights_for, weights_info
from bench.vocabulary import Batch, LabelSources, Prediction

__all__ = ["SPGNetModel"]

Guidance = Literal["segmenter", "oracle-context", "oracle-labels", "none"]

_LABEL_SOURCES: dict[Guidance, LabelSources] = {
    "segmenter": LabelSources("segmenter", "predicted"),
    "oracle-context": LabelSources("oracle", "predicted"),
    "oracle-labels": LabelSources("oracle", "oracle"),
    "none": LabelSources("none", "none"),
}

_FASTER_MODULES = ("acceleration", "compilation", "crop_inference", "cuda_graphs", "depthwise", "receptive_field")


class SPGNetModel:
    """SPG-Net with labels from one source.

    Args:
        name: of the row; `spgnet` in it becomes `spgnet+` where SG-Net has skip connections, which the paper's has not.
        weights: name of shipped weights, or the file that training wrote; None takes those that are shipped for the
            data set, else those for `streets`.
        guidance: `segmenter`: labels of the visible part are predicted, the paper's way; `oracle-context`: they are the
            true ones; `oracle-labels`: the true ones in the hole too, an upper bound; `none`: weights trained without.
        device: torch device.
        dataset: name of the data set that is to be filled.
        sharp: whether `weights` are those that were trained on against discriminators.
        flips: whether SP-Net's probabilities are the mean of those of the picture and of its mirror image.
        oracle_share: share of the hole, above 0 and at most 1, that has the true labels in place of SP-Net's: a row
            between `spgnet` and an upper bound, see `bench.models.label_mixture`.
        acceleration: fields of spgnet.Acceleration; the default is exact.

    Attributes:
        weights: those that it took.

    Raises:
        ValueError: for weights that cannot be read, `sharp` beside `weights`, or a switch that is not a bool.
    """

    def __init__(
        self,
        *,
        name: str,
        weights: str | None = None,
        guidance: Guidance = "segmenter",
        device: str = "cpu",
        dataset: str = "streets",
        sharp: bool = False,
        flips: bool = False,
        oracle_share: float | None = None,
        **acceleration: Any,
    ) -> None:
        _check_switches(sharp=sharp, flips=flips)
        if sharp and weights:
            raise ValueError(f"sharp must stand without weights; found weights '{weights}'. Leave one of them out.")
        self.label_sources = _LABEL_SOURCES[guidance]
        self._oracle_share = _checked_share(guidance, oracle_share)
        if oracle_share is not None:
            self.label_sources = LabelSources("segmenter", "oracle")
        weights = weights or _shipped_weights(dataset, guidance, sharp=sharp)
        faster = spgnet.Acceleration(**acceleration)
        exact = spgnet.SPGNet.from_pretrained(weights, device)
        if flips:
            _average_flips(exact, self.label_sources)
        self._net = exact if faster == spgnet.Acceleration() else spgnet.accelerate(exact, faster)
        self.name = name.replace("spgnet", "spgnet+", 1) if exact.config.sgnet.skips else name
        self._device = device
        header = spgnet.weights.read_header(weights)
        self.weights = weights_info(spgnet.weights.find(weights), header.sha256)
        config = exact.config.to_dict()  # stands in the JSON file, which the hash of the weights does not cover
        options: dict[str, Any] = {"weights": header.sha256, "base": header.base_sha256, "config": config}
        options |= {"guidance": guidance, "flips": flips, "oracle_share": oracle_share, **asdict(faster)}
        used = (__name__, mix_truth.__module__, *(f"spgnet.{module}" for module in _FASTER_MODULES))
        self.fingerprint = fingerprint_code((*spgnet.SOURCES, *used), spgnet.LIBRARIES, options)

    def inpaint(self, batch: Batch) -> Prediction:
        """Fill a batch; raises ValueError when oracle labels are asked for and the data set has none."""
        image, hole, labels = self._inputs(batch)
        if labels is None and "oracle" in (self.label_sources.context, self.label_sources.hole):
            raise ValueError("data set must have label maps for oracle labels; found none. Use plain spgnet.")
        if labels is not None and self._oracle_share is not None:
            return self._mixed(batch, labels, self._oracle_share)
        if labels is not None and self.label_sources.hole == "oracle":
            return Prediction(self._net.guide(image, hole, labels), labels)
        return _prediction(self._net.complete(image, hole, labels))

    def sample(self, batch: Batch, count: int) -> list[Prediction]:
        """Fills of a batch under label maps that differ in the hole; the single one where these are not predicted."""
        if self.label_sources.hole != "predicted":
            return [self.inpaint(batch)]
        image, hole, labels = self._inputs(batch)
        return [_prediction(one) for one in self._net.sample(image, hole, count, batch.seeds, labels)]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes of its label maps."""
        return self._net.config.classes

    def paint(self, batch: Batch, labels: torch.Tensor) -> Prediction:
        """Fill a batch under a given label map, such as an edited one."""
        image, hole, _ = self._inputs(batch)
        return Prediction(self._net.guide(image, hole, labels.to(self._device)), labels)

    def stages(self, batch: Batch) -> dict[str, Callable[[], torch.Tensor]]:
        """The networks and the compositing one by one, see `spgnet.SPGNet.stages`."""
        if self._oracle_share is not None:
            return {"all": lambda: self.inpaint(batch).image}
        image, hole, labels = self._inputs(batch)
        return self._net.stages(image, hole, labels, labels_in_hole=self.label_sources.hole == "oracle")

    def _mixed(self, batch: Batch, labels: torch.Tensor, share: float) -> Prediction:
        """Fill a batch under true labels in a share of the hole."""
        image, hole, _ = self._inputs(batch)
        guidance = mix_truth(self._net.predict_labels(image, hole), labels, hole, share, batch.seeds)
        return Prediction(self._net.guide(image, hole, guidance), spgnet.likeliest(guidance), guidance)

    def _inputs(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        labels = None if batch.labels is None else batch.labels.to(self._device)
        return batch.image.to(self._device), batch.hole.to(self._device), labels


def _check_switches(**switches: object) -> None:
    for name, value in switches.items():
        if value is not True and value is not False:
            raise ValueError(f"{name} must be true or false; found {value!r}.")


def _shipped_weights(dataset: str, guidance: Guidance, *, sharp: bool) -> str:
    suffix = f"small{'-unguided' * (guidance == 'none')}{'-sharp' * sharp}"
    return weights_for(dataset, suffix, spgnet.weights.shipped())


def _checked_share(guidance: Guidance, share: float | None) -> float | None:
    if share is None:
        return None
    if guidance != "segmenter" or not 0 < share <= 1:
        raise ValueError(
            f"oracle_share must be above 0 and at most 1, of the row spgnet; found {share} with guidance {guidance}. "
            "Use plain spgnet for 0."
        )
    return float(share)


def _average_flips(net: spgnet.SPGNet, sources: LabelSources) -> None:
    if net.spnet is None or sources == _LABEL_SOURCES["oracle-labels"]:
        raise ValueError("flips must be asked of a model whose labels are predicted; found one without. Leave it out.")
    net.spnet.average_flips = True


def _prediction(completion: spgnet.Completion) -> Prediction:
    return Prediction(completion.image, completion.labels, completion.probabilities)
