"""Judges that `spgbench train judge` made: the shipped ones by name, any other by its file."""

from __future__ import annotations

from pathlib import Path

import spgnet.weights
from bench.errors import UsageError
from bench.fingerprint import fingerprint_code
from bench.segmentation.batched import BatchedJudge
from bench.segmentation.judging import NetworkJudge
from bench.segmentation.listing import PRETRAINED
from bench.segmentation.network import JudgeNetwork
from spgnet import likeliest

__all__ = ["shipped_judge", "trained_judge"]

_SOURCES = ("bench.runtime.single_threaded", "bench.segmentation.judging", "bench.segmentation.network")
_TRAIN = "Train one with `spgbench train judge`, and give its judge.safetensors instead of a name."


def shipped_judge(name: str, *, device: str = "cpu") -> NetworkJudge:
    """The judge of that name that comes with the package; raises UsageError when this version has none."""
    file = PRETRAINED / f"{name}.safetensors"
    if not file.is_file():
        raise UsageError(f"judge '{name}'", "come with the package", "no weights in this version", _TRAIN)
    return trained_judge(str(file), device=device)


def trained_judge(file: str, *, device: str = "cpu") -> NetworkJudge:
    """The judge whose weights a training wrote; it is named after the file.

    Raises:
        UsageError: there is no such file, it is damaged, or holds something else.
    """
    path = Path(file).absolute()
    if not path.is_file():
        raise UsageError(f"weights '{file}' of a judge", "be a file", "none", _TRAIN)
    try:
        network = JudgeNetwork.read(path)
        sha256 = spgnet.weights.read_header(path).sha256
    except (ValueError, TypeError, KeyError) as error:  # of spgnet.weights, in four parts already; or another config
        raise UsageError(f"weights '{file}'", "be those of a judge", str(error), _TRAIN) from error
    network.to(device)
    fingerprint = fingerprint_code(_SOURCES, ("segmentation-models-pytorch", "timm", "torch"), {"weights": sha256})
    return BatchedJudge(path.stem, fingerprint, network.config.classes, lambda image: likeliest(network(image)), device)
