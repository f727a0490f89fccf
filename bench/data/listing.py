"""What the layouts share: finding pictures, reading split files, pairing pictures with labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.data.files import SampleFiles
from bench.errors import DataError, UnknownName, UsageError

__all__ = [
    "PICTURE_SUFFIXES",
    "choose_split",
    "find_pictures",
    "need_folder",
    "need_root",
    "pair",
    "pick",
    "read_names",
    "split_files",
]

PICTURE_SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")


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


def find_pictures(folder: Path, suffixes: Sequence[str] = PICTURE_SUFFIXES) -> dict[str, Path]:
    """Pictures under `folder`, at any depth, by id: the path below `folder` without suffix, with `/`; sorted by id.

    The case of a suffix does not matter; names that begin with a dot are passed over. Raises DataError when there is
    none, or when two have one id.
    """
    files = [path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder))]
    pictures: dict[str, Path] = {}
    for path in sorted(path for path in files if path.suffix.lower() in suffixes):
        key = path.relative_to(folder).with_suffix("").as_posix()
        if key in pictures:
            raise DataError(
                f"id '{key}'", "name one file", f"{pictures[key].name} and {path.name} in {path.parent}", "Remove one."
            )
        pictures[key] = path
    if not pictures:
        found = f"none, only others such as {files[0].name}" if files else "an empty folder"
        raise DataError(
            f"folder {folder}", f"hold pictures ({', '.join(suffixes)})", found, "Check --data-root, or convert them."
        )
    return dict(sorted(pictures.items()))


def split_files(folder: Path) -> dict[str, Path]:
    """The split files `NAME.txt` in `folder`, by name."""
    return {path.stem: path for path in sorted(folder.glob("*.txt"))}


def choose_split(dataset: str, split: str, known: Iterable[str]) -> str:
    """Return `split`; raises UnknownName with suggestions when `dataset` has no such split."""
    known = tuple(known)
    if split not in known:
        raise UnknownName(f"split of {dataset}", split, known)
    return split


def read_names(path: Path) -> list[str]:
    """The names in a split file, one a line; raises DataError when it cannot be read or holds none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"split file {path}", "be a text file of names", str(error), "Restore it.") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise DataError(f"split file {path}", "hold names, one a line", "no name", "Restore it.")
    return names


def pick(names: Sequence[str], found: dict[str, Path], split_file: Path, folder: Path) -> list[tuple[str, Path]]:
    """The pictures that a split file names, in its order; raises DataError when one is not in `folder`."""
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(
            f"split file {split_file}",
            f"name pictures of {folder}, without suffix",
            f"{_some(missing)} without a picture",
            "Add the pictures or remove the names.",
        )
    return [(name, found[name]) for name in names]


def pair(pictures: Iterable[tuple[str, Path]], labels: dict[str, Path], folder: Path) -> list[SampleFiles]:
    """Give every picture the label map of its id; raises DataError when one has none."""
    pictures = list(pictures)
    missing = [key for key, _ in pictures if key not in labels]
    if missing:
        raise DataError(
            f"folder {folder}", "hold a label map for every picture", f"none for {_some(missing)}", "Add them."
        )
    return [SampleFiles(key, path, (labels[key],)) for key, path in pictures]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    return ", ".join(f"'{name}'" for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
