"""The recipe of SPG-Net: its networks, stages and weights on disk."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from bench.errors import DataError, UnknownName
from bench.training.recipe import DataFacts, Recipe, Stage
from bench.training.recipes.spgnet.config import PRESETS, SPGNetTraining
from bench.training.recipes.spgnet.networks import Networks
from bench.training.recipes.spgnet.stages import Joint, Labels, Pictures, Segmentation, Unguided
from spgnet import SGNet, SPGNet, SPNet
from spgnet.conversion import convert_generator
from spgnet.weights import load_state

__all__ = ["SPGNetRecipe", "build"]

_log = logging.getLogger("bench")


def build(config: str = "small", *, data: DataFacts) -> SPGNetRecipe:
    """The recipe of a preset.

    Raises:
        UnknownName: no such preset.
    """
    if config not in PRESETS:
        raise UnknownName("config of recipe 'spgnet'", config, PRESETS)
    return SPGNetRecipe(PRESETS[config], data)


class SPGNetRecipe(Recipe):
    """The stages of the paper, and optionally joint fine-tuning and the unguided ablation.

    Args:
        config: loss weights, learning rates and shares of the budget.
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
        self.notes: list[str] = []
        self._loaded: set[str] = set()
        self._converted: set[str] = set()

    def start_from(self, folder: Path, networks: Sequence[str] = ()) -> None:
        """Load the networks of `spgnet` and `unguided`, whichever the folder holds.

        Generators of another form of up-convolution, or without skip connections, are converted, and `notes` says so. A
        generator that is named in `networks` and is not in the folder starts from the unguided generator: SG-Net from
        all of its weights, SP-Net from all but its last layer.
        """
        fix = "Give the folder weights/ of an earlier training of spgnet."
        found = {name: path for name in ("spgnet", "unguided") if (path := folder / f"{name}.safetensors").exists()}
        if not found:
            raise DataError(f"folder {folder}", "hold spgnet.safetensors or unguided.safetensors", "neither", fix)
        trained = {key: state for name, path in found.items() for key, state in self._read(name, path).items()}
        for name in networks or trained:
            earlier = trained.get(name, trained.get("unguided") if name in ("sp-net", "sg-net") else None)
            if earlier is None:
                raise DataError(f"folder {folder}", f"hold weights of {name}", ", ".join(trained), fix)
            self._load(name, earlier, f"{name} in {folder}", whole=name in trained)

    def check_start(self, stages: Sequence[Stage]) -> None:
        """Refuse what would end in bad weights without a word.

        A stage whose preceding networks are neither trained nor loaded works on random ones. An SG-Net with converted
        up-convolutions must be trained before it is written.
        """
        trained: set[str] = set()
        for stage in stages:
            if missing := set(stage.after) - trained - self._loaded:
                raise DataError(
                    f"weights to start stage '{stage.name}' of recipe '{self.name}' from",
                    f"hold {', '.join(stage.after)}",
                    f"no {', '.join(sorted(missing))}",
                    "Add --start with a folder that does, or train those stages, too.",
                )
            trained.add(stage.name)
        networks = {name for stage in stages for spec in stage.optimizers for name in spec.networks}
        if "sg-net" in self._converted - networks and trained - {Unguided.name}:
            raise DataError(
                "SG-Net to start from",
                f"have up-convolutions of the form '{self._networks.config.upsampling}', unless stage sg-net trains it",
                "converted kernels",
                "Train stage sg-net, too, or choose a preset with the form that the weights have.",
            )

    def _load(self, name: str, earlier: nn.Module, subject: str, *, whole: bool) -> None:
        """Load a network; if it need not be whole, only the tensors whose shapes are those of the network."""
        network, state = self.networks[name], earlier.state_dict()
        if isinstance(network, SPNet | SGNet) and isinstance(earlier, SPNet | SGNet):
            state, changes = convert_generator(state, earlier.config, network.config)
            if earlier.config.upsampling != network.config.upsampling:
                self._converted.add(name)
            for change in changes:
                self.notes.append(f"{subject}: {change}")
                _log.warning("weights of %s", self.notes[-1])
        if not whole:
            own = network.state_dict()
            state = own | {key: value for key, value in state.items() if value.shape == own[key].shape}
        load_state(network, state, f"weights of {subject}")
        self._loaded.add(name)

    def _read(self, name: str, path: Path) -> dict[str, nn.Module]:
        """Networks by their names."""
        earlier = SPGNet.from_pretrained(path)
        if earlier.config.classes != (classes := self._networks.classes):
            raise DataError(
                f"weights {path}", f"be of the classes {', '.join(classes)}", ", ".join(earlier.config.classes)
            )
        parts = {"segmenter": earlier.segmenter, "sp-net": earlier.spnet, "sg-net": earlier.sgnet}
        if name == "unguided":
            parts = {"unguided": earlier.sgnet}
        return {key: part for key, part in parts.items() if part is not None}

    def export(self, folder: Path, stages: Sequence[str]) -> None:
        """Write `spgnet` (all three networks) and `unguided`, whichever was trained, for `SPGNet.from_pretrained`."""
        if set(stages) - {Unguided.name}:
            self._networks.guided.save(folder / "spgnet")
        if Unguided.name in stages:
            self._networks.unguided.save(folder / "unguided")
