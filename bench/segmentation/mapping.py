"""A judge of other classes: a file says which of the data set's classes each of its own is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError, UnknownName, UsageError
from bench.strict_json import parse_json
from bench.vocabulary import VOID, Judge

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["MappedJudge", "read_mapping"]


def read_mapping(file: str, own: tuple[str, ...], classes: tuple[str, ...]) -> tuple[int, ...]:
    """The data set's class index, or VOID, for each class of a judge.

    Args:
        file: JSON object from the judge's class names to the data set's; null, or leaving a class out, means that the
            data set has nothing like it. Several may become one.
        own: the judge's classes.
        classes: the data set's.

    Raises:
        UsageError: the file cannot be read, or is no such object.
        UnknownName: a name in it is no class of the judge, or none of the data set.
        DataError: no class of the judge is any of the data set's.
    """
    names = _read(file)
    for name, target in names.items():
        if name not in own:
            raise UnknownName(f"mapping {file}: class of the judge", name, own)
        if target is not None and target not in classes:
            raise UnknownName(f"mapping {file}: class of the data set", target, classes)
    targets = [names.get(name) for name in own]
    if not any(targets):
        raise DataError(f"mapping {file}", f"lead to some of {', '.join(classes)}", "none of them", "Name some.")
    return tuple(VOID if target is None else classes.index(target) for target in targets)


class MappedJudge:
    """A judge whose label maps are translated into the classes of a data set.

    Args:
        judge: of other classes.
        mapping: as `read_mapping` returns it.
        classes: the data set's.

    Attributes:
        given: indices of the classes that it can give; of the others it has nothing like them.
    """

    def __init__(self, judge: Judge, mapping: tuple[int, ...], classes: tuple[str, ...]) -> None:
        self.name, self.classes = judge.name, classes
        self.given = frozenset(mapping) - {VOID}
        self._judge, self._mapping = judge, mapping
        text = json.dumps([judge.fingerprint, mapping, classes])
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()

    def segment(self, pictures: Tensor) -> Tensor:
        """uint8 [N, 3, H, W] -> uint8 [N, H, W]; VOID where the judge sees what the data set does not know."""
        import torch

        labels = self._judge.segment(pictures)
        table = torch.full((VOID + 1,), VOID, dtype=torch.uint8, device=labels.device)
        table[: len(self._mapping)] = torch.tensor(self._mapping, dtype=torch.uint8, device=labels.device)
        return table[labels.long()]


def _read(file: str) -> Mapping[str, str | None]:
    fix = 'Write {"their class": "class of the data set", "another": null}.'
    try:
        names = parse_json(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"mapping {file}", "be a JSON file that can be read", repr(error), fix) from error
    if not isinstance(names, dict) or not all(isinstance(value, str | None) for value in names.values()):
        raise UsageError(f"mapping {file}", "be an object of class names", json.dumps(names)[:80], fix)
    return names
