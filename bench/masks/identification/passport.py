"""The passport of a published set of masks: what tells it from every other set, without its files."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from bench.errors import DataError
from bench.image_files.finding import some
from bench.image_files.masks import HoleSign
from bench.masks.identification.hashing import hole_sha256, set_sha256
from bench.masks.sources import MaskSource
from bench.strict_json import parse_json

__all__ = ["MaskPassport", "make_passport", "parse_passport"]

_log = logging.getLogger("bench")
_SUSPICIOUS_SHARE = 0.75
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SIZE = re.compile(r"[1-9][0-9]*x[1-9][0-9]*")
_SIGNS = get_args(HoleSign)


@dataclass(frozen=True)
class MaskPassport:
    """A published set of masks.

    Attributes:
        name: what the field calls the set.
        source: where it was published.
        licence: of the masks.
        count: number of its masks.
        sizes: `256x256` (height x width) to the number of masks of that size.
        hole: what is missing in the published files: `white`, `black`, `opaque` or `transparent`.
        sha256: of the whole set, in any order (`set_sha256`).
        holes: of every mask (`hole_sha256`), sorted.
    """

    name: str
    source: str
    licence: str
    count: int
    sizes: Mapping[str, int]
    hole: str
    sha256: str
    holes: tuple[str, ...]

    def to_json(self) -> str:
        """The text of a passport file."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def make_passport(masks: MaskSource, *, name: str, source: str, licence: str, hole: HoleSign = "white") -> MaskPassport:
    """The passport of a set of masks.

    Args:
        masks: the whole set and nothing else.
        name, source, licence, hole: as of MaskPassport.

    Raises:
        DataError: an empty text, or a file that is no mask, all hole or no hole.
    """
    for noun, text in (("name", name), ("source", source), ("licence", licence)):
        if not text.strip():
            raise DataError(f"{noun} of a passport", "be a text", repr(text), "Say what the masks were published as.")
    hashes, shares, sizes, grey = [], [], Counter[str](), []
    for file in masks.names:
        mask = masks.read(file)
        hashes.append(hole_sha256(mask.hole))
        shares.append(float(mask.hole.mean()))
        sizes[f"{mask.hole.shape[0]}x{mask.hole.shape[1]}"] += 1
        grey += [file] if mask.unclear else []
    if grey:
        _log.warning(
            "%d masks have grey pixels near half of full scale (%s): another decoder of JPEG may give other holes",
            *(len(grey), some(grey)),
        )
    if (share := sum(shares) / len(shares)) > _SUSPICIOUS_SHARE:
        _log.warning(
            "The holes cover %.0f %% of the picture on average. Is %s missing in these files?", 100 * share, hole
        )
    if repeated := len(hashes) - len(set(hashes)):
        _log.warning("%d masks are there more than once; the passport counts them as often", repeated)
    holes = tuple(sorted(hashes))
    return MaskPassport(name, source, licence, len(holes), dict(sorted(sizes.items())), hole, set_sha256(holes), holes)


def parse_passport(path: Path) -> MaskPassport:
    """Read and check a passport file.

    Raises:
        DataError: naming the first field that is missing, unknown, of another form, or at odds with another one.
    """
    subject, fix = f"passport {path}", "Restore it, or make it again with `spgbench masks passport`."
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(subject, "be a readable JSON file", str(error), fix) from error
    known = [field.name for field in fields(MaskPassport)]
    if not isinstance(data, dict) or set(data) != set(known):
        raise DataError(subject, f"hold exactly {', '.join(known)}", _unlike(data, known), fix)
    for must, found in _faults(data):
        raise DataError(subject, must, found, fix)
    return MaskPassport(**{**data, "holes": tuple(data["holes"])})


def _unlike(data: object, known: list[str]) -> str:
    if not isinstance(data, dict):
        return f"a {type(data).__name__}"
    missing, unknown = [key for key in known if key not in data], [key for key in data if key not in known]
    parts = (("no", missing), ("the unknown", unknown))
    return " and ".join(f"{word} {some(names)}" for word, names in parts if names)


def _faults(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What must be and what was found, for every fault of a file with the right keys."""
    holes, sizes, count = data["holes"], data["sizes"], data["count"]
    texts = [key for key in ("name", "source", "licence") if not (isinstance(data[key], str) and data[key].strip())]
    faults = [(f"say its {key} in words", repr(data[key])) for key in texts]
    if type(count) is not int or count < 1:
        faults.append(("have a count of at least 1", repr(count)))
    if data["hole"] not in _SIGNS:
        faults.append((f"say of its hole: {', '.join(_SIGNS)}", repr(data["hole"])))
    if not isinstance(holes, list) or not all(isinstance(one, str) and _SHA256.fullmatch(one) for one in holes):
        faults.append(("list its holes as SHA-256 of 64 hexadecimal digits", "another value"))
        return faults
    if not isinstance(sizes, dict) or not all(_SIZE.fullmatch(one) and type(sizes[one]) is int for one in sizes):
        faults.append(("count its masks by size, HEIGHTxWIDTH", repr(sizes)))
        return faults
    if len(holes) != count:
        faults.append((f"list as many holes as its count says, {count}", f"{len(holes)} hashes"))
    if sum(sizes.values()) != count:
        faults.append((f"have sizes of {count} masks in all", f"sizes of {sum(sizes.values())}"))
    if set_sha256(holes) != data["sha256"]:
        faults.append((f"have the SHA-256 that its holes give, {set_sha256(holes)}", repr(data["sha256"])))
    return faults
