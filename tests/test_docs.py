"""The pages do what they say: every command and every Python block of them runs, in order, as a reader would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/adding-a-model.md")


def _blocks(page: str) -> list[tuple[str, str]]:
    return re.findall(
        r"^```(sh|python)\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def _write_camvid(root: Path) -> None:
    """A small tree in CamVid's layout, where the README's reader keeps the real one."""
    for folder in ("images", "labels", "splits"):
        (root / folder).mkdir(parents=True)
    names = ["Seq05VD_f00000", "Seq05VD_f00030"]
    (root / "splits" / "test.txt").write_text("\n".join(names) + "\n")
    random = np.random.default_rng(0)
    for name in names:
        Image.fromarray(random.integers(0, 256, (360, 480, 3), dtype=np.uint8)).save(root / "images" / f"{name}.png")
        labels = np.zeros((360, 480), np.uint8)
        labels[100:200, 150:300] = 8  # a car
        Image.fromarray(labels).save(root / "labels" / f"{name}.png")


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(page: str, tmp_path: Path) -> None:
    _write_camvid(tmp_path / "data" / "camvid")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    blocks = _blocks(page)
    assert len(blocks) >= 2

    for language, code in blocks:
        shell = ["bash", "-euc", code] if language == "sh" else [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "page", ["README.md", "results/README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))]
)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize(("target", "command"), [("bench", "spgbench run quick -o results/quick"), ("test", "tox run")])
def test_the_two_commands_are_what_the_readme_says(target: str, command: str) -> None:
    steps = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert command in steps


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("README.md", "quick"),
        ("docs/spgnet.md", "guidance-streets"),
        ("docs/spgnet.md", "guidance-camvid"),
        ("docs/baselines.md", "learned-streets"),
    ],
)
def test_pages_show_the_kept_results(page: str, name: str) -> None:
    from bench.records import read_run
    from tests.support.reference import table

    assert table(read_run(ROOT / "results" / "reference" / name)) in (ROOT / page).read_text(encoding="utf-8")
