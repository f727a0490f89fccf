"""A worker process that the system kills ends the run with one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import ModelFailure
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.models import MODELS

PLUG_IN = """
import os, signal
from bench.vocabulary import LabelSources

class Killed:
    name, fingerprint, label_sources = "killed", "1" * 64, LabelSources()

    def __init__(self, device): ...

    def inpaint(self, batch):
        os.kill(os.getpid(), signal.SIGKILL)  # what the system does when memory runs out
"""


def test_it_says_which_model_and_picture(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    (package / "killed-1.dist-info").mkdir(parents=True)
    (package / "killed.py").write_text(PLUG_IN)
    (package / "killed-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: killed\nVersion: 1\n")
    (package / "killed-1.dist-info" / "entry_points.txt").write_text("[spgbench.models]\nkilled = killed:Killed\n")
    monkeypatch.syspath_prepend(package)
    monkeypatch.setattr(MODELS, "_entries", dict(MODELS._entries))
    monkeypatch.setattr(MODELS, "_plugins_read", False)
    root = str(picture_folder(17, size=16))  # two shards
    suite = Suite("test", dataset="folder", size="16", data_root=root, models=("killed",), metrics=("l1",))

    with pytest.raises(ModelFailure, match=r"model killed, picture p0\d\d\. Use fewer --workers\. What is recorded"):
        run_suite(suite, tmp_path / "out", workers=2)
