from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from bench.errors import DataError
from bench.metrics.cache.feature_cache import FeatureCache, picture_key
from bench.metrics.cache.tensor_folder import Tensors
from tests.metrics.conftest import MakePair
from tests.support.read_only import read_only


class Means:
    """A cheap network that counts what it is asked."""

    def __init__(self, fingerprint: str = "means", size: int = 4) -> None:
        self.fingerprint, self.size = fingerprint, size
        self.device = torch.device("cpu")
        self.seen = 0

    def features(self, pictures: torch.Tensor) -> Tensors:
        self.seen += len(pictures)
        means = pictures.double().mean(dim=(2, 3))
        return means, means[:, :1].float().expand(-1, self.size)


class OneTensor(Means):
    def features(self, pictures: torch.Tensor) -> torch.Tensor:  # type: ignore[override] # as Inception does
        return super().features(pictures)[0]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("??/*"))


@pytest.fixture
def pictures(pair: MakePair) -> torch.Tensor:
    return pair(6, 16, 16)[1]


def test_features_are_computed_once_for_all_caches_of_a_folder(pictures: torch.Tensor, tmp_path: Path) -> None:
    network, cache = Means(), FeatureCache(tmp_path)
    expected = Means().features(pictures)

    for _ in range(2):
        for found, wanted in zip(cache.features(network, pictures[:4]), expected, strict=True):
            assert torch.equal(found, wanted[:4])
    assert network.seen == 4

    for found, wanted in zip(FeatureCache(tmp_path).features(network, pictures.flip(0)), expected, strict=True):
        assert torch.equal(found, wanted.flip(0))  # four from disk, two new ones
        assert found.dtype == wanted.dtype
    assert network.seen == 6


def test_a_network_of_one_tensor_gives_a_tuple_of_one(pictures: torch.Tensor, tmp_path: Path) -> None:
    (found,) = FeatureCache(tmp_path).features(OneTensor(), pictures)

    assert torch.equal(found, Means().features(pictures)[0])


