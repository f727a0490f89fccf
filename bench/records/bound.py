"""The least time that a machine could take for a call: the roofline that a profile records beside its times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Bound"]


@dataclass(frozen=True)
class Bound:
    """The least time that this machine could take for a call, from rates that were measured in the same process.

    Attributes:
        compute_s: multiplications and additions of the model's convolutions and products at the measured rates.
        memory_s: their inputs, weights and results moved once each at the measured copy bandwidth.
        convolution_rate: operations a second of plain convolutions at the model's own shapes, weighed by operations.
        product_rate: operations a second of a large matrix product in the same precision.
        copy_rate: bytes a second read and written by a large copy.
    """

    compute_s: float
    memory_s: float
    convolution_rate: float | None
    product_rate: float | None
    copy_rate: float

    @property
    def seconds(self) -> float:
        """The greater of the two."""
        return max(self.compute_s, self.memory_s)

    @property
    def binds(self) -> Literal["compute", "memory"]:
        """Which side that is."""
        return "compute" if self.compute_s >= self.memory_s else "memory"
