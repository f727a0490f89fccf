"""Options of engines on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli.execution import Execution, ExecutorChoice
from bench.errors import UsageError


@pytest.mark.parametrize(
    ("executor", "address", "texts", "message"),
    [
        ("local", "auto", [], "--ray-address must stand beside --executor ray"),
        ("local", None, ["cpus=1"], "--executor-option must stand beside"),
        ("ray", None, ["cpus"], "be KEY=VALUE"),
        ("ray", None, ["=1"], "be KEY=VALUE"),
        ("ray", None, ["cpus=1", "cpus=2"], "be given once"),
        ("slurm", None, ["cluster=pbs"], "be one of slurm, local, debug"),
    ],
)
def test_refuses_before_anything_starts(executor: str, address: str | None, texts: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Execution.of(1, ExecutorChoice(executor), address, texts)


def test_this_machine_is_no_remote_engine(tmp_path: Path) -> None:
    assert Execution.of(2, ExecutorChoice.local, None, None).remote_engine(tmp_path, "cpu") is None
    remote = Execution.of(2, ExecutorChoice.slurm, None, ["cluster=local"]).remote_engine(tmp_path, "cpu")
    assert remote is not None
    assert remote.name == "slurm"
