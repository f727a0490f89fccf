"""Which models there are, by name. Other packages add theirs through the entry-point group `spgbench.models`."""

from __future__ import annotations

import inspect
import json
from typing import Any

from bench.errors import UsageError
from bench.registry import Registry
from bench.vocabulary import Inpainter

__all__ = ["MODELS", "load"]

MODELS: Registry[Inpainter] = Registry("model", "spgbench.models")

for _name, _summary, _fill in (
    ("mean", "mean colour of the known pixels", "baselines.mean:fill"),
    ("telea", "fast marching (Telea 2004), OpenCV", "baselines.opencv:telea"),
    ("navier-stokes", "fluid dynamics (Bertalmio et al. 2001), OpenCV", "baselines.opencv:navier_stokes"),
    ("biharmonic", "biharmonic equation, scikit-image; slow", "baselines.biharmonic:fill"),
    ("patchmatch", "multi-scale patch copying (Barnes et al. 2009)", "baselines.patchmatch:fill"),
):
    MODELS.add(_name, "bench.models.pictures:PictureModel", _summary, fill=_fill, name=_name)
for _name, _guidance, _summary in (
    ("spgnet", "segmenter", "SPG-Net (re-implementation); spgnet?weights=FILE"),
    ("spgnet:oracle-context", "oracle-context", "SPG-Net, true labels of the visible part; ?weights=FILE"),
    ("spgnet:oracle-labels", "oracle-labels", "SPG-Net, true labels in the hole too, an upper bound; ?weights=FILE"),
    ("spgnet:unguided", "none", "SPG-Net's generator trained without labels; ?weights=FILE"),
):
    MODELS.add(_name, "bench.models.spgnet:SPGNetModel", _summary, guidance=_guidance, name=_name)
MODELS.add("folder:", "bench.models.folder:FolderModel", "folder:DIR, predictions made elsewhere, paired by name")


def load(name: str, device: str = "cpu") -> Inpainter:
    """Make a model ready.

    Args:
        name: a name of the catalogue (`telea`) or a scheme with its argument (`folder:DIR`); options may follow
            (`telea?radius=5`, `spgnet?weights=FILE`), and a name of your own for the tables may go before
            (`ours=folder:DIR`).
        device: torch device that learned models run on.

    Raises:
        UnknownName: for a name that the catalogue does not hold.
        UsageError: when a package, a folder, a weight file or an option is not what the model needs.
    """
    title, spec = _split_title(name)
    base, _, query = spec.partition("?")
    entry, argument = MODELS.find(base)
    make = MODELS.load(entry)
    options = dict(entry.options) | _options(spec, query)
    positional = (argument,) if argument else ()
    try:
        inspect.signature(make).bind(*positional, device=device, **options)
        model = make(*positional, device=device, **options)
    except (TypeError, ValueError) as error:
        raise UsageError(f"model '{spec}'", "have options that fit", str(error), "See `spgbench ls models`.") from error
    if title or query:
        model.name = title or spec
    return model


def _split_title(name: str) -> tuple[str, str]:
    """`ours=folder:DIR` -> (`ours`, `folder:DIR`); an `=` behind `?` or `:` belongs to the model."""
    title, equals, spec = name.partition("=")
    return (title, spec) if equals and not {"?", ":"} & set(title) else ("", name)


def _options(spec: str, query: str) -> dict[str, Any]:
    """`radius=5&mode=fast` -> `{"radius": 5, "mode": "fast"}`: numbers and true/false as such, the rest as text."""
    options: dict[str, Any] = {}
    for part in query.split("&") if query else ():
        key, equals, value = part.partition("=")
        if not (key and equals) or key in ("name", "device"):
            raise UsageError(f"option '{part}' of model '{spec}'", "be KEY=VALUE", repr(part), "For example ?radius=5.")
        options[key] = _literal(value)
    return options


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
