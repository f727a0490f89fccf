from __future__ import annotations

import importlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.context_encoder import ContextEncoder
from baselines.deepfill_v2 import DeepFillV2
from baselines.edge_connect import EdgeConnect
from baselines.glcic import GLCIC
from baselines.lama import LaMa
from baselines.network import InpaintingNetwork
from baselines.partial_conv import PartialConvUNet

Scene = Callable[..., tuple[Tensor, Tensor]]
Lively = Callable[[nn.Module], None]
NETWORKS: dict[str, type[InpaintingNetwork]] = {
    "context_encoder": ContextEncoder,
    "deepfill_v2": DeepFillV2,
    "edge_connect": EdgeConnect,
    "glcic": GLCIC,
    "lama": LaMa,
    "partial_conv": PartialConvUNet,
}

every_network = pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS.keys())


def small(make: type[InpaintingNetwork]) -> InpaintingNetwork:
    torch.manual_seed(0)
    config: Any = make.configuration
    return make(config.small())


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@every_network
def test_what_is_in_the_hole_changes_no_bit(make: type[InpaintingNetwork], scene: Scene, lively: Lively) -> None:
    network, (image, hole) = small(make), scene(2, 64, 48)
    lively(network)

    with torch.no_grad():
        fill = network(image, hole)
        for under in (torch.nan, torch.inf, 7.0):
            assert torch.equal(network(image.masked_fill(hole, under), hole), fill)

    assert fill.shape == image.shape
    assert fill.dtype == torch.float32
    assert fill.min() >= 0
    assert fill.max() <= 1


@every_network
def test_the_visible_part_and_the_hole_matter(make: type[InpaintingNetwork], scene: Scene, lively: Lively) -> None:
    network, (image, hole) = small(make), scene(1, 64, 64)
    lively(network)

    with torch.no_grad():
        fill = network(image, hole)
        darker, larger = network(image / 2, hole), network(image, hole | hole.roll(8, 3))

    where = hole.expand_as(fill)
    assert (fill - darker)[where].abs().max() > 1e-3
    assert (fill - larger)[where].abs().max() > 1e-3
    assert fill[where].std() > 1e-3


@every_network
def test_a_fill_is_the_same_alone_and_among_eight(make: type[InpaintingNetwork], scene: Scene, lively: Lively) -> None:
    network, (image, hole) = small(make), scene(8, 64, 64)
    lively(network)

    with torch.no_grad():
        together = network(image, hole)
        alone = torch.cat([network(image[i : i + 1], hole[i : i + 1]) for i in range(8)])

    assert not network.training
    assert (together - alone).abs().max() <= 1e-5


@every_network
def test_half_precision_and_another_memory_layout_change_little(
    make: type[InpaintingNetwork], scene: Scene, lively: Lively
) -> None:
    network, (image, hole) = small(make), scene(2, 64, 64)
    lively(network)
    last = torch.channels_last

    with torch.no_grad():
        fill = network(image, hole)
        network.to(memory_format=last)
        turned = network(image.to(memory_format=last), hole)
        with torch.autocast("cpu", torch.bfloat16):
            mixed = network(image.to(memory_format=last), hole)

    assert mixed.dtype == torch.float32
    assert (turned - fill).abs().max() < 1e-4
    assert 0 < (mixed - fill).abs().mean() < 0.05


@every_network
@given(height=st.integers(3, 70), width=st.integers(3, 70))
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_size_is_filled(make: type[InpaintingNetwork], scene: Scene, height: int, width: int) -> None:
    image, hole = scene(1, height, width)

    with torch.no_grad():
        fill = small(make)(image, hole)

    assert fill.shape == image.shape
    assert fill.isfinite().all()


