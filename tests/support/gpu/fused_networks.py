"""Times SPG-Net's networks on a GPU before and after their replacement by `spgnet.gpu`.

`python -m tests.support.gpu.fused_networks` prints a line a network and shape: median ms of a call replayed from a CUDA
graph, in bfloat16 with channels innermost and folded normalisations. It takes about a minute. Without a GPU nothing is
replaced, and small shapes are timed once each.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from unittest import mock

import torch
from torch import Tensor

from spgnet import Acceleration, SPGNet, SPGNetConfig, accelerate
from spgnet.labels import one_hot

__all__ = ["compare", "main", "median_ms"]

_CLASSES = tuple(f"class-{index}" for index in range(12))
_FAST = Acceleration(precision="bfloat16", channels_last=True, folded=True)
_SHAPES = [
    ("small", 1, 256, 256),
    ("small", 8, 256, 256),
    ("small", 1, 1024, 2048),
    ("paper", 1, 256, 256),
    ("paper", 8, 512, 512),
]


def main() -> None:
    """Compare all shapes."""
    on_gpu = torch.cuda.is_available()
    for size, n, height, width in _SHAPES if on_gpu else [("small", 1, 32, 48)]:
        for name, before, after, change in compare(size, n, height, width, "cuda" if on_gpu else "cpu"):
            line = f"{size} {n} x {height}x{width} {name}: {before:.3f} ms, fused {after:.3f} ms, change {change:.2g}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


@torch.no_grad()
def compare(size: str, n: int, height: int, width: int, device: str) -> list[tuple[str, float, float, float]]:
    """Name, ms before, ms after and mean change of the output, of each network."""
    torch.manual_seed(0)
    model = SPGNet(getattr(SPGNetConfig, size)(_CLASSES)).to(device)
    with mock.patch("spgnet.acceleration.prepare_for_gpu", return_value=None):
        plain = accelerate(model, _FAST)
    fused = accelerate(model, _FAST)
    hole = torch.zeros(n, 1, height, width, dtype=torch.bool, device=device)
    hole[..., height // 4 : -height // 4, width // 4 : -width // 4] = True
    image = torch.rand(n, 3, height, width, device=device).masked_fill(hole, 0)
    labels = torch.randint(0, len(_CLASSES), (n, height, width), dtype=torch.uint8, device=device)
    coded = one_hot(labels, len(_CLASSES))
    rows = []
    for name in ("segmenter", "SP-Net", "SG-Net"):
        before, after = (_call(name, each, image, hole, coded) for each in (plain, fused))
        change = float((before().float() - after().float()).abs().mean())
        rows.append((name, median_ms(before), median_ms(after), change))
    return rows


def _call(name: str, model: SPGNet, image: Tensor, hole: Tensor, coded: Tensor) -> Callable[[], Tensor]:
    segmenter, spnet = model.segmenter, model.spnet
    assert segmenter is not None
    assert spnet is not None
    return {
        "segmenter": lambda: segmenter.visible_labels(image, hole),
        "SP-Net": lambda: spnet.probabilities(image, coded, hole),
        "SG-Net": lambda: model.sgnet(image, coded, hole),
    }[name]


def median_ms(call: Callable[[], Tensor], replays: int = 20) -> float:
    """Of the call replayed from a CUDA graph; without a GPU, of one call."""
    if not torch.cuda.is_available():
        begin = time.perf_counter()
        call()
        return 1e3 * (time.perf_counter() - begin)
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call] # torch has no types here
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            call()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    graph.replay()
    times = []
    for _ in range(replays):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        graph.replay()
        torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


if __name__ == "__main__":
    main()
