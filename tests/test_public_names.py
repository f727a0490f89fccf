"""What others build on: these names and signatures may grow, and may not change."""

from __future__ import annotations

import inspect
from importlib import import_module
from operator import attrgetter

import pytest

PINNED = {
    "bench:evaluate": ["models", "dataset", "protocols", "metrics", "out"],
    "bench.data:load": ["name", "split", "size", "root", "limit"],
    "bench.gating:compare": ["baseline", "candidates"],
    "bench.gating:gate": ["baseline", "candidate", "margins"],
    "bench.masks:draw": ["name", "height", "width", "key", "seed", "labels"],
    "bench.metrics:psnr": ["reference", "completed", "region"],
    "bench.metrics:ssim": ["reference", "completed", "region"],
    "bench.metrics:l1": ["reference", "completed", "region"],
    "bench.metrics:boundary_iou": ["reference", "predicted", "num_classes", "width", "region", "ignore_index"],
    "bench.metrics:boundary_f": ["reference", "predicted", "num_classes", "width", "region", "ignore_index"],
    "bench.metrics:trimap_iou": ["reference", "predicted", "num_classes", "width", "region", "ignore_index"],
    "bench.metrics:iou": ["reference", "predicted", "num_classes", "region", "ignore_index"],
    "bench.metrics:hd95": ["reference", "predicted", "num_classes", "region", "ignore_index"],
    "bench.metrics:assd": ["reference", "predicted", "num_classes", "region", "ignore_index"],
    "bench.metrics:lpips": ["reference", "completed", "net"],
    "bench.metrics:fid": ["features_a", "features_b"],
    "bench.metrics:kid": ["features_a", "features_b"],
    "bench.metrics:ids": ["features_real", "features_fake"],
    "bench.models:load": ["name", "device", "dataset"],
    "bench.profiling:profile": ["models", "out", "sweep", "effort"],
    "bench.reporting:report": ["out"],
    "bench.segmentation:load": ["name", "classes", "device"],
    "spgnet:SPGNet.from_pretrained": ["name", "device"],
    "spgnet:SPGNet.complete": ["self", "image", "hole", "labels"],
    "spgnet:SPGNet.predict_labels": ["self", "image", "hole", "labels"],
    "spgnet:SPGNet.guide": ["self", "image", "hole", "labels"],
}


@pytest.mark.parametrize("name", PINNED)
def test_pinned_signatures(name: str) -> None:
    module, _, attribute = name.partition(":")

    parameters = list(inspect.signature(attrgetter(attribute)(import_module(module))).parameters)

    assert parameters[: len(PINNED[name])] == PINNED[name]


ROOMS = (
    "cli",
    "data",
    "errors",
    "evaluation",
    "gating",
    "masks",
    "metrics",
    "models",
    "profiling",
    "records",
    "registry",
    "reporting",
    "segmentation",
    "weights",
)


@pytest.mark.parametrize(
    "room", ["bench", *(f"bench.{room}" for room in ROOMS), "bench.statistics", "bench.vocabulary", "spgnet"]
)
def test_every_listed_name_exists(room: str) -> None:
    module = import_module(room)

    assert sorted(set(module.__all__)) == sorted(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)
