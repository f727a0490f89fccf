"""The passports that ship with the package, and further ones from a folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from bench.errors import DataError
from bench.masks.identification.closed_forms import name_of_hole
from bench.masks.identification.hashing import set_sha256
from bench.masks.identification.passport import MaskPassport, parse_passport

__all__ = ["name_of_holes", "name_of_set", "read_passports", "shipped_passports"]

_SHIPPED = Path(__file__).parent / "passports"


@cache
def shipped_passports() -> tuple[MaskPassport, ...]:
    """All passports of the package, by file name."""
    return tuple(parse_passport(path) for path in sorted(_SHIPPED.glob("*.json")))


def read_passports(folder: Path) -> tuple[MaskPassport, ...]:
    """The passports of the package and those of a folder.

    Raises:
        DataError: no such folder, one without passports, a damaged one, or two sets of one name.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        found = "no *.json in it" if folder.is_dir() else "no such folder"
        fix = "Make passports with `spgbench masks passport`."
        raise DataError(f"folder of passports {folder}", "hold passports", found, fix)
    passports = {one.name: one for one in shipped_passports()}
    for path in files:
        one = parse_passport(path)
        other = passports.setdefault(one.name, one)
        if other.sha256 != one.sha256:
            must, found = f"be of the same set as the other one named '{one.name}'", "another SHA-256"
            raise DataError(f"passport {path}", must, found, "Give one of both sets another name.")
    return tuple(passports.values())


def name_of_set(holes: Iterable[str]) -> str:
    """The set with a passport of the package that holes are together, by their `hole_sha256`; empty where none is."""
    sha256 = set_sha256(holes)
    return next((one.name for one in shipped_passports() if one.sha256 == sha256), "")


def name_of_holes(holes: Sequence[str], size: tuple[int, int]) -> str:
    """The published set that holes are together: one with a passport, or RePaint's of one hole for every picture.

    Args:
        holes: `hole_sha256` of each.
        size: height and width of the first.

    Returns:
        Its name; empty where there is none.
    """
    return name_of_set(holes) or (name_of_hole(holes[0], *size) if len(set(holes)) == 1 else "")
