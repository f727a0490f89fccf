"""A Ray of this machine for tests: small, quiet, gone at the end."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.runtime.executors.ray_session import import_ray

__all__ = ["importable_tests", "kill_node", "local_ray", "ray_nodes"]

_ROOT = Path(__file__).parents[2]
_QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
_SMALL = {"include_dashboard": False, "object_store_memory": 128 << 20}


@contextmanager
def importable_tests() -> Iterator[None]:
    """Let processes that are started in the block import the modules of tests by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(_ROOT), prepend=":")
        yield


@contextmanager
def local_ray(cpus: int) -> Iterator[None]:
    """Ray, as a program that uses it already has it: engines use this one and leave it running."""
    ray = import_ray()
    with importable_tests(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "subprocess .* is still running", ResourceWarning)
        ray.init(address="local", num_cpus=cpus, **_SMALL, **_QUIET)
        try:
            yield
        finally:
            ray.shutdown()


@contextmanager
def ray_nodes(*cpus: int) -> Iterator[Any]:
    """The same on several nodes, each with a raylet of its own; the driver is on the first one. Yields the cluster."""
    ray = import_ray()
    from ray.cluster_utils import Cluster

    health = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 500, "health_check_failure_threshold": 4}
    with importable_tests(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": cpus[0], "_system_config": health, **_SMALL}
        )
        try:
            for count in cpus[1:]:
                cluster.add_node(num_cpus=count, object_store_memory=128 << 20)
            ray.init(address=cluster.address, **_QUIET)
            yield cluster
        finally:
            ray.shutdown()
            shut_down: Any = cluster.shutdown  # it has no types
            shut_down()


def kill_node(cluster: Any) -> None:
    """SIGKILL a node that the driver is not on, with all of its workers."""
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
