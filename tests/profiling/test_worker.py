from __future__ import annotations

import multiprocessing
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.profiling import Effort, Sweep, profile
from bench.profiling.reference_kernels import ReferenceKernels
from bench.profiling.worker import Broken, Done, Job, Loaded, work
from bench.records.profile import Configuration
from tests.profiling.toys import HERE

QUICK = Effort(samples=3, seconds=1e9, warmup_seconds=0.0)


class Connection:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: object) -> None:
        self.sent.append(message)


@pytest.mark.parametrize(("works", "statuses"), [(True, ["failed", "ok"]), (False, ["failed"])])
def test_a_process_ends_after_a_failure_that_broke_its_device(
    works: bool, statuses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.profiling.worker.signal.signal", lambda *_: None)
    monkeypatch.setattr("bench.profiling.worker.device_works", lambda _: works)
    monkeypatch.setattr(ReferenceKernels, "looks", lambda _: {"sum": (1.0, 1.0)})
    configurations = (Configuration(32, 40), Configuration(32, 48))
    connection = Connection()

    work(connection, Job("picky", "cpu", configurations, QUICK, HERE), multiprocessing.Event())  # type: ignore[arg-type]  # all that it needs

    assert isinstance(connection.sent[0], Loaded)
    done = [message for message in connection.sent if isinstance(message, Done)]
    assert [message.record.status for message in done] == statuses
    assert isinstance(connection.sent[-1], Done if works else Broken)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_a_new_process_goes_on_after_a_failed_capture(tmp_path: Path) -> None:
    sweep = Sweep(((32, 32), (48, 48)), modes=("eager", "cuda-graphs"))

    found = profile(["reading"], tmp_path, sweep, QUICK, device="cuda:0", load=HERE)

    assert [record.status for record in found.records] == ["ok", "unsupported"] * 2
    line = r"at profiling/toys\.py:\d+ `if batch\.image\.sum\(\)\.item\(\) < 0:`"
    assert all(re.search(line, record.reason) for record in found.records if not record.measured)
