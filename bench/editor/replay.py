"""The JSON document of an edit: picture, hole and variants, with hashes, so that it can be played again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.editor.edited_picture import EditedPicture, pixels_sha256
from bench.editor.encoding import from_base64, png_base64, read_hole, read_labels
from bench.editor.models import is_guided
from bench.editor.workspace import EditedFill, Workspace
from bench.errors import DataError, UsageError
from bench.image_files.decode import decode_index_map_bytes, decode_picture_bytes
from bench.pictures import png_bytes
from bench.records import write_atomically
from bench.records.decoding import FieldError, decode
from bench.runtime.byte_lru import ByteLRU
from bench.strict_json import parse_json
from bench.vocabulary import Editable, Inpainter, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole, LabelMap, Picture

__all__ = ["Played", "ReplayDocument", "ReplayVariant", "compose", "parse", "play", "write_files"]

FORMAT = "spgbench edit 1"
_MOST_BYTES = 32_000_000
_MOST_PIXELS = 1 << 20  # more than the largest picture of a page
_MOST_VARIANTS = 64
_ALTERNATIVES = 8
_SUBJECT = "replay"

LoadModel = Callable[[str], Inpainter]
"""A model ready to fill, by its name; raises UsageError."""


@dataclass(frozen=True)
class ReplayPicture:
    """The picture of a document.

    Attributes:
        id: of the sample; seeds of models follow from it.
        dataset, revision: that it comes from; empty for an upload.
        png: the picture in base64.
        sha256: of its pixels.
        classes: of its label map.
        labels: its label map as a PNG file in base64; None without.
    """

    id: str
    dataset: str
    revision: str
    png: str
    sha256: str
    classes: tuple[str, ...] = ()
    labels: str | None = None


@dataclass(frozen=True)
class ReplayModel:
    """A model of a document.

    Attributes:
        name: as `bench.models.load` takes it.
        fingerprint: of weights, code version and options.
        classes: of its label maps; empty of an unguided model.
    """

    name: str
    fingerprint: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReplayVariant:
    """One fill of a document.

    Attributes:
        title: that the person gave it.
        model: its name.
        labels: the label map that guided it, as a PNG file in base64; None: the model's own.
        alternative: the number of the model's own alternative, from 0, in place of a label map; else None.
        sha256: of the pixels of the fill; empty when it was not computed.
    """

    title: str
    model: str
    labels: str | None = None
    alternative: int | None = None
    sha256: str = ""


@dataclass(frozen=True)
class ReplayDocument:
    """A document: all that a fill depends on.

    Attributes:
        format: of the document.
        spgbench: version that wrote it.
        picture: that is filled.
        hole: PNG file in base64, white = missing.
        hole_sha256: of its pixels.
        seed: of models that draw random numbers.
        weights_dataset: data set whose weights a model takes that names none.
        models: that the variants name.
        variants: the fills.
    """

    format: str
    spgbench: str
    picture: ReplayPicture
    hole: str
    hole_sha256: str
    seed: int
    weights_dataset: str
    models: tuple[ReplayModel, ...]
    variants: tuple[ReplayVariant, ...]

    @property
    def text(self) -> str:
        """The document as JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Played:
    """A document that was played.

    Attributes:
        workspace: with the picture.
        hole: bool [H, W], True = missing.
        fills: one a variant.
        same: of each fill, whether its pixels are those that the document records.
    """

    workspace: Workspace
    hole: Hole
    fills: tuple[EditedFill, ...]
    same: tuple[bool, ...]


def compose(
    workspace: Workspace,
    hole: Hole,
    seed: int,
    variants: tuple[ReplayVariant, ...],
    load: LoadModel,
    weights_dataset: str = "streets",
) -> ReplayDocument:
    """The document of variants, each of which is computed again for its hash; arguments as fields of it.

    Raises:
        UsageError, ModelFailure: a variant that cannot be filled, none at all, or more than 64.
    """
    _check_count("the edit", len(variants))
    picture, models = workspace.picture, {one.model: load(one.model) for one in variants}
    sample = picture.sample
    written = ReplayPicture(
        sample.id,
        picture.dataset_name,
        picture.revision,
        png_base64(sample.image),
        pixels_sha256(sample.image),
        picture.classes,
        None if sample.labels is None else png_base64(sample.labels),
    )
    named = tuple(ReplayModel(name, model.fingerprint, _classes(model)) for name, model in models.items())
    hashed = []
    for one in variants:
        fill = _fill(workspace, hole, seed, one, models[one.model])
        hashed.append(ReplayVariant(one.title, one.model, one.labels, one.alternative, pixels_sha256(fill.image)))
    parts = (png_base64(hole), pixels_sha256(hole), seed, weights_dataset, named, tuple(hashed))
    return ReplayDocument(FORMAT, version("spgbench"), written, *parts)


def parse(text: str, subject: str = _SUBJECT) -> ReplayDocument:
    """Read a document.

    Raises:
        DataError: a text that is no such document, of another format, or larger than any that is written.
    """
    if len(text) > _MOST_BYTES:
        raise DataError(subject, f"have at most {_MOST_BYTES:,} bytes", f"{len(text):,}", "Save it again.")
    fix = "Give the JSON file that the page of `spgbench editor` saves."
    try:
        data = parse_json(text)
        found = data.get("format") if isinstance(data, dict) else None
        if found != FORMAT:
            raise DataError(subject, f"have the format '{FORMAT}'", repr(found)[:60], fix)
        replay = decode(ReplayDocument, data)
    except FieldError as error:
        raise DataError(f"{subject}: field {error.field}", error.must, error.found, fix) from error
    except (ValueError, RecursionError) as error:
        raise DataError(subject, "be a JSON document", str(error)[:100], fix) from error
    _check_count(subject, len(replay.variants))
    return replay


