"""What the layouts share: reading split files, pairing pictures with labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.data.files import SampleFiles
from bench.errors import DataError, UnknownName, UsageError
from bench.image_files.finding import same_form, some

__all__ = [
    "choose_split",
    "need_folder",
    "need_root",
    "pair",
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
