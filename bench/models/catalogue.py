"""Which models there are, by name. Other packages add theirs through the entry-point group `spgbench.models`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.errors import ModelFailure, SpgbenchError, UsageError
from bench.models.model_name import ModelName
from bench.registry import Entry, Registry
from bench.vocabulary import Inpainter, LabelSources

__all__ = ["MODELS", "load", "load_for_run", "loads_code_of_others"]

MODELS: Registry[Inpainter] = Registry("model", "spgbench.models", "spgbench ls models")

for _name, _summary, _fill in (
    ("mean", "mean colour of the known pixels", "baselines.mean:fill"),
    ("telea", "fast marching (Telea 2004), OpenCV", "baselines.opencv:telea"),
    ("navier-stokes", "fluid dynamics (Bertalmio et al. 2001), OpenCV", "baselines.opencv:navier_stokes"),
    ("biharmonic", "biharmonic equation, scikit-image; slow", "baselines.biharmonic:fill"),
    ("patchmatch", "multi-scale patch copying (Barnes et al. 2009)", "baselines.patchmatch:fill"),
):
    MODELS.add(_name, "bench.models.classical:ClassicalModel", _summary, fill=_fill, name=_name)
for _name, _guidance, _summary in (
    ("spgnet", "segmenter", "SPG-Net (re-implementation); ?weights=FILE for your own"),
    ("spgnet:oracle-context", "oracle-context", "SPG-Net, true labels of the visible part"),
    ("spgnet:oracle-labels", "oracle-labels", "SPG-Net, true labels in the hole too, an upper bound"),
    ("spgnet:unguided", "none", "SPG-Net's generator trained without labels"),
):
    MODELS.add(_name, "bench.models.spgnet:SPGNetModel", _summary, guidance=_guidance, name=_name)
for _name, _network, _summary in (
    ("context-encoder", "context_encoder:ContextEncoder", "context encoder (Pathak et al. 2016)"),
    ("glcic", "glcic:GLCIC", "globally and locally consistent completion (Iizuka et al. 2017)"),
    ("partial-conv", "partial_conv:PartialConvUNet", "partial-convolution U-Net (Liu et al. 2018)"),
    ("deepfill-v2", "deepfill_v2:DeepFillV2", "gated convolutions, contextual attention (Yu et al. 2019)"),
    ("edge-connect", "edge_connect:EdgeConnect", "edges, then colours (Nazeri et al. 2019)"),
    ("lama", "lama:LaMa", "fast Fourier convolutions (Suvorov et al. 2022)"),
):
    _target, _summary = "bench.models.learned:LearnedModel", f"{_summary}; ?weights=FILE for your own"
    MODELS.add(_name, _target, _summary, network=f"baselines.{_network}", name=_name)
MODELS.add("folder:", "bench.models.folder:FolderModel", "folder:DIR, predictions made elsewhere; ?pair={id}_out")
for _name, _target, _summary in (
    ("torchscript:", "torchscript:load_torchscript", "torchscript:FILE, called as model(image, mask)"),
    ("onnx:", "onnx:load_onnx", "onnx:FILE, run by ONNX Runtime (extra: onnx)"),
    ("python:", "python_function:load_python_function", "python:FILE.py:function, called as function(image, hole)"),
    ("command:", "command:load_command", "command:PROGRAM ARGUMENTS, reads and writes folders of PNG files"),
    ("diffusers:", "diffusers:load_diffusers", "diffusers:NAME, an inpainting pipeline (extra: diffusers)"),
):
    MODELS.add(_name, f"bench.models.{_target}", _summary)


_OF_OTHERS = ("bench.models.onnx:", "bench.models.diffusers:")
"""Our targets that hand a file to native code of others. `python:` and `torchscript:` do so in another process."""


def loads_code_of_others(name: str) -> bool:
    """Whether loading a model runs code in this process that is not ours, which may end it: plug-ins and runtimes.

    Raises:
        UnknownName: for a name that the catalogue does not hold.
    """
    entry, _ = MODELS.find(ModelName.parse(name).base)
    return not entry.target.startswith("bench.models.") or entry.target.startswith(_OF_OTHERS)


def load(name: str, device: str = "cpu", dataset: str = "streets", *, isolated: bool = True) -> Inpainter:
    """Make a model ready.

    Args:
        name: a name of the catalogue (`telea`) or a scheme with its argument (`folder:DIR`); options may follow
            (`telea?radius=5`, `spgnet?weights=FILE`), and a name of your own for the tables may go before
            (`ours=folder:DIR`). Options begin at the first `?` and are separated by `&`.
        device: torch device that learned models run on.
        dataset: whose shipped weights a model takes that is given none; passed on to what has a parameter of this name.
        isolated: whether code of others (`python:`, `torchscript:`) runs in a process of its own. A process that holds
            no other model may say no, to time it without the way there.

    Raises:
        UnknownName: for a name that the catalogue does not hold.
        UsageError: when a folder, a file or an option that the name holds is not there or does not fit.
        ModelFailure: when the name is right and the model cannot be used: a plug-in that does not import, a package
            that is not installed, a file of another kind, weights of another architecture.
    """
    parsed = ModelName.parse(name)
    entry, argument = MODELS.find(parsed.base)
    arguments = {"device": device, **dict(entry.options), **parsed.options}
    offered = {"dataset": dataset, "isolated": isolated}
    model = _create(entry, parsed.untitled, (argument,) if argument else (), arguments, offered)
    if parsed.title or parsed.query:
        model.name = parsed.title or f"{model.name}?{parsed.query}"
    return model


def load_for_run(name: str, device: str = "cpu", dataset: str = "streets") -> Inpainter:
    """As `load`, but a model that cannot be used comes back as one that fails every sample, so that others go on."""
    try:
        return load(name, device, dataset)
    except ModelFailure as failure:
        from bench.models.broken import BrokenModel

        parsed = ModelName.parse(name)
        entry, argument = MODELS.find(parsed.base)
        shown = replace(parsed, base=f"{entry.name}{Path(argument).name}").untitled
        return BrokenModel(parsed.title or shown, failure)


def _create(
    entry: Entry, spec: str, positional: tuple[str, ...], arguments: dict[str, Any], offered: dict[str, Any]
) -> Inpainter:
    """Call the target, with what is offered where it has a parameter of that name.

    An error says whether the command is wrong or the model.
    """
    subject, make = f"model '{spec}'", _import(entry)
    try:
        signature = inspect.signature(make)
        arguments |= {name: value for name, value in offered.items() if name in signature.parameters}
        signature.bind(*positional, **arguments)
    except TypeError as error:
        raise _bad_options(subject, error) from error
    try:
        return _check_model(subject, make(*positional, **arguments))
    except SpgbenchError:
        raise
    except (TypeError, ValueError) as error:
        if Path(str(arguments.get("weights", ""))).is_file():
            raise ModelFailure(subject, "have weights that fit", str(error)) from error
        raise _bad_options(subject, error) from error
    except Exception as error:  # a model from elsewhere may raise anything
        raise ModelFailure(subject, "be made ready", f"{type(error).__name__}: {error}") from error


def _check_model(subject: str, model: Inpainter) -> Inpainter:
    """The model, if it has all that a run uses; raises ModelFailure."""
    asked: dict[str, Any] = {"name": str, "fingerprint": str, "label_sources": LabelSources, "inpaint": Callable}
    wrong = [name for name, kind in asked.items() if not isinstance(getattr(model, name, None), kind)]
    if wrong:
        must = "have name, fingerprint, label_sources and inpaint"
        raise ModelFailure(subject, must, f"no {' and no '.join(wrong)} of the right kind", "See bench.vocabulary.")
    return model


def _import(entry: Entry) -> Callable[..., Inpainter]:
    try:
        return MODELS.load(entry)
    except UsageError as error:
        raise ModelFailure(error.subject, error.must, error.found, error.fix) from error
    except Exception as error:  # whatever a plug-in does when it is imported
        must, found = f"import from {entry.target}", f"{type(error).__name__}: {error}"
        raise ModelFailure(f"model '{entry.name}'", must, found, "Mend or uninstall it.") from error


def _bad_options(subject: str, error: Exception) -> UsageError:
    return UsageError(subject, "have options that fit", str(error), "See `spgbench ls models`.")