def play(replay: ReplayDocument, load: LoadModel, cache: ByteLRU[str, EditedFill] | None = None) -> Played:
    """Fill the variants of a document again.

    Args:
        replay: the document.
        load: makes a model ready.
        cache: as of Workspace.

    Raises:
        DataError: a picture, hole or label map that is not the recorded one or does not fit.
        UsageError: a model that is not at hand, or that has another fingerprint or other classes.
        ModelFailure: a model failed.
    """
    picture = _picture(replay.picture)
    hole = read_hole(_decoded(replay.hole, "hole"), picture.size)
    _check_hash("hole", pixels_sha256(hole), replay.hole_sha256)
    known = {model.name: model for model in replay.models}
    for one in replay.variants:
        if one.model not in known:
            raise DataError(
                f"variant '{one.title}'", "name a model of the document", f"'{one.model}'", "Save it again."
            )
    models = {name: _model(known[name], load) for name in dict.fromkeys(one.model for one in replay.variants)}
    workspace = Workspace(picture, cache)
    fills = tuple(_fill(workspace, hole, replay.seed, one, models[one.model]) for one in replay.variants)
    same = (pixels_sha256(fill.image) == one.sha256 for fill, one in zip(fills, replay.variants, strict=True))
    return Played(workspace, hole, fills, tuple(same))


def write_files(played: Played, folder: Path) -> list[Path]:
    """Write `picture.png`, `hole.png`, and `fill-N.png` and `labels-N.png` of each variant, from 1; returns them."""
    arrays: dict[str, Picture | Hole] = {"picture": played.workspace.picture.sample.image, "hole": played.hole}
    for number, fill in enumerate(played.fills, start=1):
        arrays[f"fill-{number}"] = fill.image
        if fill.labels is not None:
            arrays[f"labels-{number}"] = fill.labels
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, array in arrays.items():
        write_atomically(folder / f"{name}.png", png_bytes(array))
        paths.append(folder / f"{name}.png")
    return paths


def _fill(workspace: Workspace, hole: Hole, seed: int, variant: ReplayVariant, model: Inpainter) -> EditedFill:
    if variant.alternative is not None:
        if variant.labels is not None or not 0 <= variant.alternative < _ALTERNATIVES:
            must = f"have a label map or an alternative from 0 to {_ALTERNATIVES - 1}"
            found = f"alternative {variant.alternative}"
            raise DataError(f"variant '{variant.title}'", must, found, "Save it again.")
        return workspace.alternatives(model, hole, variant.alternative + 1, seed)[-1]
    labels = None
    if variant.labels is not None:
        classes = _classes(model)
        if not classes:
            must, fix = "have no label map under an unguided model", "Save it again."
            raise DataError(f"variant '{variant.title}'", must, f"one, and model '{variant.model}'", fix)
        labels = read_labels(_decoded(variant.labels, "label map"), workspace.picture.size, classes)
    return workspace.fill(model, hole, labels, seed)


def _model(recorded: ReplayModel, load: LoadModel) -> Inpainter:
    model = load(recorded.name)
    if _classes(model) != recorded.classes:
        must = f"have the classes of the document ({', '.join(recorded.classes) or 'none'})"
        found = ", ".join(_classes(model)) or "none"
        raise UsageError(f"model '{recorded.name}'", must, found, "Use the weights that the document was made with.")
    if model.fingerprint != recorded.fingerprint:
        must = f"have the fingerprint of the document, {recorded.fingerprint[:12]}"
        fix = "Use the version of spgbench, the weights and the libraries that the document was made with."
        raise UsageError(f"model '{recorded.name}'", must, model.fingerprint[:12], fix)
    return model


def _picture(recorded: ReplayPicture) -> EditedPicture:
    image = decode_picture_bytes(_decoded(recorded.png, "picture"), f"{_SUBJECT}: picture", _MOST_PIXELS).pixels
    _check_hash("picture", pixels_sha256(image), recorded.sha256)
    labels: LabelMap | None = None
    if recorded.labels is not None:
        stored = decode_index_map_bytes(_decoded(recorded.labels, "labels"), f"{_SUBJECT}: labels", _MOST_PIXELS)
        if stored.shape != image.shape[:2] or stored.max() > 255:
            raise DataError(f"{_SUBJECT}: labels", "fit the picture", f"{stored.shape}", "Save it again.")
        labels = stored.astype(np.uint8)
    return EditedPicture(
        Sample(recorded.id, image, labels), None, recorded.dataset, recorded.revision, recorded.classes
    )


def _classes(model: Inpainter) -> tuple[str, ...]:
    return tuple(model.classes) if is_guided(model) and isinstance(model, Editable) else ()


def _check_count(subject: str, variants: int) -> None:
    if not 0 < variants <= _MOST_VARIANTS:
        raise DataError(subject, f"have 1 to {_MOST_VARIANTS} variants", str(variants), "Save those that you need.")


def _decoded(text: str, subject: str) -> bytes:
    return from_base64(text, f"{_SUBJECT}: {subject}", _MOST_BYTES)


def _check_hash(subject: str, found: str, recorded: str) -> None:
    if found != recorded:
        must, fix = f"have the recorded SHA-256 {recorded[:12]}", "Give the document as it was saved."
        raise DataError(f"{_SUBJECT}: {subject}", must, found[:12], fix)
