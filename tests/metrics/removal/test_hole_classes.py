from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import ndimage

from bench.metrics import BatchView, ceiling_of, definition, measure, with_companions

ROAD, CAR, PERSON, BICYCLE, VOID = 0, 1, 2, 3, 255
OBJECTS = (CAR, PERSON, BICYCLE)
SIZE = (48, 64)  # 80 px of diagonal: surroundings of 4 px
NAMES = ("class-left", "class-invented", "object-left")
CEILINGS = tuple(f"{name}-ceiling" for name in NAMES)

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
Tensors = dict[str, Any]
Map = npt.NDArray[np.uint8]


@pytest.fixture
def tensors(pair: MakePair) -> Tensors:
    """Random label maps of blocks, holes of several shapes; the class of the last picture's object is not known."""
    random = np.random.default_rng(3)
    count = 5
    reference, raw = pair(count, *SIZE)
    hole = torch.zeros(count, 1, *SIZE, dtype=torch.bool)
    hole[:, :, 10:30, 20:45] = True
    hole[1, :, :16, :16] = True  # two parts, one at the picture's corner
    hole[2] = torch.from_numpy(random.random(SIZE) < 0.3)

    def blocks(classes: int) -> torch.Tensor:
        coarse = random.choice([*range(classes), VOID], (count, SIZE[0] // 4, SIZE[1] // 4), p=_shares(classes))
        return torch.from_numpy(coarse.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8))

    return {
        "reference": reference,
        "completed": torch.where(hole, raw, reference),
        "raw": raw,
        "hole": hole,
        "judged": blocks(4),
        "judged_truth": blocks(3),
        "judged_without": blocks(3),
        "removed": torch.tensor([CAR, CAR, PERSON, BICYCLE, VOID], dtype=torch.uint8),
        "objects": OBJECTS,
        "classes": ("road", "car", "person", "bicycle"),
        "source": raw,  # the reference is a truth
    }


def _shares(classes: int) -> list[float]:
    return [0.9 / classes] * classes + [0.1]


def measured(tensors: Tensors, *names: str) -> dict[str, list[float]]:
    return {key.removesuffix(".hole"): found.tolist() for key, found in measure(BatchView(**tensors), names).items()}


def one_by_one(tensors: Tensors, maps: str, around: str) -> dict[str, list[float]]:
    """The three metrics from their definitions, with SciPy."""
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for labels, near, hole, removed in zip(
        tensors[maps].numpy(), tensors[around].numpy(), tensors["hole"][:, 0].numpy(), tensors["removed"], strict=True
    ):
        known_class = int(removed) != VOID
        seen = hole & (labels != VOID)
        left = hole & (labels == int(removed))
        ring = ~hole & (ndimage.distance_transform_edt(~hole) <= 4)
        invented = hole & np.isin(labels, [index for index in OBJECTS if index not in near[ring]])
        numbers, count = ndimage.label(left, np.ones((3, 3)))
        areas = [(numbers == number).sum() for number in range(1, count + 1)]
        found["class-left"].append(100 * left.sum() / seen.sum() if known_class else math.nan)
        found["class-invented"].append(100 * invented.sum() / seen.sum())
        found["object-left"].append(sum(area >= 0.02 * hole.sum() for area in areas) if known_class else math.nan)
    return found


def test_values_are_those_of_an_independent_computation(tensors: Tensors) -> None:
    found = measured(tensors, *NAMES, *CEILINGS)

    for name, values in one_by_one(tensors, "judged", "judged_truth").items():
        assert found[name] == pytest.approx(values, rel=1e-12, nan_ok=True)
    for name, values in one_by_one(tensors, "judged_without", "judged_without").items():
        assert found[f"{name}-ceiling"] == pytest.approx(values, rel=1e-12, nan_ok=True)
    assert all(any(value > 0 for value in found[name]) for name in NAMES)


def test_a_picture_does_not_depend_on_its_batch(tensors: Tensors) -> None:
    whole = measured(tensors, *NAMES, *CEILINGS)
    order = [3, 0, 4, 2, 1]
    shuffled = {key: value[order] if isinstance(value, torch.Tensor) else value for key, value in tensors.items()}

    for name, values in measured(shuffled, *NAMES, *CEILINGS).items():
        assert [str(value) for value in values] == [str(whole[name][row]) for row in order]


@pytest.fixture
def street(pair: MakePair) -> Tensors:
    """A road with a car in the hole, and another one at the far left."""
    reference, raw = pair(1, *SIZE)
    hole = torch.zeros(1, 1, *SIZE, dtype=torch.bool)
    hole[:, :, 16:32, 32:56] = True
    given = torch.zeros(1, *SIZE, dtype=torch.uint8)
    given[:, 18:30, 2:14] = PERSON
    given[:, 18:30, 34:54] = CAR
    return {
        "reference": reference,
        "completed": torch.where(hole, raw, reference),
        "raw": raw,
        "hole": hole,
        "judged": given,
        "judged_truth": given,
        "judged_without": given.masked_fill(given == CAR, ROAD),
        "removed": torch.tensor([CAR], dtype=torch.uint8),
        "objects": OBJECTS,
    }


def test_an_object_that_is_left_is_worse_than_one_that_is_removed(street: Tensors) -> None:
    left = measured(street, *NAMES)
    removed = measured({**street, "judged": street["judged_without"]}, *NAMES)

    assert left == {"class-left": [62.5], "class-invented": [62.5], "object-left": [1.0]}  # 240 of 384 pixels
    assert removed == {"class-left": [0.0], "class-invented": [0.0], "object-left": [0.0]}


def test_more_of_an_object_left_scores_worse(street: Tensors) -> None:
    scores = []
    for gone in range(34, 55, 4):
        judged = street["judged"].clone()
        judged[:, :, 34:gone] = ROAD
        scores.append(measured({**street, "judged": judged}, "class-left")["class-left"][0])

    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] == 0.0


