"""INVALID on a GPU: steady lines stand, and a machine that is disturbed is found."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
import torch

from bench.profiling.cpu_use import usable_cores
from bench.profiling.execution import Subject
from bench.profiling.measure import Meter
from bench.profiling.sweep import Effort
from bench.records.profile import Configuration, ProfileRecord

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

DEVICE = "cuda:0"
BRIEF = Effort(samples=15, seconds=1.0, warmup_seconds=0.5)
LAUNCH_BOUND, DEVICE_BOUND = Configuration(256, 256), Configuration(512, 512, 8)


class Disturbance:
    """Begins between two calls of a measurement: the looks before it see a quiet machine."""

    def __init__(self) -> None:
        self.begin: Callable[[], object] | None = None

    def __call__(self) -> bool:
        begin, self.begin = self.begin, None
        if begin is not None:
            begin()
            time.sleep(0.3)
        return False


@pytest.fixture(scope="module")
def disturbance() -> Disturbance:
    return Disturbance()


@pytest.fixture(scope="module")
def meter(disturbance: Disturbance) -> Meter:
    return Meter(Subject("spgnet", DEVICE), BRIEF, disturbance)


def described(record: ProfileRecord) -> str:
    looks = {
        name: f"moved {100 * (look.medians[1] / look.medians[0] - 1):+.1f} %, floor {100 * look.floor:.1f} %, "
        f"limit {100 * look.limit:.1f} %, binds {look.binds}"
        for name, look in record.looks.items()
    }
    return (
        f"{record.configuration}: {record.status} {record.reason}; {1e3 * record.latency():.2f} ms, "
        f"busy {record.busy_share}, INVALID '{record.invalid}', {looks}"
    )


def test_most_steady_lines_stand(meter: Meter) -> None:
    shapes = [LAUNCH_BOUND, DEVICE_BOUND, Configuration(256, 256, 1, "bf16"), Configuration(256, 256, 8)]
    records = [meter.measure(shape) for shape in [*shapes, *shapes[:2]]]

    told = "\n".join(map(described, records))
    sys.stderr.write(f"{told}\n")
    assert sum(not record.invalid for record in records) >= 5, told
    assert (records[0].busy_share or 1) < 0.8 < (records[1].busy_share or 0), told


def test_cores_that_burn_make_a_launch_bound_line_invalid(meter: Meter, disturbance: Disturbance) -> None:
    """The processes are nobody's here, and end by themselves."""
    burn = f"for core in $(seq {2 * len(usable_cores())}); do timeout 8 sh -c 'while :; do :; done' & done"
    disturbance.begin = lambda: subprocess.run(["sh", "-c", f"{{ {burn}; }} >/dev/null 2>&1"], check=True)

    record = meter.measure(LAUNCH_BOUND)

    assert record.invalid, described(record)


def test_a_device_that_others_use_makes_a_device_bound_line_invalid(meter: Meter, disturbance: Disturbance) -> None:
    stop = threading.Event()

    def multiply() -> None:
        with torch.cuda.stream(torch.cuda.Stream(DEVICE)):  # type: ignore[no-untyped-call]  # of torch
            values = torch.ones(8192, 8192, device=DEVICE)
            while not stop.is_set():
                for _ in range(4):
                    values @ values
                torch.cuda.current_stream().synchronize()

    thread = threading.Thread(target=multiply)
    disturbance.begin = thread.start
    try:
        record = meter.measure(DEVICE_BOUND)
    finally:
        stop.set()
        if thread.ident is not None:
            thread.join()

    assert record.invalid, described(record)
