"""Anyone's pictures: `images/` or a flat folder, and what there is beside them.

`labels/` with `classes.json`; `splits/`; `prompts.json`; and for removals `truths/`, the same scenes without the
object, and `truth-labels/`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import (
    choose_split,
    need_root,
    pair,
    pair_truth_labels,
    pair_truths,
    pick,
    read_names,
    split_files,
)
from bench.data.prompts import with_prompts
from bench.errors import DataError, UsageError
from bench.image_files.finding import PICTURE_SUFFIXES, find_pictures, some
from bench.image_files.sizes import Size
from bench.strict_json import parse_json
from bench.vocabulary import VOID

__all__ = ["find_folder_pictures", "load"]

_KNOWN = ("labels", "splits", "truths", "truth-labels")
_LARGEST = 65535
"""Index in a label map: PNG files have 16 bits a sample at most."""
_log = logging.getLogger("bench")


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read a folder of pictures; without `splits/` all of them are the split `test`. Ids keep sub-folders.

    Pictures lie in `images/`, at any depth. Where there is no such folder, those that lie in `root` itself are taken.
    """
    root = need_root(root, "folder")
    images, found = find_folder_pictures(root)
    pictures = _in_split(split, root / "splits", found, images)
    labels = root / "labels"
    if labels.is_dir():
        files = pair(pictures, find_pictures(labels, suffixes=(".png",)), labels)
    else:
        files = [SampleFiles(key, path) for key, path in pictures]
    files = _with_truths(root, files, found, limit)
    files = with_prompts(files, root / "prompts.json", found)
    labelled = labels.is_dir() or (root / "truth-labels").is_dir()
    labelling = _labelling(root / "classes.json", needed=labelled)
    return FileDataset("folder", split, files, labelling, size, limit)


def find_folder_pictures(root: Path) -> tuple[Path, dict[str, Path]]:
    """The folder that holds the pictures, and the pictures by id."""
    images = root / "images"
    beside = [path for path in root.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]
    if images.is_dir():
        if beside:
            _log.warning("folder %s: the pictures in images/ are taken, and not the %d beside it", root, len(beside))
        return images, find_pictures(images)
    if not beside:
        found = some(sorted(path.name for path in root.iterdir())) or "an empty folder"
        must = "hold a folder images/, or pictures"
        raise DataError(f"folder {root} of folder", must, found, f"Put the pictures into {images}.")
    found_below = find_pictures(root, deep=False)
    others = sorted(
        path.name for path in root.iterdir() if path.is_dir() and path.name not in _KNOWN and path.name[0] != "."
    )
    if others:
        _log.warning("folder %s: the pictures in it are taken, and nothing of its folders %s", root, some(others))
    return root, found_below


def _with_truths(root: Path, files: list[SampleFiles], known: dict[str, Path], limit: int | None) -> list[SampleFiles]:
    truths, labels = root / "truths", root / "truth-labels"
    if truths.is_dir():
        files = pair_truths(files, find_pictures(truths), truths, known, limit)
    elif labels.is_dir():
        raise DataError(f"folder {labels}", f"lie beside {truths}", "no such folder", "Add the truths or remove it.")
    if labels.is_dir():
        files = pair_truth_labels(files, find_pictures(labels, suffixes=(".png",)), labels, known)
    return files


def _in_split(split: str, folder: Path, found: dict[str, Path], images: Path) -> list[tuple[str, Path]]:
    if folder.is_dir():
        known = split_files(folder)
        split_file = known[choose_split("folder", split, known)]
        return pick(read_names(split_file), found, split_file, images)
    if split != "test":
        raise UsageError(
            f"split '{split}'",
            "be 'test' in a folder without splits",
            f"no {folder}",
            f"Write the ids of the split to {folder / f'{split}.txt'}, one a line.",
        )
    return list(found.items())


def _labelling(path: Path, *, needed: bool) -> Labelling:
    if not path.exists() and not needed:
        return Labelling()
    try:
        return _parse(parse_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"file {path}",
            'be {"classes": [names], "objects": [names], "ignore": index or null}',
            f"{type(error).__name__}: {error}",
            "Write it; docs/reference/data-sets.md has an example.",
        ) from error


def _parse(data: dict[str, Any]) -> Labelling:
    """Raises ValueError, KeyError or TypeError on anything but the documented form."""
    classes, objects, ignore = data["classes"], data.get("objects", []), data.get("ignore")
    if not all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in (classes, objects)):
        raise TypeError("classes and objects must be lists of names")
    if not 0 < len(classes) <= VOID or len(set(classes)) < len(classes):
        raise ValueError(f"{len(classes)} classes, of which {len(set(classes))} distinct (1 to {VOID}, all distinct)")
    if unknown := [name for name in objects if name not in classes]:
        raise ValueError(f"objects {unknown} are no classes")
    if ignore is not None and not (type(ignore) is int and 0 <= ignore <= _LARGEST):
        raise ValueError(f"ignore is {ignore!r}")
    void = {VOID: VOID} if ignore is None else {VOID: VOID, ignore: VOID}
    return Labelling.named(classes, objects, {index: index for index in range(len(classes))} | void)
