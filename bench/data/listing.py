"""What the layouts share: reading split files, pairing pictures with labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bench.data.files import SampleFiles
from bench.data.hashing import READING_THREADS
from bench.data.limits import limited
from bench.errors import DataError, UnknownName, UsageError
from bench.image_files.finding import same_form, some
from bench.image_files.opening import upright_size

__all__ = [
    "choose_split",
    "need_folder",
    "need_layout",
    "need_root",
    "pair",
    "pair_truth_labels",
    "pair_truths",
    "pick",
    "read_names",
    "split_files",
]


def need_root(root: Path | None, dataset: str) -> Path:
    """Return `root`; raises UsageError when it was not given."""
    if root is None:
        raise UsageError(
            f"dataset '{dataset}'",
            "be told where its files are",
            "no folder",
            "Give --data-root DIR (root=DIR in Python); docs/reference/data-sets.md shows what lies in it.",
        )
    return need_folder(root, dataset, "Check --data-root.")


def need_folder(folder: Path, dataset: str, fix: str) -> Path:
    """Return `folder`; raises DataError with `fix` when it is not there."""
    if not folder.is_dir():
        raise DataError(f"folder {folder} of {dataset}", "be there", "no such folder", fix)
    return folder


def need_layout(root: Path, dataset: str, names: Sequence[str], fix: str) -> list[Path]:
    """The folders of those names in `root`; raises DataError with `fix`, and with what is there, when one is not."""
    if any(not (root / name).is_dir() for name in names):
        must = f"hold the folders {' and '.join(f'{name}/' for name in names)}"
        there = sorted(path.name + "/" * path.is_dir() for path in root.iterdir() if not path.name.startswith("."))
        raise DataError(f"folder {root} of {dataset}", must, some(there) or "an empty folder", fix)
    return [root / name for name in names]


def split_files(folder: Path) -> dict[str, Path]:
    """The split files `NAME.txt` in `folder`, by name in form NFC."""
    return {same_form(path.stem): path for path in sorted(folder.glob("*.txt"))}


def choose_split(dataset: str, split: str, known: Iterable[str]) -> str:
    """Return `split` in form NFC; raises UnknownName with suggestions when `dataset` has no such split."""
    known, split = tuple(known), same_form(split)
    if split not in known:
        raise UnknownName(f"split of {dataset}", split, known)
    return split


def read_names(path: Path, noun: str = "split file") -> list[str]:
    """The names in a split file, one a line, in form NFC; raises DataError when it cannot be read or holds none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{noun} {path}", "be a text file of names", str(error), "Restore it.") from error
    names = [same_form(line.strip()) for line in lines if line.strip()]
    if not names:
        raise DataError(f"{noun} {path}", "hold names, one a line", "no name", "Restore it.")
    return names


def pick(names: Sequence[str], found: dict[str, Path], split_file: Path, folder: Path) -> list[tuple[str, Path]]:
    """The pictures that a split file names, in its order; raises DataError when one is not in `folder`."""
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(
            f"split file {split_file}",
            f"name pictures of {folder}, without suffix",
            f"{some(missing)} without a picture",
            "Add the pictures or remove the names.",
        )
    return [(name, found[name]) for name in names]


def pair(pictures: Iterable[tuple[str, Path]], labels: dict[str, Path], folder: Path) -> list[SampleFiles]:
    """Give every picture the label map of its id; raises DataError when one has none."""
    pictures = list(pictures)
    missing = [key for key, _ in pictures if key not in labels]
    if missing:
        raise DataError(
            f"folder {folder}", "hold a label map for every picture", f"none for {some(missing)}", "Add them."
        )
    return [SampleFiles(key, path, (labels[key],)) for key, path in pictures]


def pair_truths(
    files: Sequence[SampleFiles], truths: dict[str, Path], folder: Path, known: Collection[str], limit: int | None
) -> list[SampleFiles]:
    """Give every sample the truth of its id: the picture that a removal should give.

    Args:
        files: the samples of the split.
        truths: pictures of `folder` by id.
        folder: where the truths lie.
        known: ids of the pictures of all splits: a truth of another one belongs to no picture.
        limit: sizes are checked of so many samples, as the data set keeps.

    Raises:
        DataError: samples without a truth, truths without a picture, or of another size; all of them in one message.
    """
    paired = [replace(file, truth=truths.get(file.id)) for file in files]
    problems = _name_problems("pictures without a truth", "truths without a picture", files, truths, known)
    whole = [file for file in limited(paired, limit) if file.truth]
    with ThreadPoolExecutor(READING_THREADS) as pool:
        sizes = [text for text in pool.map(_other_size, whole) if text]
    if sizes:
        problems.append(f"truths of another size (height x width): {'; '.join(sizes)}")
    if problems:
        must = "hold one truth for each picture, of the same name and size"
        fix = "Name each after its picture, and make it of the picture as it is shown upright, without resizing."
        raise DataError(f"folder {folder}", must, "; ".join(problems), fix)
    return paired


def pair_truth_labels(
    files: Sequence[SampleFiles], labels: dict[str, Path], folder: Path, known: Collection[str]
) -> list[SampleFiles]:
    """Give every truth the label map of its id; raises DataError when one has none, or one is of no truth."""
    if problems := _name_problems("none for", "label maps without a truth", files, labels, known):
        raise DataError(f"folder {folder}", "hold a label map for every truth", "; ".join(problems), "Mend the names.")
    return [replace(file, truth_labels=(labels[file.id],)) for file in files]


def _name_problems(
    lacking: str, extra: str, files: Sequence[SampleFiles], found: Collection[str], known: Collection[str]
) -> list[str]:
    missing = [file.id for file in files if file.id not in found]
    surplus = [key for key in found if key not in known]
    return [f"{what}: {some(names)}" for what, names in ((lacking, missing), (extra, surplus)) if names]


def _other_size(file: SampleFiles) -> str:
    """What is wrong with the size of a truth, or nothing; a damaged file is told when its sample is read."""
    try:
        own, truth = (upright_size(path) for path in (file.picture, file.truth) if path)
    except DataError:
        return ""
    return "" if own == truth else f"'{file.id}' {truth[0]}x{truth[1]}, its picture {own[0]}x{own[1]}"
