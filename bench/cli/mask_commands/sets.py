"""`spgbench masks identify` and `spgbench masks passport`: which published set of masks files are."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.session import say, session

__all__ = ["MaskChoice", "identify", "passport"]


class MaskChoice(StrEnum):
    """Which masks of a file with two for each picture."""

    inside = "inside"
    outside = "outside"


def identify(
    paths: Annotated[
        list[Path], typer.Argument(metavar="DIR|FILE...", help="Mask files, folders of them, or mapping_file.json.")
    ],
    passports: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of further passports.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Name the published set that masks are, and say which pixels are missing, their shares, duplicates and faults.

    Sets are found by their pixels: names, order, file formats and polarity do not matter.

    Example: spgbench masks identify holes/center-50@1/holes
    """
    from bench.masks import identification

    known = identification.read_passports(passports) if passports else identification.shipped_passports()
    found = identification.identify(paths, known)
    if as_json:
        typer.echo(json.dumps(identification.identification_data(found), indent=1))
        return
    for line in identification.identification_lines(found):
        typer.echo(line)


def passport(
    place: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder that holds the whole set, and nothing else; or mapping_file.json."),
    ],
    name: Annotated[str, typer.Option(help="What the field calls the set.")],
    source: Annotated[str, typer.Option(help="Where it was published.")],
    licence: Annotated[str, typer.Option(help="Licence of the masks.")],
    hole: Annotated[options.HoleChoice, typer.Option(help="What is missing in the files.")] = options.HoleChoice.white,
    mask: Annotated[MaskChoice, typer.Option(help="Which masks of mapping_file.json.")] = MaskChoice.inside,
    out: options.OutFile = None,
) -> None:
    """Write the passport of a set of masks: name, source, licence, count and hashes of the holes, without the masks.

    Example: spgbench masks passport masks/mine --name mine --source "our laboratory" --licence CC0-1.0 -o mine.json
    """
    from bench.masks.identification import make_passport
    from bench.masks.sources import open_masks
    from bench.records import write_atomically

    masks = open_masks(place.resolve(), hole.value, mask.value)
    made = make_passport(masks, name=name, source=source, licence=licence, hole=hole.value)
    file = session.out = out or Path(f"{masks.label}.passport.json")
    write_atomically(file, made.to_json())
    typer.echo(file)
    say(f"{made.count} masks, SHA-256 {made.sha256}")
