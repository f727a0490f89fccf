from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from spgnet import SPGNet, SPGNetConfig, weights
from tests.support.faults import FaultyDisk, faulty_disk

Scene = Callable[..., tuple[Tensor, Tensor, Tensor]]


def rewrite(file: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    """Change the tensors of a weight file and make its JSON fit again."""
    state = safetensors.torch.load_file(file)
    change(state)
    content = safetensors.torch.save(state)
    header = json.loads(file.with_suffix(".json").read_text())
    header.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    file.write_bytes(content)
    file.with_suffix(".json").write_text(json.dumps(header))


@pytest.fixture
def saved(model: SPGNet, tmp_path: Path) -> Path:
    model.save(tmp_path / "tiny")
    return tmp_path / "tiny.safetensors"


def test_the_same_model_comes_back(model: SPGNet, saved: Path, scene: Scene) -> None:
    image, hole, _ = scene(2, 48, 48)
    again = SPGNet.from_pretrained(saved)

    assert again.config == model.config
    assert not any(module.training for module in again.modules())
    assert torch.equal(again.complete(image, hole).image, model.complete(image, hole).image)


def test_loading_leaves_the_random_numbers_alone(saved: Path) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    SPGNet.from_pretrained(saved)

    assert torch.equal(torch.rand(3), expected)


def test_the_files_depend_on_the_weights_alone(model: SPGNet, saved: Path, tmp_path: Path) -> None:
    SPGNet.from_pretrained(saved).save(tmp_path / "deeper" / "again.safetensors")

    again = tmp_path / "deeper" / "again.safetensors"
    assert again.read_bytes() == saved.read_bytes()
    assert again.with_suffix(".json").read_text() == saved.with_suffix(".json").read_text()
    assert sorted(file.name for file in again.parent.iterdir()) == ["again.json", "again.safetensors"]


def test_half_precision_halves_the_file_and_hardly_moves_the_fill(model: SPGNet, saved: Path, scene: Scene) -> None:
    image, hole, labels = scene(2, 48, 48)
    half = saved.with_name("half.safetensors")
    model.save(half, half=True)
    loaded = SPGNet.from_pretrained(half)

    assert half.stat().st_size < 0.56 * saved.stat().st_size
    assert weights.read_header(half).dtype == "float16"
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    statistics = "sgnet.generator.down.2.running_var"
    assert torch.equal(loaded.state_dict()[statistics], model.state_dict()[statistics])
    torch.testing.assert_close(
        loaded.complete(image, hole, labels).image, model.complete(image, hole, labels).image, atol=0.02, rtol=0
    )


def test_values_beyond_half_precision_stay_single(tmp_path: Path) -> None:
    state = {"large": torch.full((2, 2), 1e6), "small": torch.full((2, 2), 0.5), "bias": torch.ones(2)}
    weights.save(tmp_path / "w", state, "Any", {}, half=True)
    read, _ = weights.read(tmp_path / "w", "Any")

    assert {name: value.dtype for name, value in read.items()} == {
        "large": torch.float32,
        "small": torch.float16,
        "bias": torch.float32,
    }


def test_the_header_says_what_the_weights_are(model: SPGNet, saved: Path) -> None:
    header = weights.read_header(saved)

    assert header.architecture == "SPGNet"
    assert SPGNetConfig.from_dict(header.config) == model.config
    assert header.sha256 == hashlib.sha256(saved.read_bytes()).hexdigest()
    assert header.size == saved.stat().st_size


def test_a_name_with_dots_is_a_name(model: SPGNet, tmp_path: Path) -> None:
    model.save(tmp_path / "run.v1")
    model.save(tmp_path / "run.v2")

    assert {file.name for file in tmp_path.iterdir()} == {
        f"run.v{n}.{s}" for n in (1, 2) for s in ("json", "safetensors")
    }
    assert SPGNet.from_pretrained(tmp_path / "run.v1").config == model.config


def test_weights_may_leave_out_what_their_base_holds(model: SPGNet, saved: Path) -> None:
    model.save(saved, half=True)
    sharp = SPGNet.from_pretrained(saved)
    with torch.no_grad():
        next(sharp.sgnet.parameters()).add_(1)
    file = saved.with_name("sharp.safetensors")

    sharp.save(file, half=True, base=saved.stem)

    assert file.stat().st_size < 0.2 * saved.stat().st_size
    assert (weights.read_header(file).base, weights.read_header(saved).base) == (saved.stem, "")
    loaded = SPGNet.from_pretrained(file).state_dict()
    assert {name: value.shape for name, value in loaded.items()} == {n: v.shape for n, v in sharp.state_dict().items()}
    changed = [
        name for name, value in SPGNet.from_pretrained(saved).state_dict().items() if loaded[name].ne(value).any()
    ]
    assert changed == [f"sgnet.{next(name for name, _ in sharp.sgnet.named_parameters())}"]


def test_another_base_is_refused(model: SPGNet, saved: Path) -> None:
    file = saved.with_name("sharp.safetensors")
    model.save(file, base=saved.stem)
    model.save(saved, half=True)
    with pytest.raises(ValueError, match=r"must be the base of sharp.safetensors, with SHA-256 \w{12}; found \w{12}"):
        SPGNet.from_pretrained(file)
    saved.unlink()
    with pytest.raises(ValueError, match=f"weights '{saved.stem}' must be a shipped name"):
        SPGNet.from_pretrained(file)
    header = json.loads(file.with_suffix(".json").read_text())
    file.with_suffix(".json").write_text(json.dumps(header | {"base": "sharp"}))
    with pytest.raises(ValueError, match="must have another file as their base"):
        SPGNet.from_pretrained(file)


def test_a_full_disk_leaves_the_earlier_files(saved: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with faulty_disk(FaultyDisk(tmp_path, first=6)) as disk, pytest.raises(OSError, match="No space left") as caught:
        weights.save(saved, {"other": torch.ones(3)}, "Tiny", {})

    assert disk.seen[5] == "write .tiny.safetensors.part"
    assert caught.value.filename == str(saved)
    assert before == {name: (tmp_path / name).read_bytes() for name in before}
    assert not (tmp_path / ".tiny.safetensors.part").exists()


def test_a_truncated_file(saved: Path) -> None:
    size = saved.stat().st_size
    os.truncate(saved, size // 2)
    with pytest.raises(ValueError, match=f"must be the {size} bytes .* found a truncated file of {size // 2} bytes"):
        SPGNet.from_pretrained(saved)


def test_a_changed_file(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-1] ^= 1
    saved.write_bytes(content)
    with pytest.raises(ValueError, match="found a changed file"):
        SPGNet.from_pretrained(saved)


def test_a_file_that_is_no_safetensors(saved: Path) -> None:
    content = b"not tensors at all"
    header = json.loads(saved.with_suffix(".json").read_text())
    header.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    saved.write_bytes(content)
    saved.with_suffix(".json").write_text(json.dumps(header))
    with pytest.raises(ValueError, match="must be safetensors; found"):
        SPGNet.from_pretrained(saved)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 2}', "null"])
def test_a_header_that_describes_nothing(saved: Path, text: str) -> None:
    saved.with_suffix(".json").write_text(text)
    with pytest.raises(ValueError, match=r"tiny.json must describe the weights beside it"):
        SPGNet.from_pretrained(saved)


def test_a_missing_header(saved: Path) -> None:
    saved.with_suffix(".json").unlink()
    with pytest.raises(ValueError, match=r"tiny.json must describe .*No such file.* Copy both files"):
        SPGNet.from_pretrained(saved)


def test_another_class(saved: Path) -> None:
    with pytest.raises(ValueError, match="must be of LaMa; found SPGNet"):
        weights.read(saved, "LaMa")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("spnet.generator.down.1.bias"), "found tensors missing: spnet.generator.down.1.bias"),
        (lambda s: s.update(extra=torch.ones(1)), "found tensors unexpected: extra"),
        (
            lambda s: s.update({"sgnet.generator.down.1.bias": torch.ones(7)}),
            r"found tensors of another shape: sgnet.generator.down.1.bias \[7\] instead of \[4\]",
        ),
    ],
)
def test_tensors_of_another_architecture(
    saved: Path, change: Callable[[dict[str, Tensor]], object], message: str
) -> None:
    rewrite(saved, change)
    with pytest.raises(ValueError, match=message):
        SPGNet.from_pretrained(saved)


