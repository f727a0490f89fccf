from __future__ import annotations

import torch

from bench.runtime.fixed_batches import run_in_fixed_batches


def test_the_network_sees_batches_of_one_size_alone() -> None:
    pictures = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 3, 512, 1024)
    seen: list[list[int]] = []

    def network(batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        seen.append(batch[:, 0, 0, 0].tolist())
        return batch.float().mean((1, 2, 3)), batch[:, 0, 0, 0]

    means, levels = zip(*run_in_fixed_batches(network, pictures), strict=True)

    assert seen == [[0, 1], [2, 3], [4, 0]]
    assert torch.cat(means).tolist() == torch.cat(levels).tolist() == [0, 1, 2, 3, 4]


def test_a_picture_that_is_larger_goes_alone() -> None:
    pictures = torch.zeros(2, 3, 1024, 1025, dtype=torch.uint8)

    parts = list(run_in_fixed_batches(lambda batch: (batch[:, 0, 0, 0],), pictures))

    assert [len(part) for (part,) in parts] == [1, 1]
