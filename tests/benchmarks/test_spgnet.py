from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import nn

from spgnet import Acceleration, SPGNet, SPGNetConfig, accelerate

CLASSES = tuple("abcdefghijk")
IMAGE = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
HOLE = torch.zeros(1, 1, 256, 256, dtype=torch.bool)
HOLE[..., 64:192, 64:192] = True
FAST = "bfloat16, channels-last, folded"
FASTER = {
    "exact": Acceleration(),
    "folded": Acceleration(folded=True),
    "channels-last, folded": Acceleration(channels_last=True, folded=True),
    "bfloat16": Acceleration(precision="bfloat16"),
    "bfloat16, folded": Acceleration(precision="bfloat16", folded=True),
    FAST: Acceleration(precision="bfloat16", channels_last=True, folded=True),
    "hole only": Acceleration(crop_inference=True),
    f"{FAST}, hole only": Acceleration("bfloat16", channels_last=True, folded=True, crop_inference=True),
}
LARGE = (1024, 2048)
SHARES = {"half a side": 2, "an eighth of a side": 8}


@cache
def network(size: str) -> SPGNet:
    """Untrained, which takes as long as trained, with values as large as trained ones have."""
    torch.manual_seed(0)
    make: Callable[..., SPGNetConfig] = SPGNetConfig.small if size == "small" else SPGNetConfig.paper
    model = SPGNet(make(CLASSES))
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight)
    return model


def has_bfloat16() -> bool:
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


@pytest.mark.parametrize("name", FASTER)
@pytest.mark.parametrize("size", ["small", "paper"])
def test_complete_256(benchmark: BenchmarkFixture, size: str, name: str) -> None:
    benchmark.group = f"spgnet-{size}-256"
    exact, fast = network(size), accelerate(network(size), FASTER[name])
    fast.complete(IMAGE, HOLE)
    completion = benchmark.pedantic(fast.complete, (IMAGE, HOLE), rounds=7)  # type: ignore[no-untyped-call] # untyped
    benchmark.extra_info |= _change(completion.composite, exact)
    assert benchmark.stats is not None
    if size == "small" and name == "exact":
        assert benchmark.stats.stats.median < 0.25


@pytest.mark.parametrize("name", ["exact", "hole only", FAST, f"{FAST}, hole only"])
@pytest.mark.parametrize("share", SHARES)
def test_complete_1024x2048(benchmark: BenchmarkFixture, share: str, name: str) -> None:
    benchmark.group = f"spgnet-small-1024x2048, hole of {share}"
    image, hole = torch.rand(1, 3, *LARGE, generator=torch.Generator().manual_seed(0)), torch.zeros(1, 1, *LARGE).bool()
    rows, columns = (
        slice(side // 2 - side // SHARES[share] // 2, side // 2 + side // SHARES[share] // 2) for side in LARGE
    )
    hole[..., rows, columns] = True
    fast = accelerate(network("small"), FASTER[name])
    benchmark.pedantic(fast.complete, (image, hole), rounds=5, warmup_rounds=1)  # type: ignore[no-untyped-call] # untyped


@pytest.mark.parametrize("size", ["small", "paper"])
def test_padding_inside_the_convolutions(benchmark: BenchmarkFixture, size: str) -> None:
    """With zeros: another picture, and as fast as any fusion of the reflection could be."""
    benchmark.group = f"spgnet-{size}-256"
    reflecting, padding = (accelerate(network(size), FASTER[FAST]) for _ in range(2))
    for sequence in [module for module in padding.modules() if isinstance(module, nn.Sequential)]:
        for (name, first), (_, second) in list(pairwise(sequence.named_children())):
            if isinstance(first, nn.ReflectionPad2d) and isinstance(second, nn.Conv2d):
                second.padding = first.padding[:2]
                setattr(sequence, name, nn.Identity())
    seconds: list[float] = []
    benchmark.pedantic(  # type: ignore[no-untyped-call] # untyped
        padding.complete, (IMAGE, HOLE), setup=lambda: seconds.append(_seconds(reflecting)), rounds=21, warmup_rounds=2
    )
    benchmark.extra_info["with reflection"] = sorted(seconds)[len(seconds) // 2]


@pytest.mark.skipif(not has_bfloat16(), reason="the processor has no bfloat16 instructions")
def test_bfloat16_is_worth_it(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "spgnet-paper-256"
    exact, fast = network("paper"), accelerate(network("paper"), FASTER[FAST])
    plain = [_seconds(exact) for _ in range(7)]
    benchmark.pedantic(fast.complete, (IMAGE, HOLE), rounds=7, warmup_rounds=1)  # type: ignore[no-untyped-call] # untyped
    assert benchmark.stats is not None
    assert sorted(plain)[3] / benchmark.stats.stats.median >= 1.8


def test_compiled_256(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "spgnet-small-256"
    exact, fast = network("small"), accelerate(network("small"), Acceleration(compiled=True))
    _seconds(exact)
    plain = [_seconds(exact) for _ in range(7)]
    first = _seconds(fast)
    completion = benchmark.pedantic(fast.complete, (IMAGE, HOLE), rounds=7, warmup_rounds=1)  # type: ignore[no-untyped-call] # untyped
    benchmark.extra_info |= {"first call": first, "exact": sorted(plain)[3], **_change(completion.composite, exact)}


def _change(composite: torch.Tensor, exact: SPGNet) -> dict[str, float]:
    """In the hole."""
    change = (composite - exact.complete(IMAGE, HOLE).composite).abs()[HOLE.expand(-1, 3, -1, -1)]
    return {"largest change": float(change.max()), "mean change": float(change.mean())}


def _seconds(model: SPGNet) -> float:
    start = perf_counter()
    model.complete(IMAGE, HOLE)
    return perf_counter() - start
