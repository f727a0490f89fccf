"""The one finder of picture files: of data sets, masks and predictions. It follows links and tells what it omits."""

from __future__ import annotations

import logging
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.errors import DataError

__all__ = ["PICTURE_SUFFIXES", "find_pictures", "same_form", "some"]

PICTURE_SUFFIXES = (".bmp", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir"})
"""What systems leave in folders beside names that begin with a dot, in small letters."""
_TEXT = frozenset({".csv", ".html", ".json", ".md", ".tsv", ".txt", ".xml", ".yaml", ".yml"})
"""Suffixes of notes and lists, which nobody takes for pictures."""
_SHOWN = 3


def find_pictures(
    folder: Path,
    noun: str = "folder",
    suffixes: Sequence[str] = PICTURE_SUFFIXES,
    *,
    deep: bool = True,
    fix: str = "Check the path, or convert them.",
) -> dict[str, Path]:
    """Pictures under `folder`, at any depth, by id: the path below `folder` without suffix, with `/`; sorted by id.

    The case of a suffix does not matter, and ids are in Unicode form NFC. Linked files and folders are followed, except
    for links to a folder that they lie in. Names that begin with a dot and what systems leave behind (Thumbs.db and the
    like) are passed over. Other files whose suffix is not read are counted in one warning, except for text files.

    Args:
        folder: where to look.
        noun: what it is, for messages.
        suffixes: those that are read, in small letters.
        deep: whether to look into sub-folders.
        fix: what to do about a folder without pictures.

    Raises:
        DataError: there is no picture, two have one id, a link leads nowhere, or a folder cannot be read.
    """
    files = sorted(path for path in _files_below(folder) if deep or path.parent == folder)
    if broken := [path for path in files if path.is_symlink() and not path.exists()]:
        names = [path.relative_to(folder).as_posix() for path in broken]
        raise DataError(
            f"folder {folder}", "hold links to files and folders that are there", f"broken links: {some(names)}",
            "Restore what they lead to, or remove them.",
        )  # fmt: skip
    found = {path for path in files if path.suffix.lower() in suffixes and path.is_file()}
    pictures: dict[str, Path] = {}
    for path in sorted(found):
        key = same_form(path.relative_to(folder).with_suffix("").as_posix())
        if key in pictures:
            both = " and ".join(each.relative_to(folder).as_posix() for each in (pictures[key], path))
            raise DataError(f"id '{key}'", "name one file", f"{both} in {folder}", "Remove one.")
        pictures[key] = path
    others = [path for path in files if path not in found and path.suffix.lower() not in _TEXT]
    if not pictures:
        what = f"none, only others such as {files[0].name}" if files else "an empty folder"
        raise DataError(f"{noun} {folder}", f"hold pictures ({', '.join(suffixes)})", what, fix)
    if others:
        _warn_of_others(folder, others, suffixes)
    return dict(sorted(pictures.items()))


def same_form(name: str) -> str:
    """A name in Unicode form NFC: Macs write letters with accents as two characters (NFD), other systems as one."""
    return unicodedata.normalize("NFC", name)


def some(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:_SHOWN]) + more


def _files_below(folder: Path, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """All files and broken links below a folder but clutter; `above`: real paths of the folders that it lies in."""
    above |= {os.path.realpath(folder)}
    try:
        paths = {path: path.is_dir() for path in sorted(folder.iterdir()) if not _is_clutter(path.name)}
    except OSError as error:
        raise DataError(
            f"folder {folder}", "be readable", error.strerror or str(error), "Check its permissions."
        ) from error
    for path, is_folder in paths.items():
        if not is_folder:
            yield path
        elif os.path.realpath(path) not in above:
            yield from _files_below(path, above)


def _is_clutter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _CLUTTER


def _warn_of_others(folder: Path, others: Sequence[Path], suffixes: Sequence[str]) -> None:
    counts = Counter(path.suffix.lower() or "no suffix" for path in others)
    kinds = ", ".join(f"{count} with {suffix}" for suffix, count in counts.most_common())
    logging.getLogger("bench").warning(
        "folder %s: %d of the files are not read (%s), such as %s; read are %s",
        *(folder, len(others), kinds, some([path.relative_to(folder).as_posix() for path in others])),
        ", ".join(suffixes),
    )
