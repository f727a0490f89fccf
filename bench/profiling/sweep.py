"""The configurations to measure, and how long to measure them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import get_args

from bench.errors import UnknownName, UsageError
from bench.records.profile import (
    MEMORY_FORMATS,
    MODES,
    PRECISIONS,
    Configuration,
    MemoryFormat,
    Mode,
    Precision,
)

__all__ = ["Effort", "Sweep"]


@dataclass(frozen=True)
class Sweep:
    """Every combination of the fields.

    Attributes:
        resolutions: (height, width) in pixels.
        batch_sizes: pictures a call.
        precisions, memory_formats, modes: as of Configuration.

    Raises:
        UsageError: for an empty field, or a size or a batch size below 1.
        UnknownName: for an unknown precision, memory format or mode.
    """

    resolutions: tuple[tuple[int, int], ...] = ((256, 256),)
    batch_sizes: tuple[int, ...] = (1,)
    precisions: tuple[Precision, ...] = ("fp32",)
    memory_formats: tuple[MemoryFormat, ...] = ("contiguous",)
    modes: tuple[Mode, ...] = ("eager",)

    def __post_init__(self) -> None:
        numbers = [*self.batch_sizes, *(side for size in self.resolutions for side in size)]
        if any(number < 1 for number in numbers):
            raise UsageError(
                "sizes and batch sizes", "be at least 1", str(min(numbers)), "Give 256 or 256x512, and 1,8."
            )
        for kind, given, known in (
            ("precision", self.precisions, PRECISIONS),
            ("memory format", self.memory_formats, MEMORY_FORMATS),
            ("mode", self.modes, MODES),
        ):
            for name in given:
                if name not in known:
                    raise UnknownName(kind, name, known)
        for kind in ("resolutions", "batch_sizes", "precisions", "memory_formats", "modes"):
            if not getattr(self, kind):
                raise UsageError(f"{kind} of a sweep", "hold at least one", "none", "Leave the option away.")

    def configurations(self) -> tuple[Configuration, ...]:
        """All configurations, each once: small shapes first, and for each shape fp32, contiguous, eager first."""
        shapes = sorted(
            product(self.resolutions, self.batch_sizes), key=lambda shape: shape[0][0] * shape[0][1] * shape[1]
        )
        orders = (get_args(Mode), get_args(MemoryFormat), get_args(Precision))
        settings = sorted(
            product(self.modes, self.memory_formats, self.precisions),
            key=lambda setting: [order.index(name) for order, name in zip(orders, setting, strict=True)],
        )
        every = (
            Configuration(height, width, batch_size, precision, memory_format, mode)
            for ((height, width), batch_size), (mode, memory_format, precision) in product(shapes, settings)
        )
        return tuple(dict.fromkeys(every))


@dataclass(frozen=True)
class Effort:
    """When to stop measuring.

    Attributes:
        samples: timed calls a configuration.
        seconds: timed calls of a configuration end after this time, but not before 3 calls.
        warmup_seconds: untimed calls end after this time, even if their times are not steady.
        budget: seconds for everything, or None; configurations that are left get the status `not-run`.
        threads: of torch in every process, or None for torch's own choice.
        retries: how often a configuration with INVALID times is measured again, in a new process.
        end_to_end: whether the path of a service is timed too, from the bytes of files to those of answers.
    """

    samples: int = 30
    seconds: float = 20.0
    warmup_seconds: float = 10.0
    budget: float | None = None
    threads: int | None = None
    retries: int = 0
    end_to_end: bool = False

    def __post_init__(self) -> None:
        for name, must, value, fits in (
            ("samples", "be at least 3", self.samples, self.samples >= 3),
            ("seconds", "be above 0", self.seconds, self.seconds > 0),
            ("warm-up seconds", "be 0 or more", self.warmup_seconds, self.warmup_seconds >= 0),
            ("budget", "be above 0 seconds", self.budget, self.budget is None or self.budget > 0),
            ("threads", "be at least 1", self.threads, self.threads is None or self.threads >= 1),
            ("retries", "be 0 or more", self.retries, self.retries >= 0),
        ):
            if not fits:
                raise UsageError(f"{name} of a profile", must, str(value), f"Give other {name}.")
