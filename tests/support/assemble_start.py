"""Writes a folder for `spgbench train --start`: `python -m tests.support.assemble_start DIR --dataset streets`.

The folder gets spgnet.safetensors and unguided.safetensors: the shipped weights of the data set, in which SG-Net may
be replaced by another one (`--sgnet FILE`, `--unguided FILE`: safetensors with the tensors `sgnet.*`, as in whole
weights).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from safetensors.torch import load_file

from spgnet import SPGNet
from spgnet.weights import load_state

__all__ = ["assemble"]

_PREFIX = "sgnet."


def assemble(folder: Path, dataset: str, sgnet: Path | None = None, unguided: Path | None = None) -> None:
    """Write both models into `folder`; raises ValueError for an SG-Net of another form."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, shipped, file in (("spgnet", "small", sgnet), ("unguided", "small-unguided", unguided)):
        model = SPGNet.from_pretrained(f"{dataset}-{shipped}")
        if file is not None:
            tensors = load_file(file)
            state = {key.removeprefix(_PREFIX): tensor for key, tensor in tensors.items() if key.startswith(_PREFIX)}
            load_state(model.sgnet, state, f"weights {file}")
        model.save(folder / name)


def _main(
    folder: Path,
    dataset: Annotated[str, typer.Option(help="Whose shipped weights.")] = "streets",
    sgnet: Annotated[Path | None, typer.Option(help="SG-Net for the guided model.")] = None,
    unguided: Annotated[Path | None, typer.Option(help="SG-Net for the unguided model.")] = None,
) -> None:
    assemble(folder, dataset, sgnet, unguided)


if __name__ == "__main__":
    typer.run(_main)
