from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import bench.models
from bench.models import MODELS
from bench.registry import Entry
from bench.vocabulary import Inpainter
from spgnet import SPGNet, SPGNetConfig
from tests.models.contract import check_any_size, check_blind, check_one_at_a_time
from tests.models.foreign_files import write_onnx, write_pipeline, write_program, write_python, write_torchscript


def _torchscript(folder: Path) -> str:
    return f"torchscript:{write_torchscript(folder / 'toy.pt')}?multiple=4"


def _onnx(folder: Path) -> str:
    return f"onnx:{write_onnx(folder / 'toy.onnx', height=16, width=24, count=1)}"


def _python(folder: Path) -> str:
    return f"python:{write_python(folder / 'toy.py')}:fill"


def _labelled_python(folder: Path) -> str:
    return f"python:{write_python(folder / 'toy.py')}:by_label?labels=context"


def _command(folder: Path) -> str:
    code = (
        "import sys; from pathlib import Path; from PIL import Image, ImageFilter\n"
        "for file in Path(sys.argv[1]).iterdir():\n"
        "    blurred = Image.open(file).filter(ImageFilter.BoxBlur(9))\n"
        "    blurred.save(Path(sys.argv[3]) / file.name)\n"
    )
    return f"command:{sys.executable} {write_python(folder / 'toy.py', code)}"


def _copying_command(folder: Path) -> str:
    return f"command:sh {write_program(folder / 'toy.sh', 'cp $inputs/* $outputs')}?fill=0.5&size=20x24"


def _diffusers(folder: Path) -> str:
    return f"diffusers:{write_pipeline(folder / 'toy')}?steps=2"


ADAPTERS: dict[str, Callable[[Path], str]] = {
    "torchscript:": _torchscript,
    "onnx:": _onnx,
    "python:": _python,
    "python: with labels": _labelled_python,
    "command:": _command,
    "command: with tiles": _copying_command,
    "diffusers:": _diffusers,
}
FOLDER = "folder:"  # answers with what it finds on disk


def _missing(entry: Entry) -> list[str]:
    """What an entry must be told beside its name."""
    given = {"device": "cpu", **dict(entry.options)}
    asked = inspect.signature(MODELS.load(entry)).parameters
    open_ = {name for name, each in asked.items() if each.kind is each.KEYWORD_ONLY and each.default is each.empty}
    return sorted(open_ - given.keys())


PLAIN = [entry.name for entry in MODELS if not entry.name.endswith(":")]
READY = [name for name in PLAIN if not _missing(MODELS.find(name)[0])]
SPGNET = [name for name in PLAIN if name.partition(":")[0] == "spgnet"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Inpainter]:
    """A model by the name of a case, made once."""
    made: dict[str, Inpainter] = {}

    def make(case: str) -> Inpainter:
        if case not in made:
            made[case] = bench.models.load(_spec(case, tmp_path_factory.mktemp("model")))
        return made[case]

    return make


def _spec(case: str, folder: Path) -> str:
    if case in ADAPTERS:
        return ADAPTERS[case](folder)
    if case in SPGNET:
        torch.manual_seed(0)
        SPGNet(SPGNetConfig.small(("ground", "thing"))).save(folder / "tiny")
        return f"{case}?weights={folder / 'tiny.safetensors'}"
    return case


CASES = [*READY, *(name for name in SPGNET if name not in READY), *ADAPTERS]


@pytest.mark.parametrize("case", CASES)
def test_a_fill_is_the_same_at_batch_size_1_and_8(case: str, models: Callable[[str], Inpainter]) -> None:
    check_one_at_a_time(models(case))


@pytest.mark.parametrize("case", CASES)
def test_no_hole_pixel_is_read(case: str, models: Callable[[str], Inpainter]) -> None:
    check_blind(models(case))


@pytest.mark.parametrize("case", CASES)
def test_any_size_will_do(case: str, models: Callable[[str], Inpainter]) -> None:
    check_any_size(models(case))


def test_every_entry_is_held_to_it() -> None:
    adapters = {case.partition(" ")[0] for case in ADAPTERS}

    for entry in MODELS:
        ready = entry.name in CASES or entry.name in adapters or entry.name == FOLDER
        assert ready or _missing(entry) == ["weights"], f"{entry.name} needs a case here"
