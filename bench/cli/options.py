"""Options that several commands share: one name, one type, one help text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import typer

from bench.cli.console.outputs import output_file, output_folder
from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.evaluation.suite import Suite

__all__ = [
    "DATA",
    "OUTPUT",
    "RUNNING",
    "SCORING",
    "Bounds",
    "DataRoot",
    "Dataset",
    "Device",
    "HoleChoice",
    "Judge",
    "Limit",
    "Metrics",
    "Out",
    "OutFile",
    "Protocols",
    "Regions",
    "Report",
    "Seed",
    "Size",
    "Split",
    "SplitList",
    "change_suite",
    "names",
    "whole_number",
]

N = TypeVar("N", int, float)

DATA, SCORING, RUNNING, OUTPUT = "Pictures", "Holes and metrics", "Running", "Output"
"""Panels of the help texts."""


class HoleChoice(StrEnum):
    """What the missing pixels of a mask are."""

    white = "white"
    black = "black"
    opaque = "opaque"
    transparent = "transparent"


@dataclass(frozen=True)
class Bounds(Generic[N]):
    """Turns the text of an option into a number within bounds.

    Attributes:
        option: its name, for messages.
        kind: int or float.
        least, most: both belong to it; None for no end.
    """

    option: str
    kind: type[N]
    least: N
    most: N | None = None

    @property
    def __name__(self) -> str:
        """What Typer calls the type."""
        return self.kind.__name__

    @property
    def text(self) -> str:
        """`from 0 to 0.9`."""
        return f"from {self.least:g}" + ("" if self.most is None else f" to {self.most:g}")

    def __call__(self, text: str) -> N:
        """The number; raises UsageError for anything else."""
        try:
            found = self.kind(text)
        except ValueError:
            found = None
        if found is None or not self.least <= found or (self.most is not None and found > self.most):
            noun = "a whole number" if self.kind is int else "a number"
            raise UsageError(self.option, f"be {noun} {self.text}", repr(text))
        return found


def _option(help_text: str, panel: str, *names_: str, **settings: Any) -> Any:
    return typer.Option(*names_, help=help_text, rich_help_panel=panel, show_default=False, **settings)


Dataset = Annotated[str | None, _option("Data set; see `spgbench ls datasets`.", DATA)]
DataRoot = Annotated[str | None, _option("Folder that holds the data set.", DATA)]
Split = Annotated[str | None, _option("Split of the data set: train, val or test.", DATA)]
SplitList = Annotated[
    str | None, _option("Text file of the pictures of the split to take, one a line.", DATA, metavar="FILE")
]
Size = Annotated[str | None, _option("Size of the pictures: 256 (square), 256x512 (height x width) or native.", DATA)]
Limit = Annotated[
    int | None, _option("Number of pictures, spread evenly over the split.", DATA, parser=Bounds("--limit", int, 1))
]
Protocols = Annotated[str | None, _option("Mask protocols, separated by commas.", SCORING)]
Metrics = Annotated[str | None, _option("Metrics, separated by commas.", SCORING)]
Regions = Annotated[str | None, _option("Regions, separated by commas: hole, boundary, full, known.", SCORING)]
Judge = Annotated[
    str | None,
    _option("Segmenter of completed pictures, for the metrics judge-...; see `spgbench ls judges`.", SCORING),
]
Seed = Annotated[int | None, _option("Seed of holes and models.", SCORING, parser=Bounds("--seed", int, 0))]
Device = Annotated[str, typer.Option(help="Device: auto, cpu, cuda or cuda:1.", rich_help_panel=RUNNING)]
Report = Annotated[
    bool,
    typer.Option(
        "--report/--no-report",
        help="Make tables, plots and the page, or print the main table alone.",
        rich_help_panel=OUTPUT,
    ),
]
OutFile = Annotated[Path | None, _option("File to write.", OUTPUT, "--out", "-o", parser=output_file("--out"))]
Out = Annotated[Path | None, _option("Output folder.", OUTPUT, "--out", "-o", parser=output_folder("--out"))]


def names(text: str | None) -> tuple[str, ...] | None:
    """`"a, b"` -> `("a", "b")`; None stays None."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def whole_number(text: str, subject: str) -> int:
    """The number that a text spells; raises UsageError for anything else."""
    if not text.isdecimal():
        raise UsageError(subject, "be a whole number", repr(text), "Give 1,8 for example.")
    return int(text)


def change_suite(
    suite: Suite,
    *,
    models: str | None = None,
    dataset: str | None,
    data_root: str | None,
    split: str | None,
    split_list: str | None,
    size: str | None,
    limit: int | None,
    protocols: str | None,
    metrics: str | None = None,
    judge: str | None = None,
    seed: int | None,
) -> Suite:
    """The suite with the changes of the command line; None changes nothing."""
    return suite.with_changes(
        models=names(models),
        dataset=dataset,
        data_root=data_root,
        split=split,
        split_list=split_list,
        size=size,
        limit=limit,
        protocols=names(protocols),
        metrics=names(metrics),
        judge=judge,
        seed=seed,
    )
