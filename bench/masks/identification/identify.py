"""Name the set of masks that files hold, and say which of their pixels are missing, as far as pixels tell."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import get_args

from bench.errors import DataError
from bench.image_files.finding import find_pictures
from bench.masks.identification.matching import MaskColour, SetMatch, match_passport
from bench.masks.identification.passport import MaskPassport
from bench.masks.identification.reading import MaskReading, read_hole, read_mask_file
from bench.masks.sources import RunLengthMasks, WhichMask, is_run_length_file

__all__ = ["Identification", "Polarity", "identify"]

_READING_THREADS = min(8, os.cpu_count() or 1)
_COLOURS: tuple[MaskColour, ...] = ("white", "black")
_UNCLEAR = 0.05
_SELDOM = 0.25
"""A share that published sets rarely exceed when inverted: `files:` warns of holes above 75 %, too."""


@dataclass(frozen=True)
class Polarity:
    """Which pixels of the files are missing.

    Attributes:
        hole: `white`, `black`, or None where it cannot be told.
        certain: whether a set or a rule tells it, and not the shares alone.
        reason: why, as a clause.
    """

    hole: MaskColour | None
    certain: bool
    reason: str


@dataclass(frozen=True)
class Identification:
    """What is known of mask files.

    Attributes:
        readings: the files that can be read, by name.
        unreadable: name of a file to why it cannot be read.
        matches: sets that the files belong to, those with most masks first.
    """

    readings: tuple[MaskReading, ...]
    unreadable: Mapping[str, str]
    matches: tuple[SetMatch, ...]

    @property
    def whole(self) -> SetMatch | None:
        """The set that the files are, or None."""
        return next((match for match in self.matches if match.is_whole), None)

    @cached_property
    def forms(self) -> dict[tuple[str, str], list[MaskReading]]:
        """Files that follow a rule, by its name or words if their white, and if their black pixels are missing."""
        found: dict[tuple[str, str], list[MaskReading]] = defaultdict(list)
        for one in self.readings:
            if one.form:
                found[one.form.key].append(one)
        return dict(found)

    @property
    def is_one_form(self) -> bool:
        """Whether all files follow one rule."""
        return not self.unreadable and any(len(files) == len(self.readings) for files in self.forms.values())

    @property
    def is_known(self) -> bool:
        """Whether the files are a set with a passport, or follow one rule, all of them."""
        return self.whole is not None or self.is_one_form

    @cached_property
    def duplicates(self) -> list[list[str]]:
        """Names of files with one hole, group by group."""
        return [names for names in self._names_by(lambda one: one.white_sha256).values() if len(names) > 1]

    @cached_property
    def inverted_duplicates(self) -> list[tuple[str, str]]:
        """Pairs of files of which one is the other with black and white exchanged; of equal files only the first."""
        by_white, by_black = (
            {sha256: names[0] for sha256, names in self._names_by(key).items()}
            for key in (lambda one: one.white_sha256, lambda one: one.black_sha256)
        )
        uniform = {one.name for one in self.readings if one.is_uniform}
        pairs = {
            (min(name, by_white[sha256]), max(name, by_white[sha256]))
            for sha256, name in by_black.items()
            if sha256 in by_white and name not in uniform
        }
        return sorted(pairs)

    @cached_property
    def polarity(self) -> Polarity:
        """Which pixels are missing: told by a set, else by a rule, else by the shares, else not."""
        return self._by_set() or self._by_form() or self._by_share()

    def share(self, reading: MaskReading) -> float:
        """The share of missing pixels of a file; of white ones where the polarity cannot be told."""
        return 1 - reading.white_share if self.polarity.hole == "black" else reading.white_share

    def _names_by(self, key: Callable[[MaskReading], str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for one in self.readings:
            found[key(one)].append(one.name)
        return found

    def _by_set(self) -> Polarity | None:
        for match in self.matches:
            if match.inverted:
                reason = f"{match.found + match.repeated} files hold masks of {match.passport.name}, and "
                return Polarity(None, False, f"{reason}{match.inverted} more hold them with black and white exchanged")
            if match.hole:
                of = (
                    f" in {len(self.readings) - len(match.unknown)} of {len(self.readings)} files"
                    if match.unknown
                    else ""
                )
                reason = f"the {match.hole} pixels are holes of {match.passport.name}{of}"
                return Polarity(match.hole, not match.unknown, reason)
        return None

    def _by_form(self) -> Polarity | None:
        told = Counter(one.form.hole if one.form else None for one in self.readings)
        for colour in _COLOURS:
            if self.readings and told[colour] == len(self.readings):
                form = self.readings[0].form
                assert form is not None  # noqa: S101 (told by its form)
                names = (form.white if colour == "white" else form.black).names
                return Polarity(colour, True, f"with {colour} missing it is {names}, inverted it has no name")
        return None

    def _by_share(self) -> Polarity:
        shares = [one.white_share for one in self.readings if not (one.is_uniform or one.form)]
        if 2 * len(shares) <= len(self.readings):
            return Polarity(None, False, "pixels alone do not say which of the two is missing")
        if 2 * sum(one.unclear > _UNCLEAR for one in self.readings) > len(self.readings):
            return Polarity(None, False, "most files are not black and white: they may be pictures, or soft masks")
        mean = sum(shares) / len(shares)
        text = f"{100 * mean:.0f} % of the pixels are white on average"
        for colour, share in zip(_COLOURS, (mean, 1 - mean), strict=True):
            if share <= _SELDOM:
                more = f"published holes rarely cover more than {100 * (1 - _SELDOM):.0f} %"
                return Polarity(colour, False, f"{text}, and {more}")
        return Polarity(None, False, f"{text}, which suits both readings")


def identify(paths: Sequence[Path], passports: Sequence[MaskPassport]) -> Identification:
    """Read mask files and compare them with published sets and with rules.

    Names, order, file formats and polarity do not matter. A file that cannot be read is reported and belongs to no set.

    Args:
        paths: mask files, folders, which are searched at any depth, and files of run-length masks (`.json`), of which
            both masks of each picture are taken; all of them are one set.
        passports: the sets to compare with.

    Raises:
        DataError: a path that is not there, a folder without pictures, or a `.json` file of another form.
    """
    files = _files(paths)
    with ThreadPoolExecutor(_READING_THREADS) as pool:
        results = list(pool.map(_read, files.values()))
    readings = tuple(one for one in results if isinstance(one, MaskReading))
    unreadable = {name: one for name, one in zip(files, results, strict=True) if isinstance(one, str)}
    matches = [match_passport(readings, one, tuple(unreadable)) for one in passports]
    found = sorted((one for one in matches if one), key=lambda one: (not one.is_whole, -one.found, one.passport.name))
    return Identification(readings, unreadable, tuple(found))


def _files(paths: Sequence[Path]) -> dict[str, Callable[[], MaskReading]]:
    """How to read each mask, by its name for messages: below its folder, or as it was given where several paths are."""
    files: dict[str, Callable[[], MaskReading]] = {}
    for path in paths:
        alone = len(paths) == 1
        if path.is_dir():
            for file in find_pictures(path, "mask folder", fix="Give a folder of mask pictures.").values():
                name = (file.relative_to(path) if alone else file).as_posix()
                files[name] = partial(read_mask_file, file, name)
        elif is_run_length_file(path):
            files |= _run_length_masks(path)
        elif path.is_file():
            name = path.name if alone else path.as_posix()
            files[name] = partial(read_mask_file, path, name)
        else:
            raise DataError(f"path {path}", "be a mask file or a folder of them", "neither", "Check it.")
    return files


def _run_length_masks(path: Path) -> dict[str, Callable[[], MaskReading]]:
    found: dict[str, Callable[[], MaskReading]] = {}
    for which in get_args(WhichMask):
        source = RunLengthMasks(path, which)
        for name in source.names:
            title = f"{path.as_posix()} {which} {name}"
            found[title] = partial(_read_run_length, source, name, title)
    return found


def _read_run_length(source: RunLengthMasks, name: str, title: str) -> MaskReading:
    return read_hole(source.read(name).hole, title)


def _read(read: Callable[[], MaskReading]) -> MaskReading | str:
    try:
        return read()
    except DataError as error:
        return f"{error.must} (found {error.found})"
