"""A plugin of pytest that runs the tests that need a GPU and no others: `pytest -p tests.support.gpu.only`."""

from __future__ import annotations

import pytest

__all__ = ["pytest_collection_modifyitems"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests without a mark `skipif` whose reason names a GPU."""
    wanted = [item for item in items if any(_names_a_gpu(mark) for mark in item.iter_markers("skipif"))]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted


def _names_a_gpu(mark: pytest.Mark) -> bool:
    return "GPU" in str(mark.kwargs.get("reason", ""))
