from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlparse

import pytest
import torchvision

from bench.errors import SpgbenchError, UnknownName, WeightsMissing
from bench.weights import WEIGHT_SETS, WeightFile, absence, find, find_set, weight_file, weight_set
from bench.weights.catalogue import FILES
from tests.support.read_only import read_only
from tests.weights.conftest import Publisher

CONTENT = bytes(range(256)) * 5000


def published(publisher: Publisher, content: bytes = CONTENT, served: bytes | None = None) -> WeightFile:
    """An entry whose hash is that of `content`, while the server has `served`."""
    publisher.files["/net.pth"] = content if served is None else served
    sha256 = hashlib.sha256(content).hexdigest()
    return WeightFile("net", "net.pth", f"{publisher.address}/net.pth", sha256, len(content), "none")


def test_a_file_is_downloaded_once(publisher: Publisher, cache: Path) -> None:
    file, counts = published(publisher), list[int]()

    path = find(file, progress=counts.append)

    assert path == cache / "net.pth"
    assert path.read_bytes() == CONTENT
    assert sum(counts) == len(CONTENT)
    assert find(file) == path
    assert len(publisher.ranges) == 1
    assert [left.name for left in cache.iterdir() if not left.name.startswith(".")] == ["net.pth"]


def test_a_broken_connection_is_taken_up_where_it_broke(publisher: Publisher, cache: Path) -> None:
    file, counts = published(publisher), list[int]()
    publisher.cut_after = [1000, 5000]

    assert find(file, progress=counts.append).read_bytes() == CONTENT

    assert publisher.ranges == [None, "bytes=1000-", "bytes=6000-"]
    assert sum(counts) == len(CONTENT)


def test_an_interrupted_download_goes_on_at_the_next_call(publisher: Publisher, cache: Path) -> None:
    file = published(publisher)

    def interrupt(count: int) -> None:
        if count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find(file, progress=interrupt)
    part = cache / "net.pth.part"
    part.write_bytes(part.read_bytes()[:777])

    assert find(file).read_bytes() == CONTENT
    assert publisher.ranges[-1] == "bytes=777-"


def test_a_server_that_cannot_continue_sends_all_again(publisher: Publisher, cache: Path) -> None:
    file, counts = published(publisher), list[int]()
    publisher.resumes, publisher.cut_after = False, [1000]

    assert find(file, progress=counts.append).read_bytes() == CONTENT
    assert sum(counts) == len(CONTENT)


def test_a_connection_that_breaks_again_and_again_is_an_error(publisher: Publisher, cache: Path) -> None:
    file = published(publisher)
    publisher.cut_after = [10] * 9

    with pytest.raises(WeightsMissing, match=r"30 of 1,280,000 bytes|broken|reset"):
        find(file)
    assert not (cache / "net.pth").exists()


def test_a_wrong_file_is_kept_aside_and_never_used(publisher: Publisher, cache: Path) -> None:
    wrong = CONTENT[::-1]
    file = published(publisher, served=wrong)

    with pytest.raises(WeightsMissing, match=r"SHA-256.*kept aside as .*net\.pth\.rejected"):
        find(file)
    assert (cache / "net.pth.rejected").read_bytes() == wrong
    assert not (cache / "net.pth").exists()

    publisher.files["/net.pth"] = CONTENT
    assert find(file).read_bytes() == CONTENT


def test_an_answer_of_another_length_is_not_even_written(publisher: Publisher, cache: Path) -> None:
    file = published(publisher, served=b"<html>log in first</html>")

    with pytest.raises(WeightsMissing, match="an answer of 25 bytes instead of 1,280,000"):
        find(file)
    assert not list(cache.glob("net*"))


def test_an_address_without_the_file(publisher: Publisher, cache: Path) -> None:
    file = published(publisher)
    publisher.files.clear()

    with pytest.raises(WeightsMissing, match=r"net\.pth must come from http://127.*404 Not Found.*SPGBENCH_WEIGHTS"):
        find(file)
    assert len(publisher.ranges) == 1


def test_no_network_at_all(publisher: Publisher, cache: Path) -> None:
    address = publisher.address.rpartition(":")[0] + ":9"
    file = WeightFile("net", "net.pth", f"{address}/net.pth", "0" * 64, 9, "none")

    with pytest.raises(WeightsMissing, match="refused"):
        find(file)


def test_a_damaged_file_in_the_cache_makes_room_for_the_right_one(publisher: Publisher, cache: Path) -> None:
    file = published(publisher)
    cache.mkdir(parents=True)
    (cache / "net.pth").write_bytes(b"half a file")

    assert find(file).read_bytes() == CONTENT
    assert (cache / "net.pth.rejected").read_bytes() == b"half a file"


def test_a_file_that_changes_is_hashed_again(publisher: Publisher, cache: Path) -> None:
    file = published(publisher)
    path = find(file)
    path.write_bytes(CONTENT + b"!")

    with pytest.raises(WeightsMissing, match=r"SPGBENCH_WEIGHTS names\.$"):
        find(file, fetch=False)


