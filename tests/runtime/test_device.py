from __future__ import annotations

import pytest
import torch

from bench.errors import UsageError
from bench.runtime.device import resolve_device


def test_auto_is_the_first_cuda_device_or_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == "cuda:0"

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == "cpu"


def test_cuda_has_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    assert [resolve_device(name) for name in ("cpu", "cuda", "cuda:1")] == ["cpu", "cuda:0", "cuda:1"]


@pytest.mark.parametrize("device", ["cuda:99", "mps:0", "abacus"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(UsageError, match=device):
        resolve_device(device)


@pytest.mark.parametrize(("count", "found"), [(0, "found cpu"), (1, "found cpu, cuda:0")])
def test_a_second_gpu_that_is_not_there_is_refused_with_what_is(
    count: int, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    with pytest.raises(UsageError, match=rf"{found}\b(?!,)"):
        resolve_device("cuda:1")
