"""What a network looks like, as a frozen dataclass that travels as JSON beside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

__all__ = ["NetworkConfig"]


@dataclass(frozen=True)
class NetworkConfig:
    """Base of all configs: every field has the paper's value as its default.

    Raises:
        TypeError: a field of another type than its default.
        ValueError: a count below 1, or another number below 0.
    """

    def __post_init__(self) -> None:
        for item in fields(self):
            value, subject = getattr(self, item.name), f"{type(self).__name__}.{item.name}"
            if type(value) is not type(item.default):
                must = type(item.default).__name__
                raise TypeError(f"{subject} must be {must}; found {value!r}. Correct the config.")
            if isinstance(value, int | float) and value < (1 if type(value) is int else 0):
                raise ValueError(f"{subject} must be positive; found {value}. Correct the config.")

    @classmethod
    def paper(cls) -> Self:
        """The published size."""
        return cls()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` of them gives an equal config."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`. Raises ValueError for an unknown or a missing key, TypeError for a value's type."""
        names = {item.name for item in fields(cls)}
        if set(data) != names:
            raise ValueError(
                f"{cls.__name__} must have the keys {', '.join(sorted(names))}; found {', '.join(sorted(data))}. "
                "Use the package version that wrote it, or correct the key."
            )
        return cls(**data)
