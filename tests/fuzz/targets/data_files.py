"""Files beside pictures: lists, classes, prompts, run-length masks, passports, mappings, suites and their figures."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
from PIL import Image

import bench.data
from bench.data.listing import read_names
from bench.data.prompts import read_prompts
from bench.data.split_list import read_split_list
from bench.evaluation.references import read_references
from bench.evaluation.suite import SUITES, read_suite
from bench.masks.identification.passport import MaskPassport, make_passport, parse_passport
from bench.masks.sources import FolderOfMasks, RunLengthMasks
from bench.segmentation.mapping import read_mapping
from bench.vocabulary import Dataset
from tests.fuzz.targets.target import Target, written

__all__ = ["DATA_FILES"]

_PACKAGED = Path(bench.data.__file__).parents[1] / "evaluation" / "suites"


@functools.cache
def _folder(root: Path) -> Path:
    """A data set of two pictures with label maps."""
    for name in ("images", "labels"):
        (root / name / "sub").mkdir(parents=True)
        for stem in ("a", "sub/b"):
            plane = np.zeros((8, 8, 3) if name == "images" else (8, 8), np.uint8)
            Image.fromarray(plane).save(root / name / f"{stem}.png")
    (root / "classes.json").write_bytes(_classes()[0])
    return root


@functools.cache
def _dataset(root: Path) -> Dataset:
    return bench.data.load("folder", root=str(_folder(root)))


def _classes() -> list[bytes]:
    return [json.dumps({"classes": ["ground", "thing"], "objects": ["thing"], "ignore": 7}).encode()]


def _read_classes(data: bytes, root: Path) -> None:
    written(_folder(root / "classes") / "classes.json", data)
    bench.data.load("folder", root=str(root / "classes"))[0]


def _read_split(data: bytes, root: Path) -> None:
    written(_folder(root / "splits") / "splits" / "test.txt", data)
    bench.data.load("folder", root=str(root / "splits"))


@functools.cache
def _ade20k_folder(root: Path) -> Path:
    for name, suffix in (("images", "jpg"), ("annotations", "png")):
        folder = root / name / "validation"
        folder.mkdir(parents=True)
        plane = np.zeros((8, 8, 3) if name == "images" else (8, 8), np.uint8)
        Image.fromarray(plane).save(folder / f"a.{suffix}")
    return root


def _ade20k_classes() -> list[bytes]:
    rows = "".join(f"{number}\t0.1\t1\t2\tname{number}, other\n" for number in range(1, 151))
    return [f"Idx\tRatio\tTrain\tVal\tName\n{rows}".encode()]


def _read_ade20k(data: bytes, root: Path) -> None:
    written(_ade20k_folder(root / "ade20k") / "objectInfo150.txt", data)
    bench.data.load("ade20k", split="val", root=str(root / "ade20k"))


def _brushbench() -> list[bytes]:
    runs = [1, 5, 600, 20, 262_000, 100]
    entry = {"image": "images/a.png", "caption": "a", "inpainting_mask": runs, "outpainting_mask": list(map(str, runs))}
    return [json.dumps({"0": entry, "1": {**entry, "image": "images/sub/b.png"}}).encode()]


def _read_brushbench(data: bytes, root: Path) -> None:
    written(_folder(root / "brush") / "mapping_file.json", data)
    bench.data.load("brushbench", root=str(root / "brush"))


def _read_runs(data: bytes, root: Path) -> None:
    for which in ("inside", "outside"):
        masks = RunLengthMasks(written(root / "runs.json", data), which)
        for name in masks.names:
            masks.identity(name)
            masks.read(name)


@functools.cache
def _passports() -> list[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        plane = np.zeros((8, 8), np.uint8)
        for index in range(3):
            plane[index, :] = 255
            Image.fromarray(plane).save(Path(folder) / f"{index}.png")
        masks = FolderOfMasks(Path(folder), "white")
        passport: MaskPassport = make_passport(masks, name="set", source="paper", licence="CC0")
    return [passport.to_json().encode()]


def _suites() -> list[bytes]:
    files = [_PACKAGED / str(dict(SUITES.find(name)[0].options)["file"]) for name in ("quick", "removal")]
    small = b"models: [telea, a=mean]\nprotocols: [center-50]\nlimit: 3\nsize: 64x32\ngate: {psnr.hole: 0.05dB}\n"
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
    merged = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30))
    listed = f"models: &m [telea]\nprotocols: {bomb.splitlines()[0][4:]}\nmetrics: *m\n"
    inline = (
        "limit: "
        + "".join(f"&a{n} [" for n in range(25))
        + "x"
        + "".join(f", *a{n + 1}]" if n < 24 else "]" for n in reversed(range(25)))
    )
    return [
        *(file.read_bytes() for file in files),
        small,
        bomb.encode(),
        merged.encode(),
        listed.encode(),
        inline.encode(),
    ]


def _figures() -> list[bytes]:
    figure = "- {model: LaMa, protocol: center-50, metric: psnr.hole, value: 25.1, source: paper, note: n}\n"
    return [figure.encode(), (figure + figure.replace("LaMa", "MAT")).encode(), *_suites()[3:5]]


def _read_mapping(data: bytes, root: Path) -> None:
    read_mapping(str(written(root / "map.json", data)), ("car", "sky"), ("thing", "ground"))


DATA_FILES = (
    Target(
        "split file",
        "bytes",
        lambda: [b"a\nsub/b\n", b"\xef\xbb\xbfa\r\n"],
        lambda data, root: read_names(written(root / "a.txt", data)),
    ),
    Target("split of a folder", "bytes", lambda: [b"a\nsub/b\n"], _read_split, 0.3),
    Target(
        "split list",
        "bytes",
        lambda: [b"a\n# x\nsub/b.png\n"],
        lambda data, root: read_split_list(written(root / "l.txt", data), _dataset(root / "listed")),
    ),
    Target("classes", "json", _classes, _read_classes, 0.3),
    Target(
        "prompts",
        "json",
        lambda: [b'{"a": "a dog", "sub/b": "a cat"}'],
        lambda data, root: read_prompts(written(root / "p.json", data)),
    ),
    Target("classes of ADE20K", "bytes", _ade20k_classes, _read_ade20k, 0.3),
    Target("brushbench", "json", _brushbench, _read_brushbench, 0.5),
    Target("run-length masks", "json", _brushbench, _read_runs, 1.5),
    Target("passport", "json", _passports, lambda data, root: parse_passport(written(root / "set.json", data))),
    Target("judge mapping", "json", lambda: [b'{"car": "thing", "sky": null}'], _read_mapping),
    Target("suite", "yaml", _suites, lambda data, root: read_suite(str(written(root / "suite.yaml", data))), 2.0),
    Target(
        "references",
        "yaml",
        _figures,
        lambda data, root: read_references(written(root / "references.yaml", data), "streets", "test", "256"),
    ),
)
"""Readers of files beside pictures."""
