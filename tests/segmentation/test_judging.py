from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bench.errors import DataError
from bench.segmentation import load
from bench.segmentation.judging import NetworkJudge
from bench.segmentation.network import JudgeNetwork
from bench.vocabulary import Judge
from tests.segmentation.conftest import CLASSES


@pytest.fixture
def judge(weights: Path) -> Judge:
    return load(str(weights), CLASSES)


@pytest.fixture
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_labels_are_the_classes_of_highest_logit(judge: Judge, weights: Path, pictures: torch.Tensor) -> None:
    network = JudgeNetwork.read(weights)
    with torch.no_grad():
        logits = network(pictures.float() / 255)

    labels = judge.segment(pictures)

    assert labels.dtype == torch.uint8
    assert labels.shape == (5, 48, 70)
    chosen = logits.gather(1, labels[:, None].long())[:, 0]
    torch.testing.assert_close(chosen, logits.amax(dim=1), atol=1e-4, rtol=0)
    assert len(set(labels.flatten().tolist())) > 1  # or the test would say nothing


@pytest.mark.usefixtures("_threads")
def test_the_same_bits_for_any_batch_order_layout_and_thread_count(weights: Path) -> None:
    network = JudgeNetwork.read(weights)
    pictures = torch.randint(0, 256, (4, 3, 96, 160), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    judge = NetworkJudge("bits", "f" * 64, CLASSES, lambda image: network(image)[:, 0].view(torch.int32) % 251)
    torch.set_num_threads(1)
    expected = judge.segment(pictures)

    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        assert torch.equal(judge.segment(pictures), expected)
        assert torch.get_num_threads() == threads
        assert torch.equal(judge.segment(pictures.flip(0)).flip(0), expected)
        assert torch.equal(judge.segment(pictures[3:]), expected[3:])
    last = pictures.contiguous(memory_format=torch.channels_last)
    assert torch.equal(judge.segment(last), expected)


def test_judging_leaves_no_trace(judge: Judge, pictures: torch.Tensor) -> None:
    torch.manual_seed(5)
    before, copy = torch.get_rng_state(), pictures.clone()

    labels = judge.segment(pictures)

    assert torch.equal(pictures, copy)
    assert torch.equal(torch.get_rng_state(), before)
    assert not labels.requires_grad
    assert torch.equal(judge.segment(pictures), labels)  # batch statistics are those of training


def test_loading_draws_no_random_numbers(weights: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()

    load(str(weights), CLASSES)

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.zeros(1, 3, 8, 8), "must be uint8; found torch.float32"),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), r"must be \[N, 3, H, W\], at least one; found \[3, 8, 8\]"),
        (torch.zeros(1, 8, 8, 3, dtype=torch.uint8), r"found \[1, 8, 8, 3\]"),
        (torch.zeros(0, 3, 8, 8, dtype=torch.uint8), r"found \[0, 3, 8, 8\]"),
    ],
)
def test_what_is_no_picture_is_refused(judge: Judge, pictures: torch.Tensor, message: str) -> None:
    with pytest.raises(DataError, match=message):
        judge.segment(pictures)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_pictures_do_not_depend_on_each_other(weights: Path, pictures: torch.Tensor) -> None:
    judge = load(str(weights), CLASSES, "cuda")

    labels = judge.segment(pictures)

    assert labels.device == pictures.device
    assert torch.equal(judge.segment(pictures.flip(0)).flip(0), labels)
    assert (labels == load(str(weights), CLASSES).segment(pictures)).double().mean() > 0.99
