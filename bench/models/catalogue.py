"""Which models there are, by name. Other packages add theirs through the entry-point group `spgbench.models`."""

from __future__ import annotations

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
MODELS.add("folder:", "bench.models.folder:FolderModel", "folder:DIR, predictions made elsewhere, paired by name")


def load(name: str, device: str = "cpu") -> Inpainter:
    """Make a model ready.

    Args:
        name: a name of the catalogue (`telea`), a scheme with its argument (`folder:DIR`), or either behind a name of
            your own for the tables (`ours=folder:DIR`).
        device: torch device that learned models run on.

    Raises:
        UnknownName: for a name that the catalogue does not hold.
        UsageError: when the model cannot be made, say because a package or a folder is missing.
    """
    title, equals, spec = name.partition("=")
    model = MODELS.create(spec if equals else name, device=device)
    if equals:
        model.name = title
    return model
