from __future__ import annotations

import platform
import subprocess
import sys

import pytest

BLOCKS = """
import resource
import sys

import numpy as np

from bench.runtime.allocator import keep_freed_memory

done = keep_freed_memory() if sys.argv[1] == "kept" else None
np.ones(8 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(8 << 20)
print(done, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(how: str, **variables: str) -> tuple[str, int]:
    """Twenty blocks of 64 MiB after a first one: what was said, and how many pages the system brought."""
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS, how], env=variables, capture_output=True, text=True, check=True
    )
    said, faults = done.stdout.split()
    return said, int(faults)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_a_block_lies_where_the_last_one_lay() -> None:
    _, given_back = run("given back")
    said, kept = run("kept")

    assert said == "True"
    assert kept < given_back / 5


@pytest.mark.parametrize(
    "variables",
    [
        {"MALLOC_TRIM_THRESHOLD_": "131072"},
        {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
        {"SPGBENCH_KEEP_MEMORY": "0"},
    ],
)
def test_what_the_user_has_tuned_stays(variables: dict[str, str]) -> None:
    assert run("kept", **variables)[0] == "False"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_freed_memory_is_given_back_where_the_switch_says_so() -> None:
    _, given_back = run("given back")
    said, switched_off = run("kept", SPGBENCH_KEEP_MEMORY="0")

    assert said == "False"
    assert switched_off > given_back / 2
