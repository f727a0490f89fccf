"""Waits are found, and the mode that finds them never outlives the block; torch's mode is played by a stand-in."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch

from bench.runtime.synchronisations import synchronisations


class Mode:
    """torch's mode on a GPU: it warns of itself once, after it is set."""

    def __init__(self) -> None:
        self.value: int | str = 0
        self.told = False

    def set(self, value: int | str) -> None:
        self.value = value
        if not self.told:
            self.told = True
            warnings.warn("Synchronization debug mode is a prototype feature", stacklevel=2)

    def wait(self) -> None:
        if self.value == "warn":
            warnings.warn("called a synchronizing CUDA operation", stacklevel=2)


@pytest.fixture
def mode(monkeypatch: pytest.MonkeyPatch) -> Mode:
    made = Mode()
    monkeypatch.setattr(torch.cuda, "get_sync_debug_mode", lambda: made.value)
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", made.set)
    return made


def test_each_wait_is_named_by_its_line(mode: Mode) -> None:
    with synchronisations() as places:
        mode.wait()
        mode.wait()

    assert [place.partition("test_synchronisations.py, line ")[2].isdigit() for place in places] == [True, True]
    assert mode.value == 0
    with synchronisations() as places:
        pass
    assert places == []


def _fail() -> None:
    raise RuntimeError("out of memory")


def _warn() -> None:
    warnings.warn("another one", stacklevel=2)


@pytest.mark.parametrize(
    ("work", "error", "text"), [(_fail, RuntimeError, "out of memory"), (_warn, UserWarning, "another one")]
)
def test_the_mode_of_before_comes_back_after_an_error(
    mode: Mode, work: Callable[[], None], error: type[Exception], text: str
) -> None:
    mode.value = "error"

    with pytest.raises(error, match=text), synchronisations():  # warnings are errors here
        work()

    assert mode.value == "error"
