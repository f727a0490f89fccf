"""`spgbench edit`: one picture under several edits of its label map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import options
from bench.cli.console.outputs import output_file, output_folder
from bench.cli.console.session import warn
from bench.errors import DataError, UnknownName, UsageError

if TYPE_CHECKING:
    from bench.vocabulary import Inpainter

__all__ = ["edit"]


_WITH_REPLAY = ("context", "model", "replay", "device", "out")


def edit(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="Model that fills holes under given label maps.")] = "spgnet",
    *,
    edits: Annotated[
        str,
        typer.Option(help="Edits, separated by spaces: CLASS, or CLASS@TOP,LEFT,BOTTOM,RIGHT in shares of the hole."),
    ] = "building tree car@0.5,0.2,0.9,0.8 sky@0,0,0.5,1",
    sample: Annotated[
        str | None, typer.Option(help="Id of the picture; by default the first one.", show_default=False)
    ] = None,
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    split_list: options.SplitList = None,
    size: options.Size = None,
    protocol: Annotated[str, typer.Option(help="Mask protocol of the hole.")] = "center-50",
    seed: options.Seed = None,
    device: options.Device = "auto",
    replay: Annotated[
        Path | None,
        typer.Option(
            help="JSON file that the page of `spgbench editor` saved: play it into a folder.", show_default=False
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write; with --replay, a folder.",
            rich_help_panel=options.OUTPUT,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Draw one hole, filled by the model and filled under each of several edited label maps; or play a saved edit.

    Example: spgbench edit spgnet --edits "tree car@0.5,0,1,1" -o edits.png
    """
    if replay is not None:
        _refuse_others(context)
        named = "" if _is_default(context, "model") else model
        _play(replay, output_folder("--out")("edits" if out is None else out), device, named)
        return
    import bench.models
    from bench.evaluation.edits import Edit, draw_edits
    from bench.evaluation.plan import resolve
    from bench.evaluation.suite import Suite
    from bench.pictures import png_bytes
    from bench.records import write_atomically
    from bench.runtime.device import resolve_device

    suite = options.change_suite(
        Suite("edit", models=()),
        dataset=dataset,
        data_root=data_root,
        split=split,
        split_list=split_list,
        size=size,
        limit=None,
        protocols=protocol,
        seed=seed,
    )
    path = output_file("--out")("edits.png" if out is None else out)
    wanted = [Edit.parse(text) for text in edits.split()]
    plan = resolve(suite, path)
    chosen = plan.dataset[_index(plan.dataset.ids, sample)]
    hole = plan.protocols[0].hole(chosen, plan.suite.seed, plan.dataset)
    painter = bench.models.load(model, resolve_device(device), plan.dataset.name)
    title = f"{plan.dataset.name} {chosen.id}, {plan.protocols[0].name}, {painter.name}"
    write_atomically(path, png_bytes(draw_edits(painter, chosen, hole, wanted, plan.suite.seed, title)))
    typer.echo(path)


def _play(file: Path, folder: Path, device: str, named: str) -> None:
    """Fill all variants of a document again, and say of which the pixels are not those that it records.

    A document may come from someone else: of the models that it names, only those of the packages are loaded, and the
    one that the command names.
    """
    import bench.models
    from bench.editor.models import describe
    from bench.editor.replay import parse, play, write_files
    from bench.runtime.device import resolve_device
    from bench.runtime.single_threaded import map_single_threaded

    document, target = parse(_text(file), f"replay {file}"), resolve_device(device)

    def load(name: str) -> Inpainter:
        if name != named and describe(name, document.weights_dataset) is None:
            fix = f"If you trust it, name it: spgbench edit '{name}' --replay FILE."
            raise UsageError(f"model '{name}' of replay {file}", "be one of the packages'", "another", fix)
        return bench.models.load(name, target, document.weights_dataset)

    (played,) = map_single_threaded(lambda one: play(one, load), [document])  # as the server of the page works
    for path in write_files(played, folder):
        typer.echo(path)
    for number, same in enumerate(played.same, start=1):
        if not same:
            warn(f"fill-{number}.png has other pixels than {file} records: another machine or library rounds otherwise")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or "no UTF-8 text"
        raise DataError(f"replay {file}", "be a readable JSON file", found, "Check the file.") from error


def _refuse_others(context: typer.Context) -> None:
    """Raise UsageError for options that a saved edit has of its own: they would change nothing."""
    given = [name for name in context.params if name not in _WITH_REPLAY and not _is_default(context, name)]
    if given:
        options_ = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError("--replay", "stand with --out, --device and a model alone", options_, "Leave them out.")


def _is_default(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is None or source.name != "COMMANDLINE"


def _index(ids: Sequence[str], sample: str | None) -> int:
    from bench.image_files.finding import same_form

    if sample is None:
        return 0
    forms = [same_form(one) for one in ids]
    if same_form(sample) not in forms:
        raise UnknownName("sample", sample, ids)
    return forms.index(same_form(sample))
