"""What is found in a true label map alone: the same numbers whether it is found, remembered or read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.metrics import LabelComparison, boundary_band
from bench.metrics.cache.feature_cache import FeatureCache, shared_cache
from bench.metrics.cache.memory import TRUTH_MEMORY
from tests.support.read_only import read_only

Scores = list[torch.Tensor]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder that nothing is in yet."""
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path))
    forget()
    yield tmp_path / "features"
    forget()


@pytest.fixture
def maps() -> torch.Tensor:
    """Two different label maps."""
    coarse = np.random.default_rng(0).integers(0, 4, (2, 6, 8))
    labels = np.kron(coarse, np.ones((1, 8, 8))).astype(np.uint8)
    labels[:, :3, :5] = 255
    return torch.from_numpy(labels)


def forget() -> None:
    """As another process would begin: with what is on disk."""
    TRUTH_MEMORY.clear()
    shared_cache.cache_clear()


def scores(maps: torch.Tensor, shift: int = 1) -> Scores:
    """Everything that looks at boundaries of the truth, NaN as -1."""
    predicted = maps.masked_fill(maps == 255, 0).roll(shift, 2)
    compared = LabelComparison(maps, predicted, 4, ignore_index=255)
    found = [compared.boundary_iou(2), compared.boundary_f(2), compared.trimap_iou(3), compared.hd95(), compared.assd()]
    return [*(values.nan_to_num(-1) for values in found), boundary_band(maps, 2).double()]


def scores_without_cache(maps: torch.Tensor, shift: int) -> Scores:
    """The same with nothing in memory and no files."""
    TRUTH_MEMORY.clear()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("bench.metrics.cache.truth_parts.shared_cache", lambda: FeatureCache(disk_bytes=0))
        found = scores(maps, shift)
    TRUTH_MEMORY.clear()
    return found


def same(first: Scores, second: Scores) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("??/*"))


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is searched for in any map, by the names of the functions that do it."""
    from bench.metrics import boundary
    from bench.metrics.segmentation.backends import comparison

    found: list[str] = []

    def watched(function: Callable[..., object]) -> Callable[..., object]:
        def find(*arguments: object) -> object:
            found.append(function.__name__)
            return function(*arguments)

        find.__name__ = function.__name__
        return find

    for module, name in (
        (comparison, "inner_band"),
        (comparison, "crossings"),
        (comparison, "surfaces"),
        (comparison, "band_of"),
        (boundary, "band_of"),
    ):
        monkeypatch.setattr(module, name, watched(getattr(module, name)))
    return found


def test_another_process_reads_what_one_has_found(folder: Path, maps: torch.Tensor, searches: list[str]) -> None:
    first = scores(maps)
    both = sorted(searches)
    forget()
    searches.clear()

    assert same(scores(maps), first)
    assert both == sorted(2 * (2 * ["band_of", "crossings", "inner_band", "surfaces"]))
    assert sorted(searches) == sorted(2 * ["crossings", "inner_band", "surfaces"])  # in the prediction alone
    assert len(files(folder)) == 2 * 5


def test_numbers_are_the_same_found_remembered_and_read(folder: Path, maps: torch.Tensor) -> None:
    expected = [scores_without_cache(maps, shift) for shift in (1, 3)]
    assert files(folder) == []
    for _ in range(2):
        assert same(scores(maps), expected[0])
        assert same(scores(maps, 3), expected[1])
        TRUTH_MEMORY.clear()
        assert same(scores(maps.flip(0), 3), [values.flip(0) for values in expected[1]])
        forget()


def test_another_map_width_or_ignored_label_is_another_file(folder: Path, maps: torch.Tensor) -> None:
    bands = [boundary_band(maps[:1], width, ignored) for width in (2, 3) for ignored in (255, 1)]
    bands += [boundary_band(maps[1:], 2), boundary_band(maps[:1].int(), 2)]

    assert len(files(folder)) == 6
    forget()
    again = [boundary_band(maps[:1], width, ignored) for width in (2, 3) for ignored in (255, 1)]
    assert all(torch.equal(a, b) for a, b in zip(bands, again, strict=False))
    assert len({band.numpy().tobytes() for band in bands[:5]}) == 5


def test_damaged_files_are_found_again(folder: Path, maps: torch.Tensor) -> None:
    expected = scores(maps)
    for number, path in enumerate(files(folder)):
        content = bytearray(path.read_bytes())
        content[-(50 + number)] ^= 1  # a pixel of a band, a place of a contour
        path.write_bytes(content if number % 3 else content[: 20 * number])
    forget()

    assert same(scores(maps), expected)
    forget()
    assert same(scores(maps), expected)


def test_a_folder_that_cannot_be_written_is_read(folder: Path, maps: torch.Tensor, searches: list[str]) -> None:
    expected = scores(maps)
    forget()

    with read_only(folder) as copy, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SPGBENCH_CACHE", str(copy.parent))
        searches.clear()
        assert same(scores(maps), expected)  # and no warning, which would be an error
        assert "band_of" not in searches
        with pytest.warns(UserWarning, match="nothing more is written to the feature cache"):
            scores(maps.flip(2))
        TRUTH_MEMORY.clear()
        scores(maps.flip(2))


def test_label_parts_count_towards_the_limit(folder: Path, maps: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 40_000
    cache = FeatureCache(folder, disk_bytes=limit)
    monkeypatch.setattr("bench.metrics.cache.truth_parts.shared_cache", lambda: cache)
    for shift in range(30):
        boundary_band(maps.roll(shift, 2), 3)

    assert 0 < sum(path.stat().st_size for path in files(folder)) <= limit * 17 / 16
