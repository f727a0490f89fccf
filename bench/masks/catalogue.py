"""The table of all protocols. docs/reference/protocols.md is this file in prose, and a test holds the two together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.masks.edit_names import EDITS
from bench.masks.mask_info import MaskInfo
from bench.registry import Registry
from bench.vocabulary import Protocol

if TYPE_CHECKING:
    from bench.removal import Task
    from bench.vocabulary import Hole, LabelMap

__all__ = ["PROTOCOLS", "draw", "get"]

PROTOCOLS: Registry[Protocol] = Registry("protocol", "spgbench.protocols", "spgbench ls protocols")
"""All mask protocols. `files:` is a scheme and takes a folder."""


def get(name: str) -> Protocol:
    """The protocol of a name: `center-50` (its newest version), `center-50@1`, or `files:DIR`.

    Raises:
        UnknownName: no such protocol.
        DataError: a folder of masks that cannot be used.
    """
    return PROTOCOLS.create(name)


def draw(name: str, *, height: int, width: int, key: str, seed: int = 0, labels: LabelMap | None = None) -> Hole:
    """One hole by name, the same that a run cuts into the sample with id `key`.

    Args:
        name: as for `get`.
        height, width: of the hole, in pixels.
        key: sample id.
        seed: seed of the run.
        labels: uint8 [H, W], for the protocols that cut along objects: each connected component of one class is one.

    Returns:
        bool [H, W], True = missing.

    Raises:
        NotApplicable: the protocol has no hole here, say no object in `labels`.
        UsageError: unknown name, a protocol that needs labels and got none, or a hole that is empty or full.
    """
    from bench.masks.standalone import draw_hole  # here, so that listing protocols does not cost the import of NumPy

    return draw_hole(get(name), height, width, key, seed, labels)


def _add(name: str, target: str, summary: str, source: str, *, task: Task = "completion", **parameters: Any) -> None:
    PROTOCOLS.add(name, f"bench.masks.{target}", summary, info=MaskInfo(name, summary, source, task), **parameters)


_DEEPFILL = "DeepFill v2 (Yu et al., ICCV 2019), inpaint_ops.py"
_LAMA = "LaMa (Suvorov et al., WACV 2022), configs/data_gen"
_COMODGAN = "CoModGAN (Zhao et al., ICLR 2021), training/mask_generator.py"
_MAT = "MAT (Li et al., CVPR 2022), datasets/mask_generator_*.py"
_REPAINT = "RePaint (Lugmayr et al., CVPR 2022), gt_keep_masks"


def _add_fixed() -> None:
    def fixed(name: str, summary: str, source: str, shape: str) -> None:
        _add(name, "fixed:Fixed", summary, source, shape=shape)

    fixed("center-50@1", "central block, half of each side", "DeepFill v1 (Yu et al., CVPR 2018)", "center")
    fixed("half-left@1", "the left half", "EdgeConnect (Nazeri et al., ICCVW 2019), src/dataset.py", "half-left")
    fixed("half-right@1", "the right half", f"{_REPAINT}, genhalf", "half-right")
    fixed("every-second-line@1", "rows 0, 2, 4 and so on", f"{_REPAINT}, ev2li", "every-second-line")
    fixed("super-resolve-2@1", "all but every second pixel of every second row", f"{_REPAINT}, nn2", "super-resolve")
    fixed("expand-64@1", "all but a central block, a quarter of each side", f"{_REPAINT}, ex64", "expand")
    outpaint = "LaMa (Suvorov et al., WACV 2022), bin/gen_outpainting_dataset.py"
    fixed("outpaint-25@1", "frame, a quarter of each side in all", outpaint, "outpaint")


def _add_rectangles() -> None:
    edge_connect = "EdgeConnect (Nazeri et al., ICCVW 2019), src/dataset.py"
    _add("random-rect@1", "rectangles:HalfSideBlock", "a block anywhere, half of each side", edge_connect)
    spg = "SPG-Net (Song et al., BMVC 2018); size read as side length"
    _add("spg-random@1", "rectangles:RandomSidesBlock", "a block anywhere, 1/8 to 1/2 of each side", spg)


def _add_strokes() -> None:
    _add("freeform@1", "freeform:FreeForm", "brush strokes and a box, as in training", _DEEPFILL, box=True)
    _add("freeform-brush@1", "freeform:FreeForm", "brush strokes alone", _DEEPFILL, box=False)
    bins = "the bins are PConv's (Liu et al., ECCV 2018), the shapes are our own"
    for low in (10, 20, 30, 40, 50):
        summary = f"strokes and blobs, above {low} % and at most {low + 10} % missing"
        _add(f"irregular-{low}-{low + 10}@1", "irregular:Irregular", summary, bins, low=low, high=low + 10)


def _add_lama() -> None:
    def lama(name: str, canvas: int, summary: str, **parameters: Any) -> None:
        _add(f"lama-{name}-{canvas}@1", "lama:Lama", summary, _LAMA, canvas=canvas, **parameters)

    # fmt: off
    lama("thin", 256, "4 to 51 thin polylines", times=(4, 50), max_length=40, max_width=10)
    lama("medium", 256, "4 to 6 polylines, or 1 to 5 boxes", times=(4, 5), max_length=100, max_width=50,
         box_margin=0, box_size=(10, 50), box_times=(1, 5))
    lama("thick", 256, "1 to 6 thick polylines, or 1 to 3 boxes", times=(1, 5), max_length=200, max_width=100,
         box_margin=10, box_size=(30, 150), box_times=(1, 3))
    lama("thin", 512, "4 to 71 thin polylines", times=(4, 70), max_length=100, max_width=20)
    lama("medium", 512, "4 to 11 polylines, or 1 to 5 boxes", times=(4, 10), max_length=200, max_width=100,
         box_margin=0, box_size=(30, 150), box_times=(1, 5))
    lama("thick", 512, "1 to 6 thick polylines, or 1 to 4 boxes", times=(1, 5), max_length=450, max_width=250,
         box_margin=10, box_size=(30, 300), box_times=(1, 4))
    # fmt: on


def _add_comodgan() -> None:
    def boxes_and_strokes(name: str, source: str, canvas: int, counts: tuple[int, int, int]) -> None:
        small, large, strokes = counts
        summary = f"up to {small - 1 + large - 1} boxes and {strokes - 1} brush strokes"
        parameters: dict[str, Any] = {"canvas": canvas, "small_boxes": small, "large_boxes": large, "strokes": strokes}
        _add(f"{name}-{canvas}@1", "comodgan:CoModGan", summary, source, **parameters)

    boxes_and_strokes("comodgan", _COMODGAN, 512, (10, 5, 20))
    boxes_and_strokes("mat-large", _MAT, 512, (5, 3, 9))
    boxes_and_strokes("mat-small", _MAT, 512, (3, 2, 4))
    boxes_and_strokes("mat-large", _MAT, 256, (4, 2, 8))
    boxes_and_strokes("mat-small", _MAT, 256, (2, 2, 3))


def _add_removals() -> None:
    objects = "our own, in the area range of LaMa's object masks (Suvorov et al., WACV 2022)"
    first = "an object of the picture itself and 5 pixels around it"
    _add("object-removal@1", "objects:OwnObject", first, objects, task="removal")

    def removal(name: str, summary: str, source: str, **parameters: Any) -> None:
        _add(name, "objects:RemovableObject", summary, source, task="removal", **parameters)

    removal("object-removal-0@1", "an object of the picture itself, strictly", objects, margin=0)
    removal("object-removal-5@1", "all of an object of the picture itself and 5 pixels around it", objects, margin=5)
    rorem = f"the margin is RORem's (Li et al., CVPR 2025), 20 pixels at 512; the objects are {objects}"
    removal("object-removal-10@1", "all of an object of the picture itself and 10 pixels around it", rorem, margin=10)
    removal("object-removal-20@1", "all of an object of the picture itself and 20 pixels around it", objects, margin=20)
    shadow = "an object of the picture itself, its shadow and reflections, and 5 pixels around them"
    removal("object-and-shadow-removal@1", shadow, objects, margin=5, affected=True)
    outside = "everything but an object of the picture itself"
    brush = "as the outside masks of BrushBench (Ju et al., ECCV 2024); the objects are our own"
    _add("object-outside@1", "objects:ObjectSurroundings", outside, brush)


def _add_others() -> None:
    objects = "our own, in the area range of LaMa's object masks (Suvorov et al., WACV 2022)"
    silhouette = "the silhouette of an object of another picture"
    _add("object@1", "objects:ObjectOfAnother", f"{silhouette} within --limit", objects, of_split=False)
    _add("object@2", "objects:ObjectOfAnother", f"{silhouette} of the split", objects)
    whole = "every pixel: predictions made elsewhere are compared as they are"
    _add("whole@1", "fixed:WholePicture", whole, "for pictures without masks")
    masks = "a folder of masks, white = hole; options `?hole=`, `&pick=` and `&task=`"
    PROTOCOLS.add("files:", "bench.masks.files:FileMasks", masks)


def _add_edits() -> None:
    for edit, what in EDITS.items():
        summary = f"{edit}:PROTOCOL, the holes of a protocol under a label map: {what}"
        PROTOCOLS.add(f"{edit}:", "bench.masks.edits.protocol:make_edit", summary, edit=edit)


_add_fixed()
_add_rectangles()
_add_strokes()
_add_lama()
_add_comodgan()
_add_removals()
_add_others()
_add_edits()
