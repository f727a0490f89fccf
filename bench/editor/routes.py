"""What the server answers: requests in JSON to the work of a session, and its results to JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from bench.editor import replay, samples, uploads
from bench.editor.edited_picture import EditedPicture
from bench.editor.encoding import from_data_url, read_hole, read_labels, to_data_url
from bench.editor.messages import (
    AlternativesRequest,
    FillRequest,
    HoleRequest,
    OpenRequest,
    PictureRequest,
    ReplayRequest,
    ScoreRequest,
)
from bench.editor.refusals import reading, refuse
from bench.editor.sessions import EditorSession, EditorSessions, WorkQueue
from bench.editor.workspace import EditedFill, Workspace, fill_cache
from bench.errors import TooLarge, UsageError
from bench.image_files.decode import decode_picture_bytes
from bench.masks import PROTOCOLS
from bench.records.decoding import FieldError, decode
from bench.reporting.images.palette import class_colour
from bench.strict_json import parse_json

if TYPE_CHECKING:
    from bench.editor.models import EditorModels
    from bench.vocabulary import Hole, LabelMap, Picture

__all__ = ["Editor"]

T = TypeVar("T")

_MOST_BODY = uploads.MOST_BYTES * 4 // 3 + 100_000
_MOST_PLANE = 4_000_000
_DRAINED = 8
_WITHOUT_PICTURES = ("files:", "whole@1")


class Editor:
    """The answers of the server; every method but `start` is asked by a session.

    Args:
        models: the list of models.
        sources: data sets whose samples are offered.
        load_ahead: whether the first model is loaded, and fills once, as soon as the first page has what it shows.

    Attributes:
        sessions: of the pages.
        queue: that models work in.
    """

    def __init__(
        self, models: EditorModels, sources: Sequence[samples.SampleSource], *, load_ahead: bool = False
    ) -> None:
        self.sessions, self.queue = EditorSessions(), WorkQueue()
        self._models, self._sources = models, tuple(sources)
        self._cache = fill_cache()
        self._openings = CapacityLimiter(1)
        self._offered: list[dict[str, str]] | None = None
        self._load_ahead = load_ahead

    async def start(self, request: Request) -> dict[str, Any]:  # noqa: ARG002 (as every handler)
        """A new session, and all that a page can choose from."""
        if self._offered is None:
            self._offered = await run_in_threadpool(self._thumbnails)
        if self._load_ahead:
            self._load_ahead = False
            self.queue.submit(self._first_fill)
        return {
            "session": self.sessions.create().id,
            "models": [asdict(one) | {"classes": _coloured(one.classes)} for one in self._models.choices],
            "samples": self._offered,
            "protocols": [
                {"name": entry.name, "summary": entry.summary}
                for entry in PROTOCOLS
                if entry.name not in _WITHOUT_PICTURES
            ],
            "limits": {
                "upload_bytes": uploads.MOST_BYTES,
                "pixels": uploads.MOST_PIXELS,
                "sides": list(uploads.SIDES),
            },
            "version": version("spgbench"),
        }

    async def picture(self, request: Request) -> dict[str, Any]:
        """Take a sample or an upload as the picture of the session."""
        session, asked = await self._asked(request, PictureRequest)
        _check_choice("side", asked.side, uploads.SIDES)
        found = await to_thread.run_sync(self._open, asked, limiter=self._openings)
        session.workspace = Workspace(found, self._cache)
        return await run_in_threadpool(_show_picture, found)

    async def hole(self, request: Request) -> dict[str, Any]:
        """The hole of a protocol, or around an object."""
        session, asked = await self._asked(request, HoleRequest)
        workspace = _workspace(session)
        _check_seed(asked.seed)
        if (asked.protocol is None) == (asked.object is None):
            raise UsageError("hole", "be asked for by a protocol or an object", "both or none", "Name one.")
        if asked.object is not None:
            hole = await run_in_threadpool(workspace.object_hole, *asked.object)
        else:
            name = asked.protocol or ""
            if name.startswith("files:"):
                raise UsageError("protocol", "be one of the page's", "a folder", "Choose one from the list.")
            hole = await run_in_threadpool(workspace.draw_hole, name, asked.seed)
        return {"hole": to_data_url(hole)}

    async def fill(self, request: Request) -> dict[str, Any]:
        """Fill the hole under the model's own labels, or under those of the page."""
        session, asked = await self._asked(request, FillRequest)
        workspace, hole = await self._hole(session, asked.hole)
        _check_seed(asked.seed)
        choice = self._models.choice(asked.model)
        labels: LabelMap | None = None
        if asked.labels is not None and not choice.guided:
            raise UsageError(f"model '{asked.model}'", "paint under label maps", "one that does not", "Take spgnet.")
        if asked.labels is not None:
            data = _from_url(asked.labels, "label map")
            labels = await run_in_threadpool(read_labels, data, workspace.picture.size, choice.classes)

        def work() -> dict[str, Any]:
            found = workspace.fill(self._models.load(asked.model), hole, labels, asked.seed)
            return _show_fill(found) | {
                "hole": to_data_url(hole),
                "visible": _url_or_none(found.visible),
                "predicted": _url_or_none(found.predicted),
                "milliseconds": dict(found.milliseconds),
                "reused": list(found.reused),
            }

        return await self.queue.run(session, "fill", work)

    async def alternatives(self, request: Request) -> dict[str, Any]:
        """Several fills under label maps that the model draws."""
        session, asked = await self._asked(request, AlternativesRequest)
        workspace, hole = await self._hole(session, asked.hole)
        _check_seed(asked.seed)
        _check_choice("k", asked.k, range(2, 9))

        def work() -> dict[str, Any]:
            fills = workspace.alternatives(self._models.load(asked.model), hole, asked.k, asked.seed)
            return {"alternatives": [_show_fill(one) for one in fills]}

        return await self.queue.run(session, "alternatives", work)

    async def score(self, request: Request) -> dict[str, Any]:
        """How far a fill is from the picture, in the hole."""
        session, asked = await self._asked(request, ScoreRequest)
        workspace, hole = await self._hole(session, asked.hole)
        data = _from_url(asked.fill, "fill")
        decibels, error = await run_in_threadpool(_score, workspace, data, hole)
        return {"psnr": decibels, "l1": error}

    async def replay(self, request: Request) -> dict[str, Any]:
        """The document of the session's variants."""
        session, asked = await self._asked(request, ReplayRequest)
        workspace, hole = await self._hole(session, asked.hole)
        _check_seed(asked.seed)
        variants = tuple(
            replay.ReplayVariant(one.title, one.model, _png_or_none(one.labels), one.alternative)
            for one in asked.variants
        )

        def work() -> dict[str, Any]:
            document = replay.compose(workspace, hole, asked.seed, variants, self._models.load, self._models.dataset)
            shown = [{"title": one.title, "fill_sha256": one.sha256} for one in document.variants]
            return {"name": "spgbench-edit.json", "document": document.text, "variants": shown}

        return await self.queue.run(session, "replay", work)

    async def open_replay(self, request: Request) -> dict[str, Any]:
        """Play a document, and take its picture as that of the session."""
        session, asked = await self._asked(request, OpenRequest)
        document = await run_in_threadpool(replay.parse, asked.document)

        def work() -> replay.Played:
            return replay.play(document, self._models.load, self._cache)

        played = await self.queue.run(session, "replay", work)
        session.workspace = played.workspace
        variants = [
            {"title": one.title, "model": one.model, "alternative": one.alternative, "same": same}
            | {"edited": one.labels is not None}
            | _show_fill(fill)
            for one, fill, same in zip(document.variants, played.fills, played.same, strict=True)
        ]
        return {
            "picture": await run_in_threadpool(_show_picture, played.workspace.picture),
            "hole": to_data_url(played.hole),
            "seed": document.seed,
            "variants": variants,
        }

    def _first_fill(self) -> None:
        """Load the first model in the queue's thread, while a person chooses a picture; failures wait for a page."""
        name = self._models.choices[0].name
        found = samples.open_sample(self._sources[:1], *self._first_sample(), uploads.SIDES[1])
        workspace = Workspace(found, fill_cache())
        workspace.fill(self._models.load(name), workspace.draw_hole("center-50"))

    def _first_sample(self) -> tuple[str, str]:
        source = self._sources[0]
        return source.dataset, source.load(uploads.SIDES[0], 1).ids[0]

    def _thumbnails(self) -> list[dict[str, str]]:
        return [
            {"dataset": one.dataset, "id": one.id, "thumbnail": to_data_url(one.thumbnail)}
            for one in samples.offered(self._sources)
        ]

    def _open(self, asked: PictureRequest) -> EditedPicture:
        """One at a time: a large upload takes hundreds of megabytes while it is decoded."""
        if (asked.sample is None) == (asked.upload is None):
            raise UsageError("picture", "be a sample or an upload", "both or none", "Choose one.")
        if asked.sample is not None:
            return samples.open_sample(self._sources, asked.sample.dataset, asked.sample.id, asked.side)
        with reading(415):
            data = from_data_url(asked.upload or "", "picture", uploads.MOST_BYTES)
            return uploads.read_upload(data, asked.name, asked.side)

    async def _hole(self, session: EditorSession, url: str) -> tuple[Workspace, Hole]:
        workspace = _workspace(session)
        return workspace, await run_in_threadpool(read_hole, _from_url(url, "hole"), workspace.picture.size)

    async def _asked(self, request: Request, kind: type[T]) -> tuple[EditorSession, T]:
        """The session that asks, and what it asks for."""
        session = self.sessions.get(request.headers.get("x-session", ""))
        try:
            data = parse_json(await _body(request))
            asked = decode(kind, data)
        except FieldError as error:
            raise refuse(400, UsageError(f"field {error.field or '(all)'}", error.must, error.found)) from error
        except (ValueError, RecursionError) as error:
            raise refuse(400, UsageError("request", "be JSON", str(error)[:100], "Load the page again.")) from error
        request.state.number = getattr(asked, "request", None)
        return session, asked


