"""Files for work elsewhere: holes and incomplete pictures for other programs, and raw predictions of models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.errors import Failure, ModelFailure
from bench.evaluation.masked_samples import MaskedSample, SkippedSample, pixels_sha256, prefetch_masked_samples
from bench.evaluation.pipeline.prediction import predict
from bench.evaluation.plan import Plan
from bench.pictures import hide_pixels, png_bytes, stack_pictures, unstack_pictures
from bench.records import dump, folder_name, write_atomically
from bench.records.files import remove_abandoned
from bench.records.layout import sample_file
from bench.runtime.exact import exact_arithmetic
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


def export_predictions(plan: Plan, out: Path, on_samples: Callable[[int], None] = lambda _: None) -> int:
    """Write every model's raw output as `<out>/<model>/<protocol>/<id>.png`, which `spgbench score` reads.

    Returns:
        The number of pictures written.

    Raises:
        Failure: after all others were written, when a model gave no usable picture for some samples.
    """
    out = out.absolute()  # a model may change the working directory
    remove_abandoned(out)
    failures = []
    written = 0
    for cell in plan.cells:
        folder = out / folder_name(cell.model.name) / folder_name(cell.protocol.name)
        with exact_arithmetic(plan.device), _masked_samples(plan, cell.protocol) as masked_samples:
            for masked in masked_samples:
                sample = masked.given_to(cell.called)
                (output,) = predict(cell.called, [sample], [masked.hole], plan.suite.seed)
                if isinstance(output, ModelFailure):
                    failures.append(f"{cell.model.name} on {cell.protocol.name}, {sample.id}: {output}")
                else:
                    (picture,) = unstack_pictures(output.picture[None])
                    write_atomically(sample_file(folder, sample.id, ".png"), png_bytes(picture))
                    written += 1
                on_samples(1)
    if failures:
        raise Failure("every model", "give a picture for every sample", f"{len(failures)} failures, {failures[0]}")
    return written


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
    if skipped:
        logging.getLogger("bench").warning(
            "protocol %s: %d of %d samples have no hole and are left out; the first is %s: %s",
            *(protocol.name, len(skipped), len(plan.dataset), skipped[0].sample_id, skipped[0].reason),
        )


def _incomplete(image: Picture, hole: Hole) -> Picture:
    incomplete = hide_pixels(stack_pictures([image]), torch.from_numpy(np.stack([hole]))[:, None])
    picture: Picture = unstack_pictures(incomplete)[0]
    return picture
