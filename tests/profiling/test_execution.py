from __future__ import annotations

import pytest
import torch

from bench.profiling.execution import precision_context
from bench.records.profile import Precision


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