async def _body(request: Request) -> bytes:
    """The body, if it is not too large; a larger one is read to its end in small parts, so that the page hears why."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= _MOST_BODY:
            parts.append(part)
        elif size > _DRAINED * _MOST_BODY:
            break
    if size > _MOST_BODY:
        found, fix = f"{size:,} or more", "Make the picture smaller."
        raise TooLarge("request", f"have at most {_MOST_BODY:,} bytes", found, fix)
    return b"".join(parts)


def _workspace(session: EditorSession) -> Workspace:
    if session.workspace is None:
        raise UsageError("session", "have a picture", "none", "Choose a picture first.")
    return session.workspace


def _score(workspace: Workspace, data: bytes, hole: Hole) -> tuple[float | None, float]:
    image = decode_picture_bytes(data, "fill", _MOST_PLANE).pixels
    if image.shape[:2] != workspace.picture.size:
        raise UsageError("fill", "be as large as the picture", "x".join(map(str, image.shape[:2])), "Fill it again.")
    return workspace.score(image, hole)


def _show_picture(found: EditedPicture) -> dict[str, Any]:
    dataset = found.dataset_name
    return {
        "picture": to_data_url(found.sample.image),
        "height": found.size[0],
        "width": found.size[1],
        "id": found.sample.id,
        "name": f"{dataset} {found.sample.id}" if dataset else found.sample.id,
        "note": found.note,
        "truth": True,
        "labels": _url_or_none(found.sample.labels),
        "classes": _coloured(found.classes),
        "objects": found.objects,
    }


def _show_fill(fill: EditedFill) -> dict[str, Any]:
    return {"fill": to_data_url(fill.image), "labels": _url_or_none(fill.labels)}


def _coloured(classes: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name, "colour": "#" + bytes(class_colour(index)).hex()} for index, name in enumerate(classes)]


def _url_or_none(array: Picture | LabelMap | None) -> str | None:
    return None if array is None else to_data_url(array)


def _png_or_none(url: str | None) -> str | None:
    """A data URL without its head."""
    return None if url is None else url.partition(",")[2]


def _from_url(url: str, subject: str) -> bytes:
    return from_data_url(url, subject, _MOST_PLANE)


def _check_seed(seed: int) -> None:
    _check_choice("seed", seed, range(1 << 31))


def _check_choice(name: str, value: int, choices: Sequence[int]) -> None:
    if value not in choices:
        shown = f"{choices[0]} to {choices[-1]}" if isinstance(choices, range) else ", ".join(map(str, choices))
        raise UsageError(name, f"be one of {shown}", str(value), "Choose one of these.")
