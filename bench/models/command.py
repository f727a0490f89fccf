"""A program of any kind as a model: it reads a folder of PNG pictures and one of holes, and writes a folder of PNGs."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bench.errors import DataError, ModelFailure, UsageError
from bench.fingerprint import fingerprint_files
from bench.image_files.decode import read_picture
from bench.models.adapter import ModelAdapter, file_sha256
from bench.models.io_spec import parse_io_spec
from bench.models.isolation.foreign_call import parse_timeout
from bench.models.isolation.source_files import find_reachable_sources
from bench.models.processes import run_limited
from bench.pictures import png_bytes, round_to_bytes, unstack_pictures

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Command", "load_command"]

_ALLOWED = ("hole", "fill", "multiple", "size", "batch", "composite", "version")
_FOLDERS = ("inputs", "holes", "outputs")
_BATCH = 8
_MAX_TIMEOUTS = 2


def load_command(line: str, *, device: str = "cpu", timeout: float = 60, **options: Any) -> ModelAdapter:  # noqa: ARG001 (all models take a device)
    """A program as a model.

    Args:
        line: the program and its arguments, split as a shell would, run without one. `{inputs}`, `{holes}` and
            `{outputs}` stand for the three folders; without any of them the folders are the last three arguments.
        device: ignored, a program chooses for itself.
        timeout: seconds a picture may take, times the pictures of a call.
        options: of `bench.models.io_spec.IOSpec`, but for the ranges: the files are 8-bit RGB. `batch` is how
            many pictures it finds at once.

    Raises:
        UsageError: for a program that is not there, or an option that does not fit.
    """
    io_spec = parse_io_spec("command:", options, _ALLOWED, ("timeout",), range="0-255", batch=_BATCH)
    timeout = parse_timeout("command:", timeout)
    words = shlex.split(line)
    if not words or shutil.which(words[0]) is None:
        raise UsageError(f"model 'command:{line}'", "start with a program", "none of that name", "Check the path.")
    name = Path(words[0]).name
    facts = {"command": " ".join(_identity(words)), "timeout": f"{timeout:g}"}
    return ModelAdapter(
        f"command:{name}",
        Command(words, timeout),
        io_spec,
        facts,
        sources=(__name__, "bench.models.processes", "bench.image_files.decode", "bench.image_files.opening"),
        libraries=("pillow",),
        prompts="optional",
    )


class Command:
    """A program that is run for every batch, in a folder of its own that is deleted afterwards.

    It finds `inputs/0000.png`, ... (RGB), `holes/0000.png`, ... (grey, 255 where the mask is 1, else 0) and, beside
    those folders, `seeds.json` (`{"0000": seed}`) and, where the data set has texts, `prompts.json`. It writes
    `outputs/0000.png`, ... of the same size. A program that ran out of its time twice in a row is not run again.

    Args:
        words: program and arguments.
        seconds: time limit a picture.
    """

    def __init__(self, words: Sequence[str], seconds: float) -> None:
        self._words, self._seconds, self._timeouts = tuple(words), seconds, 0
        self._folder = Path.cwd()  # where spgbench was started, wherever code of others goes later

    def __call__(
        self,
        image: Tensor,
        mask: Tensor,
        labels: Tensor | None,  # noqa: ARG002
        seeds: tuple[int, ...],
        prompts: tuple[str, ...],
        /,
    ) -> Tensor:
        """float [N, 3, H, W] of 0 to 255 and bool [N, 1, H, W] -> float32 [N, 3, H, W]; raises ModelFailure."""
        if self._timeouts >= _MAX_TIMEOUTS:
            found = f"{self._timeouts} calls in a row that did not end"
            raise ModelFailure(f"program {self._words[0]}", "end in time", found, "It was not run again.")
        names = [f"{index:04}" for index in range(len(image))]
        with tempfile.TemporaryDirectory(prefix="spgbench-") as folder:
            work = Path(folder)
            _write(work, names, image, mask, seeds)
            if any(prompts):
                _write_json(work / "prompts.json", names, prompts)
            self._run(work, self._seconds * len(names))
            return torch.from_numpy(np.stack([_read(work, name, names, tuple(image.shape[-2:])) for name in names]))

    def _run(self, work: Path, seconds: float) -> None:
        words = _with_folders(self._words, {folder: str(work / folder) for folder in _FOLDERS})
        result = run_limited(words, seconds, work / "output.txt", self._folder)
        self._timeouts = self._timeouts + 1 if result.timed_out else 0
        if result.problem:
            raise ModelFailure(
                f"program {self._words[0]}",
                f"end with exit code 0 within {seconds:g} s",
                result.problem + (f", having said: {result.output}" if result.output else ""),
                "Give it longer with ?timeout=SECONDS a picture." if result.timed_out else "",
            )


def _write(work: Path, names: Sequence[str], image: Tensor, mask: Tensor, seeds: Sequence[int]) -> None:
    for folder in _FOLDERS:
        (work / folder).mkdir()
    pictures = unstack_pictures(round_to_bytes(image))
    holes = mask[:, 0].contiguous().numpy()
    for name, picture, hole in zip(names, pictures, holes, strict=True):
        (work / "inputs" / f"{name}.png").write_bytes(png_bytes(picture, compress_level=1))
        (work / "holes" / f"{name}.png").write_bytes(png_bytes(hole, compress_level=1))
    _write_json(work / "seeds.json", names, seeds)


def _write_json(path: Path, names: Sequence[str], values: Sequence[int] | Sequence[str]) -> None:
    path.write_text(json.dumps(dict(zip(names, values, strict=True))), encoding="utf-8")


def _read(work: Path, name: str, names: Sequence[str], size: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    path = work / "outputs" / f"{name}.png"
    if not path.is_file():
        there = sum((work / "outputs" / f"{each}.png").is_file() for each in names)
        must = f"write {len(names)} PNG files, outputs/0000.png and so on"
        raise ModelFailure("the program", must, f"{there} of them; the first that is missing is {name}.png")
    try:
        picture = read_picture(path, "output")
    except DataError as error:
        raise ModelFailure(f"the program's {name}.png", error.must, error.found, error.fix) from error
    if picture.shape[:2] != size:
        found = f"{picture.shape[0]}x{picture.shape[1]}"
        raise ModelFailure(f"the program's {name}.png", f"be as large as its input, {size[0]}x{size[1]}", found)
    return picture.astype(np.float32).transpose(2, 0, 1)


def _with_folders(words: Sequence[str], folders: dict[str, str]) -> list[str]:
    """Fill the placeholders in, or put the folders at the end when there is none."""
    placed = list(words)
    for name, path in folders.items():
        placed = [word.replace(f"{{{name}}}", path) for word in placed]
    return placed if placed != list(words) else [*words, *folders.values()]


def _identity(words: Sequence[str]) -> list[str]:
    """The command line with its files' contents in place of their paths; a program found on PATH counts by name.

    A Python script counts with every file below its folder that it can import.
    """
    return [
        f"sha256={_content(Path(word))}" if Path(word).is_file() and (place or "/" in word) else word
        for place, word in enumerate(words)
    ]


def _content(path: Path) -> str:
    if path.suffix != ".py":
        return file_sha256(path)
    folder = path.resolve().parent
    return fingerprint_files(folder, find_reachable_sources([folder / path.name], [folder]))
