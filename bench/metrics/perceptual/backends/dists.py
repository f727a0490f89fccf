"""The network of DISTS: torchmetrics' own, with weights from files that were checked."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import nn

from bench.errors import TooSmall
from bench.metrics.arguments import check_pair
from bench.metrics.networks import Outputs, read_state, run_network, with_weights
from bench.weights import find

if TYPE_CHECKING:
    from torchmetrics.functional.image.dists import DISTSNetwork

    from bench.metrics.view import BatchView

__all__ = ["distance", "dists_by_region"]

_SMALLEST = 16
_STAGES = ((0, 4, 0), (5, 9, 64), (10, 16, 128), (17, 23, 256), (24, 30, 512))
"""Of VGG-16's layers: the first of a stage, the first of the next pooling, and the channels that are pooled before."""


def distance(reference: torch.Tensor, completed: torch.Tensor, device: str = "") -> torch.Tensor:
    """See `bench.metrics.dists`; `device` is where the network works, where the pictures are unless it is given."""
    check_pair(reference, completed)
    height, width = reference.shape[2:]
    if min(height, width) < _SMALLEST:
        must, fix = f"be at least {_SMALLEST}x{_SMALLEST} pixels", "Leave dists out, or give larger pictures."
        raise TooSmall("picture for dists", must, f"{height}x{width}", fix)
    place = torch.device(device or reference.device)
    network = _loaded(str(place))

    def compare(both: torch.Tensor) -> Outputs:
        first, second = torch.split(both.float() / 255, 3, dim=1)
        return (network(second, first).reshape(-1),)

    (values,) = run_network(compare, torch.cat([reference, completed], dim=1), place)
    return values.double().to(reference.device)


def dists_by_region(view: BatchView) -> dict[str, torch.Tensor]:
    """DISTS of the composited picture in region full, float64 [N]; raises WeightsMissing and TooSmall."""
    return {"full": distance(view.reference, view.completed, view.network_device)}


@lru_cache(maxsize=2)
def _loaded(device: str) -> DISTSNetwork:
    from torchmetrics.functional.image.dists import DISTSNetwork, L2pooling
    from torchvision.models import vgg16

    trunk, weights = read_state(find("vgg16")), read_state(find("dists-weights"))
    network = DISTSNetwork.__new__(DISTSNetwork)  # its constructor downloads a trunk of its own
    nn.Module.__init__(network)
    network.chns = [3, 64, 128, 256, 512, 512]
    with torch.device("meta"):
        layers = vgg16(weights=None).features
        network.alpha, network.beta = (nn.Parameter(torch.empty(1, sum(network.chns), 1, 1)) for _ in range(2))
    poolings: dict[str, torch.Tensor] = {}
    for number, (first, after, channels) in enumerate(_STAGES, start=1):
        stage = nn.Sequential()
        if channels:
            pooling = L2pooling(channels=channels)
            stage.add_module(str(first - 1), pooling)
            poolings[f"stage{number}.{first - 1}.filter"] = pooling.filter
        for layer in range(first, after):
            stage.add_module(str(layer), layers[layer])
        network.add_module(f"stage{number}", stage)
    scaling = {"mean": torch.tensor([0.485, 0.456, 0.406]), "std": torch.tensor([0.229, 0.224, 0.225])}
    own = {name: values.view(1, -1, 1, 1) for name, values in scaling.items()}
    for name, values in own.items():
        network.register_buffer(name, values)
    own |= {**poolings, "alpha": weights["alpha"], "beta": weights["beta"]}
    names = [name for name in network.state_dict() if name not in own]
    state = {name: trunk[f"features.{name.partition('.')[2]}"] for name in names}
    return with_weights(network, {**own, **state}, torch.device(device))
