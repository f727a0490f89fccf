"""The networks of LPIPS: features of pictures, and distances of features.

The network is that of the `lpips` package: its slices, its scaling, its heads. Only the order of the work differs:
features are taken once for each picture, and the distance of features that are at hand costs little.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any, Literal, TypeAlias

import torch

from bench.errors import DataError, TooSmall, UnknownName
from bench.metrics.arguments import check_picture
from bench.metrics.networks import Outputs, read_state, run_network, with_weights
from bench.runtime.single_threaded import map_single_threaded
from bench.weights import WeightFile, find, weight_file

__all__ = ["Lpips", "LpipsNet", "loaded"]

LpipsNet: TypeAlias = Literal["alex", "vgg", "squeeze"]

_BACKBONES = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet"}
_SMALLEST = {"alex": 31, "vgg": 16, "squeeze": 17}
"""Sides in pixels below which the last feature map has no pixel."""
_BLOCK = 1 << 17
"""Numbers of a feature map whose differences are taken at a time, so that they stay in the processor's cache."""
_CODE = 1
"""Raised when a change here changes a feature's bits: stored features of another version are not used."""


class Lpips:
    """One network of LPIPS with its weights.

    Args:
        net: `alex`, `vgg` or `squeeze`.
        device: where it works.
        backbone: another file than the published one of the backbone; the fingerprint tells.
        head: another file than that of the `lpips` package.

    Attributes:
        name: e.g. `lpips-alex`.
        fingerprint: hash of all that a feature depends on beside the picture: weights, network, version of code.

    Raises:
        UnknownName: another network.
        WeightsMissing: the weights are neither at hand nor can be downloaded.
        DataError: a weight file holds something else.
    """

    def __init__(
        self,
        net: LpipsNet = "alex",
        device: str | torch.device = "cpu",
        *,
        backbone: WeightFile | None = None,
        head: WeightFile | None = None,
    ) -> None:
        if net not in _BACKBONES:
            raise UnknownName("network of LPIPS", net, _BACKBONES)
        backbone, head = backbone or weight_file(_BACKBONES[net]), head or weight_file(f"lpips-{net}-head")
        self.name, self.device, self._smallest = f"lpips-{net}", torch.device(device), _SMALLEST[net]
        parts = f"{self.name}|v0.1|{backbone.sha256}|{head.sha256}|{_CODE}"
        self.fingerprint = hashlib.sha256(parts.encode()).hexdigest()
        self._model = _assemble(net, read_state(find(backbone)), read_state(find(head)), self.device)

    def features(self, pictures: torch.Tensor) -> Outputs:
        """Unit-length feature vectors of every pixel of every layer: what a distance needs of a picture.

        Args:
            pictures: uint8 [N, 3, H, W] RGB on any device, both sides at least 31 (alex), 16 (vgg) or 17 (squeeze).

        Returns:
            One float32 [N, pixels, channels] for each layer, on the network's device.

        Raises:
            DataError: the pictures are not what they must be.
        """
        self._check_size(check_picture("pictures", pictures))
        return run_network(self._forward, pictures, self.device)

    def distance(self, features_a: Outputs, features_b: Outputs) -> torch.Tensor:
        """LPIPS of each image from its features and those of its counterpart, float64 [N].

        Raises:
            DataError: the features are not of pictures of one size and number.
        """
        shapes_a, shapes_b = ([list(layer.shape) for layer in features] for features in (features_a, features_b))
        if shapes_a != shapes_b:
            fix = "Take both from this network, for pictures of one size."
            raise DataError("features_b", f"have the shapes {shapes_a} of features_a", str(shapes_b), fix)
        pairs = list(zip(*(list(zip(*features, strict=True)) for features in (features_a, features_b)), strict=True))
        values = map_single_threaded(self._distance, pairs) if self.device.type == "cpu" else map(self._distance, pairs)
        return torch.stack(list(values))

    def distance_from(self, features: Sequence[Outputs], pictures: torch.Tensor) -> torch.Tensor:
        """LPIPS between pictures and counterparts whose features are at hand, float64 [N] on the network's device.

        The same bits as `distance` to `features(pictures)`. On the CPU a picture's own features are compared as soon as
        they are there, by the thread that took them, and dropped: megabytes that are never copied.

        Args:
            features: of each counterpart, float32 [pixels, channels] for each layer.
            pictures: uint8 [N, 3, H, W], as `features` takes them.

        Raises:
            DataError: the pictures are not what they must be.
        """
        self._check_size(check_picture("pictures", pictures))
        if self.device.type != "cpu":
            stacked = tuple(torch.stack(layers).to(self.device) for layers in zip(*features, strict=True))
            return self.distance(stacked, self.features(pictures))

        def one(pair: tuple[Outputs, torch.Tensor]) -> torch.Tensor:
            return self._distance((pair[0], tuple(layer[0] for layer in self._forward(pair[1]))))

        pairs = list(zip(features, torch.split(pictures.cpu(), 1), strict=True))
        return torch.stack(map_single_threaded(one, pairs))

    def _forward(self, pictures: torch.Tensor) -> Outputs:
        scaled = self._model.scaling_layer(pictures.float() / 127.5 - 1)
        maps = self._model.net(scaled.contiguous(memory_format=torch.channels_last))
        return tuple(_unit(features.permute(0, 2, 3, 1).flatten(1, 2).contiguous()) for features in maps)

    def _distance(self, pair: tuple[Outputs, Outputs]) -> torch.Tensor:
        """Mean over pixels of the weighted squared difference, summed over the layers: float64 []."""
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for a, b, weight in zip(*pair, self._weights, strict=True):
            rows = max(1, _BLOCK // a.shape[1])
            blocks = zip(torch.split(a, rows), torch.split(b, rows), strict=True)
            by_channel = torch.zeros_like(weight)
            for x, y in blocks:
                by_channel += (x - y).square_().sum(dim=0, dtype=torch.float64)
            total += (by_channel * weight).sum() / len(a)
        return total

    @cached_property
    def _weights(self) -> list[torch.Tensor]:
        """Of the heads: float64 [channels] for each layer."""
        heads = [getattr(self._model, f"lin{layer}") for layer in range(self._model.L)]
        return [head.model[-1].weight.flatten().double() for head in heads]

    def _check_size(self, pictures: torch.Tensor) -> None:
        height, width = pictures.shape[2:]
        if min(height, width) < self._smallest:
            must = f"be at least {self._smallest}x{self._smallest} pixels"
            fix = f"Leave {self.name} out, or give larger pictures."
            raise TooSmall(f"picture for {self.name}", must, f"{height}x{width}", fix)


@lru_cache(maxsize=6)
def loaded(net: LpipsNet, device: str) -> Lpips:
    """The network with its published weights, loaded once in a process; raises as `Lpips` does."""
    return Lpips(net, device)


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors along the last axis at unit length, as the package makes them."""
    length: torch.Tensor = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return vectors / (length + 1e-10)


def _assemble(net: str, backbone: dict[str, torch.Tensor], head: dict[str, torch.Tensor], device: torch.device) -> Any:
    """The package's module with weights from files; on the meta device, so that no random one is ever drawn."""
    package = import_module("lpips")
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")  # the package calls torchvision by an old name of an argument
        model = package.LPIPS(net=net, pretrained=False, pnet_rand=True, verbose=False)
    model.scaling_layer = package.ScalingLayer()
    wanted = {name: _source(name) for name in model.state_dict()}
    known = {**backbone, **head, **{f"scaling_layer.{k}": v for k, v in model.scaling_layer.state_dict().items()}}
    state = {name: known[source] for name, source in wanted.items() if source in known}
    return with_weights(model, state, device)


def _source(name: str) -> str:
    """Where a weight of the package's module comes from: a key of torchvision's network, or of the head's file."""
    if name.startswith("net."):  # net.slice2.3.weight is features.3.weight
        return f"features.{name.split('.', 2)[2]}"
    return re.sub(r"^lin\D\.", "lin", name)  # the heads are in the module twice, the second time in a list
