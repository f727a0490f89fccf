"""A TorchScript file, loaded: what kind of file it is, which arguments it takes, and in which order."""

from __future__ import annotations

import re
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from bench.errors import ModelFailure, UsageError
from bench.models.isolation.loaded_model import LoadedModel
from bench.models.model_error import describe_error

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ORDERS", "load_script"]

ORDERS = ("image-mask", "mask-image")
_EXPORT = "Export the whole model: torch.jit.trace(model, (image, mask)).save(FILE)."
_MASK = re.compile(r"mask|hole|missing|^m$", re.IGNORECASE)


def load_script(path: str, order: str, probe: list[int], device: str) -> LoadedModel:
    """Load a TorchScript file.

    Args:
        path: the file.
        order: one of ORDERS, or empty to find it out.
        probe: height and width of the pictures that it is tried with to find that out.
        device: that it runs on.

    Raises:
        ModelFailure: for a file of another kind, a damaged one, or a model with other arguments.
        UsageError: when both orders of the arguments could be meant.
    """
    file = Path(path)
    script = _script(file, device)
    names = _argument_names(file, script)
    found = order or _order_of_names(names) or _order_by_probe(file, script, names, (probe[0], probe[1]), device)

    def call(image: Tensor, mask: Tensor, *_: object) -> object:
        return _forward(script, image, mask.to(image), found)

    return LoadedModel(call, {"order": found}, device)


def _forward(script: Any, image: Tensor, mask: Tensor, order: str) -> object:
    with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]  # the same bits from the first call on
        result: object = script(image, mask) if order == ORDERS[0] else script(mask, image)
    return result


def _script(path: Path, device: str) -> Any:
    _refuse_other_kinds(path)
    try:
        with warnings.catch_warnings():
            for category in (DeprecationWarning, FutureWarning):  # by version; this format is what is published
                warnings.simplefilter("ignore", category)
            return torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise ModelFailure(f"TorchScript file {path.name}", "be whole", describe_error(error), _EXPORT) from error


def _refuse_other_kinds(path: Path) -> None:
    """Tell files by what is in them; nothing is unpickled."""
    found, fix = "no zip archive, perhaps a pickle, which could run any code", _EXPORT
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
        if "constants.pkl" in names and any(name.startswith("code/") for name in names):
            return
        found = "a zip archive without TorchScript code"
        if "data.pkl" in names:
            found = "pickled weights without a model, which could run any code"
            fix = f"{_EXPORT} Or keep the weights as .safetensors for a model of the catalogue."
        elif any(name.startswith("models/") for name in names):
            found, fix = "a program of torch.export", f"{_EXPORT} Or export it to ONNX, for onnx:FILE."
    raise ModelFailure(f"TorchScript file {path.name}", "hold a TorchScript model", found, fix)


def _argument_names(path: Path, script: Any) -> tuple[str, str]:
    """Names of the first two arguments. Two tensors must do; more only with defaults."""
    try:
        schema = script.forward.schema
    except (AttributeError, RuntimeError) as error:
        raise ModelFailure(f"TorchScript file {path.name}", "have a method forward", "none", _EXPORT) from error
    arguments = schema.arguments[1:]
    fits = len(arguments) >= 2 and all(argument.has_default_value() for argument in arguments[2:])
    if not fits or any(str(argument.type) != "Tensor" for argument in arguments[:2]):
        said = ", ".join(f"{argument.name}: {argument.type}" for argument in arguments)
        fix = "Wrap the model in a module whose forward(image, mask) calls it, and export that."
        raise ModelFailure(f"TorchScript file {path.name}", "be called as model(image, mask)", f"forward({said})", fix)
    return arguments[0].name, arguments[1].name


def _order_of_names(names: tuple[str, str]) -> str:
    """The order that the arguments' names tell, or empty."""
    masks = [bool(_MASK.search(name)) for name in names]
    return {(False, True): ORDERS[0], (True, False): ORDERS[1]}.get((masks[0], masks[1]), "")


def _order_by_probe(path: Path, script: Any, names: tuple[str, str], size: tuple[int, int], device: str) -> str:
    """The one order in which a picture of 3 channels and a mask of 1 give a picture.

    Where neither does, the first: the calls themselves will say what is wrong.
    """
    image, mask = torch.full((1, 3, *size), 0.5, device=device), torch.zeros(1, 1, *size, device=device)
    mask[..., : size[0] // 2, : size[1] // 2] = 1
    fitting = [order for order in ORDERS if _gives_picture(script, image, mask, order)]
    if len(fitting) < 2:
        return (*fitting, ORDERS[0])[0]
    raise UsageError(
        f"TorchScript file {path.name}",
        "take picture and mask in an order that its arguments tell",
        f"forward({names[0]}, {names[1]}), which takes them in both orders",
        f"Declare ?order={ORDERS[0]} or ?order={ORDERS[1]}.",
    )


def _gives_picture(script: Any, image: Tensor, mask: Tensor, order: str) -> bool:
    try:
        result = _forward(script, image, mask, order)
    except RuntimeError:
        return False
    return isinstance(result, torch.Tensor) and result.shape == image.shape
