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


@pytest.mark.parametrize(("count", "found"), [(0, "no CUDA device"), (1, "cuda:0 alone"), (2, "cuda:0 to cuda:1")])
def test_the_error_names_the_gpus_that_there_are(count: int, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    with pytest.raises(UsageError, match=f"device 'cuda:2' must be one of this machine; found {found}"):
        resolve_device("cuda:2")


def test_two_devices_are_refused() -> None:
    with pytest.raises(UsageError, match="'cuda:0,cuda:1' must be a single device; found 2 of them"):
        resolve_device("cuda:0,cuda:1")
