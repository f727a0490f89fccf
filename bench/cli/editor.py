"""`spgbench editor`: the page on which a person edits label maps and sees the fill follow."""

from __future__ import annotations

import secrets
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.session import say
from bench.errors import Failure

__all__ = ["editor"]


def editor(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any other than of this machine asks browsers for a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 for any free one.", parser=options.Bounds("--port", int, 0, 65535))
    ] = 0,
    model: Annotated[str, typer.Option(help="Models to put first, separated by commas.")] = "spgnet",
    dataset: Annotated[str, typer.Option(help="Data set to offer pictures of, beside streets.")] = "streets",
    data_root: options.DataRoot = None,
    split: Annotated[str, typer.Option(help="Split of the data set.")] = "test",
    device: options.Device = "auto",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Edit the label map of a picture in a browser and see the fill follow, until Ctrl-C.

    Example: spgbench editor --model spgnet --port 8000
    """
    _check_installed()
    from bench.editor.models import EditorModels
    from bench.editor.routes import Editor
    from bench.editor.samples import SampleSource
    from bench.editor.server import create_app, is_local, listen, serve
    from bench.runtime.device import resolve_device

    sources = [SampleSource(dataset, None if data_root is None else Path(data_root), split)]
    sources[0].load(128, 1)  # raises in words now what would fail in the page
    if dataset != "streets":
        sources.append(SampleSource())
    models = EditorModels(options.names(model) or ("spgnet",), resolve_device(device), dataset)
    local = is_local(host)
    token = "" if local else secrets.token_urlsafe(16)
    with listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listening.getsockname()[1]}/" + (f"?token={token}" if token else "")
        typer.echo(address)
        say("Open this address in a browser; end with Ctrl-C.")
        if browser:
            Thread(target=webbrowser.open, args=(address,), daemon=True).start()  # one in the terminal would block
        try:
            serve(create_app(Editor(models, sources, load_ahead=True), token, local=local), listening)
        except KeyboardInterrupt:
            say("Ended.")


def _check_installed() -> None:
    """Raise Failure where the extra is missing."""
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        fix = "Install the extra: pip install 'spgbench[editor]'."
        raise Failure("the editor", "find its packages", f"no {' and no '.join(missing)}", fix)
