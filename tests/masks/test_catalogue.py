from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import bench.masks
from bench.errors import DataError, UnknownName, UsageError
from bench.masks.edit_names import EDITS
from bench.masks.mask_info import MaskInfo
from bench.masks.protocol import DrawnProtocol
from bench.masks.random_stream import RandomStream
from bench.registry import Registry
from bench.removal import task_of
from bench.vocabulary import Protocol

NAMES = [entry.name for entry in bench.masks.PROTOCOLS if not entry.name.endswith(":")]
PROMISED = {
    *("center-50", "random-rect", "spg-random", "freeform", "freeform-brush"),
    *("irregular-10-20", "irregular-20-30", "irregular-30-40", "irregular-40-50", "irregular-50-60"),
    *("lama-thin-256", "lama-medium-256", "lama-thick-256", "lama-thin-512", "lama-medium-512", "lama-thick-512"),
    *("comodgan-512", "mat-large-512", "mat-small-512", "mat-large-256", "mat-small-256"),
    *("outpaint-25", "half-left", "half-right", "every-second-line", "expand-64", "super-resolve-2"),
    *("object", "object-removal", "object-outside", "object-and-shadow-removal", "whole"),
    *("object-removal-0", "object-removal-5", "object-removal-10", "object-removal-20"),
}


def test_all_promised_protocols_are_there_in_all_their_versions() -> None:
    assert sorted(NAMES) == sorted([*(f"{name}@1" for name in PROMISED), "object@2"])


def test_a_name_alone_is_the_newest_version() -> None:
    assert bench.masks.get("object").name == "object@2"


def test_the_task_that_is_listed_is_the_protocols_own() -> None:
    listed = {entry.name: dict(entry.options)["info"].task for entry in bench.masks.PROTOCOLS if entry.name in NAMES}

    assert listed == {name: task_of(bench.masks.get(name)) for name in NAMES}
    assert {name for name in listed if "-removal" in name} == {name for name in listed if listed[name] == "removal"}


def test_the_public_names() -> None:
    assert bench.masks.__all__ == ["PROTOCOLS", "draw", "get"]


def test_listing_imports_neither_numpy_nor_numba() -> None:
    heavy = "{'numpy', 'numba', 'cv2', 'scipy', 'PIL', 'torch'}"
    code = f"import sys, bench.masks; n = len(list(bench.masks.PROTOCOLS)); print(n, {heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout

    assert out == f"{len(NAMES) + 1 + len(EDITS)} set()\n"  # `files:`, and the edits


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_knows_itself(name: str) -> None:
    protocol = bench.masks.get(name)

    assert protocol.name == name
    assert protocol.needs_labels == name.startswith("object")
    assert protocol.summary  # type: ignore[attr-defined]  # more than the vocabulary asks for
    assert protocol.source  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(protocol)).name == name  # noqa: S301  our own bytes: workers get protocols so


@pytest.mark.parametrize("name", ["center", "center-50@2", "lama-thick", "object@", ""])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownName):
        bench.masks.get(name)


@pytest.mark.parametrize("size", [(0, 9), (9, 0), (-3, 4)])
def test_a_size_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="at least 1x1"):
        bench.masks.draw("center-50", height=size[0], width=size[1], key="a")


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((8, 9), np.uint8),
        np.zeros((9, 9)),
        np.full((9, 9), 256),
        np.full((9, 9), -1),
        np.zeros(81, np.uint8),
        np.zeros(0, np.uint8),
    ],
)
def test_a_label_map_that_cannot_be_one_is_refused(labels: np.ndarray) -> None:
    with pytest.raises(DataError, match="label map"):
        bench.masks.draw("object", height=9, width=9, key="a", labels=labels)


@pytest.mark.parametrize("name", ["object", "object-removal", "object-removal-0", "object-outside"])
def test_a_protocol_that_needs_labels_says_so(name: str) -> None:
    with pytest.raises(UsageError, match="be given a label map"):
        bench.masks.draw(name, height=64, width=64, key="a")


@pytest.mark.parametrize("name", ["outpaint-25", "expand-64", "center-50"])
def test_a_picture_too_small_for_the_rule_is_an_error_that_names_all(name: str) -> None:
    with pytest.raises(UsageError, match=rf"'{name}@1' for sample 'tiny' at seed 0 .* share [01]\.0000"):
        bench.masks.draw(name, height=1, width=1, key="tiny")


@pytest.mark.parametrize("name", ["irregular-10-20", "lama-thin-256", "mat-large-512"])
def test_a_rule_that_cannot_keep_its_share_gives_up(name: str) -> None:
    with pytest.raises(UsageError, match=rf"'{name}@1' must find a hole .* 1x1"):
        bench.masks.draw(name, height=1, width=1, key="tiny")


@dataclass
class Given(DrawnProtocol):
    value: np.ndarray

    def draw(self, stream: RandomStream, height: int, width: int) -> np.ndarray:  # noqa: ARG002
        return self.value


@pytest.mark.parametrize(
    "value", [np.zeros((4, 4), bool), np.ones((4, 4), bool), np.eye(5, dtype=bool), np.eye(4), np.zeros(0, bool)]
)
def test_no_protocol_gets_away_with_a_bad_hole(value: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Given(MaskInfo("mine@1", "mine", "nowhere"), value)
    monkeypatch.setattr("bench.masks.catalogue.get", lambda _: mine)

    with pytest.raises(UsageError, match="hole of protocol 'mine@1' for sample 'a'"):
        bench.masks.draw("mine", height=4, width=4, key="a")


def test_another_package_adds_the_protocol_of_the_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-protocol.md").read_text(encoding="utf-8")
    code = page.split('```python title="corner.py"\n')[1].split("```")[0]
    (tmp_path / "corner.py").write_text(dedent(code), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("corner@1", "corner:Corner", "spgbench.protocols")
    monkeypatch.setattr("bench.registry.entry_points", lambda group: [point] if group == "spgbench.protocols" else [])
    protocols: Registry[Protocol] = Registry("protocol", "spgbench.protocols")
    monkeypatch.setattr("bench.masks.catalogue.PROTOCOLS", protocols)

    hole = bench.masks.draw("corner", height=64, width=80, key="a")

    assert np.count_nonzero(hole) == 16 * 20
    assert hole[0, 0] or hole[0, -1] or hole[-1, 0] or hole[-1, -1]
