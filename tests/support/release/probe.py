"""Run by the interpreter of a clean environment, as a file: imports every module of the wheel and loads its data."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path

PACKAGES = ("baselines", "bench", "spgnet")
OF_EXTRAS = frozenset(
    (
        "diffusers",
        "lightning_fabric",
        "onnxruntime",
        "pynvml",
        "ray",
        "starlette",
        "submitit",
        "tensorboard",
        "transformers",
        "uvicorn",
    )
)
"""Modules that extras bring."""


def import_all() -> tuple[int, list[str]]:
    """How many modules there are, and what kept one from being imported, but for a missing extra."""
    names, wrong = [], []
    for package in PACKAGES:
        folder = Path(str(importlib.import_module(package).__file__)).parent
        if not folder.is_relative_to(sys.prefix):
            wrong.append(f"{package} is imported from {folder}")
        names += [one.name for one in pkgutil.walk_packages([str(folder)], f"{package}.", onerror=lambda _name: None)]
    for name in names:
        if name.endswith("__main__") or name.startswith("bench.alias"):
            continue
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in OF_EXTRAS:
                wrong.append(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 (any error of an import is a finding)
            wrong.append(f"{name}: {type(error).__name__}: {error}")
    return len(names), wrong


def load_weights() -> int:
    """Read every tensor of every file of weights, and fill a hole with each SPG-Net. Returns the number of files."""
    import torch
    from safetensors.torch import load_file

    from spgnet import SPGNet

    files = [file for package in PACKAGES for file in Path(sys.modules[package].__path__[0]).rglob("*.safetensors")]
    for file in files:
        assert all(torch.isfinite(one).all() for one in load_file(file).values() if one.is_floating_point()), file
    hole = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    hole[..., 20:40, 20:40] = True
    for file in files:
        if "spgnet" in file.parts:
            filled = SPGNet.from_pretrained(file.stem).complete(torch.rand(1, 3, 64, 64).masked_fill(hole, 0.0), hole)
            assert torch.isfinite(filled.image).all(), file
    return len(files)


def load_suites() -> int:
    """Read every packaged suite. Returns their number."""
    from bench.evaluation.suite import SUITES

    return len([SUITES.create(entry.name) for entry in SUITES])


def main() -> None:
    """Print the facts as JSON; the exit code is 1 for what must not be."""
    modules, wrong = import_all()
    alias = importlib.import_module("spgbench")  # a static import would name its folder a second time for mypy
    if alias.metrics is not sys.modules["bench.metrics"]:
        wrong.append("spgbench.metrics is not bench.metrics")
    facts = {"modules": modules, "weights": load_weights(), "suites": load_suites(), "wrong": wrong}
    print(json.dumps(facts))  # noqa: T201 (the answer)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
