"""Pair predictions with samples, under whatever rule their program named them; never by a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import DataError, UsageError
from bench.image_files.finding import PICTURE_SUFFIXES, same_form, some
from bench.image_files.pairing import pair_by_name

__all__ = ["PairedPredictions", "check_pattern", "pair_predictions"]

_EXACT = "{id}"


@dataclass(frozen=True)
class PairedPredictions:
    """Which file is the prediction of which sample.

    Attributes:
        names: sample id to the name of its file, every sample once.
        rule: how the files are named, such as `{id}_mask001`.
        left_out: names that a pattern leaves out.
    """

    names: Mapping[str, str]
    rule: str = _EXACT
    left_out: tuple[str, ...] = ()


def check_pattern(pattern: str) -> str:
    """A pattern in form NFC and without the suffix of a picture; raises UsageError for one that names no sample."""
    if not any(place in pattern for place in _places("")):
        places = ", ".join(_places(""))
        raise UsageError("pattern of --pair", f"hold one of {places}", f"'{pattern}'", "For example '{id}_mask001'.")
    path = Path(pattern)
    return same_form(pattern.removesuffix(path.suffix) if path.suffix.lower() in PICTURE_SUFFIXES else pattern)


def pair_predictions(
    ids: Sequence[str], names: Sequence[str], pattern: str = "", *, subject: str = "predictions folder", fix: str = ""
) -> PairedPredictions:
    """Pair names of files (paths below their folder, without suffix, with `/`) with sample ids, one to one.

    Names are compared in Unicode form NFC. Without a pattern, the names are the ids; or those of LaMa (`NAME_mask001`,
    `NAME_mask`); or the ids with one text before and one behind, both set off by a character that is no letter or
    digit: `p0_fake_B`, `out_p0`, `run1/p0`. In an id with folders, `a/p0` may be written `a_p0`, or `p0` where that
    tells samples apart. A name that is the id of a sample belongs to this sample alone.

    Args:
        ids: of the samples.
        names: of the files.
        pattern: how the files are named: `{id}` stands for the id, `{flat}` for the id with `_` for `/`, `{name}` for
            its part behind the last `/`. Other files are left out.
        subject, fix: for messages.

    Raises:
        DataError: a sample has no file or several, a file has no sample, two files have one name, or two rules
            fit; both sides are listed.
    """
    by_form = {same_form(name): name for name in names}
    if len(by_form) < len(names):
        counts = Counter(map(same_form, names))
        several = [form for form, count in counts.items() if count > 1]
        raise DataError(subject, "hold one file of each name", f"several files named {some(several)}", fix)
    if pattern:
        wanted = {one: _fill(pattern, one) for one in ids}
        missing = [form for form in wanted.values() if form not in by_form]
        if missing or len(set(wanted.values())) < len(ids):
            there = f"no {some(missing)}; there are {some(sorted(names)) or 'no files'}"
            found = there if missing else "one name for several samples"
            raise DataError(subject, f"hold a file named '{pattern}' for each of {len(ids)} samples", found, fix)
        used = set(wanted.values())
        left_out = tuple(name for form, name in by_form.items() if form not in used)
        return PairedPredictions({one: by_form[form] for one, form in wanted.items()}, pattern, left_out)
    rules = _rules(ids, by_form)
    whole = {rule: pairs for rule, pairs in rules.items() if len(pairs) == len(names)}
    if len({tuple(pairs.values()) for pairs in whole.values()}) == 1:
        rule, pairs = next(iter(whole.items()))
        return PairedPredictions({one: by_form[form] for one, form in pairs.items()}, rule)
    raise _unpaired(ids, names, rules, subject, fix)


def _rules(ids: Sequence[str], by_form: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Every rule that gives each sample a file of its own: id to form of the file's name."""
    rules: dict[str, dict[str, str]] = {}
    forms = {one: same_form(one) for one in ids}
    taken = set(forms.values())
    if all(form in by_form for form in forms.values()):
        rules[_EXACT] = forms
    longest = max(ids, key=len)
    for place in _places(""):
        written = {one: _places(one)[place] for one in ids}
        if len(set(written.values())) < len(ids):
            continue
        for before, behind in _affixes(written[longest], by_form):
            pairs = {one: f"{before}{form}{behind}" for one, form in written.items()}
            fits = all(form in by_form and (form not in taken or form == forms[one]) for one, form in pairs.items())
            if fits and pairs not in rules.values():
                rules[f"{before}{place}{behind}"] = pairs
    lama = pair_by_name(ids, by_form)
    if not lama.missing and not lama.double and dict(lama.names) not in rules.values():
        rules["{id}_mask..."] = dict(lama.names)
    return rules


def _affixes(form: str, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What stands before and behind an id in each name that holds it, where a letter or digit touches neither end."""
    for name in names:
        at = name.find(form)
        while at >= 0:
            before, behind = name[:at], name[at + len(form) :]
            if not before[-1:].isalnum() and not behind[:1].isalnum():
                yield before, behind
            at = name.find(form, at + 1)


def _places(one: str) -> dict[str, str]:
    """The placeholders of a pattern, and what they stand for in an id."""
    form = same_form(one)
    return {_EXACT: form, "{flat}": form.replace("/", "_"), "{name}": form.rpartition("/")[2]}


def _fill(pattern: str, one: str) -> str:
    for place, form in _places(one).items():
        pattern = pattern.replace(place, form)
    return pattern


def _unpaired(
    ids: Sequence[str], names: Sequence[str], rules: Mapping[str, Mapping[str, str]], subject: str, fix: str
) -> DataError:
    must = f"hold exactly one picture for each of the {len(ids)} samples"
    patterns = [rule for rule in rules if "..." not in rule]
    if len(rules) > 1 and patterns:
        found = f"files named {' and '.join(rules)} for each sample"
        return DataError(subject, must, found, f"Say which: --pair '{patterns[0]}' (?pair= behind folder:DIR).")
    pairs = next(iter(rules.values())) if rules else pair_by_name(ids, names).names
    double = {} if rules else pair_by_name(ids, names).double
    missing = [one for one in ids if one not in pairs and one not in double]
    used = {*pairs.values(), *(name for several in double.values() for name in several)}
    extra = [name for name in names if same_form(name) not in {same_form(each) for each in used}]
    sides = {
        "missing": missing,
        "extra": extra,
        "double": [f"{one}: {', '.join(several)}" for one, several in double.items()],
    }
    found = "; ".join(f"{len(each)} {kind} ({_list(each)})" for kind, each in sides.items() if each)
    if patterns:
        fix = f"Remove the others, or leave them out with --pair '{patterns[0]}' (?pair= behind folder:DIR). {fix}"
    return DataError(subject, must, found, fix.strip())


def _list(names: Sequence[str]) -> str:
    return f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
