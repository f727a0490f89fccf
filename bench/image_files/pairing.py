"""Pair files with samples by name: one rule for masks and predictions, whoever named them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.image_files.finding import same_form

__all__ = ["PairedNames", "names_of_masks", "pair_by_name"]

_BEHIND = re.compile(r"[_-]mask[0-9]*$", re.IGNORECASE)
_BEFORE = re.compile(r"^mask[_-]", re.IGNORECASE)


@dataclass(frozen=True)
class PairedNames:
    """Which file belongs to which sample.

    Attributes:
        names: sample id to the name of its file, in the order of the ids; ids with exactly one file.
        missing: ids without a file.
        double: ids that several files claim, with the names of all of them.
        extra: names that belong to no id.
    """

    names: Mapping[str, str]
    missing: tuple[str, ...]
    double: Mapping[str, tuple[str, ...]]
    extra: tuple[str, ...]


def pair_by_name(ids: Sequence[str], names: Iterable[str]) -> PairedNames:
    """Pair names of files (paths below their folder, without suffix, with `/`) with sample ids.

    A name belongs to the id `a/NAME` when it is one of these forms, compared in Unicode form NFC:

    - `a/NAME`;
    - `a/NAME_mask` or `a/NAME-mask`, with any number behind it: `NAME_mask001` is how LaMa names masks and outputs;
    - `a/mask_NAME` or `a/mask-NAME`; the word in capitals too.

    A name that is an id belongs to this id alone. An id may thus have several names: they are `double`, and no choice
    is made.
    """
    by_form = {same_form(one): one for one in ids}
    claims: dict[str, list[str]] = defaultdict(list)
    extra = []
    for name in sorted(names):
        owner = next((by_form[form] for form in _forms(same_form(name)) if form in by_form), None)
        if owner is None:
            extra.append(name)
        else:
            claims[owner].append(name)
    single = {one: claims[one][0] for one in ids if len(claims.get(one, ())) == 1}
    double = {one: tuple(claims[one]) for one in ids if len(claims.get(one, ())) > 1}
    return PairedNames(single, tuple(one for one in ids if one not in claims), double, tuple(extra))


def names_of_masks(names: Iterable[str]) -> list[str]:
    """The names that belong to another of them, by the forms of `pair_by_name`: masks that lie among their pictures."""
    known = {same_form(name): name for name in names}
    return [name for form, name in known.items() if any(other in known for other in _forms(form) if other != form)]


def _forms(name: str) -> tuple[str, ...]:
    """The ids that a file of this name can belong to, the surest first."""
    parent, slash, last = name.rpartition("/")
    return name, f"{parent}{slash}{_BEHIND.sub('', last)}", f"{parent}{slash}{_BEFORE.sub('', last)}"
