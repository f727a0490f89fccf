"""What a learned baseline looks like, as a frozen dataclass that travels as JSON beside the weights."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

from spgnet.config import NetworkConfig

__all__ = ["BaselineConfig"]


@dataclass(frozen=True)
class BaselineConfig(NetworkConfig):
    """Base of the configs of all learned baselines: every field has the paper's value as its default.

    Raises:
        TypeError: a field of another type than it is declared with.
        ValueError: a count below 1, or another number below 0.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for item in fields(self):
            value = getattr(self, item.name)
            if value < (1 if type(value) is int else 0):
                subject = f"{type(self).__name__}.{item.name}"
                raise ValueError(f"{subject} must be positive; found {value}. Correct the config.")

    @classmethod
    def paper(cls) -> Self:
        """The published size."""
        return cls()

    @classmethod
    def required_keys(cls) -> frozenset[str]:
        """All keys: every version has written all of them."""
        return frozenset(item.name for item in fields(cls))
