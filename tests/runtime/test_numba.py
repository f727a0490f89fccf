from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import pytest
from numba.core.caching import FunctionCache

from bench.runtime import numba as runtime

SETTINGS: Any = numba.config


def double(value: int) -> int:
    return 2 * value


@pytest.fixture
def no_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Numba may write nowhere; yields what is the temporary folder meanwhile."""
    real: Any = FunctionCache.__init__

    def without_place(self: object, function: object) -> None:
        if not SETTINGS.CACHE_DIR:
            raise RuntimeError("cannot cache function 'double': no locator available for file 'x.py'")
        real(self, function)

    monkeypatch.setattr(FunctionCache, "__init__", without_place)
    monkeypatch.setattr(SETTINGS, "CACHE_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    runtime._use_temporary_folder.cache_clear()
    yield tmp_path
    runtime._use_temporary_folder.cache_clear()


def test_without_a_place_the_temporary_folder_is_taken_with_one_warning(no_place: Path) -> None:
    with pytest.warns(RuntimeWarning, match="takes .*NUMBA_CACHE_DIR") as caught:
        assert [runtime.compiled(double)(3), runtime.compiled(double)(4)] == [6, 8]

    assert len(caught) == 1
    assert Path(SETTINGS.CACHE_DIR).parent == no_place


@pytest.mark.skipif(sys.platform == "win32", reason="no users")
def test_a_folder_that_others_may_write_is_not_trusted(no_place: Path) -> None:
    folder = no_place / f"spgbench-numba-{os.geteuid()}"
    folder.mkdir()
    folder.chmod(0o777)

    with pytest.warns(RuntimeWarning, match="compiles again"):
        assert runtime.compiled(double)(3) == 6
    assert list(folder.iterdir()) == []
