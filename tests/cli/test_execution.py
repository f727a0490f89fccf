"""Options of engines on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cli.execution import Execution, ExecutorChoice
from bench.errors import UsageError
from tests.support.small_run import call, tree


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


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # logs of submitit's debug executor
def test_predict_and_audit_give_an_engine_the_same_work(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    data = f"--protocols half-left --dataset folder --size 32 --data-root {picture_folder(3, size=32)} -o".split()
    engine = ["--executor", "slurm", "--workers", "2", "--executor-option", "cluster=debug"]

    for command in ("predict --models telea", "audit --metrics psnr"):
        here, there = (tmp_path / f"{command.split()[0]}-{place}" for place in ("here", "there"))
        for out, more in ((here, []), (there, engine)):
            assert call([*command.split(), *data, out, *more])[0] == 0
        assert tree(there) == tree(here)


def test_profile_gives_an_engine_its_work(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    quick = ["--models", "mean", "--resolutions", "32", "--samples", "3", "--seconds", "0.1", "--threads", "1"]
    engine = ["--executor", "slurm", "--executor-option", "cluster=local"]

    code, text = call(["profile", *quick, *engine, "-o", tmp_path / "out"])

    assert code == 0, text
    assert "record 1 of the profile is there\nmean 32x32 batch 1 fp32 eager: " in text
    assert "fp32 eager" in (tmp_path / "out" / "tables" / "profile.md").read_text()


def test_a_gate_of_times_says_why_it_has_no_engine() -> None:
    code, text = call(["profile", "--against", "HEAD", "--executor", "ray"])

    assert code == 2
    assert "--against must stand without --executor" in text
    assert "srun" in text
