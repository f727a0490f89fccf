"""The models that a page may ask for, each loaded at its first use. No other name is loaded, whatever a page sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import LRUCache

import baselines.weights
import bench.models
import spgnet.weights
from bench.errors import UnknownName
from bench.models import MODELS
from bench.models.model_name import ModelName
from bench.models.shipped import weights_for
from bench.vocabulary import Editable, Inpainter

__all__ = ["EditorModels", "ModelChoice", "describe", "is_guided"]

_LOADED = 4
_SLOW = ("biharmonic",)


@dataclass(frozen=True)
class ModelChoice:
    """A model on the list.

    Attributes:
        name: as in `spgbench ls models`, with its options.
        title: for the page.
        guided: whether it fills under a label map that is given.
        classes: of its label maps; empty without.
    """

    name: str
    title: str
    guided: bool = False
    classes: tuple[str, ...] = ()


class EditorModels:
    """The list of models, and those of them that are loaded, at most four beside the first ones.

    Args:
        first: names that the command was given; they are loaded when they are asked for first, like the others.
        device: torch device.
        dataset: whose shipped weights a model takes that is given none.

    Attributes:
        choices: the list: the first ones, then every model of the packages that fills within seconds.
        dataset: as given.
    """

    def __init__(self, first: Sequence[str], device: str = "cpu", dataset: str = "streets") -> None:
        self._device, self.dataset = device, dataset
        self._kept: dict[str, Inpainter] = {}
        self._loaded: LRUCache[str, Inpainter] = LRUCache(_LOADED)
        named = {name: describe(name, dataset) or self._describe_loaded(name) for name in first}
        others = {name: describe(name, dataset) for name in _bundled()}
        self.choices = tuple(choice for choice in (named | others | named).values() if choice is not None)

    def choice(self, name: str) -> ModelChoice:
        """The model on the list; raises UnknownName."""
        for one in self.choices:
            if one.name == name:
                return one
        raise UnknownName("model of the page", name, [one.name for one in self.choices])

    def load(self, name: str) -> Inpainter:
        """The model ready to fill; raises UnknownName, and what `bench.models.load` does. For one thread at a time."""
        self.choice(name)
        if name in self._kept:
            return self._kept[name]
        model: Inpainter | None = self._loaded.get(name)
        if model is None:
            self._loaded[name] = model = self._load(name)
        return model

    def _load(self, name: str) -> Inpainter:
        return bench.models.load(name, self._device, self.dataset)

    def _describe_loaded(self, name: str) -> ModelChoice:
        """Of a model that only its instance can tell about, say a plug-in's; it stays loaded."""
        self._kept[name] = model = self._load(name)
        classes = tuple(model.classes) if is_guided(model) and isinstance(model, Editable) else ()
        return ModelChoice(name, name, is_guided(model), classes)


def is_guided(model: Inpainter) -> bool:
    """Whether a model fills under a label map that is given."""
    return isinstance(model, Editable) and model.label_sources.hole != "none"


def describe(name: str, dataset: str) -> ModelChoice | None:
    """A model of the packages without loading it, which takes seconds; None where only loading tells.

    Args:
        name: as `bench.models.load` takes it.
        dataset: whose weights a model takes that is given none.

    Raises:
        UnknownName: the catalogue does not hold it.
    """
    parsed = ModelName.parse(name)
    entry, _ = MODELS.find(parsed.base)
    kind, weights = entry.target.partition(":")[2], parsed.options.get("weights", "")
    if kind not in ("SPGNetModel", "LearnedModel", "ClassicalModel"):
        return None
    title = f"{parsed.title or entry.name} ({weights})" if weights else f"{parsed.title or entry.name}: {entry.summary}"
    if kind != "SPGNetModel" or dict(entry.options)["guidance"] == "none":
        return ModelChoice(name, title.partition("; ?")[0])
    weights = str(weights or weights_for(dataset, "small", spgnet.weights.shipped()))
    try:
        config = spgnet.SPGNetConfig.from_dict(spgnet.weights.read_header(weights).config)
    except ValueError:
        return None  # loading says in words what is wrong
    return ModelChoice(name, title.partition("; ?")[0], config.guided, tuple(config.classes) if config.guided else ())


def _bundled() -> list[str]:
    """Names of all models with weights of the packages, the guided ones first, then of those that need none.

    Models that take minutes are left out: one thread works for all pages.
    """
    own = spgnet.weights.shipped()
    guided = [f"spgnet?weights={weights}" for weights in own if "-unguided" not in weights]
    unguided = [f"spgnet:unguided?weights={weights}" for weights in own if "-unguided" in weights]
    kinds = {
        kind: [entry.name for entry in MODELS if entry.target.endswith(f":{kind}")]
        for kind in ("LearnedModel", "ClassicalModel")
    }
    learned = [
        f"{name}?weights={weights}"
        for weights in baselines.weights.shipped()
        for name in kinds["LearnedModel"]
        if weights.endswith(f"-{name}-small")
    ]
    return [*guided, *unguided, *learned, *(name for name in kinds["ClassicalModel"] if name not in _SLOW)]
