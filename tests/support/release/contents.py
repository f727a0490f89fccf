"""What a wheel and an sdist may and must hold."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from importlib.metadata import EntryPoint
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from markdown_it import MarkdownIt

__all__ = ["PACKAGES", "read_metadata", "sdist_problems", "wheel_problems"]

PACKAGES = ("baselines", "bench", "spgnet")
_ALIAS = "bench/alias/"
_KINDS = frozenset(
    (".py", ".typed", ".json", ".yaml", ".safetensors", ".png", ".jinja", ".js", ".css", ".html", ".md", ".txt")
)
_MOST_BYTES = 120 * 2**20
"""Bound of both files: the weights are 95 MiB of them, and an index takes no more than 100 MiB without being asked."""

_EXTRAS = frozenset(("diffusers", "editor", "hf", "nvml", "onnx", "ray", "slurm", "train"))
_EXPRESSION = "Apache-2.0 AND LicenseRef-CamVid-weights"


def wheel_problems(wheel: Path, tracked: Iterable[str]) -> list[str]:
    """Everything wrong with a wheel.

    Args:
        wheel: its file.
        tracked: paths of all files under version control.
    """
    with ZipFile(wheel) as opened:
        names = opened.namelist()
    own = [name for name in names if ".dist-info/" not in name]
    expected = {name.removeprefix(_ALIAS) for name in tracked if name.split("/")[0] in PACKAGES}
    metadata = read_metadata(wheel)
    return [
        *_differences("the wheel", own, expected),
        *(f"{name} must have one of the suffixes of the packages" for name in own if Path(name).suffix not in _KINDS),
        *(f"{name} stands {names.count(name)} times in the wheel" for name in set(names) if names.count(name) > 1),
        *_size("the wheel", wheel),
        *_metadata_problems(metadata),
        *_licence_problems(metadata, names),
        *_entry_point_problems(wheel),
        *_readme_problems(metadata, tracked),
    ]


def sdist_problems(sdist: Path, tracked: Iterable[str]) -> list[str]:
    """Everything wrong with an sdist: it holds the files under version control and PKG-INFO, nothing else."""
    with tarfile.open(sdist) as opened:
        members = opened.getmembers()
    links = [
        f"{member.name} must be a file, not a link" for member in members if not (member.isfile() or member.isdir())
    ]
    names = [str(PurePosixPath(*PurePosixPath(one.name).parts[1:])) for one in members if one.isfile()]
    return [*_differences("the sdist", names, {*tracked, "PKG-INFO"}), *links, *_size("the sdist", sdist)]


def read_metadata(wheel: Path) -> Message:
    """The METADATA of a wheel."""
    return Parser().parsestr(_of_dist_info(wheel, "METADATA"))


def _of_dist_info(wheel: Path, file: str) -> str:
    with ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(f".dist-info/{file}"))
        return opened.read(name).decode()


def _differences(what: str, found: Iterable[str], expected: set[str]) -> list[str]:
    stray, lost = sorted(set(found) - expected), sorted(expected - set(found))
    return [
        *(f"{what} must not hold {name}" for name in stray),
        *(f"{what} must hold {name}" for name in lost),
    ]


def _size(what: str, file: Path) -> list[str]:
    size = file.stat().st_size
    return [f"{what} must have at most {_MOST_BYTES} bytes; found {size}"] if size > _MOST_BYTES else []


def _metadata_problems(metadata: Message) -> list[str]:
    extras = set(metadata.get_all("Provides-Extra", []))
    expected = {
        "License-Expression": _EXPRESSION,
        "Description-Content-Type": "text/markdown",
        "Requires-Python": ">=3.11",
    }
    wrong = [
        f"{name} must be {value}; found {metadata[name]}" for name, value in expected.items() if metadata[name] != value
    ]
    if extras != _EXTRAS:
        wrong.append(f"the extras must be {sorted(_EXTRAS)}; found {sorted(extras)}")
    return wrong


def _licence_problems(metadata: Message, names: list[str]) -> list[str]:
    """Licences in METADATA, in .dist-info and beside the weights that they are for."""
    stated = metadata.get_all("License-File", [])
    of_weights = {str(PurePosixPath(name).with_name("LICENSE-camvid.txt")) for name in names if _is_camvid(name)}
    lost = [name for name in stated if not any(one.endswith(f".dist-info/licenses/{name}") for one in names)]
    return [
        *(f"License-File must name {name}" for name in sorted({"LICENSE", *of_weights} - set(stated))),
        *(f".dist-info/licenses must hold {name}" for name in lost),
        *(f"weights of CamVid must lie beside {name}" for name in sorted(of_weights - set(names))),
    ]


def _is_camvid(name: str) -> bool:
    return name.endswith(".safetensors") and "camvid" in PurePosixPath(name).name


def _entry_point_problems(wheel: Path) -> list[str]:
    lines = [line for line in _of_dist_info(wheel, "entry_points.txt").splitlines() if line]
    expected = EntryPoint("spgbench", "bench.cli:main", "console_scripts")
    wanted = [f"[{expected.group}]", f"{expected.name} = {expected.value}"]
    return [] if lines == wanted else [f"entry points must be {wanted}; found {lines}"]


def _readme_problems(metadata: Message, tracked: Iterable[str]) -> list[str]:
    """The description must be Markdown whose relative links name files under version control."""
    text = metadata.get_payload()
    tokens = MarkdownIt("commonmark").enable("table").parse(text if isinstance(text, str) else "")
    inner = [child for token in tokens for child in token.children or ()]
    targets = [
        str(one.attrs.get("href") or one.attrs.get("src")) for one in inner if one.type in ("link_open", "image")
    ]
    files = {target.partition("#")[0] for target in targets if "://" not in target and not target.startswith("#")}
    known = {*tracked, *(f"{parent}/" for name in tracked for parent in PurePosixPath(name).parents)}
    kinds = {token.type for token in tokens}
    return [
        *(
            f"the README must have a {kind.removesuffix('_open')}"
            for kind in ("heading_open", "fence")
            if kind not in kinds
        ),
        *(f"the README links {name}, which is not under version control" for name in sorted(files - known)),
    ]
