"""The passports that ship with the package, and further ones from a folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bench.errors import DataError
from bench.masks.identification.passport import MaskPassport, parse_passport

__all__ = ["name_of_set", "read_passports", "shipped_passports"]

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


def name_of_set(sha256: str) -> str:
    """The name of the set with this `set_sha256` in the package's passports; empty where there is none."""
    return next((one.name for one in shipped_passports() if one.sha256 == sha256), "")
