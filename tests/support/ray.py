"""A Ray of this machine for tests: small, quiet, gone at the end."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.runtime.executors.ray_session import import_ray

__all__ = ["importable_tests", "local_ray"]

_ROOT = Path(__file__).parents[2]


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
        settings = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
        ray.init(address="local", num_cpus=cpus, object_store_memory=128 << 20, **settings)
        try:
            yield
        finally:
            ray.shutdown()
