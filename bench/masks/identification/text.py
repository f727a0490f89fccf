"""An identification in words, and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from bench.image_files.finding import some
from bench.masks.identification.identify import Identification
from bench.masks.identification.matching import SetMatch
from bench.masks.identification.reading import MaskReading

__all__ = ["identification_data", "identification_lines"]

_BINS = 10
_FEW_FORMS = 3
_UNKNOWN = (
    "unknown: no set with a passport, and no one rule. LaMa, MAT, CoModGAN and brush generators draw at random: pixels "
    "do not tell which of them drew a mask, nor with which settings or seed"
)


def identification_lines(found: Identification) -> Iterator[str]:
    """`what: text` lines; the first says which set it is."""
    yield f"set: {_set(found)}"
    for match in found.matches:
        if not match.is_whole:
            yield f"partly: {_counts(match)}"
    yield from _forms(found)
    yield f"files: {len(found.readings) + len(found.unreadable)}, {_sizes(found)}"
    yield f"hole: {_polarity(found)}"
    yield from _shares(found)
    yield f"duplicates: {_duplicates(found)}"
    yield from _odd(found)


def identification_data(found: Identification) -> dict[str, Any]:
    """The same for JSON."""
    whole = found.whole
    return {
        "set": whole.passport.name if whole else None,
        "known": found.is_known,
        "matches": [_match_data(match) for match in found.matches],
        "forms": [
            {
                "files": [one.name for one in files],
                **{
                    f"{colour}_missing": {"rule": one.text, "protocol": one.protocol, "published": one.published}
                    for form in [files[0].form]
                    if form
                    for colour, one in (("white", form.white), ("black", form.black))
                },
            }
            for files in found.forms.values()
        ],
        "hole": found.polarity.hole,
        "hole_certain": found.polarity.certain,
        "hole_reason": found.polarity.reason,
        "sizes": dict(_size_counts(found)),
        "share_of": found.polarity.hole or "white",
        "share_histogram": _histogram(found),
        "duplicates": found.duplicates,
        "inverted_duplicates": found.inverted_duplicates,
        "unreadable": dict(found.unreadable),
        "masks": [
            {
                "name": one.name,
                "height": one.size[0],
                "width": one.size[1],
                "white_share": one.white_share,
                "sha256_white_missing": one.white_sha256,
                "sha256_black_missing": one.black_sha256,
                "grey_pixels": one.grey,
                "unclear_share": one.unclear,
                "two_levels": one.levels,
                "by_alpha": one.by_alpha,
            }
            for one in found.readings
        ],
    }


def _match_data(match: SetMatch) -> dict[str, Any]:
    return {
        "set": match.passport.name,
        "source": match.passport.source,
        "licence": match.passport.licence,
        "whole": match.is_whole,
        "count": match.passport.count,
        "found": match.found,
        "missing": match.missing,
        "inverted": match.inverted,
        "repeated": match.repeated,
        "unknown": list(match.unknown),
        "hole": match.hole,
    }


def _set(found: Identification) -> str:
    if whole := found.whole:
        passport = whole.passport
        return f"{passport.name}, all {passport.count} masks ({passport.source}; {passport.licence})"
    if found.is_one_form:
        return f"one hole for every picture, {_form_names(found) or 'by a rule without a name'}"
    if found.matches or any(any(names) for names in map(_names_of, found.forms.values())):
        return "none as a whole; parts of it are known (below)"
    return _UNKNOWN


def _form_names(found: Identification) -> str:
    """`half-left@1 if white is missing, half-right@1 if black is missing`."""
    form = found.readings[0].form
    readings = (("white", form.white), ("black", form.black)) if form else ()
    return ", ".join(f"{one.names} if {colour} is missing" for colour, one in readings if one.names)


def _counts(match: SetMatch) -> str:
    parts = [f"{match.found} of {match.passport.count} masks of {match.passport.name}"]
    for number, word in (
        (len(match.unknown), "unknown"),
        (match.missing, "missing"),
        (match.inverted, "inverted"),
        (match.repeated, "there twice"),
    ):
        if number:
            parts.append(f"{number} {word}")
    return "; ".join(parts)


def _forms(found: Identification) -> Iterator[str]:
    """The rules with a name and a few without; of many, as of blocks at random places, how many there are."""
    total = len(found.readings) + len(found.unreadable)
    others = [files for files in found.forms.values() if not any(_names_of(files))]
    shown = [files for files in found.forms.values() if len(others) <= _FEW_FORMS or any(_names_of(files))]
    for files in shown:
        form = files[0].form
        for colour, reading in (("white", form.white), ("black", form.black)) if form else ():
            share = files[0].white_share if colour == "white" else 1 - files[0].white_share
            names = f" = {reading.names}" if reading.names else ""
            rule = f"{reading.text}, {100 * share:.1f} %{names}"
            yield f"rule of {len(files)} of {total} files, if {colour} is missing: {rule}"
    if len(others) > _FEW_FORMS:
        count, form = sum(map(len, others)), others[0][0].form
        such = f", such as {form.white.text} (white)" if form else ""
        yield f"rules without a name: {len(others)} of them in {count} of {total} files{such}"


def _names_of(files: Sequence[MaskReading]) -> tuple[str, str]:
    """The names of a rule if white, and if black is missing."""
    form = files[0].form
    return (form.white.names, form.black.names) if form else ("", "")


def _size_counts(found: Identification) -> list[tuple[str, int]]:
    return Counter(f"{one.size[0]}x{one.size[1]}" for one in found.readings).most_common()


def _sizes(found: Identification) -> str:
    sizes = _size_counts(found)
    if len(sizes) == 1:
        return f"{sizes[0][0]} (height x width)"
    return f"{len(sizes)} sizes, {some([f'{count} of {size}' for size, count in sizes])}" if sizes else "none readable"


def _polarity(found: Identification) -> str:
    polarity = found.polarity
    if polarity.hole is None:
        return f"cannot be told ({polarity.reason})"
    known = "black" if polarity.hole == "white" else "white"
    surely = "" if polarity.certain else "probably "
    return f"{surely}{polarity.hole} is missing, {known} is known ({polarity.reason})"


def _shares(found: Identification) -> Iterator[str]:
    shares = [found.share(one) for one in found.readings]
    if not shares:
        return
    of = "missing" if found.polarity.hole else "white"
    yield (
        f"share {of}: mean {100 * sum(shares) / len(shares):.1f} %, from {100 * min(shares):.1f} % "
        f"to {100 * max(shares):.1f} %"
    )
    bins = [f"{10 * place}-{10 * place + 10} %: {count}" for place, count in enumerate(_histogram(found)) if count]
    yield f"share {of} by tenths: {', '.join(bins)}"


def _histogram(found: Identification) -> list[int]:
    """Files by tenths of the share: at most 10 %, above 10 % and at most 20 %, and so on."""
    counts = [0] * _BINS
    for one in found.readings:
        missing, pixels = round(found.share(one) * one.size[0] * one.size[1]), one.size[0] * one.size[1]
        counts[max(0, -(-missing * _BINS // pixels) - 1)] += 1
    return counts


def _duplicates(found: Identification) -> str:
    parts = []
    if groups := found.duplicates:
        files = sum(map(len, groups))
        parts.append(f"{files} files hold {_count(len(groups), 'hole')} (first: {some(groups[0])})")
    if pairs := found.inverted_duplicates:
        parts.append(f"{_count(len(pairs), 'pair')} with black and white exchanged (first: {' and '.join(pairs[0])})")
    return "; ".join(parts) or "none"


def _odd(found: Identification) -> Iterator[str]:
    """What is wrong with files."""
    yield from _named("black all over", [one.name for one in found.readings if one.white_share == 0])
    yield from _named("white all over", [one.name for one in found.readings if one.white_share == 1])
    grey = sorted((one for one in found.readings if one.grey), key=lambda one: -one.grey)
    if grey:
        worst = grey[0]
        share = worst.grey / (worst.size[0] * worst.size[1])
        yield (
            f"not only black and white: {_count(len(grey), 'file')}; most in '{worst.name}', {worst.grey} pixels "
            f"between ({100 * share:.1f} %); a pixel counts as white from half of full scale up"
        )
    levels = [one for one in found.readings if one.levels]
    if levels and levels[0].levels:
        low, high = levels[0].levels
        yield (
            f"stored with two values of one half of the scale: {_count(len(levels), 'file')}, such as "
            f"'{levels[0].name}' with {low} and {high}; {high} is taken as white here, and files:DIR refuses such files"
        )
    yield from _named("by transparency, opaque taken as white", [one.name for one in found.readings if one.by_alpha])
    if found.unreadable:
        name, reason = next(iter(found.unreadable.items()))
        yield f"unreadable: {_count(len(found.unreadable), 'file')}, such as '{name}': it must {reason}"


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{what}: {_count(len(names), 'file')}, {some(names)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
