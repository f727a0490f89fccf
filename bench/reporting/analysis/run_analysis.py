"""Everything that the tables, plots and pages of one run have in common, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.metrics.questions import chosen_keys
from bench.records import CellKey, CellRecord, Run
from bench.reporting.analysis.aggregate import Aggregate
from bench.reporting.analysis.classes import ClassGroup, class_groups
from bench.reporting.analysis.columns import Column, columns_of, headline_columns, shown_keys
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.analysis.hole_share import HoleShareBin, hole_share_bins, protocol_families
from bench.reporting.analysis.models import ListedModel, listed_models
from bench.reporting.analysis.ranking import ranked
from bench.reporting.analysis.values import ProtocolValues, values_by_protocol

__all__ = ["RunAnalysis"]

_PREFERRED = ("psnr", "ssim", "lpips-alex", "lpips-vgg", "judge-miou", "l1", "ms-ssim")
_OVERALL_COLUMNS = 3


@dataclass(frozen=True)
class RunAnalysis:
    """One run, analysed: made once a report and handed on.

    What needs the records of all pictures is read when it is first asked for.

    Attributes:
        run: what was run.
        metrics, regions: the columns that are looked at, names of any case; None: all.
        evaluators: under whose rules the run is shown besides.
    """

    run: Run
    metrics: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    evaluators: tuple[str, ...] = ()

    @classmethod
    def of(cls, run: Run | RunAnalysis) -> RunAnalysis:
        """The analysis itself, or a new one of a run."""
        return run if isinstance(run, RunAnalysis) else cls(run)

    @cached_property
    def models(self) -> tuple[ListedModel, ...]:
        """In the order of the run."""
        return listed_models(self.run.info)

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str], ListedModel]:
        """Name and fingerprint to model."""
        return {model.key: model for model in self.models}

    @cached_property
    def cell_keys(self) -> tuple[CellKey, ...]:
        """The cells that the run consists of, whole or not, models first."""
        return tuple(self.run.keys())

    @cached_property
    def values(self) -> Mapping[str, ProtocolValues]:
        """Protocol to the values of its pictures; raises UsageError when a cell was edited or damaged."""
        return values_by_protocol(self.run)

    @cached_property
    def taken_together(self) -> tuple[str, ...]:
        """The protocols that are averaged over: those of completion, or all of them in a run without any.

        A removal or an edit is another task: its numbers say nothing of how well what was there is completed.
        """
        info = self.run.info
        return tuple(name for name in info.protocols if name not in info.tasks) or info.protocols

    @property
    def together_text(self) -> str:
        """What they are called in notes."""
        every = len(self.taken_together) == len(self.run.info.protocols)
        return "all protocols" if every else "all protocols of completion"

    @cached_property
    def aggregate(self) -> Aggregate:
        """All protocols of one task together."""
        values = {protocol: self.values[protocol] for protocol in self.taken_together}
        return Aggregate.over_protocols(self.run, self.models, values)

    @cached_property
    def shown_keys(self) -> tuple[str, ...]:
        """Keys of the columns that tables show, in order.

        Raises:
            UsageError: when none is of these metrics and regions.
            UnknownName: for an unknown metric or region.
        """
        return tuple(chosen_keys(shown_keys(self.run), self.metrics, self.regions))

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """Every column of the run by its key, with or without a value."""
        return columns_of(self.run)

    @cached_property
    def headline_columns(self) -> tuple[Column, ...]:
        """Every metric in its most telling region: what plots show."""
        return tuple(headline_columns(self.run, {key: self.columns[key] for key in self.shown_keys}))

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """Protocol to its models, ranked in all columns."""
        columns = [self.columns[key] for key in self.shown_keys]
        return {protocol: ranked(self._group(protocol), columns) for protocol in self.run.info.protocols}

    @cached_property
    def hole_share_bins(self) -> tuple[HoleShareBin, ...]:
        """The models by share of missing pixels, over all protocols."""
        return tuple(hole_share_bins(self.aggregate, self._hole_keys)) if self._hole_keys else ()

    @cached_property
    def hole_share_families(self) -> Mapping[str, tuple[HoleShareBin, ...]]:
        """The same apart for every family of protocols: kinds of hole that differ in size alone.

        Edits of label maps cut the holes of other protocols: they are no kind of hole.
        """
        kinds = [name for name in self.values if self.run.info.tasks.get(name) != "editing"]
        families = protocol_families(kinds or self.values) if self._hole_keys else {}
        if len(families) == 1:
            return dict.fromkeys(families, self.hole_share_bins)
        parts = {
            name: Aggregate.over_protocols(self.run, self.models, {one: self.values[one] for one in members})
            for name, members in families.items()
        }
        return {name: tuple(hole_share_bins(part, self._hole_keys)) for name, part in parts.items()}

    @cached_property
    def classes(self) -> tuple[ClassGroup, ...]:
        """The models class by class, over all protocols."""
        return tuple(class_groups(self.aggregate, self.shown_keys))

    @cached_property
    def main_columns(self) -> tuple[Column, ...]:
        """Up to three columns that tell different things, the run's main metric first."""
        usable = {column.metric: column for column in self.headline_columns if self._by_picture(column)}
        order = [*(name for name in _PREFERRED if name in usable), *(name for name in usable if name not in _PREFERRED)]
        return tuple(usable[name] for name in order[:_OVERALL_COLUMNS])

    @cached_property
    def overall(self) -> tuple[tuple[Column, ...], Group]:
        """The main columns, and all models over all protocols."""
        values = {column.key: column.key for column in self.main_columns}
        fills = self.aggregate.scored | self.aggregate.failed
        return self.main_columns, self.aggregate.group(self.together_text, values, fills)

    def model_of(self, key: CellKey) -> ListedModel:
        """The model of a cell."""
        return self.by_key[key.model, key.fingerprint]

    def titles_of(self, keys: Mapping[CellKey, object] | tuple[CellKey, ...] | list[CellKey]) -> dict[CellKey, str]:
        """What the model of each cell is called."""
        return {key: self.model_of(key).title for key in keys}

    @cached_property
    def _hole_keys(self) -> list[str]:
        keys = [key for key in self.shown_keys if self.columns[key].region == "hole"]
        return [key for key in keys if any(key in of_protocol.values for of_protocol in self.values.values())]

    def _by_picture(self, column: Column) -> bool:
        return bool(np.isfinite(self.aggregate.values(column.key)).any())

    def _group(self, protocol: str) -> Group:
        keys = [key for key in self.cell_keys if key.protocol == protocol]
        cells = [self.run.cells.get(key) for key in keys]
        rows = tuple(self._row(key, cell) for key, cell in zip(keys, cells, strict=True))
        shares = [cell.hole_share for cell in cells if cell and cell.hole_share is not None]
        values = self.values[protocol]
        return Group(protocol, shares[0] if shares else None, rows, values.values, values.pictures)

    def _row(self, key: CellKey, cell: CellRecord | None) -> Row:
        model = self.model_of(key)
        if cell is None:
            return Row(model, None, {})
        counts = (cell.n - cell.n_failed - cell.n_skipped, cell.n_failed, cell.n_skipped)
        return Row(model, counts, cell.metrics, cell.holes_sha256)
