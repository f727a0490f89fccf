"""Suites: what to run, as a YAML file. Every key is checked; an unknown one is an error with a suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from bench.errors import UnknownName, UsageError
from bench.evaluation.yaml_files import read_yaml, shown
from bench.records.published import PublishedFigure
from bench.registry import Registry

__all__ = ["SUITES", "SUITE_KEYS", "Suite", "packaged", "read_suite"]

SUITES: Registry[Suite] = Registry("suite", "spgbench.suites", "spgbench ls suites")
SUITES.add("quick", "bench.evaluation.suite:packaged", "three protocols on 16 pictures, minutes", file="quick.yaml")
SUITES.add(
    "standard", "bench.evaluation.suite:packaged", "eight protocols on 200 pictures, for a paper", file="standard.yaml"
)
SUITES.add(
    "places2-mat",
    "bench.evaluation.suite:packaged",
    "Places2 at 512 under MAT's masks, beside its published table",
    file="places2-mat.yaml",
)
SUITES.add(
    "guidance",
    "bench.evaluation.suite:packaged",
    "what SPG-Net's guidance is worth, on 200 pictures",
    file="guidance.yaml",
)
SUITES.add(
    "removal",
    "bench.evaluation.suite:packaged",
    "objects removed from street scenes, against the scenes without them",
    file="removal.yaml",
)
SUITES.add(
    "guidance-edits",
    "bench.evaluation.suite:packaged",
    "whether fills follow edits of their label maps, and how much samples differ",
    file="guidance-edits.yaml",
)


@dataclass(frozen=True)
class Suite:
    """What to run.

    Attributes:
        name: name of the suite, for messages and the default output folder.
        models: models, as in `--models`.
        protocols: mask protocols.
        metrics: metrics.
        dataset: data set.
        split: split of the data set.
        size: `256` (square), `256x512` (height x width) or `native`.
        split_list: text file of the pictures of the split to take, one a line; all where it is not given.
        limit: number of pictures, spread evenly over the split; all where it is not given.
        seed: seed of the holes and of models that draw random numbers.
        gallery: number of pictures that are kept for the grids and the page; the same ones when the run grows. The
            worst and best pictures of every model are kept beside them; 0 keeps no picture.
        data_root: folder of the data set; no result depends on it.
        judge: segmenter of the metrics `judge-...`; by default the one that ships for the data set.
        gate: margins of `spgbench gate` by `METRIC.REGION`, such as `0.05dB`; by default those of the gate.
        published: figures of papers, from the file beside the suite's; no key of it.
    """

    name: str
    models: tuple[str, ...] = ("telea",)
    protocols: tuple[str, ...] = ("center-50",)
    metrics: tuple[str, ...] = ("psnr", "ssim", "l1")
    dataset: str = "streets"
    split: str = "test"
    size: str = "256"
    limit: int | None = None
    seed: int = 0
    gallery: int = 4
    data_root: str | None = None
    judge: str | None = None
    split_list: str | None = None
    gate: tuple[tuple[str, str], ...] = ()
    published: tuple[PublishedFigure, ...] = field(default=(), metadata={"key": False})

    def with_changes(self, **changes: Any) -> Suite:
        """A copy with the changes that are not None: the options of the command line go before the file."""
        return replace(self, **{key: value for key, value in changes.items() if value is not None})


SUITE_KEYS = tuple(one for one in fields(Suite) if one.name != "name" and one.metadata.get("key", True))
"""The fields that are keys of a suite file."""


def read_suite(name: str) -> Suite:
    """A suite by name, or from a file when `name` ends in `.yaml` or `.yml`.

    Raises:
        UnknownName: for an unknown suite or an unknown key in the file.
        UsageError: for a missing file, text that is no YAML mapping, or a value of the wrong type; also for published
            figures beside the file that are not what they must be.
    """
    if name.endswith((".yaml", ".yml")):
        return _parse(Path(name))
    return SUITES.create(name)


def packaged(*, file: str) -> Suite:
    """A suite that ships with the package."""
    return _parse(Path(__file__).parent / "suites" / file)


def _parse(path: Path) -> Suite:
    data = read_yaml(path, "suite file")
    if not isinstance(data, Mapping):
        raise UsageError(f"suite file {path}", "hold a mapping of keys to values", type(data).__name__)
    known = [key.name for key in SUITE_KEYS]
    for key in data:
        if key not in known:
            raise UnknownName(f"key in suite file {path.name}:", str(key)[:80], known)
    suite = Suite(name=path.stem, **{key: _checked(path, key, value) for key, value in data.items()})
    return replace(suite, published=_published(path, suite))


def _published(path: Path, suite: Suite) -> tuple[PublishedFigure, ...]:
    from bench.evaluation.references import find_references, read_references

    references = find_references(path)
    return read_references(references, suite.dataset, suite.split, suite.size) if references else ()


def _checked(path: Path, key: str, value: Any) -> Any:
    if key == "gate":
        return _margins(path, value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    least = 1 if key == "limit" else 0
    if key in ("models", "protocols", "metrics"):
        good, must = _is_list_of_names(value), "be a list of at least one name"
    elif key in ("seed", "gallery", "limit"):
        good, must = whole and value >= least, f"be a whole number of at least {least}"
    else:
        good, must = isinstance(value, str) or (key == "size" and whole), "be a text"
    if not good:
        raise UsageError(f"'{key}' in suite file {path.name}", must, shown(value))
    return tuple(value) if isinstance(value, list) else str(value) if key == "size" else value


def _margins(path: Path, value: Any) -> tuple[tuple[str, str], ...]:
    from bench.gating import parse_limit

    if not isinstance(value, Mapping) or not value:
        must = "map METRIC.REGION to a margin"
        raise UsageError(f"'gate' in suite file {path.name}", must, shown(value), "For example psnr.hole: 0.05dB.")
    for name, margin in value.items():
        parse_limit(f"{name}:{margin}", f"'gate' in suite file {path.name}")
    return tuple((str(name), str(margin)) for name, margin in value.items())


def _is_list_of_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
