"""The models of a run as tables and plots list them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bench.records import CellKey, ModelInfo, ModelSize, RunInfo

__all__ = ["ListedModel", "listed_models"]


@dataclass(frozen=True)
class ListedModel:
    """One model of a run.

    Attributes:
        name, fingerprint: as in the records.
        title: what it is called; no two models of a run share one.
        oracle: whether it is given true labels, inside or outside of the hole.
        size: its parameters and multiply-adds, or None where they are not known.
    """

    name: str
    fingerprint: str
    title: str
    oracle: bool = False
    size: ModelSize | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Name and fingerprint."""
        return self.name, self.fingerprint

    def owns(self, cell: CellKey) -> bool:
        """Whether a cell is of this model."""
        return (cell.model, cell.fingerprint) == self.key


def listed_models(info: RunInfo) -> tuple[ListedModel, ...]:
    """The models in the order of the run.

    Models that share a name are told apart by the first digits of their fingerprints; a model that is given true labels
    is called an oracle.
    """
    uses = Counter(model.name for model in info.models)
    return tuple(
        ListedModel(model.name, model.fingerprint, _title(model, uses[model.name]), model.is_oracle, model.size)
        for model in info.models
    )


def _title(model: ModelInfo, uses: int) -> str:
    twin = f" ({model.fingerprint[:6]})" if uses > 1 else ""
    oracle = " (oracle)" if model.is_oracle and "oracle" not in model.name else ""
    return f"{model.name}{twin}{oracle}"
