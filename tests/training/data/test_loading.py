from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest
import torch

from bench.data import Cached
from bench.errors import DataError, Failure, UsageError
from bench.training import decode_ahead
from bench.training.data.batches import BatchMaker, ByteBatch
from bench.training.data.feed import DeviceFeed
from bench.training.data.loading import ProcessLoader, batch_loader
from bench.vocabulary import Dataset, Sample
from tests.training.toys import Squares, toy_data


class Fragile(Squares):
    """Squares whose third picture cannot be read, or kills its process."""

    def __init__(self, how: str) -> None:
        super().__init__(3)
        self.how = how

    def __getitem__(self, index: int) -> Sample:
        if index == 2 and self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if index == 2:
            raise DataError("picture '002'", "be readable", "half a file", "Fetch it again.")
        return super().__getitem__(index)


def maker(dataset: Dataset, batch_size: int = 4) -> BatchMaker:
    data = toy_data()
    return BatchMaker(dataset, data.protocol, data.size, batch_size, seed=3, stage="alone", jitter=0.2)


def equal(one: ByteBatch, other: ByteBatch) -> bool:
    pairs = zip(one.tensors(), other.tensors(), strict=True)
    return one.ids == other.ids and all(torch.equal(mine, theirs) for mine, theirs in pairs)


def test_processes_make_the_batches_that_threads_make(tmp_path: Path) -> None:
    decoded = decode_ahead(Squares(10), tmp_path, 0, lambda _count: None)
    cpu = torch.device("cpu")
    with (
        closing(ProcessLoader(maker(Cached(decoded)), 5, 2, pin=False)) as processes,
        closing(batch_loader(maker(Squares(10)), 5, 2, cpu)) as threads,
    ):
        feed = DeviceFeed(processes, cpu)
        for _ in range(8):
            assert equal(feed.take(), next(threads))
        assert feed.waited > 0


def test_an_error_in_a_process_is_the_one_that_was_raised() -> None:
    with (
        closing(ProcessLoader(maker(Fragile("raise")), 0, 1, pin=False)) as loader,
        pytest.raises(DataError, match=r"must be readable; found half a file\. Fetch it again\."),
    ):
        next(loader)


def test_what_cannot_be_sent_to_a_process_is_refused() -> None:
    data = Squares(3)
    data.whole = lambda: data  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match=r"must be picklable, since processes make the batches; found .*lambda"):
        ProcessLoader(maker(data), 0, 1, pin=False)


def test_a_process_that_dies_is_told() -> None:
    with (
        closing(ProcessLoader(maker(Fragile("kill")), 0, 1, pin=False)) as loader,
        pytest.raises(
            Failure, match=r"process that makes batches must run until the training ends; found .* Give fewer --workers"
        ),
    ):
        next(loader)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_batches_arrive_whole_and_in_order() -> None:
    device = torch.device("cuda:0")
    with closing(batch_loader(maker(Squares(10)), 0, 2, device)) as loader:
        feed = DeviceFeed(loader, device)
        for step in range(12):
            batch = feed.take()
            feed.fetch()
            assert equal(batch.to(torch.device("cpu")), ByteBatch.of(maker(Squares(10))(step)))