def test_many_wrong_tensors_are_counted(model: SPGNet, unguided: SPGNet) -> None:
    before = {name: value.clone() for name, value in unguided.state_dict().items()}
    n = len(model.state_dict()) - len(before)
    with pytest.raises(ValueError, match=rf"guided must fit SPGNet; .* and {n - 3} more"):
        weights.load_state(unguided, model.state_dict(), "guided")
    assert all(torch.equal(value, before[name]) for name, value in unguided.state_dict().items())


@pytest.mark.parametrize("suffix", ["pt", "pth", "ckpt", "pkl"])
def test_a_pickle_by_its_name(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ValueError, match=r"found a pickle.* write it with spgnet.weights.save"):
        SPGNet.from_pretrained(tmp_path / f"model.{suffix}")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_under_a_better_name(saved: Path, zipped: bool) -> None:
    torch.save({"a": torch.ones(1)}, saved, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match="found a pickle, which can run any code"):
        SPGNet.from_pretrained(saved)


def test_an_unknown_name(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PRETRAINED", saved.parent)

    assert weights.shipped() == ["tiny"]
    assert SPGNet.from_pretrained("tiny").config.classes == ("road", "sky", "car")
    with pytest.raises(ValueError, match=r"weights 'timy' must be a shipped name .*Shipped: tiny\."):
        SPGNet.from_pretrained("timy")


def test_a_name_where_nothing_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PRETRAINED", tmp_path)
    with pytest.raises(ValueError, match="Shipped: none in this version"):
        SPGNet.from_pretrained("streets-small")


def test_values_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="weights a must be finite"):
        weights.save(tmp_path / "w", {"a": torch.tensor([1.0, float("nan")])}, "Any", {})
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_size_of_model_do_not_fit(saved: Path, model: SPGNet) -> None:
    wider = replace(model.config, sgnet=replace(model.config.sgnet, base_channels=5))
    message = re.escape("sgnet.generator.down.1.weight [4, 6, 7, 7] instead of [5, 6, 7, 7]")
    with pytest.raises(ValueError, match=message):
        weights.load_state(SPGNet(wider), weights.read(saved, "SPGNet")[0], "tiny")
