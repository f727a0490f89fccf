from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from bench.segmentation.network import JudgeConfig, JudgeNetwork

CLASSES = ("ground", "thing", "sky")


@pytest.fixture(scope="session")
def _untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("judge")
    JudgeNetwork(JudgeConfig(CLASSES)).save(folder / "untrained")
    return folder


@pytest.fixture
def weights(_untrained: Path, tmp_path: Path) -> Path:
    """A judge that nobody trained; the test may do with it what it likes."""
    shutil.copytree(_untrained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "untrained.safetensors"


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.randint(0, 256, (5, 3, 48, 70), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def mapping(tmp_path: Path) -> Callable[[object], Path]:
    def write(names: object) -> Path:
        file = tmp_path / "map.json"
        file.write_text(json.dumps(names))
        return file

    return write
