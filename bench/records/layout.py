"""Where things lie in an output folder. docs/reference/files.md describes it."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError

__all__ = ["CellKey", "RunLayout", "folder_name", "sample_file"]

_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that Windows keeps for devices, with any ending."""
_LONGEST, _KEPT = 200, 180
"""Bytes of the name of a folder, and those that stay of a longer one."""


def folder_name(name: str) -> str:
    """A model or protocol name as one folder name: what is not allowed in one everywhere becomes `+`.

    A name that leads elsewhere (`..`), that Windows would cut (a dot or blank at its end), or that Windows keeps for a
    device gets a `+` in front or behind. Of a name of more than 200 bytes in UTF-8, the first 180 stay, with a part of
    the SHA-256 of the whole name behind them: file systems take 255 bytes.
    """
    found = "".join("+" if char in '/\\:*?"<>|' or not char.isprintable() else char for char in name)
    found = f"+{found}" if _DEVICE.match(found) else found
    if len(found.encode()) > _LONGEST:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        found = f"{found.encode()[:_KEPT].decode('utf-8', 'ignore')}+{digest[:16]}"
    return f"{found}+" if not found or found[-1] in ". " else found


def sample_file(folder: Path, sample_id: str, ending: str) -> Path:
    """The file of a sample in a folder; an id with `/` is a path below it.

    Raises:
        UsageError: the id leads out of the folder.
    """
    path = Path(sample_id)
    if path.is_absolute() or path.drive or ".." in path.parts or "\0" in sample_id or not sample_id:
        must, fix = "be a name or a path below a folder", "Rename the sample."
        raise UsageError(f"id of sample '{sample_id}'", must, "one that leads elsewhere", fix)
    return folder / f"{sample_id}{ending}"


@dataclass(frozen=True, order=True)
class CellKey:
    """One (model, protocol, dataset): what a folder under `cells/` is named after."""

    model: str
    fingerprint: str
    protocol: str
    dataset: str
    revision: str

    @property
    def path(self) -> Path:
        """`<model>/<fingerprint12>/<protocol>@<v>/<dataset>@<revision12>`."""
        return _cell_path(self)


@functools.lru_cache(maxsize=1024)
def _cell_path(key: CellKey) -> Path:
    """Kept, since a cell has a path for each of many thousand shards."""
    dataset = folder_name(f"{key.dataset}@{key.revision[:12]}")
    return Path(folder_name(key.model), folder_name(key.fingerprint[:12]), folder_name(key.protocol), dataset)


