"""Models that kill, break or hang their worker cost a run the pictures at hand alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.errors import Failure
from bench.models import MODELS
from bench.records import read_run

PLUG_IN = """
import ctypes, os, signal
from pathlib import Path
from bench.models import load
from bench.vocabulary import LabelSources

FOLDER = Path(__file__).parent

class Faulty:
    label_sources = LabelSources()

    def __init__(self, name, device):
        self.name, self.fingerprint, self.mean = name, name.encode().hex().ljust(64, "0"), load("mean")

    def inpaint(self, batch):
        if {"killed": "p001", "killed-once": "p002", "broken": "p003", "hanging": "p018"}[self.name] in batch.ids:
            getattr(self, self.name.replace("-", "_"))()
        return self.mean.inpaint(batch)

    def killed(self):
        if not (FOLDER / "mended").exists():
            os.kill(os.getpid(), signal.SIGKILL)  # what the system does when memory runs out

    def killed_once(self):
        if not (FOLDER / "was-killed").exists():
            (FOLDER / "was-killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def broken(self):
        if not (FOLDER / "mended").exists():
            ctypes.string_at(0)

    def hanging(self):
        if not (FOLDER / "mended").exists():
            left, _ = signal.getitimer(signal.ITIMER_REAL)
            assert 0 < left <= 300  # the time limit
            signal.setitimer(signal.ITIMER_REAL, 0.1)  # most of it has passed
            ctypes.PyDLL(None).sleep(600)  # and keeps the interpreter

def make(name):
    return lambda device: Faulty(name, device)

killed, killed_once, broken, hanging = map(make, ("killed", "killed-once", "broken", "hanging"))
"""
NAMES = ("broken", "hanging", "killed-once")


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose models break; a file `mended` in it mends them."""
    package = tmp_path / "package"
    (package / "faulty-1.dist-info").mkdir(parents=True)
    (package / "faulty.py").write_text(PLUG_IN)
    (package / "faulty-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1\n")
    entries = "".join(f"{name} = faulty:{name.replace('-', '_')}\n" for name in (*NAMES, "killed"))
    (package / "faulty-1.dist-info" / "entry_points.txt").write_text(f"[spgbench.models]\n{entries}")
    monkeypatch.syspath_prepend(package)
    monkeypatch.setattr(MODELS, "_entries", dict(MODELS._entries))
    monkeypatch.setattr(MODELS, "_plugins_read", False)
    return package


def _tree(folder: Path) -> dict[str, bytes]:
    """Every file that a run makes of its records."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_other_cells_go_on_and_the_next_run_mends_it(
    picture_folder: Callable[..., Path], plug_in: Path, tmp_path: Path
) -> None:
    root, out = picture_folder(20, size=16), tmp_path / "out"
    options = f"run --models {','.join(NAMES)} --dataset folder --data-root {root} --size 16 --metrics l1".split()

    result = CliRunner().invoke(app, [*options, "--workers", "2", "--batch-timeout", "300", "-o", str(out)])

    assert isinstance(result.exception, Failure)
    assert result.exception.exit_code == 3
    text = str(result.exception)
    assert "broken on center-50@1, 16 pictures from p000 to p015: SIGSEGV at pictures p000, p001, p002, p003" in text
    assert (
        "hanging on center-50@1, 4 pictures from p016 to p019: SIGALRM (end of its time limit) at pictures p016" in text
    )
    assert "killed-once" not in text
    assert "A batch may take 300 s: --batch-timeout" in text
    assert "killed-once" in result.stdout
    run = read_run(out)
    assert [key.model for key in run.cells] == ["killed-once"]
    assert (out / "tables" / "main.md").exists()

    (plug_in / "mended").touch()
    finished = CliRunner().invoke(app, [*options, "-o", str(out)], catch_exceptions=False)
    whole = CliRunner().invoke(app, [*options, "-o", str(tmp_path / "whole")], catch_exceptions=False)

    assert finished.exit_code == whole.exit_code == 0
    assert _tree(out / "cells") == _tree(tmp_path / "whole" / "cells")
    assert _tree(out / "gallery") == _tree(tmp_path / "whole" / "gallery")
