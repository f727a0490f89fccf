from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import bench.metrics
from bench.errors import DataError
from bench.metrics import BatchView, measure
from bench.metrics.cache.memory import TRUTH_MEMORY
from bench.metrics.catalogue import family_modules

LABEL_SCORES = [score for module in family_modules("segmentation") for score in getattr(module, "SCORES", ())]
SCORES = [score.name for score in LABEL_SCORES]
CLASSES = ("road", "sky", "car", "tree")
VOID = 255
SIZE = (48, 64)  # 80 px of diagonal

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
Tensors = dict[str, Any]


def shifted(labels: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    return torch.roll(labels, (rows, columns), (1, 2))


@pytest.fixture
def tensors(pair: MakePair) -> Tensors:
    reference, raw = pair(3, *SIZE)
    coarse = np.random.default_rng(0).integers(0, 3, (3, 6, 8))  # never class 3, the tree
    labels = torch.from_numpy(np.kron(coarse, np.ones((1, 8, 8))).astype(np.uint8))
    labels[:, :4, :4] = VOID
    hole = torch.zeros(3, 1, *SIZE, dtype=torch.bool)
    hole[:, :, 8:40, 8:56] = True
    seen = labels.masked_fill(labels == VOID, 0)
    return {
        "reference": reference,
        "completed": torch.where(hole, raw, reference),
        "raw": raw,
        "hole": hole,
        "labels": labels,
        "predicted_labels": shifted(seen, 2, 2),
        "judged": shifted(seen, 1, 2),
        "judged_truth": shifted(seen, 0, 1),
        "classes": CLASSES,
    }


def measured(tensors: Tensors, *names: str) -> dict[str, torch.Tensor]:
    return measure(BatchView(**tensors), names)


@pytest.mark.parametrize(
    ("form", "maps"), [("label-{}", "predicted_labels"), ("judge-{}", "judged"), ("judge-{}-ceiling", "judged_truth")]
)
@pytest.mark.parametrize(
    ("name", "function", "scale", "options"),
    [
        ("miou", "iou", 100, ()),
        ("boundary-iou", "boundary_iou", 100, (1,)),  # rounded up to one pixel
        ("boundary-f", "boundary_f", 100, (1,)),
        ("trimap-miou-20", "trimap_iou", 100, (2,)),
        ("trimap-miou-40", "trimap_iou", 100, (3,)),
        ("hd95", "hd95", 1, ()),
        ("assd", "assd", 1, ()),
    ],
)
def test_scores_are_the_public_functions_in_the_hole(
    tensors: Tensors, form: str, maps: str, name: str, function: str, scale: int, options: tuple[int, ...]
) -> None:
    public = getattr(bench.metrics, function)
    expected = scale * public(tensors["labels"], tensors[maps], 4, *options, tensors["hole"], VOID)
    key = f"{form.format(name)}.hole"

    found = measured(tensors, form.format(name))

    assert list(found) == [key, *(f"{key}.{name}" for name in CLASSES)]
    for index, of_class in enumerate(CLASSES):
        torch.testing.assert_close(found[f"{key}.{of_class}"], expected[:, index], rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(found[key], expected.nanmean(dim=1), rtol=0, atol=1e-12)


def test_accuracy_is_a_count_of_equal_labels(tensors: Tensors) -> None:
    inside = tensors["hole"][:, 0] & (tensors["labels"] != VOID)
    right = (tensors["judged"] == tensors["labels"]) & inside
    expected = 100 * right.sum(dim=(1, 2)) / inside.sum(dim=(1, 2))

    assert measured(tensors, "judge-accuracy")["judge-accuracy.hole"].tolist() == pytest.approx(expected.tolist(), 1e-6)


def test_control_holds_what_the_judge_sees_against_what_the_model_meant(tensors: Tensors) -> None:
    expected = 100 * bench.metrics.iou(tensors["predicted_labels"], tensors["judged"], 4, tensors["hole"], VOID)

    found = measured(tensors, "control-miou", "control-accuracy")

    torch.testing.assert_close(found["control-miou.hole"], expected.nanmean(dim=1), rtol=0, atol=1e-12)
    obeyed = measured({**tensors, "judged": tensors["predicted_labels"], "labels": None}, "control-accuracy")
    assert obeyed["control-accuracy.hole"].tolist() == [100.0] * 3
    assert measured({**tensors, "predicted_labels": None}, "control-miou")["control-miou.hole"].isnan().all()


def test_a_perfect_judge_scores_the_best_there_is(tensors: Tensors) -> None:
    seen = tensors["labels"].masked_fill(tensors["labels"] == VOID, 2)
    names = [f"judge-{score}" for score in SCORES]

    found = measured({**tensors, "judged": seen}, *names)

    for score in LABEL_SCORES:
        best = 100.0 if score.higher_is_better else 0.0
        assert found[f"judge-{score.name}.hole"].tolist() == [best] * 3


def test_a_farther_boundary_scores_worse(tensors: Tensors) -> None:
    seen = tensors["labels"].masked_fill(tensors["labels"] == VOID, 0)
    names = [f"judge-{score}" for score in SCORES]

    near, far = (measured({**tensors, "judged": shifted(seen, 0, by)}, *names) for by in (1, 4))

    for score in LABEL_SCORES:
        sign = 1 if score.higher_is_better else -1
        assert (sign * near[f"judge-{score.name}.hole"] > sign * far[f"judge-{score.name}.hole"]).all(), score.name


def test_an_erased_class_costs_the_diagonal(tensors: Tensors) -> None:
    erased = tensors["labels"].masked_fill((tensors["labels"] == 2) | (tensors["labels"] == VOID), 0)

    found = measured({**tensors, "judged": erased}, "judge-hd95", "judge-assd", "judge-miou")

    assert found["judge-hd95.hole.car"].tolist() == found["judge-assd.hole.car"].tolist() == [80.0] * 3
    assert found["judge-miou.hole.car"].tolist() == [0.0] * 3
    assert all(found[f"judge-{name}.hole"].isfinite().all() for name in ("hd95", "assd"))


def test_a_class_that_neither_map_has_is_undefined_and_in_no_mean(tensors: Tensors) -> None:
    found = measured(tensors, *(f"judge-{score}" for score in SCORES))

    of_trees = [values for key, values in found.items() if key.endswith(".tree")]
    assert len(of_trees) == len(SCORES) - 1
    assert all(values.isnan().all() for values in of_trees)
    assert all(values.isfinite().all() for key, values in found.items() if key.count(".") == 1)


@pytest.mark.parametrize("missing", ["labels", "judged"])
def test_without_labels_or_judge_all_are_undefined(tensors: Tensors, missing: str) -> None:
    found = measured({**tensors, missing: None}, "judge-accuracy", "judge-miou")

    assert list(found) == ["judge-accuracy.hole", "judge-miou.hole", *(f"judge-miou.hole.{name}" for name in CLASSES)]
    assert all(values.shape == (3,) and values.isnan().all() for values in found.values())


def test_labels_beyond_the_named_classes_are_wrong_and_have_no_key(tensors: Tensors) -> None:
    judged = tensors["judged"].masked_fill(tensors["judged"] == 1, 9)

    found = measured({**tensors, "judged": judged}, "judge-miou")

    assert len(found) == 1 + len(CLASSES)
    assert found["judge-miou.hole.sky"].tolist() == [0.0] * 3


def test_values_do_not_depend_on_batch_threads_or_what_is_kept(
    tensors: Tensors, threads: Callable[[int], None]
) -> None:
    names = [f"{form.format(score)}" for score in SCORES for form in ("label-{}", "judge-{}", "judge-{}-ceiling")]
    threads(1)
    together = measured(tensors, *names)
    threads(4)
    TRUTH_MEMORY.clear()
    singly = [
        measured({key: part[i : i + 1] if key != "classes" else part for key, part in tensors.items()}, *names)
        for i in (2, 0, 1)
    ]

    for key, values in together.items():
        expected = [repr(float(value)) for value in values]
        assert [repr(float(singly[place][key])) for place in (1, 2, 0)] == expected
    assert not math.isnan(sum(float(values[0]) for key, values in together.items() if key.count(".") == 1))


def test_maps_of_a_judge_of_another_kind_are_named(tensors: Tensors) -> None:
    with pytest.raises(DataError, match=r"judge's label maps of completed pictures must be a uint8 tensor"):
        BatchView(**{**tensors, "judged": tensors["judged"].long()})
    with pytest.raises(DataError, match="judge's label maps of untouched pictures must have the shape"):
        BatchView(**{**tensors, "judged_truth": tensors["judged_truth"][:2]})
