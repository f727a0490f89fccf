from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import TensorProto

import bench.models
from bench.errors import ModelFailure, UsageError
from tests.models.contract import make_batch
from tests.models.foreign_files import write_onnx


def _plain(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The toy file's network in PyTorch."""
    kernel = torch.randn(3, 4, 3, 3, generator=torch.Generator().manual_seed(0)).mul(0.3)
    return torch.sigmoid(torch.nn.functional.conv2d(torch.cat([image, mask], 1), kernel, padding=1))


def test_it_is_the_network_of_the_file(tmp_path: Path) -> None:
    batch = make_batch(3)

    model = bench.models.load(f"onnx:{write_onnx(tmp_path / 'toy.onnx')}")

    torch.testing.assert_close(model.inpaint(batch).image, _plain(batch.image, batch.hole.float()), rtol=0, atol=1e-5)
    assert model.name == "onnx:toy.onnx"


@pytest.mark.parametrize(
    ("types", "options"),
    [
        ((TensorProto.FLOAT16, TensorProto.BOOL), ""),
        ((TensorProto.DOUBLE, TensorProto.INT64), ""),
        ((TensorProto.UINT8, TensorProto.UINT8), "?range=0-255&output=0-1"),
    ],
)
def test_numbers_are_of_the_kind_that_the_file_takes(types: tuple[int, int], options: str, tmp_path: Path) -> None:
    batch = make_batch(2)
    scale = 255 if options else 1

    image = bench.models.load(f"onnx:{write_onnx(tmp_path / 'toy.onnx', types=types)}{options}").inpaint(batch).image

    torch.testing.assert_close(image, _plain(batch.image * scale, batch.hole.float()), rtol=0, atol=2e-3)


def test_a_fixed_size_is_met_with_tiles_and_said(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "fixed.onnx", height=16, width=24, count=1)

    model = bench.models.load(f"onnx:{path}")

    assert "size:tile-16x24" in getattr(model, "signature", "")
    assert model.inpaint(make_batch(2, (37, 50))).image.shape == (2, 3, 37, 50)
    with pytest.raises(UsageError, match="be 16x24"):
        bench.models.load(f"onnx:{path}?size=32")


def test_the_mask_may_come_first(tmp_path: Path) -> None:
    model = bench.models.load(f"onnx:{write_onnx(tmp_path / 'turned.onnx', channels=(1, 3))}")

    assert model.inpaint(make_batch(1)).image.shape == (1, 3, 32, 40)


@pytest.mark.parametrize(
    ("channels", "found"),
    [((4,), r"inputs image: tensor\(float\) \[N, 4, H, W\]"), ((3, 1, 1), "extra"), ((3, 3), "mask: .*N, 3, H, W")],
)
def test_other_inputs_are_refused(channels: tuple[int, ...], found: str, tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "other.onnx", channels=channels)

    with pytest.raises(ModelFailure, match=rf"take image \[N, 3, H, W\] and mask \[N, 1, H, W\]; found .*{found}"):
        bench.models.load(f"onnx:{path}")


def test_types_and_counts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    eight_bit = write_onnx(tmp_path / "eight.onnx", types=(TensorProto.UINT8, TensorProto.FLOAT))
    four = write_onnx(tmp_path / "four.onnx", count=4)
    integers = write_onnx(tmp_path / "integers.onnx", types=(TensorProto.INT64, TensorProto.FLOAT))

    with pytest.raises(ModelFailure, match=r"declare \?range=0-255"):
        bench.models.load(f"onnx:{eight_bit}")
    with pytest.raises(ModelFailure, match="take one picture, or any number; found batches of 4 alone"):
        bench.models.load(f"onnx:{four}")
    with pytest.raises(ModelFailure, match=r"image: tensor\(int64\)"):
        bench.models.load(f"onnx:{integers}")


def test_one_picture_at_a_time_is_all_that_a_fixed_batch_allows(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "single.onnx", count=1)

    assert bench.models.load(f"onnx:{path}").inpaint(make_batch(3)).image.shape[0] == 3
    with pytest.raises(UsageError, match=r"option 'batch'.*be 1; found 8"):
        bench.models.load(f"onnx:{path}?batch=8")


def test_an_output_in_another_range_is_named(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "scaled.onnx", scale=255.0)

    with pytest.raises(ModelFailure, match="0-255 where 0-1 was declared"):
        bench.models.load(f"onnx:{path}").inpaint(make_batch(1))

    assert bench.models.load(f"onnx:{path}?output=0-255").inpaint(make_batch(1)).image.max() <= 1


def test_weights_beside_the_file_belong_to_it(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "split.onnx", outside=True)
    data = tmp_path / "split.onnx.data"
    before = bench.models.load(f"onnx:{path}").fingerprint

    weights = np.frombuffer(data.read_bytes(), np.float32).copy()
    weights[0] += 1
    data.write_bytes(weights.tobytes())

    assert bench.models.load(f"onnx:{path}").fingerprint != before


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "toy.onnx")
    path.write_bytes(path.read_bytes()[:200])

    with pytest.raises(ModelFailure, match="be a whole ONNX model"):
        bench.models.load(f"onnx:{path}")


def test_without_onnxruntime_the_way_to_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_onnx(tmp_path / "toy.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(ModelFailure, match=r'not installed. Install it: pip install "spgbench\[onnx\]"'):
        bench.models.load(f"onnx:{path}")


def test_of_several_outputs_one_must_be_named(tmp_path: Path) -> None:
    path, one = write_onnx(tmp_path / "two.onnx", features_first=True), write_onnx(tmp_path / "one.onnx")

    with pytest.raises(UsageError, match=r"found features: .*\[N, 3, H, W\]; filled: .* \?output_name=features"):
        bench.models.load(f"onnx:{path}")
    with pytest.raises(UsageError, match=r"be an output of the file; found 'fill'. It has features: "):
        bench.models.load(f"onnx:{path}?output_name=fill")

    images = [
        bench.models.load(f"onnx:{spec}").inpaint(make_batch(1)).image for spec in (f"{path}?output_name=filled", one)
    ]
    assert torch.equal(*images)
