"""What a removal takes out of each picture: asked of the protocol, checked, hashed, and complete or not."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from bench.errors import DataError, NotApplicable
from bench.image_files.finding import some
from bench.removal import RemovedObject, Removing, task_of
from bench.vocabulary import Dataset, Protocol, Sample, Truth

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole

__all__ = ["TruthState", "check_truths", "find_removed", "has_truths", "removed_sha256", "truth_state"]

TruthState: TypeAlias = Literal["missing", "equal", "unlike", "fine"]
"""`equal`: to the picture inside the hole. `unlike`: most of the known pixels differ, too."""

_UNLIKE_LEVELS = 8
"""Levels of 255 by which pixels of two photographs of one scene hardly differ without another light or place."""
_log = logging.getLogger("bench")


def find_removed(protocol: Protocol, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject | None:
    """What the protocol's hole takes out of a sample; None under completion.

    Raises:
        NotApplicable: the protocol has no hole for this sample.
        DataError: the truth, or a map of the object, is not of the picture's size and type, or the class is not one of
            the data set's.
    """
    if not isinstance(protocol, Removing) or task_of(protocol) != "removal":
        return None
    removed = protocol.removed(sample, seed, dataset)
    size, truth = sample.image.shape[:2], removed.truth
    labels = None if truth is None else truth.labels
    of = f"of sample '{sample.id}' under protocol '{protocol.name}'"
    for subject, array, shape, dtype in (
        (f"truth {of}", None if truth is None else truth.image, (*size, 3), np.uint8),
        (f"label map of the truth {of}", labels, size, np.uint8),
        (f"pixels of the removed object {of}", removed.pixels, size, np.bool_),
        (f"pixels that change with the removed object {of}", removed.effects, size, np.bool_),
    ):
        if array is not None and (array.shape != shape or array.dtype != dtype):
            must = f"be {np.dtype(dtype).name} {list(shape)}, as large as the picture"
            found, fix = f"{array.dtype.name} {list(array.shape)}", "Give both pictures at one size."
            raise DataError(subject, must, found, fix)
    if removed.label is not None and not 0 <= removed.label < len(dataset.classes):
        must = f"be an index of the data set's {len(dataset.classes)} classes"
        raise DataError(f"class of the removed object {of}", must, str(removed.label), "Leave it out if not known.")
    return removed


def has_truths(protocol: Protocol, dataset: Dataset, seed: int) -> bool:
    """Whether fills can be compared with a truth: of a removal, as the first sample with a hole that can be read tells.

    True for completion, False for edits: the picture does not show what an edited label map asks for.
    """
    if task_of(protocol) != "removal":
        return task_of(protocol) == "completion"
    for index in range(len(dataset)):
        with suppress(NotApplicable, DataError):
            removed = find_removed(protocol, dataset[index], seed, dataset)
            return removed is not None and removed.truth is not None
    return False


def truth_state(sample: Sample, hole: Hole, removed: RemovedObject) -> TruthState:
    """Whether a removal has a truth, and one that differs from the sample's picture as it should."""
    if removed.truth is None:
        return "missing"
    picture, truth = sample.image, removed.truth.image
    if np.array_equal(picture[hole], truth[hole]):
        return "equal"
    change = np.maximum(picture, truth) - np.minimum(picture, truth)
    changed = (change[~hole] > _UNLIKE_LEVELS).any(axis=1)
    return "unlike" if 2 * int(changed.sum()) > changed.size else "fine"


def check_truths(protocol: str, dataset: Dataset, states: Mapping[str, TruthState]) -> None:
    """Refuse truths that some samples lack, or that still show the objects; warn of single ones, and of other scenes.

    Args:
        protocol: name of a removal protocol.
        dataset: whose samples they are.
        states: by sample id, of the samples that have a hole.

    Raises:
        DataError: some samples have a truth and others none, or no truth differs from its picture inside the hole.
    """
    subject = f"data set '{dataset.name}' under protocol '{protocol}'"
    missing, equal, unlike = (
        [name for name, state in states.items() if state == kind] for kind in ("missing", "equal", "unlike")
    )
    if 0 < len(missing) < len(states):
        raise DataError(
            subject,
            "have a truth, which is the picture without the object, of every sample or of none",
            f"{len(missing)} of {len(states)} samples without one ({some(missing)})",
            "Add the missing truths, leave out these pictures, or take all truths away.",
        )
    if 0 < len(equal) == len(states):
        raise DataError(
            subject,
            "have truths that differ from the pictures inside the holes",
            "none that does: truths still show the objects, or the holes lie elsewhere",
            "Check truths and masks; masks whose holes are black need ?hole=black.",
        )
    if equal:
        _log.warning(
            "%s: in %d of %d samples the truth equals the picture inside the hole: nothing is removed there (%s).",
            *(subject, len(equal), len(states), some(equal)),
        )
    if unlike:
        _log.warning(
            "%s: in %d of %d samples most known pixels of picture and truth differ by more than %d of 255 levels: they "
            "show another scene, another place or another light (%s).",
            *(subject, len(unlike), len(states), _UNLIKE_LEVELS, some(unlike)),
        )


def removed_sha256(removed: RemovedObject | None) -> str:
    """Hash of everything that is known of a removed object; empty under completion."""
    if removed is None:
        return ""
    truth = removed.truth or Truth(np.zeros((0, 0, 3), np.uint8))
    hashes = [_sha256(removed.pixels), _sha256(removed.effects), _sha256(truth.image), _sha256(truth.labels)]
    return hashlib.sha256(json.dumps([removed.label, *hashes]).encode()).hexdigest()


def _sha256(array: npt.NDArray[Any] | None) -> str:
    return "" if array is None else hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
