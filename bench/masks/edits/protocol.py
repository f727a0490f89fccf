"""A protocol that cuts the holes of another one and asks for fills under an edited label map."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench.editing import LabelEdit
from bench.errors import NotApplicable, UsageError
from bench.masks.catalogue import get
from bench.masks.edit_names import EDITS
from bench.masks.edits.rules import RULES, Drawing
from bench.masks.random_stream import RandomStream
from bench.removal import Task, task_of
from bench.vocabulary import Dataset, DatasetBound, Protocol, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["EditProtocol", "make_edit"]


@dataclass(frozen=True)
class EditProtocol:
    """The holes of a protocol, and for each a label map that is the true one but for an edit inside the hole.

    Attributes:
        edit: its name, a key of `EDITS`.
        holes: the protocol that cuts the holes.
        task: always `editing`: a fill should show what the map asks for.
    """

    edit: str
    holes: Protocol
    needs_labels: bool = field(init=False, default=True)
    task: Task = field(init=False, default="editing")

    @property
    def name(self) -> str:
        """`edit-swap:center-50@1`."""
        return f"{self.edit}:{self.holes.name}"

    @property
    def summary(self) -> str:
        """In a line."""
        return f"{self.holes.name} under a label map: {EDITS[self.edit]}"

    @property
    def source(self) -> str:
        """Where the rule comes from."""
        return "our own"

    def hole(self, sample: Sample, seed: int, dataset: Dataset) -> Hole:
        """The hole of the other protocol; raises NotApplicable where that has none."""
        return self.holes.hole(sample, seed, dataset)

    def edited(self, sample: Sample, seed: int, dataset: Dataset) -> LabelEdit:
        """The label map that belongs to the hole, a function of the arguments alone.

        Raises:
            NotApplicable: there is no hole, or nothing in it that can be edited this way.
            UsageError: the picture has no label map.
        """
        if sample.labels is None:
            fix = "Use a data set with labels."
            must = f"have label maps for protocol '{self.name}'"
            raise UsageError(f"data set '{dataset.name}'", must, f"'{sample.id}' without one", fix)
        hole = self.hole(sample, seed, dataset)
        stream = RandomStream(f"{self._choices}:{self.holes.name}", seed, sample.id)
        labels = RULES[self.edit](Drawing(sample.labels, hole, sample, dataset, stream))
        changed = labels != sample.labels
        if self.edit != "edit-none" and not changed.any():
            raise NotApplicable("the edit changes no label")
        return LabelEdit(labels, changed)

    @property
    def _choices(self) -> str:
        """Names the stream: shifts of all distances move the same region."""
        return self.edit.rstrip("-0123456789")


@dataclass(frozen=True)
class _BoundLater(EditProtocol):
    """The same, of holes that depend on what a data set holds: masks on disk."""

    def for_dataset(self, dataset: Dataset) -> EditProtocol:
        """The protocol for one data set; raises DataError when the masks do not fit the samples."""
        holes = self.holes
        return replace(self, holes=holes.for_dataset(dataset)) if isinstance(holes, DatasetBound) else self


def make_edit(holes: str = "", *, edit: str) -> EditProtocol:
    """The protocol `<edit>:<holes>`.

    Raises:
        UnknownName: no such protocol of holes.
        UsageError: none is named, or one that asks for something else than completion, or that hides every pixel.
    """
    subject, fix = f"protocol '{edit}:'", f"For example {edit}:center-50."
    if not holes:
        raise UsageError(subject, "be followed by a protocol that cuts holes", "none", fix)
    found = get(holes)
    if task_of(found) != "completion" or getattr(found, "covers_all", False):
        raise UsageError(subject, "cut holes to be completed", f"'{found.name}'", fix)
    return (_BoundLater if isinstance(found, DatasetBound) else EditProtocol)(edit, found)
