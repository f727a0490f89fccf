from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import spgnet

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    (DOCS / page).read_text(encoding="utf-8")
    for page in ("how-to/use-spgnet-alone.md", "how-to/faster-spgnet.md", "explanation/spgnet.md")
]


def test_the_example_runs_and_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 48), (90, 120, 150)).save("photo.png")
    Image.fromarray(np.pad(np.full((20, 20), 255, np.uint8), ((14, 14), (22, 22)))).save("mask.png")
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGES[0], re.DOTALL):
        exec(code, names)  # noqa: S102 - our own page

    assert (tmp_path / "weights" / "own.json").exists()
    assert torch.equal(names["completion"].composite[0, :, 0], names["image"][0, :, 0])
    assert (names["edited"][0][names["mask"]] == names["model"].config.classes.index("car")).all()
    assert names["picture"].shape == names["image"].shape
    assert len(names["alternatives"]) == 3


def test_the_page_names_things_that_exist() -> None:
    package = Path(spgnet.__file__).parent
    modules = {path.stem for path in (*package.glob("*.py"), *(file.parent for file in package.glob("*/__init__.py")))}

    for page in PAGES:
        assert set(re.findall(r"`spgnet\.([a-z]\w*)`", page)) <= modules
    assert "(re-implementation)" in PAGES[-1]


def test_the_faster_example_gives_a_picture_of_the_same_size() -> None:
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGES[1], re.DOTALL):
        exec(code, names)  # noqa: S102 - our own page

    assert names["completion"].image.shape == names["image"].shape
