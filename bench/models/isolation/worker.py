"""The process of one model: it loads the model, and fills the pictures that it finds in shared memory."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from bench.errors import ModelFailure, SpgbenchError, UsageError
from bench.models.isolation.channel import SharedTensors, TensorSizes, copy_values, receive, send
from bench.models.isolation.loaded_model import LoadedModel
from bench.models.isolation.python_file import load_function, prepare_interpreter
from bench.models.isolation.torchscript_file import load_script
from bench.models.model_error import describe_error, error_place, error_traceback
from bench.models.seeding import seed_generators
from bench.runtime.allocator import keep_freed_memory
from bench.runtime.exact import exact_arithmetic

__all__ = ["run"]

_LOADERS: Mapping[str, Callable[..., LoadedModel]] = {"python": load_function, "torchscript": load_script}
_OURS = str(Path(__file__).parent) + os.sep
_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>


def run(connection: int, errors: int, trace: int) -> NoReturn:
    """Serve spgbench until it closes the connection.

    Args:
        connection: descriptor of the socket for messages.
        errors: descriptor that takes what the model prints.
        trace: descriptor of a file for the Python frames of a process that dies or hangs.
    """
    try:
        _detach(errors, trace)
        _serve(socket.socket(fileno=connection))
    except EOFError:
        os._exit(0)
    except BaseException:  # noqa: BLE001 (a defect of ours; nothing may run the supervisor's code again)
        sys.excepthook(*sys.exc_info())
    os._exit(1)


def _detach(errors: int, trace: int) -> None:
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_OF_PARENT, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (errors, 1), (errors, 2)):
        os.dup2(source, target)
    sys.stdout, sys.stderr = (
        open(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 (a descriptor)
        for number in (1, 2)
    )
    faulthandler.enable(file=trace)
    faulthandler.register(signal.SIGUSR1, file=trace)
    keep_freed_memory()


def _serve(connection: socket.socket) -> None:
    request, _ = receive(connection)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    torch.set_num_threads(request["threads"])
    path = Path(request["arguments"]["path"])
    prepare_interpreter(path)
    with exact_arithmetic(request["arguments"]["device"]):  # a model may choose otherwise by itself
        _load_and_fill(connection, request, path)


def _load_and_fill(connection: socket.socket, request: dict[str, Any], path: Path) -> None:
    try:
        model = _LOADERS[request["kind"]](**request["arguments"])
    except BaseException as error:  # noqa: BLE001 (SystemExit and whatever else a file of others raises)
        send(connection, _error_answer(error, f"file {path.name}", "load"))
        return
    send(connection, {"facts": model.facts})
    shared: SharedTensors | None = None
    while True:
        call, descriptors = receive(connection)
        if descriptors:
            shared = SharedTensors(descriptors[0], call["bytes"])
            os.close(descriptors[0])
        if shared is None:
            raise RuntimeError("no memory was given")
        send(connection, _fill(model, shared, call))


def _fill(model: LoadedModel, shared: SharedTensors, call: dict[str, Any]) -> dict[str, Any]:
    """Fill the pictures of a call, so many at once as it says; each part is seeded, where there are seeds."""
    views, step = shared.views(TensorSizes(*call["sizes"])), call["step"]
    for part, start in enumerate(range(0, len(views[0]), step)):
        seed = call["seeds"][part] if call["seeds"] else None
        image, filled, mask, labels = (view[start : start + step] for view in views)
        shown = (image, mask, labels) if call["labels"] else (image, mask)
        prompts = call["prompts"][start : start + step]
        answer = _fill_part(model, shown, prompts, filled, seed)
        if answer:
            return answer
    return {}


def _fill_part(
    model: LoadedModel, shown: Sequence[Tensor], prompts: Sequence[str], filled: Tensor, seed: int | None
) -> dict[str, Any]:
    try:
        if seed is not None:
            seed_generators(seed, model.device)
        # Copies: a model may keep what it is given, and the memory holds other pictures at the next call.
        given = [copy_values(values, torch.empty_like(values)).to(model.device) for values in shown]
        result = model.call(given[0], given[1], given[2] if len(given) > 2 else None, tuple(prompts))
        if not isinstance(result, torch.Tensor):
            return {"type": type(result).__name__}
        if result.shape != filled.shape:
            return {"shape": list(result.shape)}
        copy_values(result.detach().to(torch.float32), filled)
        return {"late": late} if (late := model.find_late_files()) else {}
    except BaseException as error:  # noqa: BLE001 (SystemExit and whatever else a model of others raises)
        return _error_answer(error, "", "")


def _error_answer(error: BaseException, subject: str, must: str) -> dict[str, Any]:
    """An error as a message; a model's own has the line of its file where it arose."""
    if isinstance(error, SpgbenchError):
        cause, words = error.__cause__, [error.subject, error.must, error.found, error.fix]
    else:
        cause, words = error, [subject, must, describe_error(error), ""]
    if cause is not None:
        place = error_place(cause, _is_of_model)
        words[2] += f" ({place})" if place else ""
    return {
        "error": words,
        "usage": isinstance(error, UsageError) and not isinstance(error, ModelFailure),
        "traceback": "" if cause is None else error_traceback(cause, _is_ours),
    }


def _is_of_model(file: str) -> bool:
    return not (file.startswith((_OURS, "<", sys.base_prefix)) or "site-packages" in file)


def _is_ours(file: str) -> bool:
    return file.startswith((_OURS, "<frozen"))
