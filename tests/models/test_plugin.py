from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.models import MODELS
from bench.records import read_run

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "how-to" / "package-a-model.md"
LINES = 20


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """The page's own files: blocks that begin with their name."""
    blocks = re.findall(
        r"^```\w+[^\n]*\n# ([\w.]+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return dict(blocks)


def _environment(site: Path, cache: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(site), "UV_CACHE_DIR": str(cache)}


def test_the_example_of_the_page_installs_and_runs(example: dict[str, str], tmp_path: Path) -> None:
    assert set(example) == {"pyproject.toml", "line_mean.py"}
    for name, text in example.items():
        (tmp_path / "line-mean" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "line-mean" / name).write_text(text, encoding="utf-8")
    site, environment = tmp_path / "site", _environment(tmp_path / "site", tmp_path / "cache")
    install = [
        *(sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, "--offline", "--no-deps"),
        *("--no-build-isolation", "--target", str(site), str(tmp_path / "line-mean")),
    ]
    subprocess.run(install, env=environment, check=True, capture_output=True)

    listed = subprocess.run(["spgbench", "ls", "models"], env=environment, check=True, capture_output=True, text=True)
    run = [
        *("spgbench", "run", "quick", "--models", "line-mean,upright=line-mean?columns=true,mean"),
        *("--protocols", "center-50", "--metrics", "psnr", "--limit", "2", "-o", str(tmp_path / "out")),
    ]
    done = subprocess.run(run, env=environment, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert "plug-in of line-mean" in listed.stdout
    assert done.returncode == 0, done.stderr
    cells = read_run(tmp_path / "out").cells
    assert [(key.model, cell.n_failed) for key, cell in cells.items()] == [
        ("line-mean", 0),
        ("upright", 0),
        ("mean", 0),
    ]


def test_the_example_is_short(example: dict[str, str]) -> None:
    code = [line for line in example["line_mean.py"].splitlines() if line.strip()]

    assert len(code) <= LINES


def test_every_adapter_and_option_is_on_the_page() -> None:
    from bench.models.io_spec import OPTIONS

    text = (DOCS / "reference" / "models.md").read_text(encoding="utf-8")

    for scheme in (entry.name for entry in MODELS if entry.name.endswith(":")):
        assert f"| `{scheme}" in text
    for option in OPTIONS:
        assert f"| `{option}` |" in text
