"""Files for work elsewhere: holes and incomplete pictures for other programs, and raw predictions of models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.errors import Failure
from bench.evaluation.masked_samples import MaskedSample, SkippedSample, pixels_sha256, prefetch_masked_samples
from bench.evaluation.plan import Plan
from bench.evaluation.shard import Unit
from bench.evaluation.workers.lost_units import describe_lost, name_unit
from bench.evaluation.workers.prediction_task import PredictionTask, WrittenPictures, write_predictions
from bench.pictures import hide_pixels, png_bytes, stack_pictures, unstack_pictures
from bench.records import dump, folder_name, write_atomically
from bench.records.files import remove_abandoned
from bench.records.layout import sample_file
from bench.runtime.exact import exact_arithmetic
from bench.runtime.executors.executor import Executor, Lost
from bench.runtime.executors.shared_folder import remove_shared_folders
from bench.vocabulary import Protocol

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["export_holes", "export_predictions"]

_GRID_TILES = 24


def export_holes(plan: Plan, out: Path, on_samples: Callable[[int], None] = lambda _: None) -> list[Path]:
    """Write what a model elsewhere needs: `<out>/<protocol>/holes/<id>.png` (255 = missing), `inputs/<id>.png` (the
    picture, 0 in the hole), of a removal with truths `truths/<id>.png` (the picture without the object), a contact
    sheet `<out>/<protocol>.png` and `<out>/manifest.json` with the SHA-256 of every hole and truth; of a data set with
    texts also `<out>/prompts.json`.

    Returns:
        The manifest and the sheets.
    """
    out = out.absolute()  # a model may change the working directory
    remove_abandoned(out)
    from bench.reporting.images.contact_sheet import contact_sheet

    manifest: dict[str, dict[str, dict[str, str | float]]] = {}
    sheets = []
    prompts: dict[str, str] = {}
    for protocol in plan.protocols:
        entries = manifest.setdefault(protocol.name, {})
        shown: list[tuple[str, Hole]] = []
        folder = out / folder_name(protocol.name)
        with _masked_samples(plan, protocol) as masked_samples:
            for masked in masked_samples:
                sample, hole = masked.sample, masked.hole
                write_atomically(sample_file(folder / "holes", sample.id, ".png"), png_bytes(hole))
                incomplete = png_bytes(_incomplete(sample.image, hole))
                write_atomically(sample_file(folder / "inputs", sample.id, ".png"), incomplete)
                prompts |= {sample.id: sample.prompt} if sample.prompt else {}
                entries[sample.id] = {"sha256": pixels_sha256(hole), "share": float(hole.mean())}
                if masked.removed and masked.removed.truth:
                    truth = masked.removed.truth.image
                    write_atomically(sample_file(folder / "truths", sample.id, ".png"), png_bytes(truth))
                    entries[sample.id]["truth_sha256"] = pixels_sha256(truth)
                shown += [(sample.id, hole)] if len(shown) < _GRID_TILES else []
                on_samples(1)
        sheets.append(out / f"{folder_name(protocol.name)}.png")
        ids, holes = [sample_id for sample_id, _ in shown], [hole for _, hole in shown]
        write_atomically(sheets[-1], png_bytes(contact_sheet(holes, ids, title=protocol.name)))
    path = out / "manifest.json"
    facts = {"dataset": plan.dataset.name, "revision": plan.revision, "seed": plan.suite.seed}
    write_atomically(path, dump({**facts, "protocols": manifest}))
    if prompts:
        write_atomically(out / "prompts.json", dump(prompts))
    return [path, *sheets]


def export_predictions(
    plan: Plan,
    out: Path,
    on_samples: Callable[[int], None] = lambda _: None,
    *,
    executor: Executor | None = None,
    crashed: Mapping[str, str] | None = None,
) -> int:
    """Write every model's raw output as `<out>/<model>/<protocol>/<id>.png`, which `spgbench score` reads.

    Args:
        executor: the engine whose workers fill the pictures; None: this process. Everything must have a name then.
        crashed: models that are not in the plan since their loading ends a process, and how.

    Returns:
        The number of pictures written.

    Raises:
        Failure: after all others were written, when a model gave no usable picture for some samples, when workers died
            at them, or when models crashed.
        UsageError: a worker has other code, weights or pictures.
    """
    out = out.absolute()  # a model may change the working directory
    remove_abandoned(out)
    remove_shared_folders(out)
    units = [Unit(cell, tuple(shard), ("",) * len(shard)) for cell in range(len(plan.cells)) for shard in plan.shards()]
    written: dict[Unit, WrittenPictures] = {}
    lost: list[Lost[Unit]] = []

    def on_result(unit: Unit, result: WrittenPictures | Lost[Unit]) -> None:
        if isinstance(result, Lost):
            lost.append(result)
        else:
            written[unit] = result

    if executor is None:
        _predict_here(plan, units, out, on_result, on_samples)
    elif units:
        executor.run(PredictionTask.of(plan, out), units, on_result, on_samples)
    done = [(plan.cells[unit.cell].protocol, written[unit]) for unit in units if unit in written]
    for protocol in plan.protocols:
        _warn_of_skipped(plan, protocol, [one for other, result in done if other is protocol for one in result.skipped])
    _raise_missing(plan, [text for _, result in done for text in result.failures], lost, crashed or {})
    return sum(result.count for _, result in done)


def _predict_here(
    plan: Plan,
    units: Sequence[Unit],
    out: Path,
    on_result: Callable[[Unit, WrittenPictures], None],
    on_samples: Callable[[int], None],
) -> None:
    items = [(plan.cells[unit.cell].protocol, index) for unit in units for index in unit.indices]
    with exact_arithmetic(plan.device), prefetch_masked_samples(plan, items) as masked_samples:
        for unit in units:
            given = islice(masked_samples, len(unit.indices))
            on_result(unit, write_predictions(plan, unit, given, out, on_samples))


def _raise_missing(plan: Plan, failures: Sequence[str], lost: Sequence[Lost[Unit]], crashed: Mapping[str, str]) -> None:
    """Raise Failure when pictures are missing, with all the reasons."""
    found = [f"{len(failures)} failures, {failures[0]}"] if failures else []
    if lost or crashed:
        found.append(describe_lost(lost, lambda unit: name_unit(plan, unit), crashed))
    if found:
        fix = "All other pictures are written." if lost or crashed else ""
        raise Failure("every model", "give a picture for every sample", "; ".join(found), fix)


@contextmanager
def _masked_samples(plan: Plan, protocol: Protocol) -> Iterator[Iterator[MaskedSample]]:
    """All samples that the protocol applies to, with their holes; a warning counts the others."""
    skipped: list[SkippedSample] = []

    def applicable(every: Iterable[MaskedSample | SkippedSample]) -> Iterator[MaskedSample]:
        for one in every:
            if isinstance(one, MaskedSample):
                yield one
            else:
                skipped.append(one)

    with prefetch_masked_samples(plan, [(protocol, index) for index in range(len(plan.dataset))]) as masked_samples:
        yield applicable(masked_samples)
    _warn_of_skipped(plan, protocol, skipped)


def _warn_of_skipped(plan: Plan, protocol: Protocol, skipped: Sequence[SkippedSample]) -> None:
    """Warn once of a sample, however many models skipped it."""
    reasons = {one.sample_id: one.reason for one in skipped}
    if reasons:
        first, reason = next(iter(reasons.items()))
        logging.getLogger("bench").warning(
            "protocol %s: %d of %d samples have no hole and are left out; the first is %s: %s",
            *(protocol.name, len(reasons), len(plan.dataset), first, reason),
        )


def _incomplete(image: Picture, hole: Hole) -> Picture:
    incomplete = hide_pixels(stack_pictures([image]), torch.from_numpy(np.stack([hole]))[:, None])
    picture: Picture = unstack_pictures(incomplete)[0]
    return picture
