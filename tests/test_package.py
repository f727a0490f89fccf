"""The distribution: what its wheel holds and says, and what an evaluation does without."""

from __future__ import annotations

import os
import subprocess
import sys
from email.message import Message
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.release.contents import PACKAGES, read_metadata, wheel_problems

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    return read_metadata(wheel)


def test_the_wheel_holds_the_packages_the_alias_at_the_top_and_every_licence(wheel: Path) -> None:
    files = [*ROOT.iterdir(), *(file for name in (*PACKAGES, "docs", "results") for file in (ROOT / name).rglob("*"))]
    kept = [file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts and file.is_file()]

    assert wheel_problems(wheel, kept) == []


def test_all_weights_of_camvid_lie_beside_their_licence() -> None:
    for package in PACKAGES:
        for weights in (ROOT / package).rglob("camvid*.safetensors"):
            text = weights.with_name("LICENSE-camvid.txt").read_text(encoding="utf-8")
            assert weights.stem in text


def test_training_alone_needs_the_packages_of_its_extra(metadata: Message) -> None:
    needed = metadata.get_all("Requires-Dist", [])
    of_training = {line.partition(">")[0] for line in needed if line.endswith("extra == 'train'")}
    always = {line.partition(">")[0] for line in needed if "extra ==" not in line}

    assert of_training == {"lightning-fabric", "tensorboard", "timm"}
    assert not of_training & always


def test_evaluation_runs_without_the_packages_of_training(tmp_path: Path) -> None:
    """Without timm, too, which segmentation-models-pytorch needs: then SPG-Net alone cannot be used."""
    code = """
        import sys
        training, networks = ["lightning_fabric", "tensorboard"], ["timm", "segmentation_models_pytorch"]
        sys.modules.update(dict.fromkeys([*training, *networks]))  # importing them raises ModuleNotFoundError
        import bench
        run = bench.evaluate(["mean", "lama"], bench.data.load("streets", size=(64, 64), limit=1), out="plain")
        assert [cell.n_failed for cell in run.cells.values()] == [0, 0]
        for name in networks:
            del sys.modules[name]
        run = bench.evaluate(["spgnet"], bench.data.load("streets", size=(64, 64), limit=1), out="networks")
        assert [cell.n_failed for cell in run.cells.values()] == [0]
        sys.argv = ["spgbench", "train", "spgnet", "--steps", "1"]
        bench.cli.main()
    """
    command = [sys.executable, "-c", "import bench.cli\n" + dedent(code)]

    done = subprocess.run(command, cwd=tmp_path, env=os.environ, check=False, capture_output=True, text=True)

    assert done.returncode not in (0, 2), done.stderr
    assert "training must find the package lightning_fabric" in done.stderr
    assert "pip install 'spgbench[train]'" in done.stderr
