"""What others build on: these names and signatures may grow, and may not change."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

PINNED = {
    "bench:evaluate": ["models", "dataset", "protocols", "metrics", "out"],
    "bench.data:load": ["name", "split", "size", "root", "limit"],
    "bench.masks:draw": ["name", "height", "width", "key", "seed", "labels"],
    "bench.metrics:psnr": ["reference", "completed", "region"],
    "bench.metrics:ssim": ["reference", "completed", "region"],
    "bench.metrics:l1": ["reference", "completed", "region"],
    "bench.models:load": ["name", "device"],
    "bench.reporting:report": ["out"],
}


@pytest.mark.parametrize("name", PINNED)
def test_pinned_signatures(name: str) -> None:
    module, _, attribute = name.partition(":")

    parameters = list(inspect.signature(getattr(import_module(module), attribute)).parameters)

    assert parameters[: len(PINNED[name])] == PINNED[name]


ROOMS = ("cli", "data", "errors", "evaluation", "masks", "metrics", "models", "records", "registry", "reporting")


@pytest.mark.parametrize(
    "room", ["bench", *(f"bench.{room}" for room in ROOMS), "bench.statistics", "bench.vocabulary"]
)
def test_every_listed_name_exists(room: str) -> None:
    module = import_module(room)

    assert sorted(set(module.__all__)) == sorted(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)
