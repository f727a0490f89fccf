"""SPG-Net as the trainer sees it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import DataError, UnknownName
from bench.training.recipe import DataFacts, Recipe
from bench.training.recipes.spgnet.config import PRESETS, SPGNetTraining
from bench.training.recipes.spgnet.networks import Networks
from bench.training.recipes.spgnet.stages import Joint, Labels, Pictures, Segmentation, Unguided
from spgnet import SPGNet
from spgnet.weights import load_state

__all__ = ["SPGNetRecipe", "build"]


def build(config: str = "small", *, data: DataFacts) -> SPGNetRecipe:
    """The recipe of a preset.

    Raises:
        UnknownName: no such preset.
    """
    if config not in PRESETS:
        raise UnknownName("config of recipe 'spgnet'", config, PRESETS)
    return SPGNetRecipe(PRESETS[config], data)


class SPGNetRecipe(Recipe):
    """The paper's stages, and optionally joint fine-tuning and the unguided ablation.

    Args:
        config: losses, weights, rates and shares.
        data: class names.

    Raises:
        DataError: the data has no classes.
    """

    name = "spgnet"
    needs_labels = True

    def __init__(self, config: SPGNetTraining, data: DataFacts) -> None:
        if not data.classes:
            fix = "Choose a labelled data set."
            raise DataError("data set to train SPG-Net on", "have label maps", "no classes", fix)
        config = config.resolved()
        self._networks = Networks(config, data.classes)
        self.networks = self._networks.by_name()
        self.stages = tuple(stage(self._networks) for stage in (Segmentation, Labels, Pictures, Joint, Unguided))
        self.settings = config.to_dict()

    def start_from(self, folder: Path) -> None:
        """Read `spgnet` and `unguided`, whichever is there."""
        files = [path for name in ("spgnet", "unguided") if (path := folder / f"{name}.safetensors").exists()]
        if not files:
            fix = "Give the folder weights/ of an earlier training of spgnet."
            raise DataError(f"folder {folder}", "hold spgnet.safetensors or unguided.safetensors", "neither", fix)
        for file in files:
            earlier = SPGNet.from_pretrained(file)
            model = self._networks.guided if earlier.config.guided else self._networks.unguided
            if earlier.config.classes != model.config.classes:
                found = ", ".join(earlier.config.classes)
                raise DataError(f"weights {file}", f"be of the classes {', '.join(model.config.classes)}", found)
            load_state(model, earlier.state_dict(), f"weights {file}")

    def export(self, folder: Path, stages: Sequence[str]) -> None:
        """Write `spgnet` (all three networks) and `unguided`, whichever was trained, as spgnet.SPGNet reads them."""
        if set(stages) - {Unguided.name, Segmentation.name}:
            self._networks.guided.save(folder / "spgnet")
        if Unguided.name in stages:
            self._networks.unguided.save(folder / "unguided")
