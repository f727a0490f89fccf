"""`spgbench schema`: what the files of a run and of a profile hold, as JSON Schemas."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

__all__ = ["SchemaName", "schema"]


class SchemaName(StrEnum):
    """Which file."""

    run = "run"
    cell = "cell"
    sample = "sample"
    profile = "profile"
    load = "load"


def schema(
    name: Annotated[SchemaName | None, typer.Argument(help="Which file; without it, list them.")] = None,
) -> None:
    """Print the JSON Schema of a file that a run or a profile writes.

    Example: spgbench schema cell
    """
    import json

    from bench.records.json_schema import NAMES, read_schema

    if name is not None:
        typer.echo(read_schema(name.value), nl=False)
        return
    width = max(map(len, NAMES))
    for known in NAMES:
        typer.echo(f"{known:{width}}  {json.loads(read_schema(known))['title']}")
