"""What is said when Ray is not there, or does not answer."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.runtime.executors import ray_session
from bench.runtime.executors.create import create_executor
from bench.runtime.executors.ray_executor import RayExecutor
from tests.runtime.executors.collecting import run_squares
from tests.runtime.executors.tasks import Item

pytest.importorskip("ray")


@pytest.mark.parametrize("address", ["127.0.0.1", "ray://127.0.0.1:10001", "127.0.0.1:99999", "", ":6379"])
def test_refuses_what_is_no_address(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--ray-address must be HOST:PORT or auto"):
        create_executor("ray", 1, tmp_path, ray_address=address)


def test_an_address_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_session, "_REACHED_WITHIN", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(UsageError, match="no answer within 1 s"):
            run_squares(RayExecutor(1, tmp_path, address=address), tmp_path / "kept", [Item(0)])
    with pytest.raises(UsageError, match="be reached"):
        run_squares(RayExecutor(1, tmp_path, address=address), tmp_path / "kept", [Item(0)])


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install 'spgbench\[ray\]'"):
        run_squares(RayExecutor(1, tmp_path), tmp_path / "kept", [Item(0)])
