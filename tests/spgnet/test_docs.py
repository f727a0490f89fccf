from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import spgnet

PAGE = (Path(__file__).parents[2] / "docs" / "spgnet.md").read_text(encoding="utf-8")


def test_the_example_runs_and_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, names)  # noqa: S102 - our own page

    assert (tmp_path / "weights" / "own.json").exists()
    assert torch.equal(names["completion"].composite[0, :, 0], names["image"][0, :, 0])
    assert (names["edited"][0][names["mask"]] == names["model"].config.classes.index("car")).all()
    assert names["picture"].shape == names["image"].shape
    assert len(names["guesses"]) == 3
    assert names["fast"].complete(names["image"], names["hole"]).image.shape == names["image"].shape


def test_the_page_names_things_that_exist() -> None:
    for name in re.findall(r"`spgnet\.(\w+)`", PAGE):
        assert name in {file.stem for file in Path(spgnet.__file__).parent.glob("*.py")}
    assert "(re-implementation)" in PAGE
