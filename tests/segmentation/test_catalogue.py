from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch

import bench.registry
from bench.errors import DataError, UnknownName, UsageError
from bench.registry import Registry
from bench.segmentation import JUDGES, catalogue, listing, load, shipped, trained
from bench.segmentation.network import JudgeConfig, JudgeNetwork
from bench.vocabulary import VOID
from tests.segmentation.conftest import CLASSES

Mapping = Callable[[object], Path]


class Halves:
    """A judge of another package: sees `left` and `right`, and nothing in the first row."""

    name, fingerprint = "halves", "f" * 64
    classes: tuple[str, ...] = ("left", "right", "centre")

    def __init__(self, *, device: str, split: str = "2") -> None:
        assert device == "cpu"
        self.part = int(split)

    def segment(self, pictures: torch.Tensor) -> torch.Tensor:
        labels = torch.zeros(len(pictures), *pictures.shape[2:], dtype=torch.uint8)
        labels[..., pictures.shape[3] // self.part :] = 1
        labels[:, 0] = VOID
        return labels


class ManyClasses(Halves):
    classes = tuple(map(str, range(256)))


@pytest.fixture
def _halves(monkeypatch: pytest.MonkeyPatch) -> None:
    judges: Registry[object] = Registry("judge", "spgbench.judges")
    points = [
        EntryPoint("halves", "tests.segmentation.test_catalogue:Halves", "spgbench.judges"),
        EntryPoint("many", "tests.segmentation.test_catalogue:ManyClasses", "spgbench.judges"),
    ]
    monkeypatch.setattr(bench.registry, "entry_points", lambda group: points if group == "spgbench.judges" else [])
    monkeypatch.setattr(catalogue, "JUDGES", judges)


def test_the_catalogue_is_listed_without_torch() -> None:
    code = (
        "import sys; from bench.segmentation import JUDGES, shipped; print(*(e.name for e in JUDGES)); shipped();"
        "assert not {'torch', 'transformers', 'torchvision'} & set(sys.modules)"
    )

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert output.split() == [entry.name for entry in JUDGES]
    assert {"streets", "camvid", "torchvision:", "hf:"} <= set(output.split())


def test_a_judge_by_its_file_and_by_its_name(
    weights: Path, pictures: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PRETRAINED", tmp_path)
    monkeypatch.setattr(trained, "PRETRAINED", tmp_path)
    for suffix in ("safetensors", "json"):
        weights.with_suffix(f".{suffix}").rename(tmp_path / f"streets.{suffix}")

    by_name = load("streets", CLASSES)
    by_file = load(str(tmp_path / "streets.safetensors"), CLASSES)
    by_scheme = load(f"file:{tmp_path / 'streets.safetensors'}", CLASSES)

    assert shipped() == ("streets",)
    assert {by_name.name, by_file.name, by_scheme.name} == {"streets"}
    assert by_name.fingerprint == by_file.fingerprint == by_scheme.fingerprint
    assert by_name.classes == CLASSES
    assert torch.equal(by_name.segment(pictures), by_file.segment(pictures))


def test_a_judge_that_is_not_shipped_says_how_to_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "PRETRAINED", tmp_path)
    with pytest.raises(
        UsageError, match=r"judge 'streets' must come with the package; found no weights.*spgbench train"
    ):
        load("streets", CLASSES)


def test_other_weights_are_another_judge(weights: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    JudgeNetwork(JudgeConfig(CLASSES)).save(tmp_path / "other")

    assert load(str(weights), CLASSES).fingerprint != load(str(tmp_path / "other.safetensors"), CLASSES).fingerprint


@pytest.mark.usefixtures("_halves")
def test_a_mapping_translates_classes_and_is_part_of_the_judge(mapping: Mapping, pictures: torch.Tensor) -> None:
    file = mapping({"left": "sky", "right": "ground", "centre": None})

    judge = load(f"halves?map={file}&split=7", CLASSES)

    labels = judge.segment(pictures)
    assert labels.dtype == torch.uint8
    assert judge.classes == CLASSES
    assert set(labels[:, 1:, :10].flatten().tolist()) == {CLASSES.index("sky")}
    assert set(labels[:, 1:, 10:].flatten().tolist()) == {CLASSES.index("ground")}
    assert set(labels[:, 0].flatten().tolist()) == {VOID}
    again = load(f"halves?map={mapping({'left': 'ground', 'right': 'sky'})}", CLASSES)
    assert len({judge.fingerprint, again.fingerprint, Halves.fingerprint}) == 3


@pytest.mark.usefixtures("_halves")
def test_classes_without_a_counterpart_are_void(mapping: Mapping, pictures: torch.Tensor) -> None:
    labels = load(f"halves?map={mapping({'left': 'sky'})}", CLASSES).segment(pictures)
    assert set(labels[:, :, 35:].flatten().tolist()) == {VOID}


@pytest.mark.usefixtures("_halves")
@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ({"lefd": "sky"}, UnknownName, "class of the judge 'lefd' must be a known name.*Did you mean left"),
        ({"left": "skyy"}, UnknownName, "class of the data set 'skyy' must be a known name.*Did you mean sky"),
        ({"left": None}, DataError, "must lead to some of ground, thing, sky; found none"),
        ({"left": 2}, UsageError, 'must be an object of class names; found {"left": 2}'),
        (["left"], UsageError, "must be an object of class names"),
    ],
)
def test_mappings_that_make_no_sense(mapping: Mapping, names: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load(f"halves?map={mapping(names)}", CLASSES)


@pytest.mark.usefixtures("_halves")
def test_a_judge_of_other_classes_asks_for_a_mapping(tmp_path: Path) -> None:
    message = r"judge 'halves' must have the data set's classes \(ground, thing, sky\); found left, right, centre.*map="
    with pytest.raises(DataError, match=message):
        load("halves", CLASSES)
    with pytest.raises(UsageError, match="must be a JSON file that can be read; found FileNotFoundError"):
        load(f"halves?map={tmp_path / 'none.json'}", CLASSES)
    assert load("halves", Halves.classes).name == "halves"


@pytest.mark.usefixtures("_halves")
def test_what_a_label_map_cannot_hold_is_refused() -> None:
    with pytest.raises(DataError, match="must have at most 255 classes; found 256"):
        load("many", CLASSES)


@pytest.mark.parametrize("name", ["street", "torchvisio:fcn_resnet50"])
def test_unknown_judges(name: str) -> None:
    with pytest.raises(UnknownName, match=r"judge '.*' must be a known name.*Did you mean"):
        load(name, CLASSES)


@pytest.mark.parametrize("options", ["map", "map=", "=x", "device=cuda", "name=x"])
def test_options_must_have_a_value(weights: Path, options: str) -> None:
    with pytest.raises(UsageError, match="must be KEY=VALUE"):
        load(f"{weights}?{options}", CLASSES)


def test_options_that_a_judge_does_not_have(weights: Path) -> None:
    with pytest.raises(UsageError, match=r"must have options that fit; found .*'size'"):
        load(f"{weights}?size=3", CLASSES)


def test_files_that_are_no_judge(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be a file; found none"):
        load(str(tmp_path / "none.safetensors"), CLASSES)
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(UsageError, match=r"must be those of a judge; found .*a changed file"):
        load(str(weights), CLASSES)


def test_judges_are_listed_by_the_command() -> None:
    output = subprocess.run(
        [sys.executable, "-m", "bench", "ls", "judges", "--json"], capture_output=True, text=True, check=True
    ).stdout

    assert [entry["name"] for entry in json.loads(output)] == [entry.name for entry in JUDGES]
