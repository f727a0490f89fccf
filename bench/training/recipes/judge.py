"""The judge: a segmenter of complete pictures that scores filled pictures; no model uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from bench.errors import DataError, UnknownName
from bench.segmentation.network import JudgeConfig, JudgeNetwork
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import (
    DataFacts,
    OptimizerSpec,
    Recipe,
    Stage,
    StageOutput,
    TensorMapping,
    refuse_single_networks,
)
from bench.vocabulary import VOID
from spgnet import likeliest, weights

__all__ = ["PRESETS", "JudgeRecipe", "JudgeTraining", "balanced_cross_entropy", "build", "jitter"]

_FILE = "judge"


@dataclass(frozen=True)
class JudgeTraining:
    """The configuration of the judge's training.

    Attributes:
        balance: exponent of a class's share of the labelled pixels in its weight: 0 gives pixels the same weight, 1
            gives classes the same weight.
        jitter: largest relative change of brightness, contrast and each colour.
        learning_rate, betas: of Adam.
    """

    balance: float = 0.5
    jitter: float = 0.2
    learning_rate: float = 1.5e-3
    betas: tuple[float, float] = (0.9, 0.999)


PRESETS = {"small": JudgeTraining()}
"""By the names of `--config`."""


def build(config: str = "small", *, data: DataFacts) -> JudgeRecipe:
    """The recipe of a preset.

    Raises:
        UnknownName: no such preset.
    """
    if config not in PRESETS:
        raise UnknownName("config of recipe 'judge'", config, PRESETS)
    return JudgeRecipe(PRESETS[config], data)


class JudgeRecipe(Recipe):
    """One network, trained in one stage on complete pictures; the holes of the batches are not used.

    Args:
        config: loss, augmentation and learning rate.
        data: class names.

    Raises:
        DataError: the data has no classes.
    """

    name = "judge"
    needs_labels = True

    def __init__(self, config: JudgeTraining, data: DataFacts) -> None:
        if not data.classes:
            raise DataError(
                "data set to train a judge on", "have label maps", "no classes", "Choose a labelled data set."
            )
        self._network = JudgeNetwork(JudgeConfig(data.classes))
        self.networks = {_FILE: self._network}
        self.stages = (_Segmentation(self._network, config),)
        self.settings = asdict(config) | {"betas": list(config.betas), "encoder": self._network.config.encoder}

    def start_from(self, folder: Path, networks: Sequence[str] = ()) -> None:
        """Load the judge that `export` wrote, for example of another data set with the same classes."""
        refuse_single_networks(self.name, networks)
        earlier = JudgeNetwork.read((folder / _FILE).absolute())
        if earlier.config != self._network.config:
            raise DataError(f"weights in {folder}", f"be of {self._network.config}", str(earlier.config))
        weights.load_state(self._network, earlier.state_dict(), f"weights in {folder}")

    def export(self, folder: Path, stages: Sequence[str]) -> None:  # noqa: ARG002 (there is only one stage)
        """Write `judge`, for `bench.segmentation.load`."""
        self._network.save(folder / _FILE)


class _Segmentation(Stage):
    name = "judge"
    averaged = (_FILE,)

    def __init__(self, network: JudgeNetwork, config: JudgeTraining) -> None:
        self._network, self._config = network, config
        self.optimizers = (OptimizerSpec(_FILE, (_FILE,), {"cross_entropy": 1.0}, config.learning_rate, config.betas),)

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        return {"logits": self._network(jitter(batch.image, self._config.jitter))}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:  # noqa: ARG002
        assert batch.labels is not None  # noqa: S101 (the recipe needs labels: the loader has refused anything else)
        return {"cross_entropy": balanced_cross_entropy(outputs["logits"], batch.labels, self._config.balance)}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """Labels of the whole picture, including the hole: the judge gets complete pictures."""
        return StageOutput(labels=likeliest(self._network(batch.image)))


def balanced_cross_entropy(logits: Tensor, labels: Tensor, balance: float) -> Tensor:
    """Cross-entropy over the labelled pixels, with more weight on rare classes; 0 if no pixel is labelled.

    Args:
        logits: float [N, C, H, W].
        labels: int64 [N, H, W]; VOID pixels are ignored.
        balance: a pixel weighs `share ** -balance`, where `share` is its class's share of the batch's labelled pixels.
    """
    count = torch.stack([(labels == index).sum() for index in range(logits.shape[1])])  # bincount waits for a GPU
    share = count / count.sum().clamp(min=1)
    weight = share.clamp(min=torch.finfo(share.dtype).eps).pow(-balance)
    total = functional.cross_entropy(logits.float(), labels, weight, ignore_index=VOID, reduction="sum")
    return total / (weight * count).sum().clamp(min=torch.finfo(share.dtype).tiny)


def jitter(image: Tensor, strength: float) -> Tensor:
    """Change brightness, contrast and colours of each picture at random.

    Args:
        image: float [N, 3, H, W] in [0, 1].
        strength: largest relative change of brightness and contrast; colours change by half of it.

    Returns:
        Pictures of the same shape, clipped to [0, 1].
    """
    brightness, contrast = (1 + strength * (2 * torch.rand(2, len(image), 1, 1, 1, device=image.device) - 1)).unbind()
    colour = 1 + strength / 2 * (2 * torch.rand(len(image), 3, 1, 1, device=image.device) - 1)
    mean = image.mean(dim=(1, 2, 3), keepdim=True)
    return (((image - mean) * contrast + mean) * brightness * colour).clamp(0, 1)