@every_network
def test_small_weights_stay_under_five_megabytes_and_load(
    make: type[InpaintingNetwork], scene: Scene, lively: Lively, tmp_path: Path
) -> None:
    network, (image, hole) = small(make), scene(1, 64, 64)
    lively(network)
    assert count(network) <= 2_400_000

    network.save(tmp_path / "half", half=True)
    network.save(tmp_path / "full")
    random = torch.random.get_rng_state()
    full, half = (make.from_pretrained(tmp_path / name) for name in ("full", "half.safetensors"))

    assert torch.equal(random, torch.random.get_rng_state())
    assert (tmp_path / "half.safetensors").stat().st_size < 5_000_000
    assert json.loads((tmp_path / "half.json").read_text())["architecture"] == make.__name__
    with torch.no_grad():
        assert torch.equal(full(image, hole), network(image, hole))
        assert (half(image, hole) - network(image, hole)).abs().mean() < 0.02


@every_network
def test_weights_of_another_architecture_or_size_are_refused(make: type[InpaintingNetwork], tmp_path: Path) -> None:
    other = next(network for network in NETWORKS.values() if network is not make)
    small(other).save(tmp_path / "other")
    (tmp_path / "pickle.pth").write_bytes(b"PK\x03\x04")

    with pytest.raises(ValueError, match=f"must be of {make.__name__}; found {other.__name__}"):
        make.from_pretrained(tmp_path / "other")
    with pytest.raises(ValueError, match="found a pickle"):
        make.from_pretrained(tmp_path / "pickle.pth")
    with pytest.raises(ValueError, match="Give the path of a file"):
        make.from_pretrained("nowhere")


@every_network
@pytest.mark.parametrize(
    ("image", "hole", "error", "found"),
    [
        (torch.zeros(1, 3, 16, 16, dtype=torch.uint8), torch.ones(1, 1, 16, 16).bool(), TypeError, "found torch.uint8"),
        (torch.zeros(3, 16, 16), torch.ones(1, 1, 16, 16).bool(), ValueError, r"found \[3, 16, 16\]"),
        (torch.zeros(1, 3, 16, 16), torch.ones(1, 1, 16, 16), TypeError, "found torch.float32"),
        (torch.zeros(1, 3, 16, 16), torch.ones(1, 16, 16).bool(), ValueError, r"found \[1, 16, 16\]"),
        (torch.full((1, 3, 16, 16), 255.0), torch.zeros(1, 1, 16, 16).bool(), ValueError, "found 255 to 255"),
        (torch.full((1, 3, 16, 16), torch.nan), torch.zeros(1, 1, 16, 16).bool(), ValueError, "found nan"),
    ],
)
def test_a_wrong_argument_is_named(
    make: type[InpaintingNetwork], image: Tensor, hole: Tensor, error: type[Exception], found: str
) -> None:
    with pytest.raises(error, match=found):
        small(make)(image, hole)


@every_network
def test_a_config_travels_as_json(make: type[InpaintingNetwork]) -> None:
    configuration: Any = make.configuration
    for config in (configuration.paper(), configuration.small()):
        assert configuration.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    fields = configuration.paper().to_dict()
    with pytest.raises(ValueError, match=r"found .*depth"):
        configuration.from_dict({**fields, "depth": 1})
    with pytest.raises(ValueError, match="must have the keys"):
        configuration.from_dict({})
    with pytest.raises(TypeError, match=r"base_channels must be int; found 1\.5"):
        configuration.from_dict({**fields, "base_channels": 1.5})
    with pytest.raises(ValueError, match="base_channels must be positive; found 0"):
        configuration.from_dict({**fields, "base_channels": 0})


IMPORTED = """
import importlib, sys, torch
for name in sys.argv[1:]:
    for module in [m for m in sys.modules if m.partition(".")[0] in ("baselines", "spgnet")]:
        del sys.modules[module]
    importlib.import_module(f"baselines.{name}")
    print(*(m for m in sys.modules if m.startswith(("baselines.", "spgnet."))))
"""


def test_each_module_says_what_its_fill_depends_on() -> None:
    command = [sys.executable, "-c", IMPORTED, *NETWORKS]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    for name, line in zip(NETWORKS, lines, strict=True):
        module = importlib.import_module(f"baselines.{name}")
        assert set(module.SOURCES) == set(line.split())
        for library in module.LIBRARIES:
            assert importlib.metadata.version(library)