@dataclass(frozen=True)
class RunLayout:
    """Paths inside one output folder."""

    out: Path

    @property
    def log(self) -> Path:
        """Tracebacks of commands that failed."""
        return self.out / "log.txt"

    @property
    def run_file(self) -> Path:
        """What was run: suite, dataset, models, versions."""
        return self.out / "run.json"

    @property
    def spread_file(self) -> Path:
        """How far rounding moves values between kinds of processors; reference runs of the regression gate have it."""
        return self.out / "spread.jsonl"

    @property
    def tables(self) -> Path:
        """Markdown, LaTeX and CSV."""
        return self.out / "tables"

    @property
    def plots(self) -> Path:
        """PNG and PDF."""
        return self.out / "plots"

    @property
    def gallery(self) -> Path:
        """The grids, and under `samples/` the pictures that they show."""
        return self.out / "gallery"

    @property
    def truths(self) -> Path:
        """The untouched pictures of the gallery samples."""
        return self.gallery / "samples" / "truth"

    def truth(self, sample_id: str) -> Path:
        """The untouched picture of a gallery sample."""
        return sample_file(self.truths, sample_id, ".png")

    def labels(self, sample_id: str) -> Path:
        """The true label map of a gallery sample (class indices, 255 = unlabelled), where the data set has one."""
        return sample_file(self.gallery / "samples" / "labels", sample_id, ".png")

    def hole(self, protocol: str, sample_id: str) -> Path:
        """The hole (255 = missing) that `protocol` cuts into a gallery sample."""
        return sample_file(self.gallery / "samples" / folder_name(protocol), sample_id, ".png")

    def removal_truth(self, protocol: str, sample_id: str) -> Path:
        """A gallery sample without what the removal `protocol` takes out, where there is such a picture."""
        return sample_file(self.gallery / "samples" / "without" / folder_name(protocol), sample_id, ".png")

    def removal_labels(self, protocol: str, sample_id: str) -> Path:
        """The label map of that picture, where there is one."""
        return sample_file(self.gallery / "samples" / "labels-without" / folder_name(protocol), sample_id, ".png")

    @property
    def manifest(self) -> Path:
        """The pictures of the run, and what its cells hold."""
        return self.out / ".manifest.json"

    @property
    def finished_stamp(self) -> Path:
        """What the last call asked for, when it left nothing to do."""
        return self.out / ".finished.json"

    @property
    def report_stamp(self) -> Path:
        """What the tables, plots and pages were made of."""
        return self.out / ".report.json"

    @property
    def cells(self) -> Path:
        """The folders of all cells."""
        return self.out / "cells"

    @property
    def packed_cells(self) -> Path:
        """The one file that the records of all cells are packed in, in a packed run."""
        return self.out / "cells.json.xz"

    def cell(self, key: CellKey) -> Path:
        """Folder of a cell."""
        return self.cells / key.path

    def shard(self, key: CellKey, shard: int) -> Path:
        """The records of one shard."""
        return self.cell(key) / f"samples-{shard:04d}.jsonl"

    def batch(self, key: CellKey, name: str) -> Path:
        """The records of one batch of pictures, until the cell is whole."""
        return self.cell(key) / f"new-{name}.jsonl"

    def others(self, key: CellKey) -> Path:
        """The records of pictures that the run does not ask for any more."""
        return self.cell(key) / "others.jsonl"

    def features(self, key: CellKey, shard: int) -> Path:
        """The features of one shard's completed pictures, for distances between sets of pictures."""
        return self.cell(key) / f"features-{shard:04d}.npz"

    def kept_fill(self, key: CellKey, sample_id: str) -> Path:
        """The composited output of a sample, where the run keeps all of them."""
        return sample_file(self.cell(key) / "fills", sample_id, ".png")

    def kept_output(self, key: CellKey, sample_id: str) -> Path:
        """The raw output of such a sample, where it differs from the composited one."""
        return sample_file(self.cell(key) / "fills", sample_id, ".raw.png")

    def kept_labels(self, key: CellKey, sample_id: str) -> Path:
        """The label map that a model completed for such a sample, where it gives one."""
        return sample_file(self.cell(key) / "fills", sample_id, ".labels.png")

    def fill(self, key: CellKey, sample_id: str) -> Path:
        """The composited output of a gallery sample."""
        return sample_file(self.cell(key) / "gallery", sample_id, ".png")

    def predicted_labels(self, key: CellKey, sample_id: str) -> Path:
        """The label map that a model completed for a gallery sample, where it gives one."""
        return sample_file(self.cell(key) / "gallery", sample_id, ".labels.png")

    def sampled_fill(self, key: CellKey, sample_id: str, place: int) -> Path:
        """The composited fill number `place`, from 1 on, of several that were drawn for a gallery sample."""
        return sample_file(self.cell(key) / "several", sample_id, f".{place}.png")

    def sampled_labels(self, key: CellKey, sample_id: str, place: int) -> Path:
        """The label map of that fill, where the model gives one."""
        return sample_file(self.cell(key) / "several", sample_id, f".{place}.labels.png")

    def cell_file(self, key: CellKey) -> Path:
        """The reduced cell."""
        return self.cell(key) / "cell.json"

    def done(self, key: CellKey) -> Path:
        """The marker that is written last: the cell is whole."""
        return self.cell(key) / "done"
