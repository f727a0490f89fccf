"""TorchScript files in processes of their own, called as `model(image, mask)`: the convention of the public big-lama.

Source of the convention: how that file's users call it (Sanster/IOPaint, `lama.py`): picture and mask in [0, 1], 1 =
missing, sizes padded to multiples of 8, a picture in [0, 1] back.
"""

from __future__ import annotations

import math
from typing import Any

from bench.errors import UsageError
from bench.models.adapter import ModelAdapter, file_sha256, require_file
from bench.models.io_spec import IOSpec, parse_io_spec
from bench.models.isolation.foreign_call import foreign_call, parse_timeout

__all__ = ["load_torchscript"]

_ORDERS = ("image-mask", "mask-image")
_PROBE = 64
"""Side of the pictures that a model is tried with, at least."""


def load_torchscript(
    file: str, *, device: str = "cpu", isolated: bool = True, order: str = "", timeout: float = 300, **options: Any
) -> ModelAdapter:
    """A TorchScript file as a model: float32 picture [N, 3, H, W] and float32 mask [N, 1, H, W] in, a picture out.

    Args:
        file: written by `torch.jit.save`; its code runs, so it must come from someone you trust.
        device: torch device.
        isolated: whether it runs in a process of its own.
        order: `image-mask` or `mask-image`, the order of its arguments; without it, what the names of the arguments
            tell, or else the order in which a picture of 3 channels and a mask of 1 can be filled.
        timeout: seconds a picture may take, times the pictures of a call.
        options: of `bench.models.io_spec.IOSpec`.

    Raises:
        UsageError: for a missing file, an option that does not fit, or arguments that fit in both orders.
        ModelFailure: for a file of another kind, a damaged one, or a model with other arguments.
    """
    path = require_file("TorchScript file", file)
    io_spec = parse_io_spec("torchscript:", options, extra=("order", "timeout"))
    if order and order not in _ORDERS:
        raise UsageError(
            f"option 'order' of model 'torchscript:{path.name}'", f"be {' or '.join(_ORDERS)}", repr(order)
        )
    row = f"torchscript:{path.name}"
    arguments = {"path": str(path), "order": order, "probe": _probe_size(io_spec), "device": device}
    seconds = parse_timeout("torchscript:", timeout)
    call = foreign_call(row, "torchscript", arguments, seconds, io_spec.batch, isolated=isolated)
    facts = {"torchscript": file_sha256(path), **call.facts, "timeout": f"{timeout:g}"}
    return ModelAdapter(
        row,
        call.call,
        io_spec,
        facts,
        sources=(__name__, "bench.models.isolation.worker", "bench.models.isolation.torchscript_file"),
        device=call.device,
        seeding=call.seeding,
        cuts_batches=call.cuts_batches,
    )


def _probe_size(io_spec: IOSpec) -> list[int]:
    side = io_spec.multiple * math.ceil(_PROBE / io_spec.multiple)
    return list(io_spec.size or (side, side))
