from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines import convert_checkpoints
from bench.models import MODELS
from bench.training import RECIPES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "explanation" / "baselines.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| `([\w-]+)` \([^|]+\| `(\w+)\.(\w+)` \| ([\d,]+) \| ([\d,]+) \| ([^|]*)\| (\d+) \|$", PAGE, re.MULTILINE
)


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_table_holds_the_computed_numbers(row: tuple[str, ...]) -> None:
    _, module, name, paper, small, published, multiple = row
    network: Any = getattr(import_module(f"baselines.{module}"), name)
    sizes = network.configuration

    with torch.device("meta"):
        counts = [parameters(network(config)) for config in (sizes.paper(), sizes.small())]

    assert [f"{count:,}" for count in counts] == [paper, small]
    assert network.multiple == int(multiple)
    if published.strip():
        assert round(counts[0] / 1e6) == int(published.split()[0])


def test_the_page_names_all_models_and_recipes() -> None:
    assert len(ROWS) == 6
    for name, *_ in ROWS:
        assert name in {entry.name for entry in MODELS}
        assert name in {entry.name for entry in RECIPES}


@pytest.mark.parametrize("name", [row[0] for row in ROWS])
def test_the_page_says_what_the_presets_say(name: str) -> None:
    (entry,) = (entry for entry in RECIPES if entry.name == name)
    presets = import_module(entry.target.partition(":")[0]).PRESETS
    page = (DOCS / "reference" / "training.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^\| `{name}` \| (`.*)$", page, re.MULTILINE)

    numbers = set(re.findall(r"\d+(?:\.\d+)?", line))
    for weight in presets["paper"].weights.values():
        assert not weight or f"{weight:.4f}".rstrip("0").rstrip(".") in numbers
    for stage, share in presets["paper"].shares.items():
        assert f"`{stage}`" in line
        assert len(presets["paper"].shares) == 1 or f"`{stage}` {share:.0%}".replace("%", " %") in line


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "how-to" / "use-a-baseline-alone.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}

    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(code, names)  # noqa: S102 - our own page

    assert (tmp_path / "weights" / "lama.json").exists()
    assert torch.equal(names["composite"][..., :20, :], names["image"][..., :20, :])
    assert names["smooth"].shape == names["copied"].shape == names["picture"].shape


def test_every_key_map_is_on_the_page() -> None:
    page = (DOCS / "how-to" / "published-weights.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(\w+)\(", page, re.MULTILINE)) == set(convert_checkpoints.__all__)
