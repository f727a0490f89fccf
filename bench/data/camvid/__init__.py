"""CamVid with the 11 classes of SegNet (Brostow et al., ECCV 2008; PRL 2009), in the layouts that it is shipped in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.data.camvid import original, prepared, segnet
from bench.data.camvid.classes import CLASSES
from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import need_root
from bench.errors import DataError
from bench.image_files.finding import some
from bench.image_files.sizes import Size

__all__ = ["CLASSES", "load"]


@dataclass(frozen=True)
class _Layout:
    folders: str
    is_here: Callable[[Path], bool]
    read: Callable[[Path, str], tuple[list[SampleFiles], Labelling]]


_LAYOUTS = (
    _Layout("images/, labels/, splits/", prepared.is_here, prepared.read),
    _Layout("train/, trainannot/ (SegNet)", segnet.is_here, segnet.read),
    _Layout("train/, train_labels/", original.has_folders, original.read_folders),
    _Layout("images/, labels/, codes.txt (fast.ai)", original.has_fast_ai, original.read_fast_ai),
    _Layout("701_StillsRaw_full/, LabeledApproved_full/ (Cambridge)", original.has_cambridge, original.read_cambridge),
)


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read whichever layout lies in `root`; raises DataError when none does, or more than one."""
    root = need_root(root, "camvid")
    here = [layout for layout in _LAYOUTS if layout.is_here(root)]
    if len(here) != 1:
        found = " and ".join(layout.folders for layout in here) or some(sorted(path.name for path in root.iterdir()))
        must = f"hold CamVid in one layout: {'; '.join(layout.folders for layout in _LAYOUTS)}"
        raise DataError(f"folder {root}", must, found or "an empty folder", "Point --data-root at the folder of one.")
    files, labelling = here[0].read(root, split)
    return FileDataset("camvid", split, files, labelling, size, limit)
