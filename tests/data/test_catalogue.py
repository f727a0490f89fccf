from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import bench.data
from bench.errors import UsageError

ROOT = Path(bench.data.__file__).parents[2]


def python(code: str, *folders: Path) -> str:
    """What `code` prints in a fresh interpreter."""
    path = ":".join(map(str, (ROOT, *folders)))
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_listing_imports_no_array_or_picture_library() -> None:
    code = (
        "import sys, bench.data; list(bench.data.DATASETS); bench.data.parse_size('256'); "
        "print([name for name in ('numpy', 'PIL', 'torch', 'cv2') if name in sys.modules])"
    )

    assert python(code) == "[]"


def test_every_dataset_of_the_package_is_listed_with_a_summary() -> None:
    listed = {entry.name: entry.summary for entry in bench.data.DATASETS}

    assert {"streets", "camvid", "cityscapes", "cityscapes-19", "cityscapes-8"} <= set(listed)
    assert {"ade20k", "voc", "helen", "folder"} <= set(listed)
    assert all(listed.values())


def test_every_dataset_of_the_package_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "data-sets.md").read_text(encoding="utf-8")

    assert all(f"| `{entry.name}` |" in text for entry in bench.data.DATASETS)


def test_every_entry_can_be_imported() -> None:
    for entry in bench.data.DATASETS:
        assert callable(bench.data.DATASETS.load(entry))


def test_another_package_adds_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "roofs.py").write_text(
        "class Roofs:\n"
        "    def __init__(self, split, size, root, limit):\n"
        "        self.name = f'{split} {size} {root} {limit}'\n",
        encoding="utf-8",
    )
    info = tmp_path / "roofs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: roofs\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[spgbench.datasets]\nroofs = roofs:Roofs\n", encoding="utf-8")

    code = "import bench.data; print(bench.data.load('roofs', 'val', (8, 9), '/roofs', 7).name)"

    assert python(code, tmp_path) == "val (8, 9) /roofs 7"


def test_streets_takes_no_folder_and_has_no_native_size(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Leave --data-root away"):
        bench.data.load("streets", root=tmp_path)
    with pytest.raises(UsageError, match="256x512"):
        bench.data.load("streets", size=None)


def test_streets_is_a_dataset_like_the_others() -> None:
    dataset = bench.data.load("streets", size=(32, 64), limit=2)

    assert dataset.name == "streets"
    assert len(dataset) == len(dataset.ids) == 2
    assert dataset[0].image.shape == (32, 64, 3)
