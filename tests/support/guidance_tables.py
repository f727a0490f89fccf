"""The tables of a page about edited label maps: by label map, of samples, and by class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.masks.edit_names import EDITS
from bench.records import Run, Score
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.edits import OWN_MAP, EditGroup, edit_classes, edit_columns, edit_groups
from bench.reporting.analysis.groups import Row

__all__ = ["guidance_tables"]

_MAPS = {"edit-accuracy": "edit accuracy", "control-accuracy": "control accuracy", "control-boundary-f": "boundary F"}
_SAMPLES = {
    "control-accuracy": "control accuracy",
    "control-accuracy-of-4": "control accuracy of 4 samples",
    "diversity-l1": "diversity in L1",
    "diversity-labels": "diversity in the judge's labels",
}
_CLASSES = {"edit-accuracy": "edit accuracy", "control-class-accuracy": "control class accuracy"}


def guidance_tables(run: Run) -> str:
    """Markdown, values in % with 95 % intervals."""
    analysis = RunAnalysis.of(run)
    groups = edit_groups(analysis, edit_columns(analysis))
    edited = [one for one in groups if one.edit != OWN_MAP]
    own = [one.group.rows for one in groups if one.edit == OWN_MAP]
    maps = _table(
        ["label map", "edited pixels", "model", *_MAPS.values()], (row for one in edited for row in _of_map(one))
    )
    samples = _table(["model", *_SAMPLES.values()], (_line(row, _SAMPLES) for rows in own for row in rows))
    titles = [f"{title}, {model.title}" for model in analysis.models for title in _CLASSES.values()]
    classes = ([one.name, *_of_class(one.group.rows)] for one in edit_classes(analysis))
    return "\n".join([maps, samples, _table(["class", *titles], classes)])


def _of_map(one: EditGroup) -> Iterator[list[str]]:
    first = one.group.rows[0]
    head = [EDITS[one.edit], _text(first.scores.get("edit-size.hole"))]
    for row in one.group.rows:
        yield [*head, *_line(row, _MAPS)]
        head = ["", ""]
    yield [*head, "untouched picture", *_line(first, [f"{name}-untouched" for name in _MAPS])[1:]]


def _of_class(rows: Sequence[Row]) -> list[str]:
    return [text for row in rows for text in _line(row, _CLASSES)[1:]]


def _line(row: Row, metrics: Iterable[str]) -> list[str]:
    return [row.model.title, *(_text(row.scores.get(f"{metric}.hole")) for metric in metrics)]


def _text(score: Score | None) -> str:
    if score is None or score.value is None:
        return ""
    return f"{score.value:.1f}" + (f" [{score.ci95[0]:.1f}, {score.ci95[1]:.1f}]" if score.ci95 else "")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] + ["--:"] * (len(heads) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
