"""A profile or a load test that one worker of an engine measures whole.

So every row of a table is of one machine, and the clocks, the load and the reference kernels beside it are those of
that machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Generic, Protocol, TypeVar

from bench.errors import Failure, UsageError
from bench.fingerprint import fingerprint_sources
from bench.records.load import LoadRecord
from bench.records.profile import ProfileRecord
from bench.runtime.executors.executor import Executor, Lost, Worker

__all__ = ["Measure", "MeasurementTask", "measure_on"]

Found_co = TypeVar("Found_co", covariant=True)


class Measure(Protocol[Found_co]):
    """`profile` or `load_test` with all arguments but these two."""

    def __call__(self, *, device: str, on_record: Callable[[ProfileRecord | LoadRecord], None]) -> Found_co:
        """Measure, and return everything that was found."""
        ...


def _parts() -> dict[str, str]:
    return {"code": fingerprint_sources(), "version of torch": version("torch")}


@dataclass(frozen=True)
class MeasurementTask(Generic[Found_co]):
    """One measurement; its only item is its name.

    Attributes:
        measure: what a worker calls; it can be pickled.
        parts: what the times depend on beside the machine, by name, each as a hash or a version.
    """

    measure: Measure[Found_co]
    parts: Mapping[str, str] = field(default_factory=_parts)

    @property
    def fingerprint(self) -> str:
        """Hash of the code and the version of torch."""
        return hashlib.sha256(json.dumps(sorted(self.parts.items())).encode()).hexdigest()

    def start(self, worker: Worker) -> Callable[[str], tuple[Found_co, list[ProfileRecord | LoadRecord]]]:
        """Return what measures; raises UsageError where the worker has other code or another torch than the driver."""
        others = [name for name, text in _parts().items() if self.parts.get(name) != text]
        if others:
            fix = "Give all machines the same version of spgbench and of torch."
            raise UsageError("a worker", "have what the command has", f"another {' and another '.join(others)}", fix)

        def run(name: str) -> tuple[Found_co, list[ProfileRecord | LoadRecord]]:
            records: list[ProfileRecord | LoadRecord] = []

            def hear(record: ProfileRecord | LoadRecord) -> None:
                records.append(record)
                worker.note(f"what comes after {record.model} {record.configuration}")
                worker.advance(1)

            worker.note(f"the begin of the {name}")
            return self.measure(device=worker.device, on_record=hear), records

        return run


def measure_on(
    executor: Executor,
    name: str,
    measure: Measure[Found_co],
    on_record: Callable[[ProfileRecord | LoadRecord], None],
    on_progress: Callable[[int], None],
) -> Found_co:
    """What one worker of an engine measures.

    Args:
        executor: the engine; its output folder is that of the measurement.
        name: of the measurement, for messages.
        measure: what the worker calls; it can be pickled.
        on_record: called with every new record, in the end.
        on_progress: gets the number of new records since its last call, meanwhile.

    Raises:
        UsageError: the engine cannot be reached, or the worker has other code, another torch, or no such device.
        Failure: the worker died twice.
    """
    given: list[tuple[Found_co, list[ProfileRecord | LoadRecord]] | Lost[str]] = []
    executor.run(MeasurementTask(measure), [name], lambda _, result: given.append(result), on_progress)
    (result,) = given
    if isinstance(result, Lost):
        fix = "What was measured is kept; the same command begins again."
        raise Failure(name, "be done by a worker", f"a worker that died twice: {result.reason}", fix)
    found, records = result
    for record in records:
        on_record(record)
    return found
