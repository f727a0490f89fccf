from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from bench.evaluation.pipeline.stages import run_stages


@dataclass
class Work:
    number: int
    done: list[str] = field(default_factory=list)


@pytest.mark.parametrize("overlapped", [False, True])
def test_every_work_goes_through_all_stages_in_order(overlapped: bool) -> None:
    ends: dict[str, list[int]] = {name: [] for name in "abc"}

    def stage(name: str, work: Work) -> None:
        time.sleep(0.002 * (work.number * 7 % 3))
        work.done.append(name)
        ends[name].append(work.number)

    stages = [lambda work, name=name: stage(name, work) for name in "abc"]

    works = list(run_stages(map(Work, range(12)), stages, overlapped=overlapped))

    assert [work.number for work in works] == list(range(12))
    assert all(work.done == ["a", "b", "c"] for work in works)
    assert all(numbers == list(range(12)) for numbers in ends.values())


def test_a_stage_works_beside_the_others() -> None:
    begun = threading.Event()
    seen: list[bool] = []

    def first(work: Work) -> None:
        if work.number == 1:
            begun.set()

    def second(work: Work) -> None:
        if work.number == 0:
            seen.append(begun.wait(300))  # the next work is in the first stage meanwhile

    assert len(list(run_stages(map(Work, range(2)), [first, second], overlapped=True))) == 2
    assert seen == [True]


@pytest.mark.parametrize("overlapped", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_error_comes_in_place_of_its_work(place: int, overlapped: bool) -> None:
    written: list[int] = []

    def fail(work: Work, own: int) -> None:
        if work.number == 3 and own == place:
            raise ZeroDivisionError
        if own == 2:
            written.append(work.number)

    stages = [lambda work, own=own: fail(work, own) for own in range(3)]
    finished = run_stages(map(Work, range(9)), stages, overlapped=overlapped)

    with pytest.raises(ZeroDivisionError):
        for _ in finished:
            pass

    assert 3 not in written
    assert written == sorted(written)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stage")]


def test_closing_ends_what_has_begun_and_begins_nothing() -> None:
    ended: list[int] = []

    def slow(work: Work) -> None:
        time.sleep(0.02)
        ended.append(work.number)

    with closing(run_stages(map(Work, range(100)), [lambda _: None, slow], overlapped=True)) as finished:
        assert next(finished).number == 0

    assert len(ended) < 5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stage")]
    time.sleep(0.03)
    assert len(ended) < 5
