from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import bench.models
from bench.errors import ModelFailure, UsageError
from bench.models.instrumentation import observe
from bench.vocabulary import Batch
from tests.models.contract import make_batch, rows_of
from tests.models.foreign_files import ToyNet, write_torchscript


def test_it_is_called_as_the_public_lama_file_is(tmp_path: Path) -> None:
    batch = make_batch(2)
    model = bench.models.load(f"torchscript:{write_torchscript(tmp_path / 'toy.pt')}")

    image = model.inpaint(batch).image

    with torch.inference_mode():
        expected = torch.cat([ToyNet()(*_pair(rows_of(batch, slice(row, row + 1)))) for row in (0, 1)])
    torch.testing.assert_close(image, expected, rtol=0, atol=1e-6)
    assert model.name == "torchscript:toy.pt"


def _pair(batch: Batch) -> tuple[Tensor, Tensor]:
    return batch.image, batch.hole.float()


def test_its_parameters_and_operations_can_be_counted(tmp_path: Path) -> None:
    batch = make_batch(2)
    model = bench.models.load(f"torchscript:{write_torchscript(tmp_path / 'toy.pt')}", isolated=False)

    counted, plain = observe(lambda: model.inpaint(batch)), observe(lambda: ToyNet()(*_pair(batch)))

    assert (counted.parameters, counted.flops) == (plain.parameters, plain.flops)
    assert counted.flops > 0


