"""The command line: stdout is data, stderr is talk; exit 0 fine, 1 failure or regression, 2 usage."""

from __future__ import annotations

import sys

import typer

from bench.cli import (
    calibrate,
    card,
    compare,
    doctor,
    edit,
    fetch,
    gate,
    listing,
    masks,
    predict,
    profile,
    report,
    rescore,
    run,
    schema,
    score,
    train,
)
from bench.errors import SpgbenchError
from bench.runtime.allocator import keep_freed_memory

__all__ = ["app", "main"]

app = typer.Typer(
    name="spgbench",
    help="Which inpainting model fills holes better, by how much, how surely, and at what cost?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("score")(score.score)
app.command("predict")(predict.predict)
app.command("rescore")(rescore.rescore)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("gate")(gate.gate)
app.command("profile")(profile.profile)
app.command("train")(train.train)
app.command("calibrate")(calibrate.calibrate)
app.command("card")(card.card)
app.command("edit")(edit.edit)
app.command("ls")(listing.ls)
app.command("schema")(schema.schema)
app.command("doctor")(doctor.doctor)
app.add_typer(masks.app, name="masks")
app.add_typer(fetch.app, name="fetch")


def main() -> None:
    """Entry point: our errors become one line on stderr and their exit code; a broken pipe is no error."""
    keep_freed_memory()
    try:
        app()
    except SpgbenchError as error:
        typer.echo(f"spgbench: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
