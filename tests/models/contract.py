"""What every model must do, whatever it is: checks for the catalogue, for adapters and for learned models alike."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from bench.pictures import check_prediction
from bench.vocabulary import VOID, Batch, Inpainter


def make_batch(n: int = 8, size: tuple[int, int] = (32, 40), under: int = 0, *, labelled: bool = False) -> Batch:
    """Smooth random pictures with a hole each, touching the border in some; `under` is what their hole pixels hold."""
    random = np.random.default_rng(1)
    pictures = [cv2.GaussianBlur(random.integers(0, 256, (*size, 3), dtype=np.uint8), (9, 9), 2) for _ in range(n)]
    hole = torch.zeros(n, 1, *size, dtype=torch.bool)
    for row in range(n):
        hole[row, :, 2 * row : 2 * row + 14, 3 * row : 3 * row + 12] = True
    image = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float().div(255)
    labels = torch.from_numpy(random.integers(0, 2, (n, *size), dtype=np.uint8)) if labelled else None
    if labels is not None:
        labels = labels.masked_fill(hole[:, 0], VOID)
    ids, seeds = tuple(f"p{row}" for row in range(n)), tuple(2**62 + row for row in range(n))
    return Batch(image.masked_fill(hole, under / 255), hole, labels, ids, seeds)


def rows_of(batch: Batch, rows: slice) -> Batch:
    """A part of a batch."""
    labels = None if batch.labels is None else batch.labels[rows]
    return Batch(batch.image[rows], batch.hole[rows], labels, batch.ids[rows], batch.seeds[rows])


def check_one_at_a_time(model: Inpainter, size: tuple[int, int] = (32, 40), tolerance: float = 1e-5) -> None:
    """The fill of a picture is the same alone and among seven others."""
    batch = make_batch(8, size, labelled=_labelled(model))
    together = model.inpaint(batch).image
    alone = torch.cat([model.inpaint(rows_of(batch, slice(row, row + 1))).image for row in range(8)])
    torch.testing.assert_close(alone, together, rtol=0, atol=tolerance)


def check_blind(model: Inpainter, size: tuple[int, int] = (32, 40)) -> None:
    """What lies under the hole does not change the answer by a bit; nor does asking twice."""
    answers = [model.inpaint(make_batch(2, size, under, labelled=_labelled(model))).image for under in (0, 0, 77, 255)]
    assert all(torch.equal(answers[0], answer) for answer in answers)


def check_any_size(model: Inpainter, sizes: tuple[tuple[int, int], ...] = ((29, 43), (57, 31))) -> None:
    """Pictures whose sides are multiples of nothing come back as large, finite and in range, and filled."""
    for size in sizes:
        batch = make_batch(2, size, labelled=_labelled(model))
        image = check_prediction(model.inpaint(batch), batch)
        assert (image[batch.hole.expand_as(image)] > 0).any()


def _labelled(model: Inpainter) -> bool:
    return "oracle" in (model.label_sources.context, model.label_sources.hole)
