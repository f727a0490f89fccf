from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import distance_transform_edt, label

import bench.masks
from bench.editing import Editing, LabelEdit
from bench.errors import NotApplicable, UnknownName, UsageError
from bench.masks.edit_names import EDITS, split_edit
from bench.masks.edits.protocol import EditProtocol
from bench.masks.edits.rules import RULES, Drawing
from bench.masks.random_stream import RandomStream
from bench.removal import task_of
from bench.vocabulary import VOID, DatasetBound, Sample
from tests.support.label_scenes import LabelScenes, coloured, scenes

SIZE = 40
EIGHT = np.ones((3, 3), int)
SOME_HAVE_NONE = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@st.composite
def drawings(draw: st.DrawFn, edit: str = "edit-swap") -> Drawing:
    """A map of rectangles, some of them unlabelled, a hole of rectangles, and two other pictures."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    maps = [rectangles(random, draw(st.integers(1, 9))) for _ in range(3)]
    hole = np.zeros((SIZE, SIZE), bool)
    for _ in range(draw(st.integers(1, 3))):
        top, left = random.integers(0, SIZE - 6, 2)
        hole[top : top + random.integers(2, 30), left : left + random.integers(2, 30)] = True
    assume(not hole.all())
    samples = [Sample(f"s{index}", coloured(labels), labels) for index, labels in enumerate(maps)]
    dataset = LabelScenes(samples, classes=tuple("abcdef"), objects=(3, 4))
    return Drawing(maps[0], hole, samples[0], dataset, RandomStream(edit, 0, "s0"))


def rectangles(random: np.random.Generator, n: int) -> np.ndarray:
    labels = np.full((SIZE, SIZE), random.integers(0, 6), np.uint8)
    for value in random.choice([0, 1, 2, 3, 4, 5, VOID], n):
        top, left = random.integers(0, SIZE - 3, 2)
        labels[top : top + random.integers(1, 25), left : left + random.integers(1, 25)] = value
    return labels


def edited(edit: str, drawn: Drawing) -> np.ndarray:
    """The edited map, from a stream of its own, so that it can be called again; skips where there is none."""
    stream = RandomStream(edit.rstrip("-0123456789"), 0, "s0")
    try:
        return RULES[edit](Drawing(drawn.labels, drawn.hole, drawn.sample, drawn.dataset, stream))
    except NotApplicable:
        assume(False)
        raise


def regions(labels: np.ndarray, wanted: int) -> np.ndarray:
    """Numbers of the 8-connected components of one class."""
    numbers: np.ndarray = label(labels == wanted, EIGHT)[0]
    return numbers


@pytest.mark.parametrize("edit", EDITS)
@SOME_HAVE_NONE
@given(data=st.data())
def test_an_edit_changes_hole_pixels_alone_and_some_of_them_the_same_ones_each_time(
    edit: str, data: st.DataObject
) -> None:
    drawn = data.draw(drawings())
    before = drawn.labels.copy()

    found = edited(edit, drawn)

    assert found.dtype == np.uint8
    assert np.array_equal(found[~drawn.hole], before[~drawn.hole])
    assert np.array_equal(found, before) == (edit == "edit-none")
    assert np.array_equal(drawn.labels, before)
    assert np.array_equal(found, edited(edit, drawn))
    assert not (found[found != before] == VOID).any()


@SOME_HAVE_NONE
@given(drawings())
def test_shifts_move_one_boundary_by_exactly_their_distance_and_the_same_one(drawn: Drawing) -> None:
    found = [edited(f"edit-shift-{pixels}", drawn) for pixels in (4, 8, 16)]
    changed = [one != drawn.labels for one in found]
    (grown,) = np.unique(found[-1][changed[-1]])
    numbers = regions(drawn.labels, grown)

    def moved(number: int, pixels: int) -> np.ndarray:
        distance = distance_transform_edt(numbers != number)
        scaled = max(1, round(pixels * SIZE / 256))
        pixels_moved: np.ndarray = (distance <= scaled) & drawn.hole & (drawn.labels != grown)
        return pixels_moved

    fitting = [
        number
        for number in range(1, numbers.max() + 1)
        if all(np.array_equal(moved(number, pixels), one) for pixels, one in zip((4, 8, 16), changed, strict=True))
    ]
    assert fitting
    assert (changed[0] <= changed[1]).all()
    assert (changed[1] <= changed[2]).all()


@pytest.mark.parametrize("pixels", [4, 8, 16])
def test_a_straight_boundary_moves_by_so_many_rows(pixels: int) -> None:
    labels = np.zeros((256, 256), np.uint8)
    labels[:128] = 1
    hole = np.zeros((256, 256), bool)
    hole[64:192, 64:192] = True
    sample = Sample("s", coloured(labels), labels)

    found = RULES[f"edit-shift-{pixels}"](
        Drawing(labels, hole, sample, LabelScenes([sample]), RandomStream("e", 0, "s"))
    )

    rows = np.flatnonzero((found != labels)[:, 128])
    assert rows.tolist() in ([*range(128, 128 + pixels)], [*range(128 - pixels, 128)])
    assert (found != labels).sum() == 128 * pixels


@SOME_HAVE_NONE
@given(drawings())
def test_a_swap_keeps_the_region_and_gives_it_a_class_that_is_not_beside_it(drawn: Drawing) -> None:
    found = edited("edit-swap", drawn)
    changed = found != drawn.labels
    (old,), (new,) = np.unique(drawn.labels[changed]), np.unique(found[changed])
    inside = np.where(drawn.hole, drawn.labels, VOID)
    numbers = regions(inside, old)

    assert np.array_equal(numbers == numbers[changed][0], changed)
    assert 20 * changed.sum() >= drawn.hole.sum()
    assert new < len(drawn.dataset.classes)
    afterwards = regions(found, new)
    assert np.array_equal(afterwards == afterwards[changed][0], changed)  # it touches no other region of its class


@SOME_HAVE_NONE
@given(drawings())
def test_an_inserted_object_has_the_shape_of_one_of_another_picture_and_stands_alone(drawn: Drawing) -> None:
    found = edited("edit-insert", drawn)
    changed = found != drawn.labels
    (new,) = np.unique(found[changed])
    afterwards = regions(found, new)

    assert new in drawn.dataset.objects
    assert np.array_equal(np.isin(afterwards, afterwards[changed]), changed)  # nothing of its class is beside it
    assert 100 * changed.sum() >= drawn.hole.sum()
    others = [sample.labels for sample in drawn.dataset if sample.id != drawn.sample.id and sample.labels is not None]
    assert any(_is_moved(changed, drawn.hole, regions(labels, new)) for labels in others)


def _is_moved(changed: np.ndarray, hole: np.ndarray, numbers: np.ndarray) -> bool:
    """Whether some component, moved somewhere and cut by the hole, is `changed`."""
    rows, columns = np.nonzero(changed)
    for number in range(1, numbers.max() + 1):
        component = numbers == number
        places = np.argwhere(component)
        for y, x in places:  # one of them is the first changed pixel
            moved = np.zeros_like(component)
            target = places + np.array([rows[0] - y, columns[0] - x])
            target = target[((target >= 0) & (target < SIZE)).all(axis=1)]
            moved[tuple(target.T)] = True
            if np.array_equal(moved & hole, changed):
                return True
    return False


@SOME_HAVE_NONE
@given(drawings())
def test_a_removed_object_gives_way_to_what_is_nearest(drawn: Drawing) -> None:
    found = edited("edit-remove", drawn)
    changed = found != drawn.labels
    (old,) = np.unique(drawn.labels[changed])
    numbers = regions(drawn.labels, old)
    component = numbers == numbers[changed][0]

    assert old in drawn.dataset.objects
    assert np.array_equal(changed, component & drawn.hole)
    assert 2 * changed.sum() >= component.sum()
    nearest = distance_transform_edt((drawn.labels == old) | (drawn.labels == VOID))
    for new in np.unique(found[changed]):
        assert new != old
        of_class = distance_transform_edt(drawn.labels != new)
        pixels = changed & (found == new)
        assert np.allclose(of_class[pixels], nearest[pixels])


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ("edit-none", "no labelled pixel in the hole"),
        ("edit-shift-8", "no region of 5 % of the hole with a boundary in the hole"),
        ("edit-swap", "no region of 5 % of the hole"),
        ("edit-insert", "no object of another picture fits into the hole as a new one"),
        ("edit-remove", "no object of 1 % of the hole, half of which lies in it"),
    ],
)
def test_a_hole_without_labels_has_no_edit(edit: str, reason: str) -> None:
    labels = np.zeros((32, 32), np.uint8)
    labels[4:28, 4:28] = VOID
    sample = Sample("s", coloured(labels), labels)

    with pytest.raises(NotApplicable, match=reason):
        bench.masks.get(f"{edit}:center-50").edited(sample, 0, LabelScenes([sample]))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ("edit-shift-4", "with a boundary in the hole"),
        ("edit-swap", "every class of the data set is near"),
        ("edit-remove", "no object"),
    ],
)
def test_a_picture_of_the_only_class_has_no_such_edit(edit: str, reason: str) -> None:
    sample = Sample("s", np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.uint8))
    dataset = LabelScenes([sample], classes=("ground",), objects=())

    with pytest.raises(NotApplicable, match=reason):
        bench.masks.get(f"{edit}:center-50").edited(sample, 0, dataset)  # type: ignore[attr-defined]


def test_a_protocol_with_an_edit_cuts_the_holes_of_the_other_one_and_survives_a_pickle() -> None:
    dataset = scenes()
    protocol = pickle.loads(pickle.dumps(bench.masks.get("edit-swap:random-rect")))  # noqa: S301  our own bytes

    assert isinstance(protocol, EditProtocol)
    assert isinstance(protocol, Editing)
    assert not isinstance(protocol, DatasetBound)
    assert (protocol.name, protocol.needs_labels, task_of(protocol)) == ("edit-swap:random-rect@1", True, "editing")
    assert split_edit(protocol.name) == ("edit-swap", "random-rect@1")
    plain = bench.masks.get("random-rect")
    assert all(np.array_equal(protocol.hole(s, 7, dataset), plain.hole(s, 7, dataset)) for s in dataset)


def test_an_edit_depends_on_the_seed_and_on_nothing_that_was_drawn_before() -> None:
    dataset, protocol = scenes(12), bench.masks.get("edit-swap:center-50")
    assert isinstance(protocol, EditProtocol)

    forth = [protocol.edited(sample, 0, dataset) for sample in dataset]
    back = [protocol.edited(sample, 0, dataset) for sample in reversed(dataset.samples)][::-1]
    other = [protocol.edited(sample, 1, dataset) for sample in dataset]

    assert all(_equal(one, two) for one, two in zip(forth, back, strict=True))
    assert not all(_equal(one, two) for one, two in zip(forth, other, strict=True))


def _equal(one: LabelEdit, two: LabelEdit) -> bool:
    return np.array_equal(one.labels, two.labels) and np.array_equal(one.changed, two.changed)


@pytest.mark.parametrize(
    "name", ["edit-swap:", "edit-swap:object-removal-5", "edit-swap:whole", "edit-swap:edit-swap:center-50"]
)
def test_an_edit_needs_holes_to_be_completed(name: str) -> None:
    with pytest.raises((UsageError, UnknownName)):
        bench.masks.get(name)


def test_an_edit_of_an_unlabelled_picture_is_refused() -> None:
    sample = Sample("s", np.zeros((32, 32, 3), np.uint8))

    with pytest.raises(UsageError, match="label maps"):
        bench.masks.get("edit-none:center-50").edited(sample, 0, LabelScenes([sample]))  # type: ignore[attr-defined]


def test_masks_on_disk_can_have_an_edit(tmp_path: Path) -> None:
    dataset, mask = scenes(2), np.zeros((32, 32), np.uint8)
    mask[8:24, 8:24] = 255
    for sample in dataset:
        Image.fromarray(mask).save(tmp_path / f"{sample.id}.png")

    protocol = bench.masks.get(f"edit-none:files:{tmp_path}")
    assert isinstance(protocol, DatasetBound)
    bound = protocol.for_dataset(dataset)

    assert bound.name.startswith(f"edit-none:files:{tmp_path.name}@")
    assert np.array_equal(bound.hole(dataset[0], 0, dataset), mask > 0)
