"""`--split-list`: a text file that names the samples to take, one a line, matched with the samples of a data set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.data.listing import read_names
from bench.data.selection import Selectable, SplitList, ids_sha256
from bench.errors import DataError, UsageError
from bench.image_files.finding import PICTURE_SUFFIXES, same_form, some
from bench.vocabulary import Dataset

__all__ = ["read_split_list", "select"]


def select(dataset: Dataset, path: str | Path, limit: int | None) -> Dataset:
    """The samples of a data set that a list names.

    Raises:
        UsageError: the data set cannot select samples.
        DataError: as `read_split_list`.
    """
    if not isinstance(dataset, Selectable):
        fix = "Leave --split-list away, or give the data set a method `select` (bench.data.selection)."
        raise UsageError(f"data set '{dataset.name}'", "select samples by name for --split-list", "no `select`", fix)
    return dataset.select(read_split_list(path, dataset), limit)


def read_split_list(path: str | Path, dataset: Dataset) -> SplitList:
    """Read a list and find the samples that it names.

    A line is an id, a path that ends in it, or either with the suffix of a picture: `00001`, `00001.jpg` and
    `CelebA-HQ/00001.jpg` all name the sample `00001`. The last part of an id with folders is enough where no other id
    ends so. Blank lines and lines that begin with `#` are passed over, as are a byte order mark and carriage returns.

    Raises:
        DataError: the file cannot be read, names nothing, a sample that is not there, several at once, or one twice.
    """
    subject = f"split list {path}"
    finder = _Finder(dataset.ids)
    lines = [line for line in read_names(Path(path), "split list") if line in finder.by_form or line[0] != "#"]
    found = {line: finder.find(line) for line in lines}
    if not lines:
        raise DataError(subject, "hold names, one a line", "comments alone", "Add names.")
    if missing := [line for line, ids in found.items() if not ids]:
        must = f"name samples of split '{getattr(dataset, 'split', '')}' of {dataset.name} ({len(dataset.ids)} samples)"
        fix = f"Samples are called {some(tuple(dataset.ids)[:2])}: correct the list, or choose another --split."
        raise DataError(subject, must, f"{len(missing)} names of no sample, {some(missing)}", fix)
    if several := {line: ids for line, ids in found.items() if len(ids) > 1}:
        line, ids = next(iter(several.items()))
        raise DataError(subject, "name one sample a line", f"'{line}' for {some(ids)}", "Write the whole id.")
    if twice := list(_twice(lines, found)):
        must, fix = "name every sample once", "Remove the lines that are too many."
        raise DataError(subject, must, f"{len(twice)} samples named twice, such as {twice[0]}", fix)
    wanted = {ids[0] for ids in found.values()}
    chosen = tuple(one for one in dataset.ids if one in wanted)
    return SplitList(str(path), chosen, ids_sha256(chosen))


def _twice(lines: Sequence[str], found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    by_id: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        by_id[found[line][0]].append(line)
    for one, names in by_id.items():
        if len(names) > 1:
            yield f"'{one}' ('{names[0]}' and '{names[1]}')"


class _Finder:
    """Samples by the names that people write for them."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.by_form = {same_form(one): one for one in ids}
        self._by_last: dict[str, list[str]] = defaultdict(list)
        for form, one in self.by_form.items():
            self._by_last[form.rpartition("/")[2]].append(one)

    def find(self, name: str) -> list[str]:
        """The ids that a name can mean: itself, else what its last parts are, else all whose last part it is."""
        parts = name.replace("\\", "/").split("/")
        tails = [name, *("/".join(parts[start:]) for start in range(len(parts)))]
        for form in (form for tail in tails for form in (tail, _without_suffix(tail))):
            if form in self.by_form:
                return [self.by_form[form]]
        alone = len(parts) == 1
        return next(
            (self._by_last[form] for form in (name, _without_suffix(name)) if alone and form in self._by_last), []
        )


def _without_suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in PICTURE_SUFFIXES else name
