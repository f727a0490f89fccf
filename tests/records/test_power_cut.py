"""What a power cut may leave: files without their last bytes, and names in another order than they were given."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.records import read_run
from tests.support.faults import Event, FaultyDisk, faulty_disk
from tests.support.small_run import call, run_arguments, tree, write_pictures

CUTS = 6


def left(events: Sequence[Event], draw: random.Random) -> dict[Path, bytes]:
    """The files after a power cut behind these events, as one that POSIX allows.

    What was not flushed to a file may be missing, or its second half. A name that was given or taken since its folder
    was flushed may be as it was before, whatever became of others.
    """
    content: dict[Path, bytes] = {}
    flushed: set[Path] = set()
    last = {event.path: place for place, event in enumerate(events) if event.kind == "fsync"}
    names: dict[Path, tuple[bytes, bool]] = {}
    for place, event in enumerate(events):
        if event.kind == "write":
            content[event.path] = content.get(event.path, b"") + event.data
            flushed.discard(event.path)
        elif event.kind == "fsync":
            flushed.add(event.path)
        elif event.kind == "rename" and event.source is not None:
            data, is_whole = content.pop(event.source, b""), event.source in flushed
            is_sure = last.get(event.path.parent, -1) > place
            if is_sure or draw.random() < 0.7:
                names[event.path] = (data, is_whole or last.get(event.path, -1) > place)
        elif event.kind == "remove" and (last.get(event.path.parent, -1) > place or draw.random() < 0.7):
            names.pop(event.path, None)
    return {
        path: data if is_whole else draw.choice([b"", data[: len(data) // 2], data])
        for path, (data, is_whole) in names.items()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event], dict[str, bytes]]:
    """The pictures, all that a run, and a second one with one more metric, did to the disk, and what they left."""
    work = tmp_path_factory.mktemp("whole")
    pictures = write_pictures(work / "pictures", 3)
    with faulty_disk(FaultyDisk(work / "out")) as disk:
        for others in ((), ("--metrics", "psnr,l1,ssim")):
            code, text = call(run_arguments(pictures, work / "out", "--models", "mean", *others))
            assert code == 0, text
    return pictures, disk.journal, tree(work / "out")


@pytest.mark.parametrize("seed", range(CUTS))
def test_a_power_cut_leaves_whole_records_or_says_what_is_missing(
    whole: tuple[Path, list[Event], dict[str, bytes]], tmp_path: Path, seed: int
) -> None:
    pictures, events, undisturbed = whole
    draw = random.Random(seed)  # noqa: S311 (repeatable draws)
    root, out = pictures.parent / "out", tmp_path / "out"
    cut = draw.randrange(len(events))
    files = left(events[:cut], draw)
    for path, data in files.items():
        place = out / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    with suppress(UsageError):  # no run.json yet
        run = read_run(out)
        for key in run.cells:
            assert [record.sample for record in run.records(key)] == ["p000", "p001", "p002"]
    code, text = call(run_arguments(pictures, out, "--models", "mean", "--metrics", "psnr,l1,ssim"))

    found = tree(out)
    assert code == 0, text
    assert {name for name in undisturbed if "/gallery/" not in name} <= found.keys() <= undisturbed.keys()
    assert all(content == undisturbed[name] for name, content in found.items())
