"""What metrics see of a batch: the fills, and what they are compared with under the protocol's task."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.evaluation.fills.pictures import ModelOutput
from bench.evaluation.judging import gives_class, segment_pictures, segment_references
from bench.evaluation.masked_samples import MaskedSample
from bench.evaluation.plan import Plan
from bench.evaluation.views.without_object import judge_without
from bench.metrics import BatchView
from bench.pictures import composite, stack_pictures
from bench.vocabulary import VOID, Judge

if TYPE_CHECKING:
    from bench.vocabulary import Hole, LabelMap

__all__ = ["make_batch_view"]


def make_batch_view(
    plan: Plan, pairs: Sequence[tuple[MaskedSample, ModelOutput]], judging: AbstractContextManager[None]
) -> BatchView:
    """The view of a batch of one cell.

    Args:
        plan: of the run.
        pairs: samples of one size under one protocol, and what the model returned.
        judging: entered while a judge works.
    """
    samples, outputs = [masked for masked, _ in pairs], [output for _, output in pairs]
    given = stack_pictures([masked.sample.image for masked in samples])
    hole = torch.from_numpy(np.stack([masked.hole for masked in samples]))[:, None]
    raw = torch.stack([output.picture for output in outputs])
    completed = composite(raw, given, hole)
    label_maps = [output.labels for output in outputs if output.labels is not None]
    drawn = [output.fills for output in outputs if output.fills is not None]
    several = composite(torch.stack(drawn), given[:, None], hole[:, None]) if len(drawn) == len(pairs) else None
    drawn_labels = [output.fill_labels for output in outputs if output.fill_labels is not None]
    edits = [masked.edit for masked in samples if masked.edit is not None]
    removal = any(masked.removed is not None for masked in samples)
    truths = [masked.truth for masked in samples]
    paired = all(truth is not None for truth in truths)
    reference = stack_pictures([truth.image for truth in truths if truth]) if removal and paired else given
    judge, judged, judged_truth, judged_without, judged_fills = plan.measurement.judge, None, None, None, None
    if judge is not None:
        with judging:
            judged = segment_pictures(judge, completed)
            judged_truth = segment_references(judge, reference, plan.device)
            if removal:
                judged_without = judged_truth if paired else judge_without(plan, judge, samples)
            if several is not None and plan.measurement.judges_fills:
                judged_fills = torch.stack([segment_pictures(judge, fills) for fills in several])
    return BatchView(
        reference,
        completed,
        raw,
        hole,
        _stacked([truth.labels if truth else None for truth in truths], given),
        torch.stack(label_maps) if len(label_maps) == len(pairs) else None,
        judged,
        judged_truth,
        classes=plan.measurement.classes,
        fills=several,
        device=plan.device,
        prompts=tuple(masked.sample.prompt for masked in samples),
        source=given if removal else None,
        removed=_removed_classes(samples, judge) if removal else None,
        object_pixels=_object_pixels(samples) if removal else None,
        judged_without=judged_without,
        objects=tuple(plan.dataset.objects),
        asked=torch.from_numpy(np.stack([edit.labels for edit in edits])) if edits else None,
        edited=torch.from_numpy(np.stack([edit.changed for edit in edits]))[:, None] if edits else None,
        fill_labels=torch.stack(drawn_labels) if several is not None and len(drawn_labels) == len(pairs) else None,
        judged_fills=judged_fills,
    )


def _stacked(maps: Sequence[LabelMap | None], pictures: torch.Tensor) -> torch.Tensor | None:
    """Label maps, uint8 [N, H, W], VOID for a picture without one; None where no picture has one."""
    if all(labels is None for labels in maps):
        return None
    unknown = np.full(pictures.shape[2:], VOID, np.uint8)
    return torch.from_numpy(np.stack([unknown if labels is None else labels for labels in maps]))


def _removed_classes(samples: Sequence[MaskedSample], judge: Judge | None) -> torch.Tensor:
    """uint8 [N], VOID where unknown, or where the judge never gives the class: it would find none of any fill."""
    labels = [masked.removed.label if masked.removed else None for masked in samples]
    known = [label is not None and (judge is None or gives_class(judge, label)) for label in labels]
    return torch.tensor([label if fits else VOID for label, fits in zip(labels, known, strict=True)], dtype=torch.uint8)


def _object_pixels(samples: Sequence[MaskedSample]) -> torch.Tensor | None:
    """Bool [N, 1, H, W], no pixel where they are unknown; None where they are known of no picture."""
    maps: list[Hole | None] = [masked.removed.pixels if masked.removed else None for masked in samples]
    if all(pixels is None for pixels in maps):
        return None
    unknown = np.zeros_like(samples[0].hole)
    return torch.from_numpy(np.stack([unknown if pixels is None else pixels for pixels in maps]))[:, None]
