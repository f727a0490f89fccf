"""Fail every write of small commands in turn, run each command again, and compare it with an undisturbed one.

    python -m tests.support.fault_loop --commands run,report,predict,masks,train --errors ENOSPC,EDQUOT,EIO,EROFS

From the failing operation on, nothing more can be written below the output folder. The command has to end with exit
code 3 and one line that names a file; the same command, when the disk is well again, has to leave the files of an
undisturbed one. Exits with 1 where one did not. `--every 5` takes every fifth operation.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.faults import FaultyDisk, faulty_disk
from tests.support.small_run import call, run_arguments, tree, write_pictures

__all__ = ["COMMANDS", "Command", "Small", "main"]

_DATA = "--dataset folder --size 32 --data-root"


@dataclass(frozen=True)
class Command:
    """A command that writes.

    Attributes:
        arguments: of pictures and output folder.
        needs: the command whose output it works on, or empty.
        repeatable: whether it leaves the same bytes at every call: it measures no time.
    """

    arguments: Callable[[Path, Path], list[str]]
    needs: str = ""
    repeatable: bool = True


def _words(text: str, pictures: Path, out: Path) -> list[str]:
    return [word.format(pictures=pictures, out=out) for word in text.split()]


COMMANDS = {
    "run": Command(run_arguments),
    "report": Command(lambda _, out: ["report", str(out)], needs="run"),
    "again": Command(lambda pictures, out: run_arguments(pictures, out, "--reuse", "never"), needs="run"),
    "grown": Command(lambda pictures, out: run_arguments(pictures, out, "--metrics", "psnr,l1,ssim"), needs="run"),
    "predict": Command(
        lambda *at: _words(f"predict --models mean --protocols half-left {_DATA} {{pictures}} -o {{out}}", *at)
    ),
    "masks": Command(lambda *at: _words(f"masks export --protocols half-left {_DATA} {{pictures}} -o {{out}}", *at)),
    "train": Command(
        lambda *at: _words(
            f"train edge-connect {_DATA} {{pictures}} --split test --validation-split test --steps 4 --check-every 2 "
            "--batch-size 2 --device cpu --workers 0 -o {out}",
            *at,
        ),
        repeatable=False,
    ),
    "profile": Command(
        lambda *at: _words(
            "profile --models mean --resolutions 32 --batch-sizes 1 --modes eager --device cpu -o {out}", *at
        ),
        repeatable=False,
    ),
    "audit": Command(
        lambda *at: _words(
            f"audit --metrics psnr,l1 --limit 2 --protocols half-left {_DATA} {{pictures}} -o {{out}}", *at
        )
    ),
    "fill": Command(
        lambda *at: _words(
            "fill {pictures}/images/p000.png {pictures}/mask.png --model telea --device cpu -o {out}/filled.png", *at
        )
    ),
    "edit": Command(
        lambda *at: _words("edit spgnet --edits tree --dataset streets --size 64 --device cpu -o {out}/edits.png", *at)
    ),
}
"""By name."""


class Small:
    """A command on a few pictures, with and without faults.

    Args:
        name: of `COMMANDS`.
        work: an empty folder.
        pictures: how many.
    """

    def __init__(self, name: str, work: Path, pictures: int = 3) -> None:
        self.command, self._work = COMMANDS[name], work
        self.pictures = write_pictures(work / "pictures", pictures)
        Image.fromarray(np.pad(np.full((16, 16), 255, np.uint8), 8)).save(self.pictures / "mask.png")
        if self.command.needs:
            self._must(COMMANDS[self.command.needs].arguments(self.pictures, work / "before"))
        whole = work / "undisturbed"
        with faulty_disk(FaultyDisk(whole)) as disk:
            self._prepare(whole)
            disk.seen.clear()
            self._must(self._arguments(whole))
        self.operations = tuple(disk.seen)
        self.undisturbed = tree(whole)

    def problems(self, first: int, number: int) -> Iterator[str]:
        """What is wrong after a fault at operation `first`, from 1 on, and after the call that goes on."""
        out = self._work / f"{first}-{number}"
        self._prepare(out)
        with faulty_disk(FaultyDisk(out, number, first)):
            code, text = call(self._arguments(out))
        last = text.splitlines()[-1] if text else ""
        if code == 0 and not self.command.needs:
            yield "exit code 0 though not everything can have been written"
        if code and (code != 3 or "Traceback" in text or not last.startswith("spgbench: ") or "internal" in last):
            yield f"exit code {code}, {last!r}"
        if code and str(out) not in last:
            yield f"a message that names no file: {last!r}"
        code, text = call(self._arguments(out))
        if code:
            yield f"exit code {code} of the call that goes on: {text!r}"
        elif self.command.repeatable and (differing := _differing(_found(out), self.undisturbed)):
            yield f"after going on, {', '.join(differing)} differ"
        shutil.rmtree(out, ignore_errors=True)

    def _prepare(self, out: Path) -> None:
        if self.command.needs:
            shutil.copytree(self._work / "before", out)

    def _arguments(self, out: Path) -> list[str]:
        return self.command.arguments(self.pictures, out)

    def _must(self, arguments: Sequence[str]) -> None:
        code, text = call(arguments)
        if code:
            raise AssertionError(text)


def _found(out: Path) -> dict[str, bytes]:
    """The files but for what could not be removed: that goes when the process has ended, which is this one."""
    return {name: content for name, content in tree(out).items() if not name.endswith(".part")}


def _differing(found: dict[str, bytes], undisturbed: dict[str, bytes]) -> list[str]:
    return sorted(name for name in found.keys() | undisturbed.keys() if found.get(name) != undisturbed.get(name))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--errors", default="ENOSPC,EROFS")
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    wrong = 0
    for name in given.commands.split(","):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["SPGBENCH_CACHE"] = str(Path(folder) / "cache")
            small = Small(name, Path(folder))
            for error in given.errors.split(","):
                faults = range(1, len(small.operations) + 1, given.every)
                found = [(first, text) for first in faults for text in small.problems(first, getattr(errno, error))]
                wrong += len(found)
                for first, text in found:
                    sys.stdout.write(f"{name}, {error} at {small.operations[first - 1]}: {text}\n")
                sys.stdout.write(
                    f"{name}, {error}: {len(faults)} of {len(small.operations)} writes failed, {len(found)} problems\n"
                )
                sys.stdout.flush()
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
