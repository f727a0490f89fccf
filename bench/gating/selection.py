"""What a comparison is about: a run, or one model of it, and which model is compared with which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.errors import UnknownName, UsageError
from bench.records import CellKey, Run, read_run
from bench.records.values import CellValues
from bench.registry import match_name

__all__ = ["ModelPair", "Pairing", "Selection", "as_selection", "others", "pair_models", "select"]


@dataclass(frozen=True)
class Selection:
    """A run, or one model of it.

    Attributes:
        run: the records.
        model: the only model that counts, or None for all.
    """

    run: Run
    model: str | None = None

    @property
    def models(self) -> dict[str, str]:
        """Name to fingerprint of the models that count, in the order of the run."""
        every = {model.name: model.fingerprint for model in self.run.info.models}
        return every if self.model is None else {self.model: every[self.model]}

    def key(self, model: str, protocol: str) -> CellKey:
        """The cell of a model that counts."""
        dataset = self.run.info.dataset
        return CellKey(model, self.models[model], protocol, dataset.name, dataset.cell_revision)

    def values(self, model: str, protocol: str) -> CellValues | None:
        """The numbers of that cell, or None when it is not whole; raises UsageError when it was edited or damaged."""
        key = self.key(model, protocol)
        return self.run.values(key) if key in self.run.cells else None


@dataclass(frozen=True)
class ModelPair:
    """A model of the baseline and the one that is held against it."""

    baseline: str
    candidate: str

    @property
    def title(self) -> str:
        """`telea`, or `telea -> ours` for models of two names."""
        return self.candidate if self.baseline == self.candidate else f"{self.baseline} -> {self.candidate}"


@dataclass(frozen=True)
class Pairing:
    """Who is compared with whom.

    Attributes:
        pairs: in the order of the baseline.
        vanished: models that only the baseline has.
        new: models that only the candidate has.
    """

    pairs: tuple[ModelPair, ...]
    vanished: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


def as_selection(side: Run | Selection) -> Selection:
    """A run with all its models, or a selection as it is."""
    return side if isinstance(side, Selection) else Selection(side)


def select(text: str) -> Selection:
    """`OUT`, an output folder, or `OUT:model`, one model of it; the model's name may hold colons too.

    Raises:
        UsageError: when no run of this format is there.
        UnknownName: for a model that the run does not hold, with suggestions.
    """
    cuts = [index for index, char in enumerate(text) if char == ":"]
    if not (Path(text) / "run.json").exists():
        for cut in cuts:
            if (Path(text[:cut]) / "run.json").exists():
                run, name = read_run(Path(text[:cut])), text[cut + 1 :]
                known = match_name(name, [model.name for model in run.info.models])
                return _checked(Selection(run, known or name))
    return Selection(read_run(Path(text)))


def pair_models(baseline: Selection, candidate: Selection) -> Pairing:
    """Models of the same name; two models of any names when each side has exactly one.

    Raises UsageError when nothing can be paired.
    """
    left, right = list(_checked(baseline).models), list(_checked(candidate).models)
    if len(left) == len(right) == 1:
        return Pairing((ModelPair(left[0], right[0]),))
    common = tuple(ModelPair(name, name) for name in left if name in right)
    if not common:
        raise UsageError(
            "the two runs",
            "have a model name in common",
            f"{', '.join(left)} and {', '.join(right)}",
            "Pick one of each: OUT:model.",
        )
    new = tuple(name for name in right if name not in left) if candidate.model is None else ()
    return Pairing(common, tuple(name for name in left if name not in right), new)


def others(baseline: Selection) -> tuple[Selection, list[Selection]]:
    """One folder against itself: the model picked (the first one, if none is) and each of the others.

    Raises UsageError when there are no others.
    """
    names = list(Selection(baseline.run).models)
    first = _checked(baseline).model or names[0]
    rest = [Selection(baseline.run, name) for name in names if name != first]
    if not rest:
        raise UsageError(
            "a comparison", "have a baseline and a candidate", f"the only model {first}", "Name a second folder."
        )
    return Selection(baseline.run, first), rest


def _checked(selection: Selection) -> Selection:
    names = [model.name for model in selection.run.info.models]
    if selection.model is not None and selection.model not in names:
        raise UnknownName("model", selection.model, names)
    return selection
