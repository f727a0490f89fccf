"""A driver that is killed or interrupted leaves no element of submitit; see `tests.support.driver_faults`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.driver_faults import processes_with, wait_until
from tests.support.ray import importable_tests

pytest.importorskip("submitit")

DRIVER = """
import signal
import sys
from pathlib import Path
from bench.runtime.executors import slurm_executor
from tests.runtime.executors.tasks import Item, Squares

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background commands ignore it
slurm_executor._GRACE = 0.1
out = Path(sys.argv[1])
engine = slurm_executor.SlurmExecutor(2, out, cluster="local")
engine.run(Squares(out), [Item(0, "sleeps"), Item(1, "sleeps")], lambda *_: None)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_element_is_left(number: signal.Signals, tmp_path: Path) -> None:
    mark = f"mark-of-{tmp_path}-{number}"
    with importable_tests():
        environment = {**os.environ, "MARK_OF_TEST": mark}
    command = [sys.executable, "-c", DRIVER, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as driver:
        assert wait_until(lambda: all((tmp_path / f"item-{number}").exists() for number in (0, 1)), 60)
        assert len(processes_with(mark)) >= 1 + 2
        driver.send_signal(number)
        try:
            driver.wait(60)
        finally:
            driver.kill()

    assert wait_until(lambda: not processes_with(mark), 30)
