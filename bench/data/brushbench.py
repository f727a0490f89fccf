"""BrushBench (Ju et al., "BrushNet", ECCV 2024): the pictures that `mapping_file.json` lists.

Layout: README and examples/brushnet/evaluate_brushnet.py of TencentARC/BrushNet. The file maps a key to the path of a
picture below the folder (`image`), a text (`caption`) and two masks (`inpainting_mask`, `outpainting_mask`) of 512x512
pixels in run-length code. It could not be checked against the files.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import choose_split, need_root
from bench.errors import DataError
from bench.image_files.finding import same_form, some
from bench.image_files.sizes import Size
from bench.strict_json import parse_json

__all__ = ["load"]

_LONGEST = 255
"""Bytes of the name of a file."""
_FIX = "Point --data-root at the folder that holds images/ and mapping_file.json."


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read the pictures of `mapping_file.json` with their texts, in its order.

    An id is the path below `images/` without suffix. The one split is `test`; masks come by `files:`.
    """
    root = need_root(root, "brushbench")
    choose_split("brushbench", split, ("test",))
    entries = _read_entries(root / "mapping_file.json")
    files = [SampleFiles(_id(path), root / path, prompt=caption) for path, caption in entries]
    if missing := [file.picture.relative_to(root).as_posix() for file in files if not file.picture.is_file()]:
        must = "hold every picture that mapping_file.json names"
        raise DataError(f"folder {root} of brushbench", must, f"no {some(missing)}", "Unpack the archive again.")
    return FileDataset("brushbench", split, files, Labelling(), size, limit)


def _read_entries(path: Path) -> list[tuple[str, str]]:
    """Path and text of each picture; raises DataError for anything but the layout above."""
    try:
        entries: Any = parse_json(path.read_text(encoding="utf-8-sig"))
        return [(_relative(entry["image"]), _text(entry["caption"])) for entry in entries.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        must = 'map each key to {"image": path, "caption": text, "inpainting_mask": runs, "outpainting_mask": runs}'
        raise DataError(f"file {path}", must, f"{type(error).__name__}: {error}", _FIX) from error


def _text(caption: object) -> str:
    """The caption itself; raises TypeError for anything but a text that is not empty."""
    if not isinstance(caption, str) or not caption.strip():
        raise TypeError(f"a caption without text: {caption!r}")
    return caption


def _relative(path: str) -> str:
    """The path itself; raises ValueError for one that leads out of the folder."""
    parts = PurePosixPath(path)
    if not parts.name:
        raise ValueError("a path without a name")
    if any(len(part.encode()) > _LONGEST for part in parts.parts):
        raise ValueError(f"a path that no file has: {path[:60]}...")
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f"a path that leads out of the folder: {path}")
    return path


def _id(path: str) -> str:
    return same_form(PurePosixPath(path).with_suffix("").as_posix().removeprefix("images/"))
