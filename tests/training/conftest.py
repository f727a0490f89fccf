from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from lightning_fabric import Fabric

from bench.training import fabric_for


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def fabric() -> Fabric:
    return fabric_for("cpu")
