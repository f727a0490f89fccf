"""`spgbench masks`: export the holes of mask protocols; name published sets of masks."""

from __future__ import annotations

import typer

from bench.cli.mask_commands import export, sets

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Export the holes of mask protocols; name published sets of masks.")
app.command("identify")(sets.identify)
app.command("passport")(sets.passport)
app.command("export")(export.export)
