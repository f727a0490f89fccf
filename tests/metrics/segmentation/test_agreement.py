from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bench.errors import DataError
from bench.metrics import BatchView, measure

NAMES = ("label-accuracy", "label-miou")
VOID = 255

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
Tensors = dict[str, Any]


@pytest.fixture
def tensors(pair: MakePair) -> Tensors:
    reference, raw = pair(4, 24, 32)
    random = np.random.default_rng(0)
    labels = random.choice([0, 1, 2, 7, VOID], (4, 24, 32)).astype(np.uint8)
    predicted = np.where(random.random(labels.shape) < 0.5, labels, random.choice([0, 1, 2, 3, VOID], labels.shape))
    hole = torch.zeros(4, 1, 24, 32, dtype=torch.bool)
    hole[:, :, 6:18, 8:24] = True
    return {
        "reference": reference,
        "completed": torch.where(hole, raw, reference),
        "raw": raw,
        "hole": hole,
        "labels": torch.from_numpy(labels),
        "predicted_labels": torch.from_numpy(predicted.astype(np.uint8)),
    }


def values(tensors: Tensors) -> dict[str, list[float]]:
    return {key: value.tolist() for key, value in measure(BatchView(**tensors), NAMES).items()}


def test_scores_are_counts_of_equal_labels_in_the_hole(tensors: Tensors) -> None:
    accuracies, mean_ious = [], []
    for index in range(4):
        counted = tensors["hole"][index, 0].numpy() & (tensors["labels"][index].numpy() != VOID)
        truth, answer = (tensors[name][index].numpy()[counted] for name in ("labels", "predicted_labels"))
        accuracies.append(100 * (truth == answer).mean())
        present = set(truth.tolist()) | set(answer.tolist()) - {VOID}
        ratios = [((truth == c) & (answer == c)).sum() / ((truth == c) | (answer == c)).sum() for c in present]
        mean_ious.append(100 * np.mean(ratios))

    found = values(tensors)

    assert set(found) == {"label-accuracy.hole", "label-miou.hole"}
    assert found["label-accuracy.hole"] == pytest.approx(accuracies, abs=1e-9)
    assert found["label-miou.hole"] == pytest.approx(mean_ious, abs=1e-9)


def test_right_labels_are_100_percent_whatever_lies_outside_the_hole(tensors: Tensors) -> None:
    predicted = torch.where(tensors["hole"][:, 0], tensors["labels"], 9)

    found = values({**tensors, "predicted_labels": predicted})

    assert found == {"label-accuracy.hole": [100.0] * 4, "label-miou.hole": [100.0] * 4}


@pytest.mark.parametrize("missing", ["labels", "predicted_labels"])
def test_without_either_map_both_are_undefined(tensors: Tensors, missing: str) -> None:
    found = values({**tensors, missing: None})

    assert all(len(column) == 4 and all(map(math.isnan, column)) for column in found.values())


def test_an_image_without_hole_or_labels_in_it_is_undefined(tensors: Tensors) -> None:
    hole = tensors["hole"].clone()
    hole[0] = False
    labels = torch.where(hole[:, 0] & (torch.arange(4) == 1)[:, None, None], VOID, tensors["labels"])
    completed = torch.where(hole, tensors["raw"], tensors["reference"])

    found = values({**tensors, "hole": hole, "completed": completed, "labels": labels})

    for column in found.values():
        assert [math.isnan(value) for value in column] == [True, True, False, False]


def test_values_do_not_depend_on_the_batch(tensors: Tensors) -> None:
    together = values(tensors)

    alone = [values({name: tensor[index : index + 1] for name, tensor in tensors.items()}) for index in range(4)]

    assert {key: [one[key][0] for one in alone] for key in together} == together


def test_predicted_labels_of_another_kind_are_named(tensors: Tensors) -> None:
    with pytest.raises(DataError, match=r"predicted label maps must be a uint8 tensor \[N, H, W\]; found int64"):
        BatchView(**{**tensors, "predicted_labels": tensors["predicted_labels"].long()})
    with pytest.raises(DataError, match="predicted label maps must have the shape"):
        BatchView(**{**tensors, "predicted_labels": tensors["predicted_labels"][:2]})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_another_device_gives_the_same_values(tensors: Tensors) -> None:
    assert values({name: tensor.cuda() for name, tensor in tensors.items()}) == values(tensors)
