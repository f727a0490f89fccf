"""A model of others, loaded in the process where it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LoadedModel"]


def _no_files() -> list[str]:
    return []


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to be called.

    Attributes:
        call: given a picture float32 [N, 3, H, W], a mask bool [N, 1, H, W] and label maps uint8 [N, H, W] or None, all
            on `device`, and a text for each picture; returns whatever the model returns.
        facts: what its outputs depend on, by name.
        device: that it runs on.
        find_late_files: files that it read during its calls and that `facts` do not cover.
    """

    call: Callable[[Tensor, Tensor, Tensor | None, tuple[str, ...]], object]
    facts: Mapping[str, str]
    device: str
    find_late_files: Callable[[], list[str]] = _no_files