def test_another_network_picture_or_shape_is_another_entry(pictures: torch.Tensor, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    for network in (Means("a"), Means("b")):
        cache.features(network, pictures)
        assert network.seen == 6

    keys = {picture_key(picture, context) for picture in pictures for context in ("a", "b")}
    keys |= {picture_key(pictures[0].reshape(3, 8, 32), "a"), picture_key(pictures[0].flip(0), "a")}
    assert len(keys) == 14


def test_views_of_a_picture_have_its_key(pictures: torch.Tensor) -> None:
    upright = pictures[0].transpose(1, 2)

    assert picture_key(upright, "a") == picture_key(upright.contiguous(), "a")


def test_memory_keeps_what_was_used_last(pictures: torch.Tensor, tmp_path: Path) -> None:
    network = Means(size=1000)
    cache = FeatureCache(tmp_path, memory_bytes=3 * 4024, disk_bytes=0)

    cache.features(network, pictures[:3])
    cache.features(network, pictures[:1])
    cache.features(network, pictures[3:4])
    assert network.seen == 4
    cache.features(network, pictures[[0, 2, 3]])
    assert network.seen == 4
    cache.features(network, pictures[1:2])
    assert network.seen == 5
    assert files(tmp_path) == []


def test_the_folder_stays_within_its_limit(tmp_path: Path) -> None:
    limit = 200_000
    cache = FeatureCache(tmp_path, memory_bytes=0, disk_bytes=limit)
    for index in range(100):
        cache.rows([f"{index:064x}"], lambda _: [(torch.zeros(1250),)])

    sizes = [path.stat().st_size for path in files(tmp_path)]
    assert 0.8 * limit < sum(sizes) <= limit * 17 / 16
    newest = [path.stem for path in files(tmp_path)]
    assert f"{99:064x}" in newest
    assert f"{0:064x}" not in newest


def test_what_was_read_lately_outlives_what_was_written_lately(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, memory_bytes=0, disk_bytes=60_000)
    rows = {f"{index:064x}": (torch.zeros(1250),) for index in range(8)}
    cache.rows(list(rows), lambda missing: [list(rows.values())[index] for index in missing])
    for age, path in enumerate(reversed(files(tmp_path))):
        os.utime(path, (time.time() - 1000 - age, time.time() - 1000 - age))

    oldest = files(tmp_path)[0].stem
    cache.rows([oldest], lambda _: pytest.fail("it is there"))
    cache.rows([f"{index:064x}" for index in range(8, 14)], lambda missing: [(torch.zeros(1250),) for _ in missing])

    kept = [path.stem for path in files(tmp_path)]
    assert oldest in kept
    assert f"{1:064x}" not in kept


def test_damaged_files_are_computed_again(pictures: torch.Tensor, tmp_path: Path) -> None:
    FeatureCache(tmp_path).features(Means(), pictures)
    for path, content in zip(files(tmp_path), (b"", b"\0" * 8, b"x" * 500), strict=False):
        path.write_bytes(content)
    shortened, changed = files(tmp_path)[3:5]
    shortened.write_bytes(shortened.read_bytes()[:-1])
    spoilt = bytearray(changed.read_bytes())
    spoilt[-40] ^= 1  # a bit of a number, in a file that can be read
    changed.write_bytes(spoilt)
    network = Means()

    found = FeatureCache(tmp_path).features(network, pictures)

    assert network.seen == 5
    assert torch.equal(found[0], network.features(pictures)[0])


def test_a_folder_that_cannot_be_written_is_read_and_warned_of_once(pictures: torch.Tensor, tmp_path: Path) -> None:
    FeatureCache(tmp_path / "features").features(Means(), pictures[:3])
    network = Means()

    with read_only(tmp_path / "features") as folder:
        cache = FeatureCache(folder, memory_bytes=0)
        with pytest.warns(UserWarning, match="nothing more is written to the feature cache"):
            cache.features(network, pictures)
        cache.features(network, pictures)  # and no second warning, which would be an error

    assert network.seen == 3 + 3


def test_a_folder_that_cannot_be_made(pictures: torch.Tensor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = FeatureCache(tmp_path / "file" / "features")

    with pytest.warns(UserWarning, match="nothing more is written"):
        found = cache.features(Means(), pictures)

    assert torch.equal(found[0], Means().features(pictures)[0])


def test_the_default_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path / "mine"))
    assert FeatureCache().disk.folder == tmp_path / "mine" / "features"

    monkeypatch.delenv("SPGBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert FeatureCache().disk.folder == tmp_path / "spgbench" / "features"


def test_several_threads_and_processes_share_a_folder(pictures: torch.Tensor, tmp_path: Path) -> None:
    code = (
        "import sys, torch; from bench.metrics.cache.feature_cache import FeatureCache\n"
        f"cache = FeatureCache(__import__('pathlib').Path({str(tmp_path)!r}), memory_bytes=0, disk_bytes=40_000)\n"
        "print('ready', flush=True)\n"
        "for turn in range(300):\n"
        "    key = turn % 20\n"
        "    ((row,),) = cache.rows([f'{key:064x}'], lambda _: [(torch.full((1000,), float(key)),)])\n"
        "    assert row.eq(key).all() and len(row) == 1000\n"
    )
    other = subprocess.Popen([sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE)
    cache, right = FeatureCache(tmp_path, memory_bytes=8_000, disk_bytes=40_000), list[bool]()

    def row(key: int) -> torch.Tensor:
        ((found,),) = cache.rows([f"{key:064x}"], lambda _: [(torch.full((1000,), float(key)),)])
        return found

    def work() -> None:
        right.extend(bool(row(key).eq(key).all()) for key in list(range(20)) * 8)

    threads = [threading.Thread(target=work) for _ in range(3)]
    assert other.stdout
    other.stdout.readline()  # it has imported torch
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    other.communicate()
    assert other.returncode == 0
    assert right == [True] * 480
    assert not [path for path in files(tmp_path) if path.suffix == ".part"]


def test_files_of_an_older_form_count_and_go_first(tmp_path: Path) -> None:
    (tmp_path / "00").mkdir()
    old = tmp_path / "00" / f"{0:064x}.safetensors"
    old.write_bytes(b"x" * 60_000)
    os.utime(old, (1000, 1000))

    FeatureCache(tmp_path, disk_bytes=60_000).rows(["11" * 32], lambda _: [(torch.zeros(1250),)])

    assert not old.exists()
    assert len(files(tmp_path)) == 1


def test_abandoned_parts_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "00").mkdir()
    old, new = tmp_path / "00" / "a.part", tmp_path / "00" / "b.part"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))

    FeatureCache(tmp_path).rows(["11" * 32], lambda _: [(torch.zeros(1),)])

    assert not old.exists()
    assert new.exists()


def test_another_process_starts_with_an_empty_memory(pictures: torch.Tensor, tmp_path: Path) -> None:
    network, cache = Means(), FeatureCache(tmp_path, memory_bytes=1 << 20, disk_bytes=0)
    cache.features(network, pictures)

    copy = pickle.loads(pickle.dumps(cache))  # noqa: S301 (our own)

    assert (copy.disk.folder, copy.memory.max_bytes, copy.disk.limit) == (tmp_path, 1 << 20, 0)
    copy.features(network, pictures)
    assert network.seen == 12


def test_only_pictures_are_cached(pictures: torch.Tensor, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="looks like 0 to 1"):
        FeatureCache(tmp_path).features(Means(), pictures / 255)