def test_one_across_the_picture_licenses_no_other_in_the_hole(street: Tensors) -> None:
    painted = street["judged_without"].clone()
    painted[:, 20:30, 40:48] = PERSON
    far = measured({**street, "judged": painted}, "class-invented")
    near = street["judged_truth"].clone()
    near[:, 20:30, 29:31] = PERSON  # 2 px from the hole

    assert far == {"class-invented": [pytest.approx(100 * 80 / 384)]}
    assert measured({**street, "judged": painted, "judged_truth": near}, "class-invented") == {"class-invented": [0.0]}


def test_an_object_that_the_judge_draws_over_the_rim_is_no_licence_for_itself(street: Tensors) -> None:
    spilt = street["judged"].clone()
    spilt[:, 18:30, 30:54] = CAR  # 2 px over the rim
    another = spilt.clone()
    another[:, 34:36, 40:44] = CAR  # not connected, 2 px below the hole

    def invented(around: torch.Tensor, **change: torch.Tensor) -> float:
        shown = {**street, "judged": spilt, "judged_truth": around, **change}
        return measured(shown, "class-invented")["class-invented"][0]

    assert invented(spilt) == pytest.approx(100 * 12 * 22 / 384)
    assert invented(another) == 0
    assert invented(spilt, source=street["raw"]) == 0, "what a truth shows may go on in the hole"


def test_a_fill_whose_thing_spills_over_the_rim_is_no_licence(street: Tensors) -> None:
    painted = street["judged_without"].clone()
    painted[:, 20:30, 28:48] = PERSON  # the judge draws it 4 px into the known pixels

    assert measured({**street, "judged": painted}, "class-invented")["class-invented"][0] > 0


def test_uncountable_classes_are_not_invented(street: Tensors) -> None:
    without_people = {**street, "judged": street["judged_without"].clone(), "objects": (CAR, BICYCLE)}
    without_people["judged"][:, 20:30, 40:48] = PERSON

    assert measured(without_people, "class-invented") == {"class-invented": [0.0]}


def test_specks_are_no_objects(street: Tensors) -> None:
    specks = street["judged_without"].clone()
    specks[:, 18:20, 34:37] = CAR  # 6 px of 384
    specks[:, 24:26, 40:44] = CAR  # 8 px
    specks[:, 26, 44] = CAR  # touches at a corner

    assert measured({**street, "judged": specks}, "object-left") == {"object-left": [1.0]}


def test_a_judge_that_gives_no_class_earns_nothing(street: Tensors) -> None:
    half = street["judged"].clone()
    half[:, 16:24, 32:56] = VOID
    blind = torch.full_like(half, VOID)

    assert measured({**street, "judged": half}, "class-left") == {"class-left": [62.5]}  # 120 of 192 pixels
    assert all(math.isnan(value) for [value] in measured({**street, "judged": blind}, *NAMES).values())


@pytest.mark.parametrize(
    ("change", "undefined"),
    [
        ({"removed": None}, (*NAMES, *CEILINGS)),
        (
            {"removed": torch.tensor([VOID], dtype=torch.uint8)},
            ("class-left", "class-left-ceiling", "object-left", "object-left-ceiling"),
        ),
        ({"judged": None}, NAMES),
        ({"judged_without": None}, CEILINGS),
        ({"judged_truth": None}, ("class-invented",)),
        ({"objects": ()}, ("class-invented", "class-invented-ceiling")),
        ({"hole": torch.ones(1, 1, *SIZE, dtype=torch.bool)}, ("class-invented", "class-invented-ceiling")),
        ({"hole": torch.zeros(1, 1, *SIZE, dtype=torch.bool)}, (*NAMES, *CEILINGS)),
    ],
)
def test_what_is_not_known_is_undefined(street: Tensors, change: Tensors, undefined: tuple[str, ...]) -> None:
    found = measured({**street, **change}, *NAMES, *CEILINGS)

    assert {name for name, [value] in found.items() if math.isnan(value)} == set(undefined)


def test_each_is_a_metric_of_removals_with_a_ceiling_beside_it() -> None:
    for name in NAMES:
        metric = definition(name)

        assert with_companions([name]) == (name, f"{name}-ceiling")
        assert ceiling_of(name) == f"{name}-ceiling"
        assert metric.tasks == ("removal",)
        assert metric.needs == ("judge",)
        assert not metric.needs_truth
        assert not metric.higher_is_better
