"""Label maps of a judge, in the data set's classes, of completed and of reference pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

import bench.segmentation
from bench.errors import DataError, Failure
from bench.metrics import MetricDefinition, MetricKey, definition
from bench.metrics.cache.feature_cache import arithmetic, picture_key, shared_cache
from bench.segmentation.mapping import MappedJudge
from bench.vocabulary import VOID, Dataset, Judge

__all__ = ["find_judge", "gives_class", "segment_pictures", "segment_references", "undefined_reasons"]


def find_judge(judge: str | Judge | None, dataset: Dataset, device: str) -> tuple[Judge | None, str]:
    """The judge of a run, or why there is none.

    Args:
        judge: a name of the catalogue of judges, or a judge; None: the one that ships for the data set, if one does.

    Raises:
        UnknownName: for a judge that the catalogue does not hold, with suggestions.
        UsageError: a judge that was named cannot be loaded, or its classes are not the data set's.
    """
    if not dataset.classes:
        return None, f"no labels: the data set {dataset.name} has no classes to look for"
    if judge is None:
        if dataset.name not in bench.segmentation.shipped():
            return None, f"no judge comes with the package for the data set {dataset.name}: name one with --judge"
        judge = dataset.name
    if isinstance(judge, str):
        return bench.segmentation.load(judge, tuple(dataset.classes), device), ""
    if tuple(judge.classes) != tuple(dataset.classes):
        must = f"have the data set's classes ({', '.join(dataset.classes)})"
        fix = "Wrap it in bench.segmentation.mapping.MappedJudge, or name it with ?map=FILE.json."
        raise DataError(f"judge '{judge.name}'", must, ", ".join(judge.classes), fix)
    return judge, ""


def segment_pictures(judge: Judge, pictures: torch.Tensor) -> torch.Tensor:
    """The judge's label maps of pictures, uint8 [N, 3, H, W] -> uint8 [N, H, W] on the CPU.

    Raises:
        OutOfMemoryError: of torch; fewer pictures may fit into the memory of a GPU.
        Failure: the judge raised anything else, or returned something else than such maps.
    """
    size = [len(pictures), *pictures.shape[2:]]
    must = f"return uint8 {size} with classes 0 to {len(judge.classes) - 1}, or {VOID}"
    try:
        maps = judge.segment(pictures)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a judge from elsewhere may raise anything
        raise Failure(f"judge '{judge.name}'", must, f"{type(error).__name__}: {error}") from error
    if not isinstance(maps, torch.Tensor) or maps.dtype != torch.uint8 or list(maps.shape) != size:
        found = f"{maps.dtype} {list(maps.shape)}" if isinstance(maps, torch.Tensor) else type(maps).__name__
        raise Failure(f"judge '{judge.name}'", must, found)
    beyond = maps[(maps >= len(judge.classes)) & (maps != VOID)]
    if len(beyond):
        raise Failure(f"judge '{judge.name}'", must, f"the label {int(beyond[0])}")
    return maps.cpu()


def segment_references(judge: Judge, pictures: torch.Tensor, device: str = "cpu") -> torch.Tensor:
    """The same of reference pictures, each segmented once for all models, protocols and runs: see `shared_cache`.

    Args:
        device: where the judge works.
    """
    context = f"judge|{judge.fingerprint}|{arithmetic(torch.device(device))}"
    keys = [picture_key(picture, context) for picture in pictures]

    def segment(missing: list[int]) -> Iterator[tuple[torch.Tensor]]:
        return ((labels,) for labels in segment_pictures(judge, pictures[missing]))

    return torch.stack([labels for (labels,) in shared_cache().rows(keys, segment)])


def gives_class(judge: Judge, label: int) -> bool:
    """Whether a judge can give a class: one of other classes may have nothing like it, and never see it."""
    return not isinstance(judge, MappedJudge) or label in judge.given


def undefined_reasons(names: Iterable[str], judge: Judge | None, dataset: Dataset) -> dict[str, str]:
    """Of these `metric.region`, the judged scores of removals, to why no picture of a cell may have a value."""
    found = {}
    for key in names:
        metric = definition(MetricKey.parse(key).metric)
        if judge is not None and metric.tasks == ("removal",) and "judge" in metric.needs:
            found[key] = f"undefined in every picture: {', or '.join(_reasons(metric, judge, dataset))}"
    return found


def _reasons(metric: MetricDefinition, judge: Judge, dataset: Dataset) -> Iterator[str]:
    """Why a judged score of removals can be undefined."""
    if metric.name.startswith("class-invented") and not dataset.objects:
        yield f"the data set {dataset.name} names no classes of countable things"
        return
    yield "the class of the removed objects is not known"
    never = [name for index, name in enumerate(dataset.classes) if not gives_class(judge, index)]
    if never:
        yield f"judge '{judge.name}' never gives it ({', '.join(never)})"
    if metric.ceiling_of:
        yield "no other picture of the split is without it in the hole"
