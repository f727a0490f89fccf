"""The same bytes from every engine: real Ray and submitit, any number of workers, any order, and after deaths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bench.audit import audit
from bench.evaluation import run_suite
from bench.evaluation.export import export_predictions
from bench.evaluation.plan import resolve
from bench.evaluation.suite import Suite
from bench.reporting.csv_text import csv_text
from bench.runtime.executors.executor import Executor, Lost, Task
from bench.runtime.executors.local_executor import LocalExecutor
from bench.runtime.executors.ray_executor import RayExecutor
from bench.runtime.executors.slurm_executor import SlurmExecutor
from tests.support.dying_worker import Disturbed
from tests.support.ray import importable_tests, kill_node, ray_nodes
from tests.support.small_run import tree

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class NodeKiller:
    """An engine one of whose machines is killed when the first item is done."""

    cluster: Any
    engine: Executor
    is_done: bool = False
    name: str = "killed"

    def run(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run all items."""

        def on_first(item: Item, result: Result | Lost[Item]) -> None:
            if not self.is_done:
                self.is_done = True
                kill_node(self.cluster)
            on_result(item, result)

        self.engine.run(task, items, on_first, on_progress)


def _suite(root: Path) -> Suite:
    metrics = ("psnr", "l1")
    return Suite("engines", ("telea", "mean"), ("center-50",), metrics, "folder", "test", "48", data_root=str(root))


def _bytes(out: Path) -> dict[str, bytes]:
    """Every file of the cells, by its path."""
    files = {str(path.relative_to(out)): path.read_bytes() for path in sorted((out / "cells").rglob("*.json*"))}
    assert len(files) >= 2 * 3  # two models: cell.json and two shards
    return files


def test_all_engines_give_the_same_bytes(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("ray")
    pytest.importorskip("submitit")
    suite = _suite(picture_folder(20))

    def run(name: str, engine: Callable[[Path], Executor] | None = None) -> dict[str, bytes]:
        out = tmp_path / name
        run_suite(suite, out, device="cpu", executor=engine(out) if engine else None)
        assert {path.name for path in out.iterdir()} <= {".lock", ".manifest.json", "cells", "gallery", "run.json"}
        return _bytes(out)

    def predict(name: str, engine: Executor | None = None) -> dict[str, bytes]:
        export_predictions(resolve(suite, tmp_path), tmp_path / name, executor=engine)
        return tree(tmp_path / name)

    def run_audit(engine: Executor | None = None) -> list[object]:
        record, measured = audit(
            ("psnr", "ssim"), "folder", size="48", data_root=suite.data_root, limit=12, executor=engine
        )
        return [record, csv_text(measured.frame(record.keys))]

    expected, pictures, audited = run("here"), predict("made-here"), run_audit()
    with importable_tests():
        assert predict("made", Disturbed(LocalExecutor(2), tmp_path / "made-kept")) == pictures
        assert run("local", lambda _: Disturbed(LocalExecutor(3), tmp_path / "local-kept")) == expected
        assert run("submitit", lambda out: SlurmExecutor(2, out, cluster="local")) == expected
        with ray_nodes(1, 2) as cluster:
            assert run("ray-1", lambda out: RayExecutor(1, out, cpus=1)) == expected
            assert run_audit(RayExecutor(2, tmp_path / "audit", cpus=1)) == audited
            assert run("ray-3", lambda out: Disturbed(RayExecutor(3, out, cpus=1), tmp_path / "ray-kept")) == expected
            killing = NodeKiller(cluster, RayExecutor(3, tmp_path / "killed", cpus=1))
            assert run("killed", lambda _: killing) == expected
            assert killing.is_done
