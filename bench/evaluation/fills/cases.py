"""The pictures that a run keeps by score: of every cell the worst and the best, with the fills of all its models.

Every fill is written. As soon as every model has filled a picture under a protocol, its fills are deleted unless the
picture is among the worst or the best of any model. A picture that has dropped out of the worst and best of some
pictures cannot come back in those of more pictures: what stays in the end is a function of the records alone, whatever
the order of the pictures, the number of workers, or an interruption. No model fills a picture twice.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import bench.metrics
from bench.errors import NotApplicable
from bench.evaluation.fills.pictures import drop_pictures, remove_pictures
from bench.evaluation.plan import Plan
from bench.evaluation.removals import find_removed
from bench.pictures import png_bytes
from bench.records import Record, write_atomically
from bench.records.cases import worst_and_best
from bench.vocabulary import Protocol, Sample, Truth

__all__ = ["CaseKeeper", "ranked_by", "write_inputs"]


class CaseKeeper:
    """Deletes the fills that a run need not keep, while it runs.

    Args:
        plan: what is run.
        missing: the pictures that are still to run, by the index of their cell.
        recorded: sample id to the value that ranks it of the records that fit already, by the index of their cell.
    """

    def __init__(
        self, plan: Plan, missing: Mapping[int, Iterable[str]], recorded: Mapping[int, Mapping[str, float]]
    ) -> None:
        self._plan = plan
        self._ranked_by = {protocol.name: ranked_by(plan, protocol) for protocol in plan.protocols}
        self._ends: list[set[tuple[float, str]]] = [set() for _ in plan.cells]
        self._waiting = Counter((plan.cells[cell].protocol.name, name) for cell in missing for name in missing[cell])
        self._lying: dict[str, set[str]] = {protocol.name: set() for protocol in plan.protocols}
        for cell, values in recorded.items():
            self._count(cell, values.items())

    def add(self, cell: int, records: Iterable[Record], samples: Iterable[str]) -> None:
        """Take note of the pictures of a cell that have run, and delete what need not be kept any more."""
        protocol = self._plan.cells[cell].protocol.name
        key, _ = self._ranked_by[protocol]
        self._count(cell, ((record.sample, record.values.get(key, math.nan)) for record in records))
        for sample in samples:
            self._waiting[protocol, sample] -= 1
            if not self._waiting[protocol, sample]:
                self._lying[protocol].add(sample)
        kept = self.kept(protocol)
        for sample in self._lying[protocol] - kept:
            for place in self._places(protocol):
                drop_pictures(self._plan, self._plan.cells[place], sample)
        self._lying[protocol] &= kept

    def kept(self, protocol: str) -> set[str]:
        """Ids of the pictures whose fills stay: those of the grids, and the worst and best of each model."""
        if not self._plan.suite.gallery:
            return set()
        return set(self._plan.gallery) | {name for place in self._places(protocol) for _, name in self._ends[place]}

    def settle(self, protocol: Protocol) -> None:
        """Remove the fills that do not stay, when no more will come, and write what was hidden in the others."""
        for place in self._places(protocol.name):
            if not self._plan.cells[place].only_recorded:
                remove_pictures(self._plan, self._plan.cells[place], self.kept(protocol.name))
        write_inputs(self._plan, self.kept(protocol.name), [protocol], anew=True)

    def tidy(self) -> None:
        """Remove what was hidden from the models in pictures that no protocol keeps any more."""
        layout = self._plan.layout
        shown = set()
        for protocol in self._plan.protocols:
            for name in self.kept(protocol.name):
                shown |= {layout.truth(name), layout.labels(name), layout.hole(protocol.name, name)}
                shown |= {layout.removal_truth(protocol.name, name), layout.removal_labels(protocol.name, name)}
        for path in (layout.gallery / "samples").rglob("*.png"):
            if path not in shown:
                path.unlink()

    def _places(self, protocol: str) -> list[int]:
        return [place for place, cell in enumerate(self._plan.cells) if cell.protocol.name == protocol]

    def _count(self, cell: int, values: Iterable[tuple[str, float]]) -> None:
        """Keep the ends of what each usable fill costs: less is better; an exact one costs least of all."""
        _, sign = self._ranked_by[self._plan.cells[cell].protocol.name]
        costs = {(sign * value, sample) for sample, value in values if not math.isnan(value)}
        worst, best = worst_and_best(self._ends[cell] | costs)
        self._ends[cell] = {*worst, *best}


def write_inputs(plan: Plan, samples: Iterable[str], protocols: Iterable[Protocol], *, anew: bool) -> None:
    """Write the untouched pictures, label maps and holes of some samples, and truths of removals.

    Args:
        samples: their ids.
        anew: whether those that are there may be of other pictures.
    """
    layout, protocols = plan.layout, tuple(protocols)

    def write(path: Path, draw: Callable[[], bytes]) -> None:
        if anew or not path.exists():
            with suppress(NotApplicable):
                write_atomically(path, draw(), durable=True)

    places = {name: index for index, name in enumerate(plan.dataset.ids)}
    for name in sorted(samples):
        sample = plan.dataset[places[name]]
        write(layout.truth(name), partial(png_bytes, sample.image))
        if sample.labels is not None:
            write(layout.labels(name), partial(png_bytes, sample.labels))
        for protocol in protocols:
            write(layout.hole(protocol.name, name), partial(_hole_bytes, plan, protocol, sample))
            if truth := _truth(plan, protocol, sample):
                write(layout.removal_truth(protocol.name, name), partial(png_bytes, truth.image))
                if truth.labels is not None:
                    write(layout.removal_labels(protocol.name, name), partial(png_bytes, truth.labels))


def _truth(plan: Plan, protocol: Protocol, sample: Sample) -> Truth | None:
    """What a removal gives at best, where that is known."""
    with suppress(NotApplicable):
        removed = find_removed(protocol, sample, plan.suite.seed, plan.dataset)
        return removed.truth if removed else None
    return None


def _hole_bytes(plan: Plan, protocol: Protocol, sample: Sample) -> bytes:
    return png_bytes(protocol.hole(sample, plan.suite.seed, plan.dataset))


def ranked_by(plan: Plan, protocol: Protocol) -> tuple[str, float]:
    """The suite's first metric of single pictures in the hole as `metric.hole`, and the sign that makes it a cost.

    It is the first that is taken under the protocol.
    """
    measurement = plan.measurements[protocol.name]
    measured = {metric.name for metric in measurement.of_images if "hole" in measurement.regions_of(metric)}
    name = next((name for name in plan.suite.metrics if name in measured), None)
    if name is None:
        return "", 1.0
    return f"{name}.hole", -1.0 if bench.metrics.definition(name).higher_is_better else 1.0
