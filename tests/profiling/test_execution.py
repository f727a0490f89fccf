from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.models.instrumentation import observe
from bench.profiling.execution import Subject, precision_context
from bench.records.profile import Precision
from tests.models.contract import make_batch
from tests.models.foreign_files import write_python


@pytest.mark.parametrize(("precision", "rounded"), [("fp32", False), ("tf32", True), ("bf16", False)])
def test_every_switch_of_torch_tells_the_same(precision: Precision, rounded: bool) -> None:
    def switches() -> list[bool]:
        products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
        by_name = torch.get_float32_matmul_precision() == "high", products.fp32_precision == "tf32"
        return [*by_name, products.allow_tf32, convolutions.allow_tf32]

    before = switches()
    with precision_context(precision, "cpu"):
        assert switches() == [rounded] * 4
        with torch.backends.cudnn.flags(allow_tf32=False):  # as a model may ask for
            assert not torch.backends.cudnn.allow_tf32

    assert switches() == before


def test_code_of_others_is_measured_in_the_process_that_measures(tmp_path: Path) -> None:
    text = (
        "import torch\nnet = torch.nn.Conv2d(3, 3, 3, padding=1)\ndef fill(image, hole): return net(image).sigmoid()\n"
    )
    subject = Subject(f"python:{write_python(tmp_path / 'model.py', text)}:fill", "cpu")

    seen = observe(lambda: subject.model.inpaint(make_batch(1)))

    assert seen.parameters == 3 * 3 * 9 + 3
