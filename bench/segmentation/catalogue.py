"""Which judges there are, by name. Other packages add theirs through the entry-point group `spgbench.judges`."""

from __future__ import annotations

import inspect

from bench.errors import DataError, UsageError
from bench.registry import Registry, parse_options
from bench.segmentation.mapping import MappedJudge, read_mapping
from bench.vocabulary import VOID, Judge

__all__ = ["JUDGES", "load"]

JUDGES: Registry[Judge] = Registry("judge", "spgbench.judges", "spgbench ls judges")
"""Called with the argument of a scheme, `device=` and the name's options; they return a judge in its own classes."""

for _name, _data in (("streets", "the embedded street scenes"), ("camvid", "CamVid; non-commercial, as its pictures")):
    JUDGES.add(_name, "bench.segmentation.trained:shipped_judge", f"U-Net trained on {_data}", name=_name)
for _name, _target, _summary in (
    ("file:", "trained:trained_judge", "file:FILE.safetensors, what `spgbench train judge` wrote; or the path alone"),
    (
        "torchvision:",
        "torchvision_judge:torchvision_judge",
        "torchvision:NAME?map=FILE.json&weights=FILE, its segmenters",
    ),
    ("hf:", "transformers_judge:transformers_judge", "hf:FOLDER_OR_NAME?map=FILE.json, segmenters of transformers"),
):
    JUDGES.add(_name, f"bench.segmentation.{_target}", _summary)


def load(name: str, classes: tuple[str, ...], device: str = "cpu") -> Judge:
    """Make a judge ready.

    Args:
        name: a name of the catalogue (`streets`), a scheme with its argument (`hf:FOLDER`), or the path of a
            `.safetensors` file; options may follow: `?map=FILE.json` for a judge of other classes.
        classes: of the data set whose pictures are to be judged; what the indices of the label maps will mean.
        device: torch device.

    Raises:
        UnknownName: for a name that the catalogue does not hold, or a class that the mapping does not.
        UsageError: when a package, a file or an option is not what the judge needs.
        DataError: the judge has other classes and no mapping is given.
    """
    base, _, query = name.partition("?")
    options = parse_options("judge", name, query, ("name", "device"), "Say ?map=FILE.json.")
    mapping = options.pop("map", None)
    judge = _make(base, device, options)
    if len(judge.classes) > VOID:
        raise DataError(f"judge '{base}'", f"have at most {VOID} classes", str(len(judge.classes)), "Take another.")
    if mapping is not None:
        return MappedJudge(judge, read_mapping(mapping, judge.classes, classes), classes)
    if judge.classes != classes:
        fix = (
            f"Say which of them each is: '{name}{'&' if query else '?'}map=FILE.json', see docs/how-to/use-a-judge.md."
        )
        must = f"have the data set's classes ({', '.join(classes)})"
        raise DataError(f"judge '{base}'", must, f"{', '.join(judge.classes)}", fix)
    return judge


def _make(base: str, device: str, options: dict[str, str]) -> Judge:
    path = base.endswith(".safetensors") and not base.startswith("file:")
    entry, argument = JUDGES.find(f"file:{base}" if path else base)
    make = JUDGES.load(entry)
    positional, named = ((argument,) if argument else ()), dict(entry.options) | {"device": device} | options
    try:
        inspect.signature(make).bind(*positional, **named)
    except TypeError as error:
        raise UsageError(f"judge '{base}'", "have options that fit", str(error), "See `spgbench ls judges`.") from error
    return make(*positional, **named)