def test_the_offline_folder_is_read_and_nothing_downloaded(
    publisher: Publisher, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, folder = published(publisher), tmp_path / "offline"
    monkeypatch.setenv("SPGBENCH_WEIGHTS", str(folder))
    with pytest.raises(WeightsMissing, match="found none"):
        find(file)

    folder.mkdir()
    (folder / "net.pth").write_bytes(b"something else")
    with pytest.raises(WeightsMissing, match=r"offline/net\.pth with SHA-256 [0-9a-f]{12}…, which is not used"):
        find(file)
    assert (folder / "net.pth").read_bytes() == b"something else"  # the folder is not ours

    (folder / "net.pth").write_bytes(CONTENT)
    assert find(file) == folder / "net.pth"
    assert publisher.ranges == []
    assert not cache.exists()


def test_torch_hubs_folder_is_read(publisher: Publisher, cache: Path, tmp_path: Path) -> None:
    file, hub = published(publisher), tmp_path / "torch" / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    (hub / "net.pth").write_bytes(CONTENT)

    assert find(file) == hub / "net.pth"
    assert publisher.ranges == []


def test_a_cache_that_cannot_be_made(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPGBENCH_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "file").touch()
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path / "file"))

    with pytest.raises(WeightsMissing, match=r"must be writable.*Name a folder with SPGBENCH_CACHE"):
        find(published(publisher))


def test_a_read_only_cache_is_read(publisher: Publisher, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = published(publisher)
    find(file)
    other = replace(file, file="other.pth")

    with read_only(cache) as folder:
        monkeypatch.setenv("SPGBENCH_CACHE", str(folder.parent))
        assert find(file) == folder / "net.pth"
        with pytest.raises(WeightsMissing, match="be writable"):
            find(other)


def test_many_that_want_the_same_file_wait_for_one_download(publisher: Publisher, cache: Path) -> None:
    file, found = published(publisher), list[Path]()
    threads = [threading.Thread(target=lambda: found.append(find(file))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [cache / "net.pth"] * 6
    assert len(publisher.ranges) == 1


def test_unknown_names_are_told_near_ones() -> None:
    with pytest.raises(UnknownName, match="Did you mean lpips-alex"):
        weight_set("lpips-alexx")
    with pytest.raises(UnknownName):
        find("resnet")
    assert issubclass(WeightsMissing, SpgbenchError)


def test_absence_says_what_to_do(cache: Path) -> None:
    reason = absence("inception")

    assert "6726825d" in reason
    assert "spgbench fetch weights inception" in reason


def test_every_set_consists_of_known_files_with_whole_hashes() -> None:
    assert {name for weights in WEIGHT_SETS.values() for name in weights.files} == set(FILES)
    for file in FILES.values():
        assert len(bytes.fromhex(file.sha256)) == 32
        assert urlparse(file.url).scheme == "https"
        assert file.licence
        prefix = Path(file.file).stem.rpartition("-")[2]
        assert file.packaged or file.sha256.startswith(prefix)


def test_the_page_tells_of_every_file_and_set() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "weights.md").read_text(encoding="utf-8")

    for file in FILES.values():
        row = (
            f"| `{file.name}` | [{file.file}]({file.url}) | {file.size / 1e6:.1f} | `{file.sha256}` | {file.licence} |"
        )
        assert row in page
    for weights in WEIGHT_SETS.values():
        assert re.search(
            f"^\\| `{weights.name}` .*\\| {', '.join(f'`{name}`' for name in weights.files)} \\|$", page, re.MULTILINE
        )


@pytest.mark.parametrize(
    ("name", "network"),
    [("alexnet", "alexnet"), ("vgg16", "vgg16"), ("vgg19", "vgg19"), ("squeezenet", "squeezenet1_1")],
)
def test_addresses_and_sizes_are_torchvisions(name: str, network: str) -> None:
    theirs = torchvision.models.get_model_weights(network).IMAGENET1K_V1

    assert weight_file(name).url == theirs.url
    assert weight_file(name).size / 2**20 == pytest.approx(theirs.meta["_file_size"], abs=0.001)


def test_the_address_of_inception_is_torch_fidelitys() -> None:
    theirs = import_module("torch_fidelity.feature_extractor_inceptionv3")

    assert weight_file("inception").url == theirs.URL_INCEPTION_V3


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_heads_of_lpips_come_with_the_package(net: str, cache: Path) -> None:
    path = find(f"lpips-{net}-head", fetch=False)
    torchmetrics = find_spec("torchmetrics")
    assert torchmetrics
    assert torchmetrics.origin
    copy = Path(torchmetrics.origin).parent / "functional" / "image" / "lpips_models" / f"{net}.pth"

    assert "lpips/weights/v0.1" in path.as_posix()
    assert path.read_bytes() == copy.read_bytes()


def test_a_set_is_all_of_its_files(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsMissing, match="squeezenet1_1-b8a52dc0"):
        find_set("lpips-squeeze", fetch=False)

    monkeypatch.setitem(FILES, "squeezenet", weight_file("lpips-vgg-head"))
    assert list(find_set("lpips-squeeze", fetch=False)) == ["squeezenet", "lpips-squeeze-head"]
