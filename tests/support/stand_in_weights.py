"""Random weights in the files and under the names of published ones, for tests alone: both sides load the same."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from bench.metrics.distribution.backends.inception_network import InceptionNetwork
from bench.weights import WeightFile, weight_file
from bench.weights.catalogue import FILES


def random_trunk(name: str) -> nn.Module:
    """The `features` of one of torchvision's networks, which keep the size of what goes through them."""
    with torch.device("meta"):
        network = torchvision.models.get_model(name)
    return fill(network.features.to_empty(device="cpu"))


def random_inception() -> dict[str, torch.Tensor]:
    """A state dict as torch-fidelity's file has it."""
    with torch.device("meta"):
        network = InceptionNetwork()
    return fill(network.to_empty(device="cpu")).state_dict()


def fill(network: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    for name, tensor in network.state_dict().items():
        if tensor.ndim > 1:
            tensor.normal_(0, math.sqrt(2 / tensor[0].numel()), generator=generator)
        elif name.endswith("running_var") or ".bn.weight" in name:
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif tensor.is_floating_point():
            tensor.uniform_(-0.1, 0.1, generator=generator)
        else:
            tensor.zero_()
    return network.eval().requires_grad_(requires_grad=False)


def publish(name: str, state: Mapping[str, torch.Tensor], folder: Path, monkeypatch: pytest.MonkeyPatch) -> WeightFile:
    """Let `name` be a file with this state, in the offline folder, until the test ends."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.pth"
    torch.save(dict(state), path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = replace(weight_file(name), file=path.name, sha256=sha256, size=path.stat().st_size)
    monkeypatch.setitem(FILES, name, entry)
    monkeypatch.setenv("SPGBENCH_WEIGHTS", str(folder))
    return entry
