"""Options that an engine does not have are refused before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.errors import UsageError
from bench.runtime.executors.create import EXECUTORS, create_executor


@pytest.mark.parametrize("name", EXECUTORS)
def test_knows_every_engine(name: str, tmp_path: Path) -> None:
    assert create_executor(name, 2, tmp_path).name == name


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dask", {}, "executor 'dask'"),
        ("local", {"ray_address": "auto"}, "--ray-address must stand beside --executor ray"),
        ("local", {"options": {"cpus": "1"}}, "--executor-option must stand beside"),
        ("ray", {"options": {"cpu": "1"}}, "Did you mean cpus"),
        ("ray", {"options": {"cpus": "0"}}, "above 0"),
        ("ray", {"options": {"gpus": "NaN"}}, "above 0"),
        ("ray", {"options": {"gpus": "true"}}, "above 0"),
        ("ray", {"options": {"patience": "a while"}}, "above 0"),
    ],
)
def test_refuses(name: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        create_executor(name, 1, tmp_path, **options)
