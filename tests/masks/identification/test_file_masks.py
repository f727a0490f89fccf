"""What a run on masks from files knows of the published sets."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import bench.masks
from bench.masks.identification import make_passport
from bench.masks.sources import FolderOfMasks


def test_a_published_set_is_known_and_told_in_the_wrong_polarity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for place in range(3):
        Image.fromarray(np.random.default_rng(place).random((8, 8)) < 0.4).save(tmp_path / f"{place}.png")
    passport = make_passport(FolderOfMasks(tmp_path, "white"), name="published", source="a paper", licence="CC0-1.0")
    monkeypatch.setattr("bench.masks.identification.catalogue.shipped_passports", lambda: (passport,))

    with caplog.at_level(logging.WARNING, "bench"):
        right: Any = bench.masks.get(f"files:{tmp_path}")
        assert (right.published, caplog.messages) == ("published", [])
        wrong: Any = bench.masks.get(f"files:{tmp_path}?hole=black")

    assert wrong.published == ""
    assert "is the set published with missing and known pixels exchanged. Add ?hole=white" in caplog.text


def test_a_set_of_one_hole_is_named_and_its_inverse_is_another_hole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left = np.zeros((256, 256), np.bool_)
    left[:, :128] = True
    for place in range(2):
        Image.fromarray(left).save(tmp_path / f"{place}.png")

    right_missing: Any = bench.masks.get(f"files:{tmp_path}?hole=black")
    left_missing: Any = bench.masks.get(f"files:{tmp_path}")

    assert (right_missing.published, left_missing.published) == ("RePaint genhalf", "")
    assert caplog.messages == []
