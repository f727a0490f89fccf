"""`spgbench edit`: one picture under several edits of its label map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.errors import UnknownName

__all__ = ["edit"]


def edit(
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
    out: options.OutFile = None,
) -> None:
    """Draw one hole, filled by the model and filled under each of several edited label maps.

    Example: spgbench edit spgnet --edits "tree car@0.5,0,1,1" -o edits.png
    """
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
    path = out or Path("edits.png")
    wanted = [Edit.parse(text) for text in edits.split()]
    plan = resolve(suite, path)
    chosen = plan.dataset[_index(plan.dataset.ids, sample)]
    hole = plan.protocols[0].hole(chosen, plan.suite.seed, plan.dataset)
    painter = bench.models.load(model, resolve_device(device), plan.dataset.name)
    title = f"{plan.dataset.name} {chosen.id}, {plan.protocols[0].name}, {painter.name}"
    write_atomically(path, png_bytes(draw_edits(painter, chosen, hole, wanted, plan.suite.seed, title)))
    typer.echo(path)


def _index(ids: Sequence[str], sample: str | None) -> int:
    from bench.image_files.finding import same_form

    if sample is None:
        return 0
    forms = [same_form(one) for one in ids]
    if same_form(sample) not in forms:
        raise UnknownName("sample", sample, ids)
    return forms.index(same_form(sample))
