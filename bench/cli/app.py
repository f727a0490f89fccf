"""The command line: stdout is data, stderr is talk; the exit codes are those of `main`."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from bench.cli import (
    audit,
    calibrate,
    card,
    compare,
    doctor,
    edit,
    editor,
    fetch,
    fill,
    gate,
    listing,
    mask_commands,
    merge,
    power,
    predict,
    profile,
    report,
    rescore,
    run,
    schema,
    score,
    train,
)
from bench.cli.console.caches import prepare_caches
from bench.cli.console.failures import report_error
from bench.cli.console.session import begin, one_line, shown_plainly
from bench.cli.console.streams import close_streams, prepare_streams
from bench.runtime.allocator import keep_freed_memory

__all__ = ["app", "main"]

_INTERRUPTED = 130
_GLOBAL = ("--quiet", "-q", "--verbose", "-v", "--debug")

app = typer.Typer(
    name="spgbench",
    help="Which inpainting model fills holes better, by how much, how surely, and at what cost?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spgbench {version('spgbench')}")
        raise typer.Exit


@app.callback()
def _options(
    _shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no messages and no progress.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print tables with all columns, notes and signatures.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")] = False,
) -> None:
    """Options of every command; they may stand behind the command, too."""
    begin(quiet=quiet, verbose=verbose, debug=debug)


app.command("run")(run.run)
app.command("score")(score.score)
app.command("predict")(predict.predict)
app.command("fill")(fill.fill)
app.command("rescore")(rescore.rescore)
app.command("merge")(merge.merge)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("gate")(gate.gate)
app.command("power")(power.power)
app.command("profile")(profile.profile)
app.command("audit")(audit.audit)
app.command("train")(train.train)
app.command("calibrate")(calibrate.calibrate)
app.command("card")(card.card)
app.command("edit")(edit.edit)
app.command("editor")(editor.editor)
app.command("ls")(listing.ls)
app.command("schema")(schema.schema)
app.command("doctor")(doctor.doctor)
app.add_typer(mask_commands.app, name="masks")
app.add_typer(fetch.app, name="fetch")


def main() -> None:
    """Entry point: every error becomes one line on stderr and an exit code; a closed pipe is no error.

    Exit codes: 0 fine, 1 regression or failed samples, 2 wrong usage, 3 any other error, 130 Ctrl-C.
    """
    keep_freed_memory()
    prepare_streams()
    prepare_caches()
    warnings.formatwarning = one_line
    logging.getLogger("bench").addFilter(shown_plainly)
    code: int | str | None = 0
    error: Exception | None = None
    try:
        app(args=_global_options_first(sys.argv[1:]), prog_name="spgbench")
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except Exception as raised:  # noqa: BLE001 (no error may reach the user as a traceback)
        error = raised
    unwritten = close_streams()
    if error := error or unwritten:
        code = report_error(error)
        close_streams()
    sys.exit(code)


def _global_options_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the options of every command in front, wherever they stand before a `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    found = [one for one in arguments[:end] if one in _GLOBAL]
    return [*found, *(one for one in arguments[:end] if one not in _GLOBAL), *arguments[end:]]
