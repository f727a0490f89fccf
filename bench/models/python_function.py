"""A function in a Python file as a model: `function(image, hole, labels=None, prompts=None)`, in its own process."""

from __future__ import annotations

from typing import Any

from bench.errors import UsageError
from bench.models.adapter import ModelAdapter, require_file
from bench.models.io_spec import parse_io_spec
from bench.models.isolation.foreign_call import foreign_call, parse_timeout
from bench.vocabulary import LabelSources

__all__ = ["load_python_function"]


def load_python_function(
    place: str,
    *,
    device: str = "cpu",
    isolated: bool = True,
    labels: str = "none",
    prompts: bool = False,
    files: str = "",
    timeout: float = 300,
    **options: Any,
) -> ModelAdapter:
    """A function as a model: float32 picture [N, 3, H, W] in [0, 1] and bool hole [N, 1, H, W] in, a picture out.

    Args:
        place: `FILE.py:function`; the file is run as `python FILE.py` runs it, with its folder on the import path.
        device: that the tensors lie on which the function is given.
        isolated: whether it runs in a process of its own.
        labels: `context` hands the function `labels=`, uint8 [N, H, W] true label maps with VOID (255) in the hole;
            the row is then recorded as one that uses true labels. `none`: it is called with two arguments.
        prompts: whether the function is given `prompts=`, a list of N texts; the data set must have them.
        files: pattern, such as `weights/*.pt`, of files below the file's folder that belong to the model beside those
            that it imports, opens when it is run, or names.
        timeout: seconds a picture may take, times the pictures of a call.
        options: of `bench.models.io_spec.IOSpec`.

    Raises:
        UsageError: for a missing file or function, or an option that does not fit.
        ModelFailure: for a file that does not import, or a function with other arguments.
    """
    file, colon, name = place.rpartition(":")
    if not (file and colon and name):
        raise UsageError(f"model 'python:{place}'", "name a function", repr(place), "Write python:FILE.py:function.")
    if labels not in ("none", "context"):
        raise UsageError(f"option 'labels' of model 'python:{place}'", "be none or context", repr(labels))
    if not isinstance(prompts, bool):
        raise UsageError(f"option 'prompts' of model 'python:{place}'", "be true or false", repr(prompts))
    path = require_file("Python file", file)
    io_spec = parse_io_spec("python:", options, extra=("labels", "prompts", "files", "timeout"))
    row = f"python:{path.name}:{name}"
    arguments = {
        "path": str(path),
        "function": name,
        "labels": labels == "context",
        "prompts": prompts,
        "files": str(files),
        "device": device,
    }
    call = foreign_call(row, "python", arguments, parse_timeout("python:", timeout), io_spec.batch, isolated=isolated)
    return ModelAdapter(
        row,
        call.call,
        io_spec,
        {
            **call.facts,
            "function": name,
            "labels": labels,
            **({"prompts": "yes"} if prompts else {}),
            "timeout": f"{timeout:g}",
        },
        sources=(__name__, "bench.models.isolation.worker", "bench.models.isolation.python_file"),
        libraries=("numpy", "torch"),
        label_sources=LabelSources(context="oracle") if labels == "context" else LabelSources(),
        device=call.device,
        seeding=call.seeding,
        cuts_batches=call.cuts_batches,
        prompts="needed" if prompts else "unused",
    )