def test_the_fingerprint_is_of_content_not_of_place(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here, there = write_torchscript(tmp_path / "a.pt"), tmp_path / "elsewhere" / "b.pt"
    there.write_bytes(here.read_bytes())
    other = ToyNet()
    nn.init.zeros_(other.up.weight)
    write_torchscript(tmp_path / "c.pt", other)

    prints = [bench.models.load(f"torchscript:{path}").fingerprint for path in (here, there, tmp_path / "c.pt")]

    assert prints[0] == prints[1]
    assert prints[0] != prints[2]


def test_a_size_that_it_cannot_take_is_said(tmp_path: Path) -> None:
    model = bench.models.load(f"torchscript:{write_torchscript(tmp_path / 'toy.pt')}")

    with pytest.raises(ModelFailure, match=r"model torchscript:toy.pt must answer a picture \[1, 3, 30, 42\]"):
        model.inpaint(make_batch(1, (30, 42)))


class OneInput(nn.Module):
    def forward(self, stacked: Tensor) -> Tensor:
        return stacked


class ThreeInputs(nn.Module):
    def forward(self, image: Tensor, mask: Tensor, edges: Tensor) -> Tensor:
        return image * mask * edges


class TextInput(nn.Module):
    def forward(self, image: Tensor, mode: str) -> Tensor:
        return image if mode else -image


class WithDefault(nn.Module):
    def forward(self, image: Tensor, mask: Tensor, strength: float = 0.5) -> Tensor:
        return image + mask * strength


@pytest.mark.parametrize(
    ("module", "inputs", "found"),
    [(OneInput(), 1, "forward(stacked: Tensor)"), (ThreeInputs(), 3, "forward(image: Tensor, mask: Tensor, edges")],
)
def test_another_signature_is_refused(module: nn.Module, inputs: int, found: str, tmp_path: Path) -> None:
    write_torchscript(tmp_path / "other.pt", module, inputs=inputs)

    with pytest.raises(ModelFailure) as failure:
        bench.models.load(f"torchscript:{tmp_path / 'other.pt'}")

    assert failure.value.must == "be called as model(image, mask)"
    assert found in failure.value.found


def test_types_of_arguments_are_looked_at_and_defaults_allowed(tmp_path: Path) -> None:
    write_torchscript(tmp_path / "text.pt", TextInput(), inputs=0)
    write_torchscript(tmp_path / "default.pt", WithDefault(), inputs=0)

    with pytest.raises(ModelFailure, match="mode: str"):
        bench.models.load(f"torchscript:{tmp_path / 'text.pt'}")
    image = bench.models.load(f"torchscript:{tmp_path / 'default.pt'}").inpaint(make_batch(1)).image
    assert torch.equal(image, make_batch(1).image + 0.5 * make_batch(1).hole)


class MaskFirst(nn.Module):
    def forward(self, mask: Tensor, image: Tensor) -> Tensor:
        return image * (1 - mask) + 0.5 * mask


class Unnamed(nn.Module):
    """Its second argument is the picture: `a` has one channel."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return b * (1 - a[:, :1]) + 0.5 * a.view(b.shape[0], 1, b.shape[2], b.shape[3])


class Either(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return (a + b) / 2


def test_the_order_of_its_arguments_is_found_or_declared(tmp_path: Path) -> None:
    batch = make_batch(2)
    expected = batch.image.masked_fill(batch.hole, 0.5)
    for name, module in (("named", MaskFirst()), ("probed", Unnamed())):
        path = write_torchscript(tmp_path / f"{name}.pt", module, inputs=0)
        assert torch.equal(bench.models.load(f"torchscript:{path}").inpaint(batch).image, expected)

    path = write_torchscript(tmp_path / "either.pt", Either(), inputs=0)
    with pytest.raises(
        UsageError, match=r"forward\(a, b\), which takes them in both orders. Declare \?order=image-mask"
    ):
        bench.models.load(f"torchscript:{path}")
    image = bench.models.load(f"torchscript:{path}?order=mask-image").inpaint(batch).image
    assert torch.equal(image, (batch.image + batch.hole) / 2)
    with pytest.raises(UsageError, match="be image-mask or mask-image"):
        bench.models.load(f"torchscript:{path}?order=image")


class Scaled(nn.Module):
    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return (image * (1 - mask) + mask * 0.7) * 255


def test_an_output_in_another_range_is_named_and_can_be_declared(tmp_path: Path) -> None:
    path = write_torchscript(tmp_path / "scaled.pt", Scaled())

    with pytest.raises(ModelFailure, match="0-255 where 0-1 was declared"):
        bench.models.load(f"torchscript:{path}").inpaint(make_batch(1))

    image = bench.models.load(f"torchscript:{path}?output=0-255").inpaint(make_batch(1)).image
    torch.testing.assert_close(image, make_batch(1).image + 0.7 * make_batch(1).hole)


def _pickle(path: Path) -> None:
    torch.save({"generator": ToyNet().state_dict()}, path)


def _old_pickle(path: Path) -> None:
    torch.save(ToyNet().state_dict(), path, _use_new_zipfile_serialization=False)


def _exported(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:  # as torch.export.save lays it out
        archive.writestr("model/archive_format", "pt2")
        archive.writestr("model/models/model.json", "{}")


def _other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no model")


def _damaged(path: Path) -> None:
    whole = write_torchscript(path)
    with zipfile.ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content[: len(content) // 2] if name.endswith("data.pkl") else content)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_pickle, "pickled weights without a model.*torch.jit.trace.*safetensors"),
        (_old_pickle, "no zip archive, perhaps a pickle.*torch.jit.trace"),
        (_exported, "a program of torch.export.*onnx:FILE"),
        (_other_zip, "without TorchScript code"),
        (_damaged, "must be whole"),
        (lambda path: path.write_bytes(b""), "no zip archive"),
    ],
)
def test_files_of_another_kind_are_refused_unread(write: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    write(path)  # type: ignore[operator]

    with pytest.raises(ModelFailure, match=message):
        bench.models.load(f"torchscript:{path}")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    torch.save(Bomb(tmp_path / "exploded"), tmp_path / "bomb.pt")

    with pytest.raises(ModelFailure):
        bench.models.load(f"torchscript:{tmp_path / 'bomb.pt'}")

    assert not (tmp_path / "exploded").exists()


def test_a_missing_file_is_a_mistake_of_the_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing.pt must be a file; found no such file"):
        bench.models.load(f"torchscript:{tmp_path / 'nothing.pt'}")
