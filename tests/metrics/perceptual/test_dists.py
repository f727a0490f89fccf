from __future__ import annotations

import types
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import torch

from bench.errors import DataError
from bench.metrics import dists
from bench.metrics.perceptual.backends import dists as backend
from tests.metrics.conftest import MakePair
from tests.support.stand_in_weights import publish, random_trunk


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Torchmetrics' network around a random trunk that passes for the published one."""
    trunk = random_trunk("vgg16")
    library: Any = import_module("torchmetrics.functional.image.dists")
    with pytest.MonkeyPatch.context() as patch:
        state = {f"features.{name}": tensor for name, tensor in trunk.state_dict().items()}
        publish("vgg16", {**state, "classifier.0.bias": torch.zeros(3)}, tmp_path_factory.mktemp("weights"), patch)
        patch.setattr(library, "vgg16", lambda **_: types.SimpleNamespace(features=trunk))
        yield library.DISTSNetwork().eval()
    backend._loaded.cache_clear()


def test_values_are_those_of_torchmetrics(theirs: Any, pair: MakePair) -> None:
    reference, completed = pair(2, 32, 37)

    with torch.no_grad():
        expected = torch.cat(
            [theirs(b[None] / 255, a[None] / 255).reshape(1) for a, b in zip(reference, completed, strict=True)]
        )

    found = dists(reference, completed)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected.double(), rtol=0, atol=1e-6)
    assert found.min() > 0.003
    assert torch.equal(dists(reference[1:2], completed[1:2]), found[1:2])
    assert dists(reference, reference).abs().max() < 1e-5


@pytest.mark.usefixtures("theirs")
def test_small_pictures_are_refused(pair: MakePair) -> None:
    with pytest.raises(DataError, match="picture for dists must be at least 16x16 pixels; found 15x20"):
        dists(*pair(1, 15, 20))
